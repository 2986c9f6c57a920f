"""Offline check of Trust Tokens (standard, chapter 3).

The order of the checks and their codes are those of the standard, so that every language says the same of one token.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from trust_layer.aio_trust_client import AioTrustClient
from trust_layer.claims import TrustTokenClaims, read_claims, token_facts
from trust_layer.errors import TrustTokenError
from trust_layer.key_source import KeySource, KeysUnavailableError, TrustKey
from trust_layer.token_form import ParsedToken, parse_json_object, parse_token
from trust_layer.trust_client import TrustClient

_MAX_LIFETIME = 300
_MAX_LEEWAY = 5.0
_MAX_KEPT = 10_000


class _Checked(NamedTuple):
    """A token whose form, signature and claims are right."""

    key: TrustKey
    claims: TrustTokenClaims


class Verifier:
    """Verifies Trust Tokens for one audience. Does no I/O while the key is known and fresh ([SDK-10]). Thread-safe.

    issuer: exact `iss` of the tokens. audience: name of this service, exact `aud`. key_source: where the public keys
    come from. tenant_id: exact `tid`. leeway: seconds by which the clocks of issuer and verifier may differ, 0 to 5.
    watch: a client that watches: then a token of a session that has ended is refused too (`TOKEN_REVOKED`), and
    without a lease nothing is decided (`LEASE_LOST`). clock: seconds since 1970, UTC. ValueError where an option is
    out of its bounds.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        key_source: KeySource,
        tenant_id: str = "default",
        leeway: float = _MAX_LEEWAY,
        *,
        watch: TrustClient | AioTrustClient | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Check the options."""
        for name, value in (("issuer", issuer), ("audience", audience), ("tenant_id", tenant_id)):
            if not isinstance(value, str) or not value:
                raise ValueError(f"{name} must be a string that is not empty")
        if not 0 <= leeway <= _MAX_LEEWAY:
            raise ValueError("leeway must be 0 to 5 seconds")
        self._issuer = issuer
        self._audience = audience
        self._key_source = key_source
        self._tenant_id = tenant_id
        self._leeway = leeway
        self._clock = clock
        self._watch = watch
        self._kept: dict[str, _Checked] = {}

    def verify(self, token: str) -> TrustTokenClaims:
        """Verify a Trust Token: JWS in compact form, 1 to 8,192 bytes. Gives its claims.

        Raises TrustTokenError with the code of the first check that failed. Blocks while keys are read, 5 s at most.
        """
        checked = self._checked(token)
        if not self._is_current(checked):
            # A client of asyncio cannot be waited for here: AioVerifier does.
            if isinstance(self._watch, TrustClient):
                self._watch.await_lease()
            if not self._is_current(checked):
                raise TrustTokenError("LEASE_LOST")
        return self._keep(token, checked)

    def _checked(self, token: str, parsed: ParsedToken | None = None) -> _Checked:
        """Check a token, but not twice its form and signature while its key is the same."""
        kept = self._kept.get(token) if isinstance(token, str) else None
        if kept is not None and self._find(kept.key.kid) == kept.key:
            self._check_instants(kept.claims, self._clock())
            return kept
        parsed = parsed or parse_token(token)
        return self._check(parsed, self._find(parsed.kid))

    def _keep(self, token: str, checked: _Checked) -> TrustTokenClaims:
        # Without a stream that names what has ended, each token is checked as a whole each time.
        if self._watch is not None and token not in self._kept:
            if len(self._kept) >= _MAX_KEPT:
                self._kept.pop(next(iter(self._kept)), None)
            self._kept[token] = checked
        return checked.claims

    def _is_current(self, checked: _Checked) -> bool:
        """Make the checks [TOK-28] and [TOK-29], and those of the instants by the same clock. False: cannot tell."""
        if self._watch is None:
            return True
        claims = checked.claims
        decision, now = self._watch._memory.judge_token(token_facts(checked.key.kid, claims))
        if decision == "refuse":
            raise TrustTokenError("TOKEN_REVOKED")
        if decision == "unknown":
            return False
        self._check_instants(claims, now if self._clock is time.time else self._clock())
        return True

    def _find(self, kid: str) -> TrustKey | None:
        try:
            return self._key_source.find(kid)
        except KeysUnavailableError:
            raise TrustTokenError("KEYS_UNAVAILABLE") from None

    def _check(self, parsed: ParsedToken, key: TrustKey | None) -> _Checked:
        """Make the checks [TOK-15] to [TOK-25]."""
        if key is None:
            raise TrustTokenError("TOKEN_KEY_UNKNOWN")
        if parsed.alg != key.alg:
            raise TrustTokenError("TOKEN_ALGORITHM")
        if not key.is_signed(parsed.signing_input, parsed.signature):
            raise TrustTokenError("TOKEN_SIGNATURE")
        payload = parse_json_object(parsed.payload)
        if payload is None:
            raise TrustTokenError("TOKEN_MALFORMED")
        claims = read_claims(payload)
        if claims is None:
            raise TrustTokenError("TOKEN_CLAIMS")
        if claims.iss != self._issuer:
            raise TrustTokenError("TOKEN_ISSUER")
        if claims.aud != self._audience:
            raise TrustTokenError("TOKEN_AUDIENCE")
        if claims.tid != self._tenant_id:
            raise TrustTokenError("TOKEN_TENANT")
        if not 0 < claims.exp - claims.iat <= _MAX_LIFETIME:
            raise TrustTokenError("TOKEN_LIFETIME")
        self._check_instants(claims, self._clock())
        return _Checked(key, claims)

    def _check_instants(self, claims: TrustTokenClaims, now: float) -> None:
        # Compared so that a clock that gives no number refuses.
        if not claims.iat <= now + self._leeway:
            raise TrustTokenError("TOKEN_NOT_YET_VALID")
        if not now < claims.exp + self._leeway:
            raise TrustTokenError("TOKEN_EXPIRED")


class AioVerifier:
    """Verifies Trust Tokens from asyncio without blocking the event loop: keys are read in a thread, one at a time."""

    def __init__(self, verifier: Verifier) -> None:
        """Wrap a verifier; both may be used side by side."""
        self._verifier = verifier
        self._lock: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None

    async def verify(self, token: str) -> TrustTokenClaims:
        """Verify a Trust Token as Verifier.verify does."""
        verifier = self._verifier
        kept = verifier._kept.get(token) if isinstance(token, str) else None
        parsed = None if kept is not None else parse_token(token)
        await self._read_keys(parsed.kid if parsed is not None else kept.key.kid if kept is not None else "")
        checked = verifier._checked(token, parsed)
        if not verifier._is_current(checked):
            await self._lease()
            if not verifier._is_current(checked):
                raise TrustTokenError("LEASE_LOST")
        return verifier._keep(token, checked)

    async def _read_keys(self, kid: str) -> None:
        """Read keys in a thread if finding this one would read them."""
        source = self._verifier._key_source
        if source.needs_read(kid):
            async with self._reading():
                # Another task may have read while this one waited.
                if source.needs_read(kid):
                    await asyncio.to_thread(self._verifier._find, kid)

    async def _lease(self) -> None:
        watch = self._verifier._watch
        if isinstance(watch, AioTrustClient):
            await watch.await_lease()
        elif watch is not None:
            await asyncio.to_thread(watch.await_lease)

    def _reading(self) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if self._lock is None or self._lock[0] is not loop:
            self._lock = loop, asyncio.Lock()
        return self._lock[1]
