"""The claims of a Trust Token ([TOK-2]) and their types ([TOK-19])."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from trust_layer.lease.facts import TokenFacts

_MAX_WHOLE = 2**53 - 1
_MAX_ACT_DEPTH = 8


@dataclass(frozen=True)
class TrustTokenClaims:
    """Claims of a verified Trust Token. Claims of other names mean nothing and are left out.

    iss: issuer. aud: the one service that may accept the token. sub: identity, `idn_…`. sid: public handle of the
    session, `ses_…`. tid: tenant. jti: id of the token. iat, exp, auth_time: whole seconds since 1970, UTC. acr: `aal1`
    or `aal2`. amr: authentication methods (RFC 8176). txn: id of the transaction, the same along the chain of calls.
    ver: version of the session; epoch: of the identity; each 1 or more. req_wl: service that the token was issued to.
    scope: values separated by single spaces, None if absent. roles: of the identity, None if absent. act: chain of
    calling services, latest first (RFC 8693), at most 8 deep, None if absent. tctx, rctx: facts of the transaction
    and of the request that began it, None if absent. org: the active
    organisation, `org_…`; org_ver: its version; org_roles, permissions: what the person has and may do in it, as far as
    the token goes; each None if absent.
    """

    iss: str
    aud: str
    sub: str
    iat: int
    exp: int
    jti: str
    sid: str
    tid: str
    auth_time: int
    acr: str
    amr: tuple[str, ...]
    txn: str
    ver: int
    epoch: int
    req_wl: str
    scope: str | None = None
    roles: tuple[str, ...] | None = None
    act: Mapping[str, Any] | None = field(default=None, hash=False)
    tctx: Mapping[str, str] | None = field(default=None, hash=False)
    rctx: Mapping[str, str] | None = field(default=None, hash=False)
    org: str | None = None
    org_ver: int | None = None
    org_roles: tuple[str, ...] | None = None
    permissions: tuple[str, ...] | None = None

    @property
    def scopes(self) -> frozenset[str]:
        """The values of `scope`; empty if absent."""
        return frozenset(value for value in (self.scope or "").split(" ") if value)

    @property
    def callers(self) -> tuple[str, ...]:
        """The services of `act`, latest first; empty if absent."""
        names: list[str] = []
        act = self.act
        while act is not None:
            names.append(act["sub"])
            act = act.get("act")
        return tuple(names)

    def as_dict(self) -> dict[str, Any]:
        """Give the claims that were present, as JSON has them."""
        present = {name: value for name, value in vars(self).items() if value is not None}
        return {name: _plain(value) for name, value in present.items()}


def read_claims(payload: Mapping[str, Any]) -> TrustTokenClaims | None:
    """Read the claims out of a payload; None if one is absent or of a wrong type ([TOK-19])."""
    claims: dict[str, Any] = {}
    for name, check in _REQUIRED.items():
        if name not in payload or not check(payload[name]):
            return None
        claims[name] = _frozen(payload[name])
    for name, check in _OPTIONAL.items():
        if name in payload:
            if not check(payload[name]):
                return None
            claims[name] = _frozen(payload[name])
    # What holds in an organisation can be taken back only where it is said which one, and as of when.
    part = any(name in claims for name in _OF_ORGANISATION)
    if part and not ("org" in claims and "org_ver" in claims):
        return None
    return TrustTokenClaims(**claims)


def _text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _facts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _whole_from(least: int) -> Callable[[Any], bool]:
    # `type is`, for bool is an int.
    return lambda value: type(value) is int and least <= value <= _MAX_WHOLE


def _act(value: Any, depth: int = 1) -> bool:
    if depth > _MAX_ACT_DEPTH or not isinstance(value, dict) or not _text(value.get("sub")):
        return False
    return all(_act(item, depth + 1) if name == "act" else isinstance(item, str) for name, item in value.items())


_REQUIRED: Final[dict[str, Callable[[Any], bool]]] = {
    "iss": _text,
    "aud": _text,
    "sub": _text,
    "iat": _whole_from(0),
    "exp": _whole_from(0),
    "jti": _text,
    "sid": _text,
    "tid": _text,
    "auth_time": _whole_from(0),
    "acr": _text,
    "amr": _strings,
    "txn": _text,
    "ver": _whole_from(1),
    "epoch": _whole_from(1),
    "req_wl": _text,
}

_OPTIONAL: Final[dict[str, Callable[[Any], bool]]] = {
    "scope": lambda value: isinstance(value, str),
    "roles": _strings,
    "org": _text,
    "org_ver": _whole_from(1),
    "org_roles": _strings,
    "permissions": _strings,
    "act": _act,
    "tctx": _facts,
    "rctx": _facts,
}


_OF_ORGANISATION: Final = ("org", "org_ver", "org_roles", "permissions")


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return MappingProxyType({name: _frozen(item) for name, item in value.items()})
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return value


def token_facts(kid: str, claims: TrustTokenClaims) -> TokenFacts:
    """Give what the lease depends on."""
    org, org_ver = claims.org or "", claims.org_ver or 0
    return TokenFacts(kid, claims.sid, claims.ver, claims.sub, claims.epoch, org, org_ver)
