"""The lease protocol of chapter 6 as a pure state machine: events in, decisions out, time an argument."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Generic, TypeVar

from trust_layer.lease import facts as feed
from trust_layer.lease.aside import Aside
from trust_layer.lease.decisions import MAX_USE_AGE_MS, AnswerUse, Ask, Size, TokenDecision, Use
from trust_layer.lease.entries import ALL_MARKS, UNREPORTED, USED, Entries, Entry
from trust_layer.lease.facts import FeedChange, Notice, SessionFacts, TokenFacts
from trust_layer.lease.lease import Lease
from trust_layer.lease.reading import Clocks, Moments, Reading, elapsed, surely_past, surely_within
from trust_layer.lease.settings import LeaseSettings
from trust_layer.lease.tombstones import Tombstones

T = TypeVar("T")


class LeaseMachine(Generic[T]):
    """One machine per tenant and server. T: what a local answer gives.

    Events of a stream name it by the number that `open` gave; those of any other are ignored. The owner lets one
    caller in at a time, but for `verify`, which needs no lock.
    """

    def __init__(
        self, settings: LeaseSettings, facts_of: Callable[[T], SessionFacts], tenant_id: str | None = None
    ) -> None:
        """Begin without a stream.

        facts_of: reads the facts of a value. tenant_id: changes of other tenants are ignored; None: there are none.
        """
        self._settings = settings
        self._facts_of = facts_of
        self._tenant_id = tenant_id
        self._tombstones = Tombstones(settings.max_tombstones)
        self._entries: Entries[T] = Entries(settings.max_entries, facts_of)
        self._entry_of = self._entries.get
        self._lease = Lease(settings.bound_ms)
        # Streams opened so far; the last is the present one.
        self._stream = 0
        self._connected = False
        self._ready = False
        # Whether the present stream has proved anything yet.
        self._proven = False
        self._window_ms = settings.window_ms
        # When a change came that memory cannot tell from others (a tenant's). Monotonic.
        self._barrier = -math.inf
        self._uses: list[Entry[T]] = []
        self._aside: Aside[T] = Aside(settings.max_entries, settings.max_age_ms)
        self._moments = Moments()

    # ---- the stream

    def open(self) -> int:
        """Give the number of a stream that is about to be opened: the cache starts empty (WAT-10)."""
        self._stream += 1
        self._connected = True
        self._ready = False
        self._proven = False
        self._lease.reset()
        self._aside.put(self._entries.clear())
        self._entry_of = self._entries.get
        return self._stream

    def close(self, stream: int) -> None:
        """Note that a stream has ended. What the lease proved stays proved until it runs out (WAT-6)."""
        if stream == self._stream:
            self._connected = False

    def ping(self, stream: int, now: Reading) -> int | None:
        """Number a ping; None if the stream is not the present one. Read `now` before sending (WAT-4)."""
        self._aside.tidy(now)
        return self._lease.ping(now) if self._is_current(stream) else None

    def ready(self, stream: int, bound_ms: float, window_ms: float, now: Reading) -> bool:
        """Note that the backlog is complete.

        Gives whether changes may have been missed since the last proof, so that what lives on (an open connection of a
        person) must be verified again (WAT-18).
        """
        if not self._is_current(stream):
            return False
        self._lease.announce(bound_ms)
        self._window_ms = max(self._settings.window_ms, window_ms)
        self._ready = True
        proved = self._lease.proved
        # The backlog reaches back by what the server keeps, whatever is kept here.
        return proved is not None and not elapsed(proved.sent, now) < surely_within(window_ms)

    def pong(self, stream: int, number: int, database_time: float) -> None:
        """Take a pong. database_time: the database's clock at the read behind it, ms since 1970."""
        if self._is_current(stream) and self._ready and self._lease.pong(number, database_time):
            self._proven = True

    def change(self, stream: int, change: FeedChange, now: Reading) -> Notice | None:
        """Take a change of the backlog or a new one."""
        return self._apply(change, now) if self._is_current(stream) else None

    def own_change(self, change: FeedChange, now: Reading) -> Notice | None:
        """Take what this process changed itself, once the server has answered (WAT-15)."""
        if isinstance(change, feed.TenantRow):
            self._barrier = now.mono
        return self._apply(change, now)

    # ---- questions

    def leased(self, now: Reading) -> bool:
        """Say whether the lease holds."""
        return self._lease.held(now)

    def verify(self, key: str, clocks: Clocks) -> T | None:
        """Give a local answer, or None: ask. Counts as a use of the session.

        Needs no lock, whatever other threads do. The proof is read first, then the entry, then the clocks. Every
        change that was committed before the ping of that proof was sent had been applied before the proof was there,
        so the entry found after it knows of them all; and the clocks, read last, say that the ping was sent less than
        B ago. However long this thread pauses on the way, the answer is no older than that.
        """
        proof = self._lease.proof
        entry = self._entry_of(key)
        if proof is None or entry is None:
            return None
        sent_mono, sent_wall, database_time, length_ms = proof
        by_mono = clocks.mono() * 1000 - sent_mono
        by_wall = clocks.wall() * 1000 - sent_wall
        if not (by_mono < length_ms and by_wall < length_ms):
            self._lease.end(proof)
            return None
        time = database_time + (by_mono if by_mono > by_wall else by_wall)
        if not (time < entry.deadline or self._put_off(entry, time)):
            return None
        # Before the marks are read, so that whoever takes them away reads this use.
        entry.last_used_at = time
        if entry.marks != ALL_MARKS:
            self._note_use(entry)
        return entry.value

    def ask(self, now: Reading, *, strong: bool = False) -> Ask:
        """Note a question at the moment before it is sent; `strong` if the server is to read the database."""
        stream = self._stream if self._connected and self._proven else 0
        return Ask(stream, now, 0 if strong else self._settings.source_bound_ms)

    def answered(self, ask: Ask, key: str, value: T | None, now: Reading) -> AnswerUse:
        """Judge a remote answer. `value` is None for a rejection, which is always used and never kept."""
        if value is None:
            before = self._entries.get(key)
            if before is not None:
                self._entries.remove(before)
            self._aside.remove(key)
            return "used"
        if not elapsed(ask.at, now) < surely_within(self._lease.bound_ms - ask.source_bound_ms):
            return "late"
        facts = self._facts_of(value)
        known = self._entries.of_handle(facts.handle)
        if not self._admits(facts, ask.at, ask.source_bound_ms) or (
            known is not None and self._facts_of(known.value).version > facts.version
        ):
            return "superseded"
        if not self._is_current(ask.stream):
            return "used"
        serves_until = self._lease.latest_database_time(ask.at) + self._settings.max_age_ms
        self._entries.put(Entry(key, value, self._moments.of(ask.at, serves_until), facts))
        self._aside.remove(key)
        return "kept"

    def degraded(self, key: str, now: Reading, max_stale_ms: float) -> T | None:
        """Give an answer without a lease, for a caller that could not ask and would rather have an old one.

        A yes that was asked for less than `max_stale_ms` ago and that nothing known here speaks against. Counts as a
        use of the session.
        """
        entry = self._entries.get(key) or self._aside.get(key)
        if entry is None:
            return None
        facts = self._facts_of(entry.value)
        fresh = elapsed(entry.asked.at, now) < surely_within(min(max_stale_ms, self._settings.max_age_ms))
        if not fresh or not self._admits(facts, entry.asked.at, self._settings.source_bound_ms):
            return None
        time = self._lease.latest_database_time(now)
        if not (time < facts.expires_at and time < entry.last_used_at + facts.idle_timeout_ms):
            return None
        entry.last_used_at = time
        self._note_use(entry)
        return entry.value

    def token(self, token: TokenFacts, now: Reading) -> TokenDecision:
        """Say whether a Trust Token that is otherwise good may be accepted (WAT-16, WAT-17)."""
        if not self._tombstones.admits_token(token):
            return "refuse"
        proved = self._lease.proved
        if proved is None or not self._lease.held(now):
            return "unknown"
        # A slow clock would let a token live on after its tombstone.
        slow = proved.wall + self._settings.clock_margin_ms < proved.database_time or now.wall < proved.wall
        complete = now.mono - self._tombstones.dropped_at > surely_past(self._window_ms)
        return "unknown" if slow or not complete else "accept"

    def ended(self, handle: str, identity_id: str, epoch: int) -> bool:
        """Say whether a change has ended this session, or all sessions of its epoch."""
        return self._tombstones.ended(handle, identity_id, epoch)

    def missed_since(self, since: Reading, now: Reading) -> bool:
        """Say whether changes after `since` may be missing here: W has passed since then, and since the last proof."""
        proved = self._lease.proved
        span = elapsed(since, now) if proved is None else min(elapsed(since, now), elapsed(proved.sent, now))
        return not span < surely_within(self._window_ms)

    def lease_age(self, now: Reading) -> float | None:
        """Give the milliseconds since the ping whose pong holds the lease; None without one."""
        proof = self._lease.proof
        return elapsed(proof.sent, now) if proof is not None and self._lease.held(now) else None

    def take_uses(self, now: Reading, limit: int = 1_024) -> list[Use]:
        """Take the uses that are not reported yet, at most `limit`."""
        time = self._lease.latest_database_time(now)
        taken = self._uses[:limit]
        # No more than was read: another thread may have added one since.
        del self._uses[: len(taken)]
        uses: list[Use] = []
        for entry in taken:
            # Before the instant is read, so that a use after it is reported anew.
            entry.marks &= ~UNREPORTED
            age_ms = time - entry.last_used_at
            if age_ms <= MAX_USE_AGE_MS:
                uses.append(Use(self._facts_of(entry.value).handle, max(0, math.ceil(age_ms))))
        return uses

    @property
    def size(self) -> Size:
        """How much is held."""
        return Size(len(self._entries), len(self._tombstones))

    # ---- what the events do

    def _apply(self, change: FeedChange, now: Reading) -> Notice | None:
        if self._tenant_id is not None and change.tenant_id and change.tenant_id != self._tenant_id:
            return None
        at = now.mono  # Alone: a step of the other clock must not end a no.
        self._tombstones.forget(at - surely_past(self._window_ms))
        if isinstance(change, feed.SessionRow):
            version = math.inf if change.revoked else change.version
            self._tombstones.raise_session(change.handle, version, at)
            self._evict(self._entries.of_handle(change.handle))
            if change.revoked:
                return feed.SessionEnded(change.handle)
            return feed.SessionChanged(change.handle, change.version)
        if isinstance(change, feed.IdentityRow):
            self._tombstones.raise_identity(change.identity_id, change.epoch, change.version, at)
            for entry in self._entries.of_identity(change.identity_id):
                self._evict(entry)
            return feed.IdentityChanged(change.identity_id, change.epoch)
        if isinstance(change, feed.OrganisationRow):
            self._tombstones.raise_organisation(change.organisation_id, change.identity_id, change.version, at)
            for entry in self._entries.of_organisation(change.organisation_id, change.identity_id):
                self._evict(entry)
            return feed.OrganisationChanged(change.organisation_id, change.identity_id)
        if isinstance(change, feed.SigningKeyRow):
            if not change.retired:
                return None
            self._tombstones.refuse_key(change.kid, at)
            return feed.SigningKeyRetired(change.kid)
        if isinstance(change, feed.ServiceRow):
            return feed.ServiceChanged(change.service)
        self._entries.clear()
        self._entry_of = self._entries.get
        self._aside.clear()
        # What comes before `ready` may be as old as the backlog; no answer that was asked for before it is kept.
        if self._ready:
            self._barrier = at
        return feed.TenantChanged()

    def _evict(self, entry: Entry[T] | None) -> None:
        """Drop an entry if it is older than what the tombstone asks for."""
        if entry is not None and not self._tombstones.admits(self._facts_of(entry.value)):
            self._entries.remove(entry)

    def _admits(self, facts: SessionFacts, asked: Reading, source_bound_ms: float) -> bool:
        """Judge by the tombstones, also by those that are no longer there: what the server said may be older."""
        since_horizon = asked.mono - max(self._tombstones.dropped_at, self._barrier)
        return self._tombstones.admits(facts) and since_horizon > surely_past(source_bound_ms)

    def _put_off(self, entry: Entry[T], time: float) -> bool:
        """Give whether an entry whose deadline has come still serves, by its latest use (WAT-14)."""
        entry.put_off(self._facts_of(entry.value))
        return time < entry.deadline

    def _note_use(self, entry: Entry[T]) -> None:
        entry.marks |= USED
        # As many as there may be entries; beyond that a report goes missing, which can only end a session early.
        if not entry.marks & UNREPORTED and len(self._uses) < self._settings.max_entries:
            entry.marks |= UNREPORTED
            self._uses.append(entry)

    def _is_current(self, stream: int) -> bool:
        return self._connected and stream == self._stream and stream > 0
