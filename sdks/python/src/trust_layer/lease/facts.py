"""What the lease reads of verdicts, Trust Tokens and changes, and what the owner of the machine is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple


class SessionFacts(NamedTuple):
    """What an active verdict says, as far as the lease depends on it. Instants in ms since 1970, by the server."""

    handle: str
    version: int
    identity_id: str
    epoch: int
    """Epoch in which the session was authenticated."""
    identity_version: int
    expires_at: float
    last_used_at: float
    idle_timeout_ms: float
    organisation_id: str = ""
    """The organisation that the answer speaks of; empty where it speaks of none."""
    organisation_version: float = 0


class TokenFacts(NamedTuple):
    """What a Trust Token says, as far as the lease depends on it."""

    kid: str
    sid: str
    ver: int
    sub: str
    epoch: int
    org: str = ""
    org_ver: float = 0


class SessionRow(NamedTuple):
    """A row of the change feed: a session changed or ended. A row without tenant concerns every tenant."""

    handle: str
    version: int
    revoked: bool
    tenant_id: str = ""


class IdentityRow(NamedTuple):
    """A row of the change feed: an identity's epoch or version rose; `inf` once it is deleted."""

    identity_id: str
    epoch: float
    version: float
    tenant_id: str = ""


class SigningKeyRow(NamedTuple):
    """A row of the change feed: a signing key changed its state."""

    kid: str
    retired: bool
    tenant_id: str = ""


class OrganisationRow(NamedTuple):
    """A row of the change feed: an organisation, its roles or a membership changed; `inf` once it is deleted."""

    organisation_id: str
    identity_id: str
    """The member whom it concerns; empty where it concerns all."""
    version: float
    tenant_id: str = ""


class ServiceRow(NamedTuple):
    """A row of the change feed: a service or one of its keys changed."""

    service: str
    tenant_id: str = ""


class TenantRow(NamedTuple):
    """A row of the change feed: settings of the tenant changed."""

    version: int
    tenant_id: str = ""


FeedChange = SessionRow | IdentityRow | OrganisationRow | SigningKeyRow | ServiceRow | TenantRow


@dataclass(frozen=True)
class SessionEnded:
    """The session ended. handle: `ses_…`."""

    handle: str
    kind: ClassVar = "session_ended"


@dataclass(frozen=True)
class SessionChanged:
    """The facts of the session changed. version: the lowest still acceptable."""

    handle: str
    version: int
    kind: ClassVar = "session_changed"


@dataclass(frozen=True)
class IdentityChanged:
    """An identity changed. below_epoch: its sessions of lower epochs have ended."""

    identity_id: str
    below_epoch: float
    kind: ClassVar = "identity_changed"


@dataclass(frozen=True)
class OrganisationChanged:
    """An organisation changed, its roles, or one membership. identity_id: the member; empty for all of them."""

    organisation_id: str
    identity_id: str
    kind: ClassVar = "organisation_changed"


@dataclass(frozen=True)
class SigningKeyRetired:
    """Trust Tokens of this key are refused from now on."""

    kid: str
    kind: ClassVar = "signing_key_retired"


@dataclass(frozen=True)
class ServiceChanged:
    """The rights or keys of a service changed."""

    service: str
    kind: ClassVar = "service_changed"


@dataclass(frozen=True)
class TenantChanged:
    """Settings of the tenant changed."""

    kind: ClassVar = "tenant_changed"


@dataclass(frozen=True)
class SigningKeyChanged:
    """A signing key was published or replaced: keys are worth reading again."""

    kid: str
    kind: ClassVar = "signing_key_changed"


@dataclass(frozen=True)
class ChangesMissed:
    """Changes may have been missed for longer than the server keeps them: what lives on must be verified again."""

    kind: ClassVar = "changes_missed"


Notice = (
    SessionEnded
    | SessionChanged
    | IdentityChanged
    | OrganisationChanged
    | SigningKeyRetired
    | ServiceChanged
    | TenantChanged
)
"""What the machine makes of a change."""

ChangeNotice = Notice | SigningKeyChanged | ChangesMissed
"""What `on_change` is told. A change may be told more than once, and in any order."""


def entry_key(tenant_id: str, name: str) -> str:
    """Give the key of an entry: everything that the answer depends on. `name` is the session_id or its digest.

    The length parts the two, so that no pair is taken for another. A machine of one tenant may take the name alone.
    """
    return f"{len(tenant_id)}:{tenant_id}{name}"
