"""The answer of Verify: active with facts, or rejected with a reason (standard, chapter 2)."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final, Literal

from trust_layer.gen.trust.v1 import session_pb2
from trust_layer.gen.trust.v1.session_pb2 import IdentityFacts, OrganisationFacts, Session
from trust_layer.lease.facts import SessionFacts

DEFAULT_TENANT: Final = "default"

RejectionReason = Literal[
    "UNSPECIFIED", "MALFORMED", "UNKNOWN", "EXPIRED", "REVOKED", "TENANT_SUSPENDED", "CLIENT_MISMATCH"
]
"""Why a session is not active. Each of them, and what a later version may add, means no."""

_REASONS: Final[dict[int, RejectionReason]] = {
    session_pb2.REJECTION_REASON_MALFORMED: "MALFORMED",
    session_pb2.REJECTION_REASON_UNKNOWN: "UNKNOWN",
    session_pb2.REJECTION_REASON_EXPIRED: "EXPIRED",
    session_pb2.REJECTION_REASON_REVOKED: "REVOKED",
    session_pb2.REJECTION_REASON_TENANT_SUSPENDED: "TENANT_SUSPENDED",
    session_pb2.REJECTION_REASON_CLIENT_MISMATCH: "CLIENT_MISMATCH",
}


class ActiveVerdict:
    """The session is active.

    session: its public facts (`trust.v1.Session`); never the session_id.
    identity: the facts of the identity behind it (`trust.v1.IdentityFacts`).
    organisation: the active organisation and what the person may do in it (`trust.v1.OrganisationFacts`); None where
    none is active.
    cache_for_ms: milliseconds for which the answer may be reused; 0 means not at all, as for one from memory.
    client_bound: whether the session is bound: then the answer holds for the client that was asked about alone.
    degraded: whether the server could not be asked, and the caller had chosen an old answer over none.
    active: always True.

    The facts of an answer from memory are read when they are first asked for. Each answer has its own, so that what
    one caller does to them changes nobody else's ([SDK-34]).
    """

    __slots__ = ("_degraded", "_kept", "_message")

    active: Literal[True] = True

    def __init__(
        self,
        session: Session,
        identity: IdentityFacts,
        cache_for_ms: int = 0,
        *,
        degraded: bool = False,
        organisation: OrganisationFacts | None = None,
        client_bound: bool = False,
    ) -> None:
        """Make one of its parts."""
        message = session_pb2.ActiveVerdict(
            session=session,
            identity=identity,
            cache_for_ms=cache_for_ms,
            organisation=organisation,
            client_bound=client_bound,
        )
        self._message: session_pb2.ActiveVerdict | None = message
        self._kept = b""
        self._degraded = degraded

    @property
    def session(self) -> Session:
        """Public facts of the session."""
        return self._read().session

    @property
    def identity(self) -> IdentityFacts:
        """Facts of the identity."""
        return self._read().identity

    @property
    def organisation(self) -> OrganisationFacts | None:
        """The active organisation; None where none is active."""
        active = self._read()
        return active.organisation if active.organisation.id else None

    @property
    def cache_for_ms(self) -> int:
        """Milliseconds for which the answer may be reused."""
        return self._read().cache_for_ms

    @property
    def client_bound(self) -> bool:
        """Whether the answer holds for the client that was asked about alone."""
        return self._read().client_bound

    @property
    def degraded(self) -> bool:
        """Whether it is an old answer that the caller had chosen over none."""
        return self._degraded

    def _read(self) -> session_pb2.ActiveVerdict:
        if self._message is None:
            self._message = unpack_active(self._kept)
        return self._message

    def __eq__(self, other: object) -> bool:
        """Compare the facts."""
        return isinstance(other, ActiveVerdict) and self.degraded == other.degraded and self._read() == other._read()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Give the public handle."""
        return f"ActiveVerdict(session={self.session.handle!r}, degraded={self.degraded})"


class KeptVerdict(ActiveVerdict):
    """An active verdict from memory, in the form in which memory keeps it."""

    __slots__ = ()

    def __init__(self, kept: bytes, degraded: bool = False) -> None:
        """Make one of what `pack_active` gave."""
        self._message = None
        self._kept = kept
        self._degraded = degraded


@dataclass(frozen=True)
class RejectedVerdict:
    """The session is not active. reason: why; `UNSPECIFIED` where it was not said or is not known here.

    active: always False.
    """

    reason: RejectionReason = "UNSPECIFIED"
    active: Literal[False] = field(default=False, init=False)


Verdict = ActiveVerdict | RejectedVerdict
"""A verdict is an answer, never an error. `verdict.active` tells the two apart."""


def verdict_of_message(message: session_pb2.Verdict) -> Verdict:
    """Read the wire form. Active only if it says so with a session and its identity in it ([SDK-2], [TERM-4])."""
    answer = message.WhichOneof("answer")
    if answer == "active":
        active = message.active
        session, identity = active.session, active.identity
        if session.handle and identity.id and identity.id == session.identity_id:
            organisation = active.organisation if active.organisation.id else None
            return ActiveVerdict(
                session,
                identity,
                active.cache_for_ms,
                organisation=organisation,
                client_bound=active.client_bound,
            )
        return RejectedVerdict()
    if answer == "rejected":
        return RejectedVerdict(_REASONS.get(message.rejected.reason, "UNSPECIFIED"))
    return RejectedVerdict()


class _Shared:
    """Texts that many sessions have in common, such as user agents, by number. The first few thousand are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {"": 0}
        self._texts = [""]

    def number_of(self, text: str) -> int:
        """Give the number of a text; 0 if it has none."""
        if text not in self._numbers:
            with self._lock:
                if text not in self._numbers and len(self._texts) < _MAX_SHARED:
                    self._texts.append(text)
                    self._numbers[text] = len(self._texts) - 1
        return self._numbers.get(text, 0)

    def text_of(self, number: int) -> str:
        """Give the text of a number."""
        return self._texts[number]


_MAX_SHARED: Final = 4_096
_user_agents = _Shared()


def pack_active(verdict: ActiveVerdict) -> bytes:
    """Write an active verdict as memory keeps it: small, for there are many.

    What is said twice is left out. `cache_for_ms`, which means nothing there, is the number of the user agent.
    """
    active = session_pb2.ActiveVerdict()
    active.CopyFrom(verdict._read())
    session = active.session
    session.ClearField("identity_id")
    if session.tenant_id == DEFAULT_TENANT:
        session.ClearField("tenant_id")
    active.cache_for_ms = _user_agents.number_of(session.device.user_agent)
    if active.cache_for_ms:
        session.device.user_agent = ""
    return active.SerializeToString()


def unpack_active(kept: bytes) -> session_pb2.ActiveVerdict:
    """Read what `pack_active` wrote."""
    active = session_pb2.ActiveVerdict.FromString(kept)
    session = active.session
    session.identity_id = active.identity.id
    session.tenant_id = session.tenant_id or DEFAULT_TENANT
    if active.cache_for_ms:
        session.device.user_agent = _user_agents.text_of(active.cache_for_ms)
        active.cache_for_ms = 0
    return active


def facts_of(kept: bytes) -> SessionFacts:
    """Read of a kept verdict what the lease depends on."""
    active = session_pb2.ActiveVerdict.FromString(kept)
    session, identity = active.session, active.identity
    return SessionFacts(
        handle=session.handle,
        version=session.version,
        identity_id=identity.id,
        epoch=session.epoch,
        identity_version=identity.version,
        expires_at=session.expires_at.ToMilliseconds(),
        last_used_at=session.last_used_at.ToMilliseconds(),
        idle_timeout_ms=session.idle_timeout_seconds * 1000,
        organisation_id=active.organisation.id,
        organisation_version=active.organisation.version,
    )
