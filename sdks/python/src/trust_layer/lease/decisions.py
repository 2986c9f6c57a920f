"""What the machine is asked and what it decides."""

from __future__ import annotations

from typing import Literal, NamedTuple

from trust_layer.lease.reading import Reading

AnswerUse = Literal["kept", "used", "late", "superseded"]
"""What to do with a remote answer: `kept` and `used` give it to the caller; `late` and `superseded` drop it and ask
again, with STRONG."""

TokenDecision = Literal["accept", "refuse", "unknown"]
"""`unknown`: memory cannot tell; ask the server or refuse."""


class Ask(NamedTuple):
    """A question to the server, as it stood when it was asked."""

    stream: int
    """The stream whose cache the answer may enter; 0 for none."""
    at: Reading
    source_bound_ms: float
    """How old the server's answer may be at that moment: nothing if it was asked to read the database."""


MAX_USE_AGE_MS = 60_000
"""A use that is older is not reported."""


class Use(NamedTuple):
    """A use to report: `WatchUse`."""

    handle: str
    age_ms: int


class Size(NamedTuple):
    """How much is held."""

    entries: int
    tombstones: int
