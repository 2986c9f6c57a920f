"""What a service learns from a Trust Token; the rest of the claims is in docs/guide/trust_tokens.md."""

from trust_layer import TrustTokenClaims


def seen(claims: TrustTokenClaims) -> dict[str, str]:
    """Pick the claims that the orders page shows."""
    return {
        "subject": claims.sub,
        "audience": claims.aud,
        "caller": claims.req_wl,
        "scope": claims.scope or "",
        "transaction": claims.txn,
    }
