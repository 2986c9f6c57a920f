"""Trust Tokens under the lease: SDK-38 to SDK-40, TOK-28, TOK-29."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import grpc
import pytest

from tests.support.clients import Driver, DriverFactory
from tests.support.facts import HANDLE, IDENTITY_ID, SESSION_ID
from tests.support.fake_server import FakeServer, failing
from tests.support.fake_watch import until
from tests.support.tokens import AUDIENCE, ISSUER, claims, ec_jwk, ed_jwk, jwks, token
from tests.support.watching import World, watching
from trust_layer import (
    AioTrustClient,
    AioVerifier,
    KeysUnavailableError,
    StaticKeySource,
    TrustLayerError,
    TrustTokenError,
    Verifier,
    WatchKeySource,
)
from trust_layer import messages as m


def fresh(**changes: Any) -> str:
    now = int(time.time())
    whole = {"iat": now, "exp": now + 60, "auth_time": now, "sid": HANDLE, "sub": IDENTITY_ID, "ver": 3, "epoch": 2}
    return token(claims(**{**whole, **changes}))


class Issuer:
    """Issues tokens, each another one."""

    def __init__(self, world: World) -> None:
        self.requests: list[m.IssueTrustTokenRequest] = []
        self.before_answer: Any = lambda: None
        self._world = world
        world.server.answer("IssueTrustToken", self._issue)

    def _issue(self, request: m.IssueTrustTokenRequest, _context: grpc.ServicerContext) -> m.IssueTrustTokenResponse:
        self.requests.append(request)
        number = len(self.requests)
        self.before_answer()
        return m.IssueTrustTokenResponse(trust_token=fresh(jti=f"t{number}", aud=request.audience))


def ask(world: World, audience: str = "orders", **options: Any) -> Any:
    return world.driver.call("trust_token", SESSION_ID, audience, **options)


def test_an_issued_token_is_kept_for_80_percent_of_its_life_by_all_it_depends_on(world: World) -> None:
    """SDK-38."""
    world.lease()
    issuer = Issuer(world)
    first = ask(world)
    assert ask(world) == first
    others = [ask(world, "billing"), ask(world, scope=["a"]), ask(world, scope=["a", "b"]), ask(world, lifetime=30)]
    assert len({first, *others}) == 5
    assert len(issuer.requests) == 5
    assert issuer.requests[0] == m.IssueTrustTokenRequest(tenant_id="default", session_id=SESSION_ID, audience="orders")
    assert (list(issuer.requests[3].scope), issuer.requests[4].lifetime_seconds) == (["a", "b"], 30)
    world.ahead = 47
    until(world.driver.client._memory.leased, "a lease")
    assert ask(world) == first
    world.ahead = 49
    until(world.driver.client._memory.leased, "a lease")
    assert ask(world) != first


@pytest.mark.parametrize(
    "subject",
    [
        {"session": m.SessionChange(handle=HANDLE, version=4)},
        {"session": m.SessionChange(handle=HANDLE, version=4, revoked=True)},
        {"identity": m.IdentityChange(identity_id=IDENTITY_ID, epoch=2, version=9)},
        {"signing_key": m.SigningKeyChange(kid="ed", retired=True)},
        {"tenant": m.TenantChange(version=2)},
    ],
)
def test_a_kept_token_is_dropped_by_a_change_of_what_it_names(subject: Any, world: World) -> None:
    """SDK-38."""
    world.lease()
    notices: list[Any] = []
    world.driver.call("on_change", notices.append)
    issuer = Issuer(world)
    ask(world)
    world.watch.stream().change(session=m.SessionChange(handle="ses_other", version=2, revoked=True))
    world.watch.stream().change(service=m.ServiceChange(service="web"))
    until(lambda: len(notices) == 2)
    ask(world)
    assert len(issuer.requests) == 1
    world.watch.stream().change(**subject)
    until(lambda: len(notices) == 3)
    ask(world)
    assert len(issuer.requests) == 2


def test_without_a_lease_a_token_is_issued_each_time(connect: DriverFactory, server: FakeServer) -> None:
    """SDK-38."""
    with watching(connect, server, watch=False) as world:
        issuer = Issuer(world)
        assert ask(world) != ask(world)
        assert len(issuer.requests) == 2


def test_a_new_stream_begins_without_tokens(world: World) -> None:
    """SDK-38."""
    world.lease()
    issuer = Issuer(world)
    ask(world)
    world.watch.stream().end()
    until(lambda: len(world.watch.streams) == 2, "the second stream")
    world.lease()
    ask(world)
    assert len(issuer.requests) == 2


def test_those_who_ask_at_once_get_the_same_token_but_not_across_a_change(world: World) -> None:
    """SDK-38."""
    world.lease()
    issuer = Issuer(world)
    go_on = threading.Event()
    issuer.before_answer = lambda: go_on.wait(5)
    begun = [world.driver.start("trust_token", SESSION_ID, "orders") for _ in range(8)]
    until(lambda: issuer.requests, "the question")
    time.sleep(0.1)
    world.revoke()
    until(lambda: world.driver.client.metrics().tombstones, "the change")
    later = world.driver.start("trust_token", SESSION_ID, "orders")
    until(lambda: len(issuer.requests) == 2, "another question")
    go_on.set()
    assert len({future.result(5) for future in begun}) == 1
    assert later.result(5) != begun[0].result()


def test_an_error_of_issuing_reaches_all_and_is_not_kept(world: World) -> None:
    """SDK-38."""
    world.lease()
    world.server.answer("IssueTrustToken", failing(grpc.StatusCode.PERMISSION_DENIED))
    for _ in range(2):
        with pytest.raises(TrustLayerError) as caught:
            ask(world)
        assert caught.value.code == "PERMISSION_DENIED"
    Issuer(world)
    assert ask(world)


def verify(driver: Driver, text: str, **options: Any) -> Any:
    """Verify by the verifier of the driver's kind."""
    source = options.pop("key_source", None) or StaticKeySource(jwks())
    verifier = options.pop("verifier", None) or Verifier(ISSUER, AUDIENCE, source, watch=driver.client, **options)
    if not isinstance(driver.client, AioTrustClient):
        return verifier.verify(text)
    assert driver._loop is not None
    return asyncio.run_coroutine_threadsafe(AioVerifier(verifier).verify(text), driver._loop).result(20)


def code_of(driver: Driver, text: str, **options: Any) -> str:
    with pytest.raises(TrustTokenError) as caught:
        verify(driver, text, **options)
    return caught.value.code


def test_a_verifier_that_watches_waits_for_a_lease_and_refuses_what_has_ended(world: World) -> None:
    """SDK-39, TOK-28, WAT-16."""
    verifier = Verifier(ISSUER, AUDIENCE, StaticKeySource(jwks()), watch=world.driver.client)
    good = fresh()
    assert verify(world.driver, good, verifier=verifier).sid == HANDLE
    world.watch.stream().change(session=m.SessionChange(handle=HANDLE, version=4))
    until(lambda: world.driver.client.metrics().tombstones)
    assert code_of(world.driver, good, verifier=verifier) == "TOKEN_REVOKED"
    assert code_of(world.driver, fresh(aud="x")) == "TOKEN_AUDIENCE", "the other checks come first"
    newer = fresh(ver=4)
    assert verify(world.driver, newer, verifier=verifier).ver == 4
    world.watch.stream().change(signing_key=m.SigningKeyChange(kid="ed", retired=True))
    until(lambda: world.driver.client.metrics().tombstones == 2)
    assert code_of(world.driver, newer, verifier=verifier) == "TOKEN_REVOKED"


def test_without_a_lease_a_verifier_that_watches_decides_nothing(connect: DriverFactory, server: FakeServer) -> None:
    """SDK-39, TOK-29."""
    with watching(connect, server, answers=False, timeout=0.2) as world:
        with pytest.raises(TrustTokenError) as caught:
            verify(world.driver, fresh())
        assert (caught.value.code, caught.value.reason, caught.value.is_final) == ("LEASE_LOST", "LEASE_LOST", False)
        world.server.answer("RevokeSession", m.RevokeSessionResponse(handle=HANDLE, version=4))
        world.driver.call("revoke_session", m.RevokeSessionRequest(handle=HANDLE))
        assert code_of(world.driver, fresh()) == "TOKEN_REVOKED", "a refusal needs no lease"


def test_a_verifier_whose_clock_is_behind_that_of_the_database_cannot_tell(
    connect: DriverFactory, server: FakeServer
) -> None:
    """WAT-17."""
    with watching(connect, server, timeout=0.2) as world:
        world.watch.wall = lambda: time.time() + 21
        assert world.driver.call("await_lease", 10)
        assert code_of(world.driver, fresh()) == "LEASE_LOST"


def test_what_was_verified_is_judged_anew_each_time(world: World) -> None:
    """SDK-39: its instants and its key too."""
    world.lease()
    source = StaticKeySource(jwks())
    verifier = Verifier(ISSUER, AUDIENCE, source, watch=world.driver.client)
    good = fresh()
    assert verify(world.driver, good, verifier=verifier) is verify(world.driver, good, verifier=verifier)
    world.ahead = 66
    until(world.driver.client._memory.leased, "a lease")
    assert code_of(world.driver, good, verifier=verifier) == "TOKEN_EXPIRED"
    world.ahead = 0
    world.driver.client._memory.clocks.wall = time.time
    source._keys = {}
    assert code_of(world.driver, good, verifier=verifier) == "TOKEN_KEY_UNKNOWN"


def test_what_a_verifier_keeps_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """SDK-39."""
    monkeypatch.setattr("trust_layer.verifier._MAX_KEPT", 3)
    verifier = Verifier(ISSUER, AUDIENCE, StaticKeySource(jwks()), watch=world.driver.client)
    for number in range(6):
        verify(world.driver, fresh(jti=str(number)), verifier=verifier)
    assert len(verifier._kept) == 3


def test_keys_by_watch_are_read_again_when_a_change_names_one(world: World) -> None:
    """SDK-40."""
    keys = [ed_jwk()]

    def answer(_request: Any, _context: grpc.ServicerContext) -> m.GetTrustKeysResponse:
        return m.GetTrustKeysResponse(keys=[m.TrustKey(kid=key["kid"], jwk=json.dumps(key)) for key in keys])

    world.server.answer("GetTrustKeys", answer)
    world.lease()
    source = world.driver.make(WatchKeySource)
    assert source.find("ed") is not None
    assert source.find("ed") is not None
    assert [source.find("ec") for _ in range(2)] == [None, None]
    assert world.server.methods().count("GetTrustKeys") == 2, "a search is not made twice in 10 s"
    keys.append(ec_jwk())
    world.watch.stream().change(signing_key=m.SigningKeyChange(kid="ec"))
    until(lambda: source.needs_read("ec"))
    assert source.find("ec") is not None
    world.server.answer("GetTrustKeys", failing(grpc.StatusCode.UNAVAILABLE))
    world.watch.stream().change(signing_key=m.SigningKeyChange(kid="ec", retired=True))
    until(lambda: source.needs_read("ec"))
    assert source.find("ed") is not None, "known keys serve while reading fails"
    with pytest.raises(KeysUnavailableError):
        source.find("other")
    source.close()


def test_keys_by_watch_need_a_client_that_watches(connect: DriverFactory, server: FakeServer) -> None:
    """SDK-40."""
    with watching(connect, server, watch=False) as world, pytest.raises(ValueError, match="watches"):
        world.driver.make(WatchKeySource)
