"""Time as the lease sees it: an argument, read by the caller from both clocks of its machine at once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

_DRIFT = 0.01  # How wrong a clock may run (WAT-11): what ends a yes is cut by that much, what ends a no is stretched.
_MOMENT_MS = 100


class Reading(NamedTuple):
    """Both clocks of one machine, read together. Milliseconds; fractions are welcome."""

    mono: float
    """A clock that never steps; it may stand still while the machine is suspended. Any origin."""
    wall: float
    """Milliseconds since 1970, UTC. It may step either way."""


class Clocks:
    """The two clocks of a machine, each in seconds."""

    __slots__ = ("mono", "wall")

    def __init__(self, mono: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        """Take other clocks than the machine's own for tests."""
        self.mono = mono
        self.wall = wall

    def read(self) -> Reading:
        """Read both."""
        return Reading(self.mono() * 1000, self.wall() * 1000)


def surely_within(span: float) -> float:
    """Give the longest measured span that is surely below `span` of true time."""
    return span * (1 - _DRIFT)


def surely_past(span: float) -> float:
    """Give the shortest measured span that is surely `span` of true time."""
    return span * (1 + _DRIFT)


def elapsed(since: Reading, now: Reading) -> float:
    """Give what may have passed at most: the larger of what both clocks say. NaN if a clock gives no number."""
    by_mono, by_wall = now.mono - since.mono, now.wall - since.wall
    if by_mono >= by_wall:
        return by_mono
    return by_wall if by_wall > by_mono else math.nan


class Moment(NamedTuple):
    """A moment in which questions were asked. Many entries hold the same one, so that each is small."""

    at: Reading
    """When the first of them was asked."""
    serves_until: float
    """When their answers have served for as long as they may, by the database's clock."""


class Moments:
    """Gives the moment of a question."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        """Begin before all time."""
        self._last = Moment(Reading(-math.inf, -math.inf), -math.inf)

    def of(self, at: Reading, serves_until: float) -> Moment:
        """Give a moment that began at this reading, or up to a tenth of a second before."""
        last = self._last.at
        if not (0 <= at.mono - last.mono < _MOMENT_MS and 0 <= at.wall - last.wall < _MOMENT_MS):
            self._last = Moment(at, serves_until)
        return self._last
