"""Entries of earlier streams, kept for degraded answers and for nothing else."""

from __future__ import annotations

from typing import Generic, TypeVar

from trust_layer.lease.entries import Entry
from trust_layer.lease.reading import Reading, elapsed

T = TypeVar("T")


class Aside(Generic[T]):
    """At most `limit` entries. They are not evicted by changes: whoever takes one judges it by the tombstones."""

    def __init__(self, limit: int, max_age_ms: float) -> None:
        """Begin empty. max_age_ms: an entry is of no use after that long."""
        self._limit = limit
        self._max_age_ms = max_age_ms
        self._entries: dict[str, Entry[T]] = {}
        self._since: Reading | None = None

    def get(self, key: str) -> Entry[T] | None:
        """Give the entry of a key, or None."""
        return self._entries.get(key)

    def remove(self, key: str) -> None:
        """Drop the entry of a key."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Drop everything."""
        self._entries = {}

    def put(self, entries: dict[str, Entry[T]]) -> None:
        """Take over what memory held; what was aside before stays as far as there is room."""
        if not entries:
            return
        # In a new dict: another thread may be about to look into the one that was memory.
        merged = dict(entries)
        for key, entry in self._entries.items():
            if len(merged) >= self._limit:
                break
            merged.setdefault(key, entry)
        self._entries = merged
        self._since = None

    def tidy(self, now: Reading) -> None:
        """Let all go once it is too old to serve."""
        if self._since is None:
            self._since = now
        elif not elapsed(self._since, now) < self._max_age_ms:
            self._entries = {}
