"""Where public keys come from: the JWKS of the issuer, or a set given once ([TOK-26], [TOK-27])."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey, OKPKey

from trust_layer.jwks_fetch import fetch_jwks
from trust_layer.token_form import decode_base64url, parse_json_object

_FRESH = 60.0
_USABLE = 300.0
_RETRY = 10.0
_SHAPES: Final = {"EdDSA": ("OKP", "Ed25519", ("x",)), "ES256": ("EC", "P-256", ("x", "y"))}


class KeysUnavailableError(Exception):
    """The key source could not be read, so nothing can be said about a key."""


@dataclass(frozen=True)
class TrustKey:
    """A public key and the one algorithm with which it may be used. kid: 1 to 64 characters."""

    kid: str
    alg: Literal["EdDSA", "ES256"]
    public_key: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey = field(repr=False)

    def is_signed(self, message: bytes, signature: bytes) -> bool:
        """Say whether the signature is of this key over the message (RFC 8032; ES256: 64 bytes r‖s, RFC 7518)."""
        if len(signature) != 64:
            return False
        try:
            if isinstance(self.public_key, ed25519.Ed25519PublicKey):
                self.public_key.verify(signature, message)
            else:
                r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
                self.public_key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True


class KeySource(Protocol):
    """Finds keys by id."""

    def find(self, kid: str) -> TrustKey | None:
        """Give the key with this id, None if there is none. Raises KeysUnavailableError. May block for I/O."""
        ...

    def needs_read(self, kid: str) -> bool:
        """Say whether `find` would block for I/O now. Does none itself."""
        ...


class StaticKeySource:
    """Keys given once as a JWKS (RFC 7517), for tests and closed systems. Members that are no usable key are ignored.

    Raises ValueError if the set has no list `keys`.
    """

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        """Read the keys."""
        self._keys = _read_jwks(jwks)

    def find(self, kid: str) -> TrustKey | None:
        """Give the key with this id, None if there is none."""
        return self._keys.get(kid)

    def needs_read(self, kid: str) -> bool:
        """Say no: there is nothing to read."""
        return False


class CachedKeySource:
    """Keys that are read by a function and kept ([TOK-27]). Thread-safe, one reading at a time.

    Read when first needed and again after 60 s; at an unknown key id at once, but for that at most once in 10 s. When
    reading fails, known keys serve until 300 s after the last success.

    fetch: gives a JWKS as text or raises. clock: seconds, never falling.
    """

    def __init__(self, fetch: Callable[[], bytes], *, clock: Callable[[], float] = time.monotonic) -> None:
        """Read nothing yet."""
        self._fetch = fetch
        self._clock = clock
        self._reading = threading.Lock()
        self._keys: Mapping[str, TrustKey] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._searched_at: float | None = None
        self._failed = False
        self._expired = False

    def find(self, kid: str) -> TrustKey | None:
        """Give the key with this id, None if there is none; no I/O while it is known and fresh ([SDK-10]).

        Raises KeysUnavailableError if the keys could not be read.
        """
        # While the known key still serves, only one caller waits for the reading.
        if self._is_due(kid) and self._reading.acquire(blocking=not self._serves(kid)):
            try:
                # Another caller may have read while this one waited.
                if self._is_due(kid):
                    self._read(kid)
            finally:
                self._reading.release()
        key = self._keys.get(kid)
        # Of a key id that was never seen nothing can be said while the issuer cannot be asked.
        if not self._within(self._read_at, _USABLE) or (key is None and self._failed):
            raise KeysUnavailableError
        return key

    def needs_read(self, kid: str) -> bool:
        """Say whether `find` would block for I/O now."""
        return self._is_due(kid) and not (self._reading.locked() and self._serves(kid))

    def expire(self) -> None:
        """Read again at the next look: something has changed. Known keys serve meanwhile if that fails."""
        self._expired = True

    def _is_due(self, kid: str) -> bool:
        if self._expired or not self._within(self._read_at, _FRESH):
            return not (self._failed and self._within(self._tried_at, _RETRY))
        return kid not in self._keys and not self._within(self._searched_at, _RETRY)

    def _serves(self, kid: str) -> bool:
        return kid in self._keys and self._within(self._read_at, _USABLE)

    def _within(self, since: float | None, span: float) -> bool:
        return since is not None and 0 <= self._clock() - since < span

    def _read(self, kid: str) -> None:
        # The keys are as old as the question, not as the answer.
        started_at = self._clock()
        expired, self._expired = self._expired, False
        searching = self._within(self._read_at, _FRESH)
        try:
            jwks = parse_json_object(self._fetch())
            if jwks is None:
                raise ValueError("the JWKS is no JSON object")
            self._keys, self._read_at, self._failed = _read_jwks(jwks), started_at, False
        except Exception:  # Whatever went wrong, the keys could not be read.
            self._failed, self._expired = True, expired
        self._tried_at = self._clock() if self._failed else started_at
        # A reading that did not find the key has looked for it: the next look is 10 s away.
        if searching or kid not in self._keys:
            self._searched_at = self._tried_at


class JwksKeySource(CachedKeySource):
    """The keys that an issuer publishes at `{issuer}/.well-known/jwks.json`, kept as CachedKeySource says.

    A reading takes at most 256 kB and 5 s, and follows no redirects.

    url: absolute http or https URL; otherwise ValueError. clock: seconds, never falling. fetch: gives the body of the
        URL or raises.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        fetch: Callable[[str], bytes] = fetch_jwks,
    ) -> None:
        """Check the URL without reading it."""
        if not url.lower().startswith(("https://", "http://")):
            raise ValueError("the URL of a JWKS must be http or https")
        super().__init__(lambda: fetch(url), clock=clock)


def _read_jwks(jwks: Mapping[str, Any]) -> dict[str, TrustKey]:
    members = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(members, list):
        raise ValueError("a JWKS must be an object with a list keys")
    found: dict[str, TrustKey] = {}
    twice: set[str] = set()
    for key in map(_to_trust_key, members):
        if key is not None:
            if key.kid in found:
                twice.add(key.kid)
            found[key.kid] = key
    # A name of two keys names neither.
    return {kid: key for kid, key in found.items() if kid not in twice}


def _to_trust_key(jwk: Any) -> TrustKey | None:
    """Read one member of a JWKS; None if it is no usable public key ([TOK-26])."""
    if not isinstance(jwk, Mapping):
        return None
    kid, alg = jwk.get("kid"), jwk.get("alg")
    if not isinstance(kid, str) or not 1 <= len(kid) <= 64 or alg not in ("EdDSA", "ES256"):
        return None
    kty, crv, coordinates = _SHAPES[alg]
    if jwk.get("kty") != kty or jwk.get("crv") != crv or jwk.get("use", "sig") != "sig":
        return None
    # Public members only, so that a private key in the set stays out of memory and use.
    public: dict[str, str | list[str]] = {"kty": kty, "crv": crv}
    for name in coordinates:
        value = jwk.get(name)
        if not isinstance(value, str) or len(decode_base64url(value) or b"") != 32:
            return None
        public[name] = value
    try:
        if alg == "EdDSA":
            raw = OKPKey.import_key(public).public_key
            return TrustKey(kid, "EdDSA", raw) if isinstance(raw, ed25519.Ed25519PublicKey) else None
        point = ECKey.import_key(public).public_key
        return TrustKey(kid, "ES256", point) if isinstance(point, ec.EllipticCurvePublicKey) else None
    except Exception:  # joserfc and cryptography raise many kinds; each means that this is no key.
        return None
