"""Questions that memory cannot answer, on their way to one call (SDK-32). The owner holds its lock."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from trust_layer.client_facts import Presented
from trust_layer.errors import TrustLayerError
from trust_layer.gen.trust.v1.session_pb2 import Verdict as VerdictMessage
from trust_layer.lease.decisions import Ask

Waiting = TypeVar("Waiting")

MAX_BATCH: Final = 256
MAX_TRIES: Final = 8
"""Within the time of the question. On a machine that is short of it, several answers in a row may come too late."""
GRACE: Final = 0.5
"""Seconds for which a question waits for the error of its own call, which says more than that the time is over."""
PATIENCE: Final = 0.005
"""Seconds for which a question waits for a call that is under way."""


class Question(Generic[Waiting]):
    """A session_id that is asked about, as one client presents it, for all who ask before it is sent."""

    __slots__ = ("answer", "asked", "askers", "ends_at", "error", "sent", "strong", "waiting")

    def __init__(self, asked: Presented, strong: bool, waiting: Waiting) -> None:
        """Begin unsent. waiting: what wakes those who ask."""
        self.asked = asked
        self.strong = strong
        self.waiting = waiting
        self.askers = 0
        self.ends_at = 0.0
        """When the time of the last of those who ask is over. Monotonic, seconds."""
        self.sent = False
        self.answer: tuple[Ask, VerdictMessage] | None = None
        self.error: BaseException | None = None

    @property
    def is_answered(self) -> bool:
        """Whether there is an answer or an error."""
        return self.answer is not None or self.error is not None


class Misses(Generic[Waiting]):
    """What is not sent yet, and how many calls are under way."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._unsent: dict[tuple[Presented, bool], Question[Waiting]] = {}
        self.under_way = 0

    def __len__(self) -> int:
        """Count what is not sent yet."""
        return len(self._unsent)

    def find(self, asked: Presented, strong: bool) -> Question[Waiting] | None:
        """Give the unsent question about the same. One that was sent is never joined: a change may have come since."""
        return self._unsent.get((asked, strong))

    def add(self, question: Question[Waiting]) -> None:
        """Queue a question."""
        self._unsent[(question.asked, question.strong)] = question

    def drop(self, question: Question[Waiting]) -> None:
        """Take back a question that nobody waits for any more."""
        if not question.sent:
            self._unsent.pop((question.asked, question.strong), None)

    def take(self) -> list[Question[Waiting]]:
        """Take a batch that is now sent: the oldest questions of one consistency, 256 at most."""
        batch: list[Question[Waiting]] = []
        for question in self._unsent.values():
            if len(batch) < MAX_BATCH and (not batch or question.strong == batch[0].strong):
                batch.append(question)
        for question in batch:
            question.sent = True
            del self._unsent[(question.asked, question.strong)]
        if batch:
            self.under_way += 1
        return batch

    def first(self) -> Question[Waiting] | None:
        """Give the oldest unsent question."""
        return next(iter(self._unsent.values()), None)


def too_late() -> TrustLayerError:
    """Say that the time of a question is over."""
    return TrustLayerError("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")
