"""One Watch stream as messages in and out (SDK-42). Threads and tasks carry them; this file does no I/O."""

from __future__ import annotations

import random
import time

import grpc

from trust_layer.gen.trust.v1.session_pb2 import (
    SessionUse,
    WatchPing,
    WatchRequest,
    WatchResponse,
    WatchStart,
    WatchUse,
)
from trust_layer.lease.settings import PING_INTERVAL_MS
from trust_layer.watch.feed import feed_change
from trust_layer.watch.memory import Memory

TICK = PING_INTERVAL_MS / 1000
"""Seconds between two ticks."""
GOODBYE = 1.0
"""Seconds that a server has to end a stream that was closed."""

_SILENT_TICKS = 6
_USE_TICKS = 9
_FIRST_BACKOFF = 0.05
_MAX_BACKOFF = 5.0
_REFUSED_BACKOFF = 60.0
# A stream that lived this long was none that failed.
_LIVED = 5.0
_REFUSALS = (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.PERMISSION_DENIED)


class WatchStream:
    """A stream of its memory, from before it is opened. Its messages are sent in the order in which they are given."""

    def __init__(self, memory: Memory) -> None:
        """Begin: the cache starts empty."""
        self._memory = memory
        self._number = memory.open()
        self.is_ready = False
        # Ticks since a message came: a process that could not run hears nothing either, and that is not the stream's
        # fault.
        self._silent_ticks = 0
        self._use_ticks = 0

    def first(self) -> list[WatchRequest]:
        """Give what opens the stream."""
        return [WatchRequest(start=WatchStart(tenant_id=self._memory.tenant_id)), *self._ping()]

    def took(self, response: WatchResponse) -> None:
        """Take a message."""
        memory, stream = self._memory, self._number
        now = memory.clocks.read()
        self._silent_ticks = 0
        kind = response.WhichOneof("message")
        if kind == "change":
            memory.change(stream, feed_change(response.change), now)
        elif kind == "ready":
            ready = response.ready
            self.is_ready = True
            memory.ready(stream, ready.staleness_bound_ms, ready.backlog_window_ms, now)
        elif kind == "pong":
            pong = response.pong
            database_time = pong.database_time.ToMilliseconds() if pong.HasField("database_time") else 0
            memory.pong(stream, pong.number, database_time, now)

    def tick(self) -> list[WatchRequest] | None:
        """Give what is to be sent now; None if the stream has been silent for too long and must be cancelled."""
        self._silent_ticks += 1
        if self._silent_ticks > _SILENT_TICKS:
            return None
        self._use_ticks += 1
        return self._ping() + (self.uses() if self._use_ticks >= _USE_TICKS else [])

    def uses(self) -> list[WatchRequest]:
        """Give the reports of use that are due."""
        if not self.is_ready:
            return []
        self._use_ticks = 0
        reports: list[WatchRequest] = []
        memory = self._memory
        while True:
            with memory.lock:
                uses = memory.machine.take_uses(memory.clocks.read())
            if not uses:
                return reports
            told = [SessionUse(handle=use.handle, age_ms=use.age_ms) for use in uses]
            reports.append(WatchRequest(use=WatchUse(uses=told)))

    def ended(self) -> None:
        """Note the end."""
        with self._memory.lock:
            self._memory.machine.close(self._number)

    def _ping(self) -> list[WatchRequest]:
        # The clocks are read before the message is handed on (WAT-4).
        with self._memory.lock:
            number = self._memory.machine.ping(self._number, self._memory.clocks.read())
        return [] if number is None else [WatchRequest(ping=WatchPing(number=number))]


class Backoff:
    """How long to wait before the next stream."""

    def __init__(self) -> None:
        """Begin without a failure."""
        self._failures = 0
        self._opened_at = 0.0

    def opened(self) -> None:
        """Note that a stream is being opened."""
        self._opened_at = time.monotonic()

    def span(self, code: grpc.StatusCode | None) -> float:
        """Give the seconds to wait after a stream that ended with this code."""
        self._failures = self._failures + 1 if time.monotonic() - self._opened_at < _LIVED else 0
        if code in _REFUSALS:
            return _REFUSED_BACKOFF
        longest = min(_MAX_BACKOFF, _FIRST_BACKOFF * float(1 << min(self._failures, 10)))
        return random.random() * longest  # noqa: S311 - jitter, no secret
