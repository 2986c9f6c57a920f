"""Makes Trust Tokens, right and wrong, with keys of its own."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from trust_layer import StaticKeySource, Verifier

NOW = 1_900_000_000
ISSUER = "https://trust.example"
AUDIENCE = "orders"

_ED = ed25519.Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
_EC = ec.derive_private_key(0x1234567, ec.SECP256R1())


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def ed_jwk(kid: Any = "ed", **changes: Any) -> dict[str, Any]:
    raw = _ED.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": b64(raw), "kid": kid, "alg": "EdDSA", "use": "sig", **changes}


def ec_jwk(kid: Any = "ec", **changes: Any) -> dict[str, Any]:
    numbers = _EC.public_key().public_numbers()
    x, y = (b64(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "alg": "ES256", "use": "sig", **changes}


def jwks(*keys: dict[str, Any]) -> dict[str, Any]:
    return {"keys": list(keys or (ed_jwk(), ec_jwk()))}


def claims(**changes: Any) -> dict[str, Any]:
    whole = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "idn_" + "1" * 32,
        "iat": NOW,
        "exp": NOW + 60,
        "jti": "t1",
        "sid": "ses_" + "2" * 32,
        "tid": "default",
        "auth_time": NOW - 10,
        "acr": "aal1",
        "amr": ["pwd"],
        "txn": "x1",
        "ver": 1,
        "epoch": 1,
        "req_wl": "edge",
    }
    whole.update(changes)
    return {name: value for name, value in whole.items() if value is not ...}


def token(payload: Mapping[str, Any] | bytes | None = None, header: Mapping[str, Any] | bytes | None = None) -> str:
    """Make a token, signed by the key that its `alg` names."""
    head = header if header is not None else {"typ": "trust+jwt", "alg": "EdDSA", "kid": "ed"}
    head_bytes = head if isinstance(head, bytes) else json.dumps(head).encode()
    body = payload if payload is not None else claims()
    body_bytes = body if isinstance(body, bytes) else json.dumps(body).encode()
    message = f"{b64(head_bytes)}.{b64(body_bytes)}".encode()
    alg = head.get("alg") if isinstance(head, Mapping) else "EdDSA"
    if alg == "ES256":
        r, s = decode_dss_signature(_EC.sign(message, ec.ECDSA(SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    else:
        signature = _ED.sign(message)
    return f"{message.decode()}.{b64(signature)}"


def verifier(**options: Any) -> Verifier:
    source = options.pop("key_source", None) or StaticKeySource(jwks())
    return Verifier(ISSUER, AUDIENCE, source, clock=options.pop("clock", lambda: NOW), **options)
