"""Changes, as the machine reads them: those of the stream, and what this process changed itself (WAT-15, SDK-36)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from google.protobuf.message import Message

from trust_layer.gen.trust.v1 import (
    identity_pb2,
    organisation_pb2,
    password_pb2,
    session_pb2,
    sign_in_pb2,
    signing_key_pb2,
    tenant_pb2,
)
from trust_layer.lease.facts import (
    FeedChange,
    IdentityRow,
    OrganisationRow,
    ServiceRow,
    SessionRow,
    SigningKeyRow,
    TenantRow,
)


def feed_change(change: session_pb2.Change) -> FeedChange:
    """Read a change. One that cannot be read may concern anything: it counts as one of the tenant (SDK-42)."""
    tenant_id, subject = change.tenant_id, change.WhichOneof("subject")
    if subject == "session":
        row = change.session
        return SessionRow(row.handle, row.version, row.revoked, tenant_id)
    if subject == "identity":
        identity = change.identity
        return IdentityRow(identity.identity_id, identity.epoch, identity.version, tenant_id)
    if subject == "organisation":
        of = change.organisation
        return OrganisationRow(of.organisation_id, of.identity_id, of.version, tenant_id)
    if subject == "signing_key":
        return SigningKeyRow(change.signing_key.kid, change.signing_key.retired, tenant_id)
    if subject == "service":
        return ServiceRow(change.service.service, tenant_id)
    return TenantRow(0, tenant_id)


def _of_session(_request: Any, response: Any) -> FeedChange | None:
    return SessionRow(response.handle, response.version, True) if response.handle else None


def _of_previous(_request: Any, response: Any) -> FeedChange | None:
    handle = response.previous_handle
    return SessionRow(handle, response.previous_version, True) if handle else None


def _of_rotated(_request: Any, response: Any) -> FeedChange:
    return SessionRow(response.session.handle, response.session.version, False)


def _of_epoch(request: Any, response: Any) -> FeedChange:
    return IdentityRow(request.identity_id, response.epoch, 0)


def _of_identity(_request: Any, response: Any) -> FeedChange:
    identity = response.identity
    return IdentityRow(identity.id, identity.epoch, identity.version)


def _of_deleted(request: Any, _response: Any) -> FeedChange:
    return IdentityRow(request.identity_id, math.inf, math.inf)


def _of_organisation(_request: Any, response: Any) -> FeedChange:
    return OrganisationRow(response.organisation.id, "", response.organisation.version)


def _of_member(request: Any, response: Any) -> FeedChange:
    return OrganisationRow(request.organisation_id, request.identity_id, response.organisation_version)


def _of_ended_organisation(request: Any, _response: Any) -> FeedChange:
    return OrganisationRow(request.organisation_id, "", math.inf)


def _of_tenant(_request: Any, _response: Any) -> FeedChange:
    return TenantRow(0)


def _of_key(request: Any, _response: Any) -> FeedChange:
    return SigningKeyRow(request.kid, True)


_OWN_CHANGES: Final[dict[type[Message], Callable[[Any, Any], FeedChange | None]]] = {
    session_pb2.RevokeSessionRequest: _of_session,
    sign_in_pb2.ExchangeSignInCodeRequest: _of_previous,
    session_pb2.RevokeIdentitySessionsRequest: _of_epoch,
    session_pb2.RotateSessionRequest: _of_rotated,
    organisation_pb2.SetActiveOrganisationRequest: _of_rotated,
    organisation_pb2.UpdateOrganisationRequest: _of_organisation,
    organisation_pb2.PutRoleRequest: _of_organisation,
    organisation_pb2.DeleteRoleRequest: _of_organisation,
    organisation_pb2.UpdateMemberRequest: _of_member,
    organisation_pb2.RemoveMemberRequest: _of_member,
    organisation_pb2.DeleteOrganisationRequest: _of_ended_organisation,
    password_pb2.SetPasswordRequest: _of_epoch,
    identity_pb2.DisableIdentityRequest: _of_identity,
    identity_pb2.LockIdentityRequest: _of_identity,
    identity_pb2.EnableIdentityRequest: _of_identity,
    identity_pb2.UpdateIdentityRequest: _of_identity,
    identity_pb2.AddIdentifierRequest: _of_identity,
    identity_pb2.RemoveIdentifierRequest: _of_identity,
    identity_pb2.DeleteIdentityRequest: _of_deleted,
    tenant_pb2.UpdateTenantRequest: _of_tenant,
    signing_key_pb2.RetireSigningKeyRequest: _of_key,
}


def own_change(request: Message, response: Message) -> FeedChange | None:
    """Give what a call has changed, once it is answered; None if nothing. The request has its tenant filled in."""
    read = _OWN_CHANGES.get(type(request))
    change = None if read is None else read(request, response)
    return None if change is None else change._replace(tenant_id=getattr(request, "tenant_id", ""))
