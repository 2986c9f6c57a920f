"""Who is told of what: SDK-36 and SDK-37, and what the stream is told: SDK-42."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import grpc
import pytest

import trust_layer.watch.tasks
import trust_layer.watch.threads
from tests.support.clients import DriverFactory
from tests.support.facts import HANDLE, IDENTITY_ID, OTHER_SESSION_ID, SESSION_ID, active_verdict, rejected_verdict
from tests.support.fake_server import FakeServer
from tests.support.fake_watch import FakeWatch, until
from tests.support.watching import World, watching
from trust_layer import (
    AioTrustClient,
    ChangesMissed,
    IdentityChanged,
    RejectedVerdict,
    ServiceChanged,
    SessionEnded,
    SigningKeyChanged,
    SigningKeyRetired,
    TenantChanged,
)
from trust_layer import messages as m
from trust_layer.watch.memory import Memory
from trust_layer.watch.stream import Backoff, WatchStream

SESSION = m.Session(handle=HANDLE, identity_id=IDENTITY_ID, epoch=2, version=3)


def heard(world: World, session: m.Session = SESSION) -> list[str]:
    told: list[str] = []
    world.driver.call("on_revoked", session, told.append)
    return told


OWN_CHANGES: list[tuple[str, Any, Any]] = [
    ("revoke_session", m.RevokeSessionRequest(handle=HANDLE), m.RevokeSessionResponse(handle=HANDLE, version=4)),
    (
        "exchange_sign_in_code",
        m.ExchangeSignInCodeRequest(),
        m.ExchangeSignInCodeResponse(previous_handle=HANDLE, previous_version=4),
    ),
    (
        "revoke_identity_sessions",
        m.RevokeIdentitySessionsRequest(identity_id=IDENTITY_ID),
        m.RevokeIdentitySessionsResponse(epoch=3),
    ),
    (
        "rotate_session",
        m.RotateSessionRequest(session_id=SESSION_ID),
        m.RotateSessionResponse(session=m.Session(handle=HANDLE, version=4)),
    ),
    ("set_password", m.SetPasswordRequest(identity_id=IDENTITY_ID), m.SetPasswordResponse(epoch=3)),
    ("delete_identity", m.DeleteIdentityRequest(identity_id=IDENTITY_ID), m.DeleteIdentityResponse()),
    ("update_tenant", m.UpdateTenantRequest(), m.UpdateTenantResponse()),
]
IDENTITY_VERBS = ("disable", "lock", "enable", "update")
for verb in (*(f"{verb}_identity" for verb in IDENTITY_VERBS), "add_identifier", "remove_identifier"):
    name = "".join(part.capitalize() for part in verb.split("_"))
    changed = m.Identity(id=IDENTITY_ID, epoch=2, version=2)
    OWN_CHANGES.append(
        (verb, getattr(m, f"{name}Request")(identity_id=IDENTITY_ID), getattr(m, f"{name}Response")(identity=changed))
    )


@pytest.mark.parametrize(("method", "request_", "response"), OWN_CHANGES, ids=[row[0] for row in OWN_CHANGES])
def test_an_own_change_counts_before_its_caller_has_the_answer(
    method: str, request_: Any, response: Any, world: World
) -> None:
    """SDK-36, WAT-15."""
    world.fill()
    world.verdicts[SESSION_ID] = rejected_verdict()
    world.server.answer("".join(part.capitalize() for part in method.split("_")), response)
    world.driver.call(method, request_)
    assert world.local() is None
    assert world.verify() == RejectedVerdict("REVOKED")


def test_an_own_revocation_overtakes_a_question_under_way_also_without_a_stream(
    connect: DriverFactory, server: FakeServer
) -> None:
    """WAT-15: after its own RevokeSession has returned, a process does not say yes."""
    with watching(connect, server, watch=False) as world:
        server.answer("RevokeSession", m.RevokeSessionResponse(handle=HANDLE, version=4))

        def revoked_meanwhile(request: Any) -> None:
            if request.consistency == m.CONSISTENCY_BOUNDED:
                world.verdicts[SESSION_ID] = rejected_verdict()
                world.driver.call("revoke_session", m.RevokeSessionRequest(handle=HANDLE))

        world.before_answer = revoked_meanwhile
        assert world.verify() == RejectedVerdict("REVOKED")
        assert len(world.asked()) == 2


def test_an_own_change_of_another_tenant_is_none_of_this_one(world: World) -> None:
    """SDK-36."""
    world.fill()
    world.server.answer("RevokeSession", m.RevokeSessionResponse(handle=HANDLE, version=4))
    world.driver.call("revoke_session", m.RevokeSessionRequest(handle=HANDLE, tenant_id="other"))
    assert world.local() is not None


def test_on_revoked_is_told_once_of_the_end_of_its_session(world: World) -> None:
    """SDK-37."""
    world.lease()
    told, other = heard(world), heard(world, m.Session(handle="ses_x", identity_id="idn_x", epoch=1))
    world.revoke()
    until(lambda: told, "the call")
    world.revoke()
    world.watch.stream().change(identity=m.IdentityChange(identity_id=IDENTITY_ID, epoch=9, version=9))
    until(lambda: world.driver.client.metrics().tombstones == 2)
    assert (told, other) == (["revoked"], [])


def test_on_revoked_is_told_of_a_higher_epoch_but_not_of_another_version(world: World) -> None:
    """SDK-37."""
    world.lease()
    told = heard(world)
    stream = world.watch.stream()
    stream.change(session=m.SessionChange(handle=HANDLE, version=9, revoked=False))
    stream.change(identity=m.IdentityChange(identity_id=IDENTITY_ID, epoch=2, version=9))
    until(lambda: world.driver.client.metrics().tombstones == 2)
    assert told == []
    stream.change(identity=m.IdentityChange(identity_id=IDENTITY_ID, epoch=3, version=9))
    until(lambda: told == ["revoked"], "the call")


def test_on_revoked_is_told_of_what_had_happened_before(world: World) -> None:
    """SDK-37."""
    world.lease()
    world.revoke()
    until(lambda: world.driver.client.metrics().tombstones)
    assert until(lambda: heard(world)) == ["revoked"]


def test_on_revoked_can_be_ended(world: World) -> None:
    """SDK-37."""
    world.lease()
    told: list[str] = []
    world.driver.call("on_revoked", SESSION, told.append)()
    world.revoke()
    until(lambda: world.driver.client.metrics().tombstones)
    assert told == []


def test_who_may_have_missed_changes_for_w_is_unsure(world: World) -> None:
    """SDK-37, WAT-18: without a stream, at 99 % of W."""
    world.lease()
    told = heard(world)
    world.watch.answers = False
    world.watch.stream().end()
    world.ahead = 350
    world.driver.client._memory.check()
    assert told == []
    world.ahead = 357
    until(lambda: told == ["unsure"], "the call")


def test_a_backlog_that_does_not_reach_back_makes_unsure(world: World) -> None:
    """WAT-18: by the W that the server announces."""
    notices: list[Any] = []
    world.driver.call("on_change", notices.append)
    world.lease()
    told = heard(world)
    world.watch.window_ms = 10_000
    world.ahead = 11
    world.watch.stream().end()
    until(lambda: told == ["unsure"], "the call")
    until(lambda: ChangesMissed() in notices, "the notice")


def test_on_change_is_told_of_every_change_the_backlog_included(connect: DriverFactory, server: FakeServer) -> None:
    """SDK-37."""
    with watching(connect, server) as world:
        ended = m.SessionChange(handle="ses_9", version=2, revoked=True)
        world.watch.backlog = [m.Change(tenant_id="default", session=ended)]
        notices: list[Any] = []
        stop = world.driver.call("on_change", notices.append)
        world.lease()
        stream = world.watch.stream()
        stream.change(identity=m.IdentityChange(identity_id=IDENTITY_ID, epoch=3, version=4))
        stream.change(signing_key=m.SigningKeyChange(kid="k1"))
        stream.change(signing_key=m.SigningKeyChange(kid="k1", retired=True))
        stream.change(service=m.ServiceChange(service="web"))
        stream.change(tenant=m.TenantChange(version=2))
        until(lambda: len(notices) == 6, "six notices")
        assert notices == [
            SessionEnded("ses_9"),
            IdentityChanged(IDENTITY_ID, 3),
            SigningKeyChanged("k1"),
            SigningKeyRetired("k1"),
            ServiceChanged("web"),
            TenantChanged(),
        ]
        stop()
        stream.change(service=m.ServiceChange(service="api"))
        stream.change(session=m.SessionChange(handle="ses_8", version=2))
        until(lambda: world.driver.client.metrics().tombstones == 4)
        assert len(notices) == 6


def test_what_a_callback_throws_is_contained(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """SDK-37, SDK-7: it stops nothing, and the log tells its kind alone."""
    secret_text = "ts_secret"

    def throws(_notice: Any) -> None:
        raise RuntimeError(secret_text)

    world.driver.call("on_change", throws)
    world.lease()
    told = heard(world)
    with caplog.at_level(logging.ERROR, "trust_layer"):
        world.revoke()
        until(lambda: told == ["revoked"], "the call")
    assert "RuntimeError" in caplog.text
    assert secret_text not in caplog.text
    assert len(world.watch.streams) == 1


async def test_a_callback_of_asyncio_may_be_a_coroutine_function(server: FakeServer) -> None:
    """SDK-37."""
    watch = FakeWatch(server)
    async with AioTrustClient(server.address) as client:
        assert await client.await_lease(10)
        told: list[str] = []

        async def tell(reason: str) -> None:
            told.append(reason)

        client.on_revoked(SESSION, tell)
        watch.stream().change(session=m.SessionChange(handle=HANDLE, version=4, revoked=True))
        for _ in range(1_000):
            if told:
                break
            await asyncio.sleep(0.01)
        assert told == ["revoked"]


def test_uses_are_reported_at_close(connect: DriverFactory, server: FakeServer) -> None:
    """SDK-42, WAT-14."""
    with watching(connect, server) as world:
        world.fill()
        world.verify()
        stream = world.watch.stream()
    until(lambda: stream.uses, "the report")
    assert [use.handle for use in stream.uses] == [HANDLE]
    assert stream.uses[0].age_ms <= 60_000


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ticks of a twentieth of a second."""
    monkeypatch.setattr(trust_layer.watch.threads, "TICK", 0.05)
    monkeypatch.setattr(trust_layer.watch.tasks, "TICK", 0.05)


@pytest.mark.usefixtures("quick")
def test_uses_are_reported_while_the_stream_lives(world: World) -> None:
    """SDK-42, WAT-14."""
    world.fill()
    world.verify()
    until(lambda: [use.handle for use in world.watch.stream().uses] == [HANDLE], "the report")


@pytest.mark.usefixtures("quick")
def test_a_stream_that_gives_no_message_is_cancelled_and_opened_anew(
    connect: DriverFactory, server: FakeServer
) -> None:
    """SDK-42."""
    with watching(connect, server, answers=False) as world:
        world.verify()
        first = world.watch.stream()
        first.is_mute = True
        world.watch.answers = True
        world.lease()
        until(lambda: first.is_over, "the end of the silent stream")
        assert world.driver.client.metrics().streams >= 2


def test_pings_rise_by_1_from_stream_to_stream(world: World) -> None:
    """WAT-4."""
    world.lease()
    first = world.watch.stream()
    first.end()
    until(lambda: len(world.watch.streams) == 2 and world.watch.streams[1].pings)
    sent = first.pings + world.watch.streams[1].pings
    assert sent == list(range(1, len(sent) + 1))


def test_seven_ticks_without_a_message_are_too_many() -> None:
    """SDK-42: 3 s."""
    stream = WatchStream(Memory("default", 10, watch=True))
    assert [request.WhichOneof("message") for request in stream.first()] == ["start", "ping"]
    for _ in range(2):
        stream.took(m.WatchResponse(ready=m.WatchReady(staleness_bound_ms=2_000, backlog_window_ms=360_000)))
        assert [len(stream.tick() or ()) for _ in range(6)] == [1] * 6
    assert stream.tick() is None


def test_the_wait_for_the_next_stream_is_a_random_part_of_what_doubles() -> None:
    """SDK-42."""
    backoff = Backoff()
    spans = []
    for _ in range(12):
        backoff.opened()
        spans.append(backoff.span(grpc.StatusCode.UNAVAILABLE))
    assert all(span <= min(5.0, 0.05 * 2 ** (number + 1)) for number, span in enumerate(spans))
    assert len(set(spans)) == len(spans)
    for code in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.PERMISSION_DENIED):
        assert backoff.span(code) == 60
    backoff._opened_at -= 6
    assert backoff.span(None) <= 0.05


def test_an_epoch_ends_every_session_of_its_identity(world: World) -> None:
    """WAT-7."""
    world.verdicts[OTHER_SESSION_ID] = active_verdict("ses_" + "c" * 32)
    world.fill()
    world.fill(OTHER_SESSION_ID)
    world.watch.stream().change(identity=m.IdentityChange(identity_id=IDENTITY_ID, epoch=3, version=1))
    until(lambda: world.local() is None and world.local(OTHER_SESSION_ID) is None, "both gone")
    assert world.driver.client.metrics().entries == 0
