"""What a lease is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class LeaseSettings:
    """Spans in milliseconds; the defaults are those of an SDK in chapter 6.

    bound_ms: B, no answer from memory outlives a revocation by more; the smaller of this and what the server announces
        holds.
    source_bound_ms: how old the server's own answer may be at the moment it is asked.
    window_ms: W, how long a tombstone is kept; the larger of this and what the server announces holds.
    clock_margin_ms: how far behind the database's clock a verifier's wall clock may be.
    max_age_ms: an entry serves for at most this long after it was filled, however often it is read.
    max_entries: most entries in memory.
    max_tombstones: most tombstones in memory, of each kind.
    """

    bound_ms: float = 2_000
    source_bound_ms: float = 250
    window_ms: float = 360_000
    clock_margin_ms: float = 20_000
    max_age_ms: float = 300_000
    max_entries: int = 100_000
    max_tombstones: int = 200_000


SDK_LEASE: Final = LeaseSettings()
"""Settings of an SDK."""

PING_INTERVAL_MS: Final = 500
"""How often an SDK sends a ping."""
