"""How a question is asked until its answer may be given out: steps that either client drives.

SDK-31, SDK-33, SDK-35.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import NamedTuple, TypeVar

from trust_layer.client_facts import Presented
from trust_layer.errors import TrustLayerError
from trust_layer.gen.trust.v1.session_pb2 import Verdict as VerdictMessage
from trust_layer.lease.decisions import Ask
from trust_layer.verdict import Verdict
from trust_layer.watch.memory import Memory, malformed
from trust_layer.watch.misses import MAX_TRIES

Result = TypeVar("Result")

_MAX_STALE = 300.0
_COULD_NOT_ASK = ("UNAVAILABLE", "DEADLINE_EXCEEDED")


class Ids(NamedTuple):
    """What the next call asks about."""

    asked: Sequence[Presented]
    strong: bool


class Answers(NamedTuple):
    """What it gave: a verdict for each."""

    ask: Ask
    messages: Sequence[VerdictMessage]


class _UnfreshError(TrustLayerError):
    """No answer was fresh enough. The server could be asked, so this is no case for an old answer."""


Steps = Generator[Ids, Answers, Result]


def one(memory: Memory, asked: Presented, *, strong: bool, max_stale: float | None) -> Steps[Verdict]:
    """Ask about one session. max_stale: seconds that an old answer may be old if the server cannot be asked."""
    if max_stale is not None and not 0 < max_stale <= _MAX_STALE:
        raise ValueError("degraded_max_stale must be above 0 and at most 300 seconds")
    rejected = malformed(asked.session_id)
    if rejected is not None:
        return rejected
    try:
        (verdict,) = yield from _fresh(memory, [asked], strong)
    except TrustLayerError as error:
        could_ask = isinstance(error, _UnfreshError) or error.code not in _COULD_NOT_ASK
        old = None if could_ask or max_stale is None else memory.degraded(asked, max_stale * 1000)
        if old is None:
            raise
        return old
    return verdict


def several(memory: Memory, asked: Sequence[Presented], *, strong: bool) -> Steps[list[Verdict]]:
    """Ask about all that memory does not know, in one call."""
    verdicts = [malformed(one.session_id) or (None if strong else memory.local(*one)) for one in asked]
    left = [one for one, verdict in zip(asked, verdicts, strict=True) if verdict is None]
    answers = iter((yield from _fresh(memory, left, strong)))
    return [verdict or next(answers) for verdict in verdicts]


def _fresh(memory: Memory, asked: Sequence[Presented], strong: bool) -> Steps[list[Verdict]]:
    """Ask until the machine admits each answer, 8 times at most."""
    verdicts: list[Verdict | None] = [None] * len(asked)
    for _ in range(MAX_TRIES):
        left = [at for at, verdict in enumerate(verdicts) if verdict is None]
        if left:
            answers = yield Ids([asked[at] for at in left], strong)
            for at, message in zip(left, answers.messages, strict=True):
                verdicts[at] = memory.judged(answers.ask, asked[at], message)
            strong = True
    found = [verdict for verdict in verdicts if verdict is not None]
    if len(found) < len(verdicts):
        raise _UnfreshError("UNREACHABLE", "UNAVAILABLE")
    return found


def drive(steps: Steps[Result], ask: Callable[[Ids], Answers]) -> Result:
    """Take the steps, each call by `ask`."""
    try:
        ids = next(steps)
        while True:
            try:
                answers = ask(ids)
            except TrustLayerError as error:
                ids = steps.throw(error)
            else:
                ids = steps.send(answers)
    except StopIteration as done:
        result: Result = done.value
        return result


async def drive_aio(steps: Steps[Result], ask: Callable[[Ids], Awaitable[Answers]]) -> Result:
    """Take the steps, each call by `ask`, from asyncio."""
    try:
        ids = next(steps)
        while True:
            try:
                answers = await ask(ids)
            except TrustLayerError as error:
                ids = steps.throw(error)
            else:
                ids = steps.send(answers)
    except StopIteration as done:
        result: Result = done.value
        return result
