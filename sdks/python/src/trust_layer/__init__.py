"""Client of the Trust Layer: sessions, Trust Tokens and prompt revocation.

`TrustClient` and `AioTrustClient` call the server, `Verifier` and `AioVerifier` check Trust Tokens offline, and
`trust_layer.middleware` puts both around ASGI, WSGI and gRPC servers. Messages are in `trust_layer.messages`.
"""

from trust_layer.aio_trust_client import AioTrustClient
from trust_layer.channel import TlsOptions
from trust_layer.claims import TrustTokenClaims
from trust_layer.client_facts import ClientFacts
from trust_layer.errors import FieldViolation, TrustLayerError, TrustTokenError
from trust_layer.key_source import JwksKeySource, KeySource, KeysUnavailableError, StaticKeySource, TrustKey
from trust_layer.lease.facts import (
    ChangeNotice,
    ChangesMissed,
    IdentityChanged,
    OrganisationChanged,
    ServiceChanged,
    SessionChanged,
    SessionEnded,
    SigningKeyChanged,
    SigningKeyRetired,
    TenantChanged,
)
from trust_layer.return_path import safe_return_path
from trust_layer.session_id import is_service_key, is_session_id, is_sign_in_code
from trust_layer.sign_in_flow import SignInFlow
from trust_layer.trust_client import TrustClient
from trust_layer.verdict import ActiveVerdict, RejectedVerdict, RejectionReason, Verdict
from trust_layer.verifier import AioVerifier, Verifier
from trust_layer.watch.key_source import WatchKeySource
from trust_layer.watch.listeners import RevokedReason
from trust_layer.watch.memory import ClientMetrics

__all__ = [
    "ActiveVerdict",
    "AioTrustClient",
    "AioVerifier",
    "ChangeNotice",
    "ChangesMissed",
    "ClientFacts",
    "ClientMetrics",
    "FieldViolation",
    "IdentityChanged",
    "JwksKeySource",
    "KeySource",
    "KeysUnavailableError",
    "OrganisationChanged",
    "RejectedVerdict",
    "RejectionReason",
    "RevokedReason",
    "ServiceChanged",
    "SessionChanged",
    "SessionEnded",
    "SignInFlow",
    "SigningKeyChanged",
    "SigningKeyRetired",
    "StaticKeySource",
    "TenantChanged",
    "TlsOptions",
    "TrustClient",
    "TrustKey",
    "TrustLayerError",
    "TrustTokenClaims",
    "TrustTokenError",
    "Verdict",
    "Verifier",
    "WatchKeySource",
    "is_service_key",
    "is_session_id",
    "is_sign_in_code",
    "safe_return_path",
]
