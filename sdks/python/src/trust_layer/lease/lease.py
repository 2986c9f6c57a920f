"""The lease: how far a round trip through the change feed proves that memory is current (WAT-5, WAT-6)."""

from __future__ import annotations

import math
from typing import NamedTuple

from trust_layer.lease.reading import Reading, elapsed, surely_within

# Pings that wait for their pong; older ones could give no lease any more.
_MAX_PINGS = 64


class Proof(NamedTuple):
    """What the last pong proved: everything committed before its ping was sent is known here. It never changes."""

    mono: float
    wall: float
    database_time: float
    """The database's clock when the read behind the pong began."""
    length_ms: float
    """How long a yes may rest on it, from the sending of the ping on."""

    @property
    def sent(self) -> Reading:
        """When the ping was sent."""
        return Reading(self.mono, self.wall)


class Lease:
    """Counts pings and keeps the proof of the last pong."""

    __slots__ = ("_configured_ms", "_length_ms", "_number", "_pings", "_proved", "bound_ms", "proof")

    def __init__(self, bound_ms: float) -> None:
        """Begin without a lease. bound_ms: B, which the server can make shorter."""
        self._configured_ms = bound_ms
        self._length_ms = surely_within(bound_ms)
        self._number = 0
        self._pings: list[tuple[int, Reading]] = []
        self._proved: Proof | None = None
        self.bound_ms = bound_ms
        """B as it is now."""
        self.proof: Proof | None = None
        """What the lease rests on; None without one. Replaced as a whole, so that it can be read without a lock."""

    @property
    def proved(self) -> Proof | None:
        """The last proof, whether or not a lease still rests on it; None before the first."""
        return self._proved

    def reset(self) -> None:
        """Begin a new stream: nothing is held. Pings count on, so that no late pong is taken for one of this."""
        self.proof = None
        self._pings.clear()

    def announce(self, bound_ms: float) -> None:
        """Take the server's B; it can make the configured one shorter, never longer. Without one there is no lease."""
        given = bound_ms > 0
        self.bound_ms = min(self._configured_ms, bound_ms) if given else self._configured_ms
        self._length_ms = surely_within(self.bound_ms) if given else 0.0

    def ping(self, now: Reading) -> int:
        """Number a ping. `now` must be read before the ping is handed to the transport."""
        self._number += 1
        self._pings.append((self._number, now))
        if len(self._pings) > _MAX_PINGS:
            del self._pings[0]
        return self._number

    def pong(self, number: int, database_time: float) -> bool:
        """Hold the lease to the sending of ping `number` + B, however long the pong took.

        Unknown numbers and pongs without a time prove nothing.
        """
        sent = next((at for waiting, at in self._pings if waiting == number), None)
        if sent is None or not database_time > 0:
            return False
        self._pings = [ping for ping in self._pings if ping[0] > number]
        self._proved = self.proof = Proof(sent.mono, sent.wall, database_time, self._length_ms)
        return True

    def end(self, proof: Proof) -> None:
        """Note that the lease on this proof was seen to end: it does not come back by itself."""
        if self.proof is proof:
            self.proof = None

    def held(self, now: Reading) -> bool:
        """Say whether the lease holds."""
        proof = self.proof
        if proof is None:
            return False
        if elapsed(proof.sent, now) < proof.length_ms:
            return True
        self.end(proof)
        return False

    def latest_database_time(self, now: Reading) -> float:
        """Give what the database's clock says now at most: the proof began after its ping was sent. NaN before it."""
        proved = self._proved
        return math.nan if proved is None else proved.database_time + elapsed(proved.sent, now)
