"""The stream and the questions of the synchronous client: threads that carry them."""

from __future__ import annotations

import copy
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Protocol

import grpc

from trust_layer.client_facts import Presented
from trust_layer.errors import TrustLayerError
from trust_layer.gen.trust.v1.session_pb2 import Verdict as VerdictMessage
from trust_layer.gen.trust.v1.session_pb2 import WatchRequest, WatchResponse
from trust_layer.watch.asking import Answers, Ids
from trust_layer.watch.issued_tokens import TokenKey
from trust_layer.watch.memory import Memory
from trust_layer.watch.misses import GRACE, PATIENCE, Misses, Question, too_late
from trust_layer.watch.stream import GOODBYE, TICK, Backoff, WatchStream


class WatchCall(Protocol):
    """What grpc gives for a stream."""

    def __iter__(self) -> Iterator[WatchResponse]:
        """Give its messages."""
        ...

    def cancel(self) -> bool:
        """Cancel it."""
        ...


class _Running:
    """A stream that is open: its end, with its code, and what wakes the one who waits for end or closing."""

    __slots__ = ("code", "over", "wake")

    def __init__(self) -> None:
        self.over = threading.Event()
        self.wake = threading.Event()
        self.code: grpc.StatusCode | None = None


class ThreadStream:
    """One stream after another, in daemon threads: they do not keep the process alive ([SDK-43])."""

    def __init__(self, memory: Memory, connect: Callable[[Iterator[WatchRequest]], WatchCall]) -> None:
        """Begin to watch."""
        self._memory = memory
        self._connect = connect
        self._closing = threading.Event()
        self._running = _Running()
        self._thread = threading.Thread(target=self._run, name="trust-layer-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Report the last uses and end the stream; waits for that, 1 s at most."""
        self.abandon()
        if threading.current_thread() is not self._thread:
            self._thread.join(GOODBYE + GRACE)

    def abandon(self) -> None:
        """End it without waiting, for a client that nobody holds any more."""
        self._closing.set()
        self._running.wake.set()

    def _run(self) -> None:
        backoff = Backoff()
        while not self._closing.is_set():
            backoff.opened()
            code = self._one_stream()
            wait_until = time.monotonic() + backoff.span(code)
            while (left := wait_until - time.monotonic()) > 0 and not self._closing.wait(min(TICK, left)):
                self._memory.check()

    def _one_stream(self) -> grpc.StatusCode | None:
        running = self._running = _Running()
        stream = WatchStream(self._memory)
        requests: queue.SimpleQueue[WatchRequest | None] = queue.SimpleQueue()
        for request in stream.first():
            requests.put(request)
        try:
            call = self._connect(iter(requests.get, None))
        except (TrustLayerError, ValueError):  # The channel is closed.
            stream.ended()
            return None
        reading = (call, stream, running)
        threading.Thread(target=self._read, args=reading, name="trust-layer-watch-read", daemon=True).start()
        try:
            while not (running.over.is_set() or self._closing.is_set()):
                if not running.wake.wait(TICK):
                    self._memory.check()
                    due = stream.tick()
                    if due is None:
                        return None
                    for request in due:
                        requests.put(request)
            if self._closing.is_set() and stream.is_ready:
                for request in stream.uses():
                    requests.put(request)
                requests.put(None)
                running.over.wait(GOODBYE)
            return running.code
        finally:
            stream.ended()
            requests.put(None)
            call.cancel()

    @staticmethod
    def _read(call: WatchCall, stream: WatchStream, running: _Running) -> None:
        try:
            for response in call:
                stream.took(response)
        except grpc.RpcError as error:
            running.code = error.code() if isinstance(error, grpc.Call) else None
        finally:
            stream.ended()
            call.cancel()
            running.over.set()
            running.wake.set()


Send = Callable[[Sequence[Presented], bool, float], Sequence[VerdictMessage]]
"""Asks the server about 1 to 256 sessions, with STRONG or not, within so many seconds."""


class ThreadMisses:
    """Questions of many threads in few calls. Each call is made by a thread whose question it carries."""

    def __init__(self, memory: Memory, send: Send) -> None:
        """Begin with nothing under way."""
        self._memory = memory
        self._send = send
        self._lock = threading.Lock()
        self._misses: Misses[threading.Event] = Misses()

    def alone(self, ids: Ids, ends_at: float) -> Answers:
        """Ask about these in a call of their own."""
        asked = self._memory.sending(len(ids.asked), strong=ids.strong)
        left = ends_at - time.monotonic()
        if left <= 0:
            raise too_late()
        return Answers(asked, self._send(ids.asked, ids.strong, left))

    def join(self, ids: Ids, ends_at: float) -> Answers:
        """Ask about one, with others of the same moment."""
        (presented,) = ids.asked
        with self._lock:
            question = self._misses.find(presented, ids.strong)
            if question is None:
                question = Question(presented, ids.strong, threading.Event())
                self._misses.add(question)
            question.askers += 1
            question.ends_at = max(question.ends_at, ends_at)
            batch = self._misses.take() if self._misses.under_way == 0 else []
        try:
            if batch:
                self._carry(batch)
            while not question.is_answered:
                self._wait(question, ends_at)
        finally:
            with self._lock:
                question.askers -= 1
                if question.askers == 0:
                    self._misses.drop(question)
        if question.answer is None:
            raise copy.copy(question.error or too_late()) from None
        asked, message = question.answer
        return Answers(asked, [message])

    def _wait(self, question: Question[threading.Event], ends_at: float) -> None:
        left = ends_at - time.monotonic()
        question.waiting.wait(max(0.0, left + GRACE if question.sent else min(left, PATIENCE)))
        with self._lock:
            if question.is_answered:
                return
            if question.sent:
                if time.monotonic() > ends_at + GRACE:
                    raise too_late()
                question.waiting.clear()
                return
            if time.monotonic() > ends_at:
                raise too_late()
            batch = self._misses.take()
        self._carry(batch)

    def _carry(self, batch: Sequence[Question[threading.Event]]) -> None:
        """Make the call of a batch, and wake those who wait for it and who waits for the next."""
        error: TrustLayerError = TrustLayerError("CANCELLED", "CANCELLED")
        messages: Sequence[VerdictMessage] = []
        strong = batch[0].strong
        asked = self._memory.sending(sum(question.askers for question in batch), strong=strong)
        try:
            left = max(question.ends_at for question in batch) - time.monotonic()
            if left <= 0:
                raise too_late()
            messages = self._send([question.asked for question in batch], strong, left)
        except TrustLayerError as caught:
            error = caught
        finally:
            with self._lock:
                self._misses.under_way -= 1
                for at, question in enumerate(batch):
                    if messages:
                        question.answer = asked, messages[at]
                    else:
                        question.error = error
                    question.waiting.set()
                following = self._misses.first()
                if following is not None:
                    following.waiting.set()


class ThreadTokens:
    """Trust Tokens that are kept, or asked for once for all threads that want the same ([SDK-38])."""

    def __init__(self, memory: Memory, issue: Callable[[TokenKey], str]) -> None:
        """Begin with nothing under way. issue: asks the server."""
        self._memory = memory
        self._issue = issue

    def get(self, key: TokenKey) -> str:
        """Give a token."""
        mine: Future[str] = Future()
        kept, issuing = self._memory.claim_token(key, lambda: mine)
        if issuing is None:
            return kept or ""
        share: Future[str] = issuing.share
        if share is not mine:
            try:
                return share.result()
            except TrustLayerError as error:
                raise copy.copy(error) from None
        token: str | None = None
        failure = TrustLayerError("CANCELLED", "CANCELLED")
        try:
            token = self._issue(key)
            return token
        except TrustLayerError as caught:
            failure = caught
            raise
        finally:
            self._memory.end_token(key, issuing, token)
            if token is None:
                share.set_exception(failure)
            else:
                share.set_result(token)
