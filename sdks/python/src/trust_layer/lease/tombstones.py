"""What a change leaves behind: the lowest version or epoch that is still acceptable (WAT-8)."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Final, NamedTuple

from trust_layer.lease.facts import SessionFacts, TokenFacts


class Mark(NamedTuple):
    """The lowest version and epoch still acceptable, and when it came on the monotonic clock."""

    version: float
    epoch: float
    at: float


NOTHING: Final = Mark(0, 0, -math.inf)


class _Marks:
    """Marks in the order in which they came, at most `limit`. A mark only ever rises."""

    __slots__ = ("_limit", "_marks", "dropped_at")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # A plain dict would be searched from its emptied front each time.
        self._marks: OrderedDict[str, Mark] = OrderedDict()
        self.dropped_at = -math.inf
        """When the latest mark came that was dropped for want of room."""

    def __len__(self) -> int:
        return len(self._marks)

    def get(self, name: str) -> Mark:
        return self._marks.get(name, NOTHING)

    def raise_to(self, name: str, version: float, epoch: float, at: float) -> None:
        before = self.get(name)
        self._marks[name] = Mark(max(before.version, version), max(before.epoch, epoch), at)
        self._marks.move_to_end(name)
        while len(self._marks) > self._limit:
            self.dropped_at = self._marks.popitem(last=False)[1].at

    def forget(self, before: float) -> None:
        while self._marks and next(iter(self._marks.values())).at < before:
            self._marks.popitem(last=False)


class Tombstones:
    """Bounded memory of what may no longer be accepted. It holds facts, so it outlives streams."""

    __slots__ = ("_all", "_identities", "_keys", "_organisations", "_sessions")

    def __init__(self, limit: int) -> None:
        """Begin empty. limit: most tombstones of each kind."""
        self._sessions = _Marks(limit)
        self._identities = _Marks(limit)
        self._keys = _Marks(limit)
        # By organisation, and by organisation and member.
        self._organisations = _Marks(limit)
        self._all = (self._sessions, self._identities, self._keys, self._organisations)

    def raise_session(self, handle: str, version: float, at: float) -> None:
        """Refuse lower versions; `inf` refuses all."""
        self._sessions.raise_to(handle, version, 0, at)

    def raise_identity(self, identity_id: str, epoch: float, version: float, at: float) -> None:
        """Refuse lower epochs and versions."""
        self._identities.raise_to(identity_id, version, epoch, at)

    def refuse_key(self, kid: str, at: float) -> None:
        """Refuse a signing key."""
        self._keys.raise_to(kid, math.inf, 0, at)

    def raise_organisation(self, organisation_id: str, identity_id: str, version: float, at: float) -> None:
        """Refuse lower versions; for all members where `identity_id` is empty."""
        self._organisations.raise_to(f"{organisation_id} {identity_id}", version, 0, at)

    def forget(self, before: float) -> None:
        """Forget what came before this instant of the monotonic clock."""
        for marks in self._all:
            marks.forget(before)

    @property
    def dropped_at(self) -> float:
        """When the latest tombstone came that was dropped for want of room; `-inf` if none was."""
        return max(marks.dropped_at for marks in self._all)

    def __len__(self) -> int:
        """Count them."""
        return sum(len(marks) for marks in self._all)

    def ended(self, handle: str, identity_id: str, epoch: int) -> bool:
        """Say whether it is known that a session has ended, by itself or with all of its identity."""
        return self._sessions.get(handle).version == math.inf or epoch < self._identities.get(identity_id).epoch

    def admits(self, facts: SessionFacts) -> bool:
        """Say whether nothing that is remembered asks for more than these facts."""
        identity = self._identities.get(facts.identity_id)
        return (
            facts.version >= self._sessions.get(facts.handle).version
            and facts.epoch >= identity.epoch
            and facts.identity_version >= identity.version
            and self._admits_organisation(facts.organisation_id, facts.identity_id, facts.organisation_version)
        )

    def admits_token(self, token: TokenFacts) -> bool:
        """Say whether nothing that is remembered asks for more than this token has."""
        return (
            token.ver >= self._sessions.get(token.sid).version
            and token.epoch >= self._identities.get(token.sub).epoch
            and self._admits_organisation(token.org, token.sub, token.org_ver)
            and self._keys.get(token.kid) is NOTHING
        )

    def _admits_organisation(self, organisation_id: str, identity_id: str, version: float) -> bool:
        if not organisation_id or not self._organisations:
            return True
        of_all, of_one = f"{organisation_id} ", f"{organisation_id} {identity_id}"
        return version >= self._organisations.get(of_all).version and version >= self._organisations.get(of_one).version
