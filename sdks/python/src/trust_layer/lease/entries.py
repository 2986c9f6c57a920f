"""Active verdicts in memory: by key, by handle and by identity, bounded (WAT-13).

Only a yes is kept, so a flood of unknown ids moves nothing; a flood of good ones passes by what is in use (second
chance). Writers hold the lock of the owner; `get` needs none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

from trust_layer.lease.facts import SessionFacts
from trust_layer.lease.reading import Moment

T = TypeVar("T")


USED: Final = 1
"""Mark of an entry that was read since it was last spared."""
UNREPORTED: Final = 2
"""Mark of an entry of which a use waits to be reported."""
ALL_MARKS: Final = USED | UNREPORTED


class Entry(Generic[T]):
    """An active verdict. Small, for there are many: the facts are read from the value when they are asked for."""

    __slots__ = (
        "asked",
        "deadline",
        "key",
        "last_used_at",
        "marks",
        "next_of_handle",
        "next_of_identity",
        "value",
    )

    def __init__(self, key: str, value: T, asked: Moment, facts: SessionFacts) -> None:
        """Make an entry. facts: those of the value."""
        self.key = key
        self.value = value
        self.asked = asked
        """When the question was asked."""
        self.last_used_at = facts.last_used_at
        """Latest known use, by the database's clock."""
        self.deadline = 0.0
        """Before this instant of the database's clock the entry serves, however long it has not been used. It is put
        off when it is reached."""
        self.put_off(facts)
        self.marks = 0
        self.next_of_handle: Entry[T] | None = None
        self.next_of_identity: Entry[T] | None = None

    def put_off(self, facts: SessionFacts) -> None:
        """Judge the time-outs by the latest use (WAT-14)."""
        timed_out = min(facts.expires_at, self.last_used_at + facts.idle_timeout_ms)
        # The same object for all entries of a moment, where it is the one that counts.
        serves_until = self.asked.serves_until
        self.deadline = serves_until if serves_until <= timed_out else timed_out


class Entries(Generic[T]):
    """At most `limit` entries. The index by handle and identity is a table of chains through the entries themselves."""

    def __init__(self, limit: int, facts_of: Callable[[T], SessionFacts]) -> None:
        """Begin empty. facts_of: reads the facts of a value."""
        self._limit = limit
        self._facts_of = facts_of
        self._by_key: dict[str, Entry[T]] = {}
        # In the order of filling; a removed entry stays until it is passed.
        self._queue: deque[Entry[T]] = deque()
        self._mask = (1 << max(limit - 1, 1).bit_length()) - 1
        self._by_handle: list[Entry[T] | None] = []
        self._by_identity: list[Entry[T] | None] = []
        # Keys by organisation, of those that speak of one.
        self._by_organisation: dict[str, dict[str, None]] = {}
        self.get = self._by_key.get
        """Gives the entry of a key, or None. Needs no lock."""

    def __len__(self) -> int:
        """Count the entries."""
        return len(self._by_key)

    def __iter__(self) -> Iterator[Entry[T]]:
        """Give the entries, the oldest first."""
        return (entry for entry in tuple(self._queue) if self._by_key.get(entry.key) is entry)

    def of_handle(self, handle: str) -> Entry[T] | None:
        """Give the entry of a session."""
        entry = self._by_handle[hash(handle) & self._mask] if self._by_handle else None
        while entry is not None and self._facts_of(entry.value).handle != handle:
            entry = entry.next_of_handle
        return entry

    def of_identity(self, identity_id: str) -> list[Entry[T]]:
        """Give the entries of an identity."""
        found: list[Entry[T]] = []
        entry = self._by_identity[hash(identity_id) & self._mask] if self._by_identity else None
        while entry is not None:
            if self._facts_of(entry.value).identity_id == identity_id:
                found.append(entry)
            entry = entry.next_of_identity
        return found

    def of_organisation(self, organisation_id: str, identity_id: str) -> list[Entry[T]]:
        """Give the entries that speak of an organisation; of one member, unless `identity_id` is empty."""
        if identity_id:
            theirs = self.of_identity(identity_id)
            return [entry for entry in theirs if self._facts_of(entry.value).organisation_id == organisation_id]
        return [self._by_key[key] for key in self._by_organisation.get(organisation_id, ())]

    def put(self, entry: Entry[T]) -> None:
        """Keep an entry; it takes the place of what has its key or its handle."""
        facts = self._facts_of(entry.value)
        for other in (self._by_key.get(entry.key), self.of_handle(facts.handle)):
            if other is not None:
                self.remove(other)
        while len(self._by_key) >= self._limit:
            self._evict_one()
        if not self._by_handle:
            self._by_handle = [None] * (self._mask + 1)
            self._by_identity = [None] * (self._mask + 1)
        at = hash(facts.handle) & self._mask
        entry.next_of_handle, self._by_handle[at] = self._by_handle[at], entry
        at = hash(facts.identity_id) & self._mask
        entry.next_of_identity, self._by_identity[at] = self._by_identity[at], entry
        if facts.organisation_id:
            self._by_organisation.setdefault(facts.organisation_id, {})[entry.key] = None
        self._by_key[entry.key] = entry
        self._queue.append(entry)
        if len(self._queue) > 2 * self._limit:
            self._queue = deque(self)

    def remove(self, entry: Entry[T]) -> None:
        """Drop an entry; nothing happens if it is not there any more."""
        if self._by_key.get(entry.key) is not entry:
            return
        del self._by_key[entry.key]
        facts = self._facts_of(entry.value)
        keys = self._by_organisation.get(facts.organisation_id, {})
        keys.pop(entry.key, None)
        if not keys:
            self._by_organisation.pop(facts.organisation_id, None)
        at = hash(facts.handle) & self._mask
        before = self._by_handle[at]
        if before is entry:
            self._by_handle[at] = entry.next_of_handle
        else:
            while before is not None and before.next_of_handle is not entry:
                before = before.next_of_handle
            if before is not None:
                before.next_of_handle = entry.next_of_handle
        at = hash(facts.identity_id) & self._mask
        before = self._by_identity[at]
        if before is entry:
            self._by_identity[at] = entry.next_of_identity
        else:
            while before is not None and before.next_of_identity is not entry:
                before = before.next_of_identity
            if before is not None:
                before.next_of_identity = entry.next_of_identity
        entry.next_of_handle = entry.next_of_identity = None

    def clear(self) -> dict[str, Entry[T]]:
        """Start empty. Gives what was there, by key; `get` is another one from then on."""
        gone = self._by_key
        self._by_key = {}
        self.get = self._by_key.get
        self._queue.clear()
        self._by_handle = []
        self._by_identity = []
        self._by_organisation = {}
        return gone

    def _evict_one(self) -> None:
        """Drop the oldest, but one that was read since goes to the end of the queue once."""
        while self._queue:
            entry = self._queue.popleft()
            if self._by_key.get(entry.key) is not entry:
                continue
            if not entry.marks & USED:
                self.remove(entry)
                return
            entry.marks &= ~USED
            self._queue.append(entry)
