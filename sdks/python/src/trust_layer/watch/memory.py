"""The memory of a client: the machine, those who want to be told, and the counts. Both clients have one.

No I/O. Every method may be called from any thread; what calls back does so without the lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from google.protobuf.message import Message

from trust_layer.client_facts import ClientFacts, Presented
from trust_layer.gen.trust.v1.session_pb2 import Session
from trust_layer.gen.trust.v1.session_pb2 import Verdict as VerdictMessage
from trust_layer.lease.decisions import Ask, TokenDecision
from trust_layer.lease.facts import ChangeNotice, FeedChange, TokenFacts
from trust_layer.lease.machine import LeaseMachine
from trust_layer.lease.reading import Clocks, Reading
from trust_layer.lease.settings import SDK_LEASE
from trust_layer.session_id import is_session_id
from trust_layer.verdict import (
    ActiveVerdict,
    KeptVerdict,
    RejectedVerdict,
    Verdict,
    facts_of,
    pack_active,
    verdict_of_message,
)
from trust_layer.watch.feed import own_change
from trust_layer.watch.issued_tokens import IssuedTokens, Issuing, TokenKey
from trust_layer.watch.listeners import Call, Listeners, RevokedReason, run

Given = TypeVar("Given")

_MAX_SESSION_ID_BYTES = 256


@dataclass(frozen=True)
class ClientMetrics:
    """Numbers of a client since it was made ([SDK-41]).

    hits: questions that memory answered; under threads without a global lock a few may go uncounted. misses: questions
    that went to the server. degraded: answers without a lease, which their callers had chosen. batches: calls that
    carried misses. lease_age_ms: since the proof on which the lease rests; None without a lease. entries: sessions in
    memory. tombstones: what is remembered of changes. streams: opened so far.
    """

    hits: int
    misses: int
    degraded: int
    batches: int
    lease_age_ms: float | None
    entries: int
    tombstones: int
    streams: int


class Memory:
    """What a client knows. `watch` False: nothing is kept, and answers are judged all the same."""

    def __init__(self, tenant_id: str, max_entries: int, *, watch: bool, clocks: Clocks | None = None) -> None:
        """Begin empty."""
        self.watch = watch
        self.clocks = clocks or Clocks()
        self.machine: LeaseMachine[bytes] = LeaseMachine(
            replace(SDK_LEASE, max_entries=max_entries), facts_of, tenant_id
        )
        self.tenant_id = tenant_id
        self.tokens = IssuedTokens(self.machine)
        self.listeners = Listeners(self.machine)
        self.lock = threading.RLock()
        self.closed = False
        self.awaited: Callable[[Any], None] | None = None
        """Takes what a callback gave; asyncio's client awaits it there."""
        self._leased: dict[object, Callable[[], None]] = {}
        self._hits = 0
        self._misses = 0
        self._degraded = 0
        self._batches = 0
        self._streams = 0

    # ---- answers

    def local(self, session_id: str, client: ClientFacts | None = None) -> ActiveVerdict | None:
        """Give the verdict of memory, or None. Needs no lock: see LeaseMachine.verify.

        That of a bound session is there for its client alone.
        """
        kept = self.machine.verify(session_id, self.clocks)
        if kept is None and client is not None:
            kept = self.machine.verify(Presented(session_id, client).bound_key, self.clocks)
        if kept is None or self.closed:
            return None
        self._hits += 1
        return KeptVerdict(kept)

    def sending(self, questions: int, *, strong: bool) -> Ask:
        """Note a call that carries this many questions, at the moment before it is sent."""
        with self.lock:
            self._misses += questions
            self._batches += 1
            return self.machine.ask(self.clocks.read(), strong=strong)

    def judged(self, ask: Ask, asked: Presented, message: VerdictMessage) -> Verdict | None:
        """Judge an answer at the moment of its use. None: ask again, with STRONG ([SDK-33])."""
        verdict = verdict_of_message(message)
        kept = pack_active(verdict) if verdict.active is True else None
        # What is kept for one client is not for another; a no that is about the client says nothing of others.
        bound = verdict.client_bound if verdict.active is True else verdict.reason == "CLIENT_MISMATCH"
        with self.lock:
            now = self.clocks.read()
            if kept is None and not bound and asked.client is not None:
                # Any other no is about the session, whoever asks.
                self.machine.answered(ask, asked.bound_key, None, now)
            use = self.machine.answered(ask, asked.bound_key if bound else asked.session_id, kept, now)
        return verdict if use in ("kept", "used") else None

    def degraded(self, asked: Presented, max_stale_ms: float) -> ActiveVerdict | None:
        """Give an old answer to a caller that chose one over none ([SDK-35])."""
        with self.lock:
            now = self.clocks.read()
            kept = self.machine.degraded(asked.session_id, now, max_stale_ms)
            if kept is None:
                kept = self.machine.degraded(asked.bound_key, now, max_stale_ms)
            if kept is None:
                return None
            self._degraded += 1
        return KeptVerdict(kept, True)

    # ---- changes

    def own_answer(self, request: Message, response: Message) -> None:
        """Take what a call of this client has changed, before its caller has the answer ([SDK-36])."""
        change = own_change(request, response)
        if change is not None:
            now = self.clocks.read()
            self._changed(change, lambda: self.machine.own_change(change, now))

    def change(self, stream: int, change: FeedChange, now: Reading) -> None:
        """Take a change of a stream."""
        self._changed(change, lambda: self.machine.change(stream, change, now))

    def _changed(self, change: FeedChange, apply: Callable[[], Any]) -> None:
        with self.lock:
            notice = apply()
            self.tokens.changed(change)
            calls = self.listeners.changed(change, notice)
        run(calls, self.awaited)

    # ---- the stream

    def open(self) -> int:
        """Give the number of a stream that is about to be opened."""
        with self.lock:
            self._streams += 1
            self.tokens.clear()
            return self.machine.open()

    def ready(self, stream: int, bound_ms: int, window_ms: int, now: Reading) -> None:
        """Take the end of the backlog."""
        with self.lock:
            missed = self.machine.ready(stream, bound_ms, window_ms, now)
            calls = self.listeners.ready(missed, window_ms, now)
        run(calls, self.awaited)

    def pong(self, stream: int, number: int, database_time: float, now: Reading) -> None:
        """Take a pong."""
        with self.lock:
            self.machine.pong(stream, number, database_time)
            told = self._take_waiters() if self._leased and self.machine.leased(now) else []
        run(told)

    def check(self) -> None:
        """Look, every ping interval and with or without a stream, who has waited for a proof for too long."""
        with self.lock:
            calls = self.listeners.check(self.clocks.read())
        run(calls, self.awaited)

    # ---- those who ask

    def leased(self) -> bool:
        """Say whether the lease holds."""
        with self.lock:
            return not self.closed and self.machine.leased(self.clocks.read())

    def when_leased(self, tell: Callable[[], None]) -> object | None:
        """Call back once there is a lease or there will be none. None: that is so already, and nothing is called."""
        with self.lock:
            if self.closed or self.machine.leased(self.clocks.read()):
                return None
            waiter = object()
            self._leased[waiter] = tell
            return waiter

    def forget_waiter(self, waiter: object) -> None:
        """End what `when_leased` began."""
        with self.lock:
            self._leased.pop(waiter, None)

    def on_revoked(self, session: Session, callback: Callable[[RevokedReason], Any]) -> Callable[[], None]:
        """Register for the end of a session. Gives what ends the registration."""
        self._must_watch("on_revoked")
        with self.lock:
            registered, calls = self.listeners.on_revoked(session, self.clocks.read(), callback)
        run(calls, self.awaited)
        return self._stop(registered)

    def on_change(self, callback: Callable[[ChangeNotice], Any]) -> Callable[[], None]:
        """Register for every change. Gives what ends the registration."""
        self._must_watch("on_change")
        with self.lock:
            registered = self.listeners.on_change(callback)
        return self._stop(registered)

    def judge_token(self, token: TokenFacts) -> tuple[TokenDecision, float]:
        """Judge a Trust Token, and give the wall clock's reading for it in seconds: no wait between the two."""
        with self.lock:
            now = self.clocks.read()
            return self.machine.token(token, now), now.wall / 1000

    def claim_token(self, key: TokenKey, share: Callable[[], Any]) -> tuple[str | None, Issuing | None]:
        """Give a token that is kept, or one that is being asked for. Who finds its `share` new has to ask for it."""
        with self.lock:
            now = self.clocks.read()
            kept = None if self.closed else self.tokens.kept(key, now)
            if kept is not None:
                return kept, None
            issuing = self.tokens.under_way(key)
            if issuing is None:
                issuing = self.tokens.begin(key, now)
                issuing.share = share()
            return None, issuing

    def end_token(self, key: TokenKey, issuing: Issuing, token: str | None) -> None:
        """Take what came of it; None if there was no answer."""
        with self.lock:
            self.tokens.end(key, issuing, token, self.clocks.read())

    def metrics(self) -> ClientMetrics:
        """Give the numbers."""
        with self.lock:
            entries, tombstones = self.machine.size
            return ClientMetrics(
                hits=self._hits,
                misses=self._misses,
                degraded=self._degraded,
                batches=self._batches,
                lease_age_ms=self.machine.lease_age(self.clocks.read()),
                entries=entries,
                tombstones=tombstones,
                streams=self._streams,
            )

    def close(self) -> None:
        """Answer nothing any more."""
        with self.lock:
            self.closed = True
            self.tokens.clear()
            self.listeners.clear()
            told = self._take_waiters()
        run(told)

    def _take_waiters(self) -> list[Call]:
        told: list[Call] = list(self._leased.values())
        self._leased.clear()
        return told

    def _stop(self, registered: object) -> Callable[[], None]:
        def stop() -> None:
            with self.lock:
                self.listeners.forget(registered)

        return stop

    def _must_watch(self, name: str) -> None:
        if not self.watch:
            raise ValueError(f"{name} needs a client that watches")


def malformed(session_id: str) -> RejectedVerdict | None:
    """Answer about the form ([SDK-31]). What is longer than the contract allows is an error, which the server gives."""
    if not isinstance(session_id, str):
        raise TypeError("a session_id must be a string")
    if is_session_id(session_id) or len(session_id.encode("utf-8", "surrogatepass")) > _MAX_SESSION_ID_BYTES:
        return None
    return RejectedVerdict("MALFORMED")
