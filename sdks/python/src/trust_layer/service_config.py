"""Balancing and retries of every channel. Equal to `spec/vectors/service_config.json`; a test holds it to that."""

from __future__ import annotations

import json
from typing import Any, Final

_RETRIED: Final = {
    "SessionService": ["Verify", "BatchVerify", "ListSessions", "RevokeSession"],
    "TrustTokenService": ["GetTrustKeys", "IssueTrustToken", "ExchangeTrustToken"],
    "IdentityService": ["GetIdentity", "FindIdentity", "ListIdentities"],
    "ServiceKeyService": ["ListServices", "ListServiceKeys"],
    "SigningKeyService": ["ListSigningKeys"],
    "TenantService": ["GetTenant"],
    "AuditService": ["ListAuditEvents"],
}

SERVICE_CONFIG: Final[dict[str, Any]] = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [
                {"service": f"trust.v1.{service}", "method": method}
                for service, methods in _RETRIED.items()
                for method in methods
            ],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.05s",
                "maxBackoff": "0.5s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
}
"""gRPC service config: `round_robin`, and at most 5 attempts after UNAVAILABLE for calls that create nothing."""

SERVICE_CONFIG_JSON: Final = json.dumps(SERVICE_CONFIG)
"""The same as gRPC wants it."""
