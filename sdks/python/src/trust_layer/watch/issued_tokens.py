"""Issued Trust Tokens, kept for 80 % of their life (SDK-38)."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from trust_layer.claims import read_claims, token_facts
from trust_layer.client_facts import Presented
from trust_layer.errors import TrustTokenError
from trust_layer.lease.decisions import Ask
from trust_layer.lease.facts import (
    FeedChange,
    IdentityRow,
    OrganisationRow,
    SessionRow,
    SigningKeyRow,
    TenantRow,
    TokenFacts,
)
from trust_layer.lease.machine import LeaseMachine
from trust_layer.lease.reading import Reading, elapsed
from trust_layer.token_form import parse_json_object, parse_token

TokenKey = tuple[Presented, str, tuple[str, ...], int]
"""session_id and who presents it, audience, scope, lifetime in seconds (0 for the tenant's)."""

_MAX_TOKENS: Final = 10_000
_KEPT_SHARE: Final = 0.8
_EVERYTHING: Final = "*"


class Issued(NamedTuple):
    """A token that is kept, and for how many milliseconds after it was asked for."""

    token: str
    facts: TokenFacts
    asked: Ask
    span_ms: float


class Issuing:
    """A token that is being asked for, and the names of what changed meanwhile. `share` is the caller's."""

    __slots__ = ("asked", "changed", "share")

    def __init__(self, asked: Ask) -> None:
        """Begin when the question is sent."""
        self.asked = asked
        self.changed: set[str] = set()
        self.share: Any = None


def _name_of(change: FeedChange) -> str | None:
    """Name what a change may have made untrue."""
    if isinstance(change, SessionRow):
        return change.handle
    if isinstance(change, IdentityRow):
        return change.identity_id
    if isinstance(change, OrganisationRow):
        return f"{change.organisation_id} {change.identity_id}"
    if isinstance(change, SigningKeyRow):
        return change.kid if change.retired else None
    return _EVERYTHING if isinstance(change, TenantRow) else None


def _names_of(facts: TokenFacts) -> tuple[str, ...]:
    """Name what a token depends on, as `_name_of` does."""
    names = (facts.sid, facts.sub, facts.kid)
    return (*names, f"{facts.org} ", f"{facts.org} {facts.sub}") if facts.org else names


def _read(token: str) -> tuple[TokenFacts, float] | None:
    """Read facts and lifetime in ms. The token came from the server over our channel, so it is not verified."""
    try:
        parsed = parse_token(token)
        claims = read_claims(parse_json_object(parsed.payload) or {})
    except TrustTokenError:
        return None
    return None if claims is None else (token_facts(parsed.kid, claims), (claims.exp - claims.iat) * 1000.0)


class IssuedTokens:
    """What is kept and what is under way. The owner holds its lock."""

    def __init__(self, machine: LeaseMachine[bytes]) -> None:
        """Begin empty."""
        self._machine = machine
        self._kept: dict[TokenKey, Issued] = {}
        # The keys of what is kept, by the names of its session, identity and signing key.
        self._named: dict[str, set[TokenKey]] = {}
        self._under_way: dict[TokenKey, Issuing] = {}

    def kept(self, key: TokenKey, now: Reading) -> str | None:
        """Give a kept token that still serves."""
        issued = self._kept.get(key)
        return issued.token if issued is not None and self._serves(issued, now) else None

    def under_way(self, key: TokenKey) -> Issuing | None:
        """Give what is being asked for, unless a change has overtaken it: that serves those who asked before it."""
        issuing = self._under_way.get(key)
        return issuing if issuing is not None and not issuing.changed else None

    def begin(self, key: TokenKey, now: Reading) -> Issuing:
        """Note a question at the moment before it is sent."""
        issuing = self._under_way[key] = Issuing(self._machine.ask(now))
        return issuing

    def end(self, key: TokenKey, issuing: Issuing, token: str | None, now: Reading) -> None:
        """Keep the answer if nothing spoke against it meanwhile. token: None if there was none."""
        if self._under_way.get(key) is not issuing:
            return
        del self._under_way[key]
        read = None if token is None else _read(token)
        if token is None or read is None or issuing.asked.stream == 0:
            return
        facts, life_ms = read
        issued = Issued(token, facts, issuing.asked, _KEPT_SHARE * life_ms)
        if issuing.changed.isdisjoint((*_names_of(facts), _EVERYTHING)) and self._serves(issued, now):
            self._drop(key)
            self._kept[key] = issued
            for name in _names_of(facts):
                self._named.setdefault(name, set()).add(key)
            if len(self._kept) > _MAX_TOKENS:
                self._drop(next(iter(self._kept)))

    def changed(self, change: FeedChange) -> None:
        """Drop what a change names."""
        name = _name_of(change)
        if name is None:
            return
        for issuing in self._under_way.values():
            issuing.changed.add(name)
        if name == _EVERYTHING:
            self._kept.clear()
            self._named.clear()
        for key in tuple(self._named.get(name, ())):
            self._drop(key)

    def clear(self) -> None:
        """Begin anew: a new stream, or the client was closed."""
        self._kept.clear()
        self._named.clear()
        for issuing in self._under_way.values():
            issuing.changed.add(_EVERYTHING)

    def _drop(self, key: TokenKey) -> None:
        issued = self._kept.pop(key, None)
        for name in _names_of(issued.facts) if issued is not None else ():
            keys = self._named[name]
            keys.discard(key)
            if not keys:
                del self._named[name]

    def _serves(self, issued: Issued, now: Reading) -> bool:
        fresh = elapsed(issued.asked.at, now) < issued.span_ms
        return fresh and self._machine.token(issued.facts, now) == "accept"
