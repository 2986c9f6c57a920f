"""Local answers under a lease, against a server with a hostile mind: SDK-30 to SDK-35, WAT-3 to WAT-16."""

from __future__ import annotations

import threading
import time
from typing import Any

import grpc
import pytest

from tests.support.clients import DriverFactory
from tests.support.facts import (
    HANDLE,
    IDENTITY_ID,
    OTHER_SESSION_ID,
    SESSION_ID,
    active_verdict,
    rejected_verdict,
    secret,
)
from tests.support.fake_server import FakeServer, failing
from tests.support.fake_watch import FakeWatch, until
from tests.support.watching import World, watching
from trust_layer import RejectedVerdict, TrustLayerError
from trust_layer import messages as m

STRONG = m.CONSISTENCY_STRONG


def test_the_first_question_opens_the_stream_and_not_the_making(connect: DriverFactory, server: FakeServer) -> None:
    """SDK-30."""
    with watching(connect, server, tenant_id="acme") as world:
        time.sleep(0.1)
        assert world.watch.streams == []
        world.verify()
        assert world.watch.stream().tenant_id == "acme"
        world.lease()
        assert world.driver.client.metrics().streams == 1


def test_remote_mode_opens_none_and_keeps_nothing(connect: DriverFactory, server: FakeServer) -> None:
    """SDK-30."""
    with watching(connect, server, watch=False) as world:
        assert [world.verify().active for _ in range(3)] == [True] * 3
        assert not world.driver.call("await_lease", 0.1)
        assert world.watch.streams == []
        assert len(world.asked()) == 3
        with pytest.raises(ValueError, match="on_change"):
            world.driver.call("on_change", print)


def test_under_a_lease_memory_answers_until_a_change_names_the_session(world: World) -> None:
    """SDK-31, WAT-7."""
    world.fill()
    before = len(world.asked())
    verdict = world.verify()
    assert (verdict.active, verdict.session.handle, verdict.identity.id) == (True, HANDLE, IDENTITY_ID)
    assert (verdict.session.identity_id, verdict.session.tenant_id, verdict.degraded) == (IDENTITY_ID, "default", False)
    assert (verdict.session.version, verdict.identity.display_name, verdict.cache_for_ms) == (3, "Ada", 0)
    assert len(world.asked()) == before
    world.verdicts[SESSION_ID] = rejected_verdict()
    world.revoke()
    until(lambda: world.verify() == RejectedVerdict("REVOKED"), "the no")
    assert world.local() is None


def test_what_a_caller_does_to_a_verdict_changes_nobody_elses(world: World) -> None:
    """SDK-34."""
    world.fill()
    first = world.verify()
    first.identity.roles.append("admin")
    assert list(world.verify().identity.roles) == []


def test_strong_is_always_asked_and_malformed_never(world: World) -> None:
    """SDK-31."""
    world.fill()
    before = len(world.asked())
    assert world.verify(consistency="STRONG").active
    assert [request.consistency for request in world.asked()[before:]] == [STRONG]
    for wrong in ("", "x", SESSION_ID[:-1], SESSION_ID + "x", "ts_" + "z" * 49):
        assert world.verify(wrong) == RejectedVerdict("MALFORMED")
    assert len(world.asked()) == before + 1


def test_a_batch_asks_only_for_what_memory_does_not_know(world: World) -> None:
    """SDK-31."""
    world.fill()
    world.verdicts[OTHER_SESSION_ID] = rejected_verdict(m.REJECTION_REASON_UNKNOWN)
    before = len(world.asked())
    answers = world.driver.call("batch_verify", [OTHER_SESSION_ID, "x", SESSION_ID, OTHER_SESSION_ID])
    unknown = RejectedVerdict("UNKNOWN")
    assert [answers[0], answers[1], answers[2].active, answers[3]] == [
        unknown,
        RejectedVerdict("MALFORMED"),
        True,
        unknown,
    ]
    (asked,) = world.asked()[before:]
    assert list(asked.session_ids) == [OTHER_SESSION_ID] * 2
    assert len(world.driver.call("batch_verify", [SESSION_ID])) == 1
    assert len(world.asked()) == before + 1


@pytest.mark.parametrize("hostile", ["no ready", "pong before ready", "no time", "unknown number", "no bound"])
def test_a_stream_that_proves_nothing_gives_no_lease(hostile: str, connect: DriverFactory, server: FakeServer) -> None:
    """WAT-5, WAT-6, WAT-29."""
    with watching(connect, server, answers=False) as world:
        world.verify()
        stream = world.watch.stream()
        number = until(lambda: stream.pings, "a ping")[0]
        if hostile == "no ready":
            stream.pong(number)
        elif hostile == "pong before ready":
            stream.pong(number)
            stream.ready()
        elif hostile == "no time":
            stream.ready()
            stream.send(pong=m.WatchPong(number=number))
        elif hostile == "unknown number":
            stream.ready()
            stream.pong(number + 1_000)
        else:
            stream.ready(bound_ms=0)
            stream.pong(number)
        assert not world.driver.call("await_lease", 0.2)
        before = len(world.asked())
        assert world.verify().active
        assert world.verify().active
        assert len(world.asked()) == before + 2


def test_the_lease_reaches_to_the_sending_of_the_ping_and_b_however_late_the_pong(
    connect: DriverFactory, server: FakeServer
) -> None:
    """WAT-5."""
    with watching(connect, server, answers=False) as world:
        world.verify()
        stream = world.watch.stream()
        stream.ready()
        number = until(lambda: stream.pings, "a ping")[0]
        world.ahead = 1.9
        stream.pong(number)
        until(lambda: world.driver.client.metrics().lease_age_ms or not world.driver.call("await_lease", 0.01))
        world.ahead = 2.1
        assert not world.driver.client._memory.leased()


def test_a_stream_that_is_cut_serves_until_its_lease_ends_and_the_next_begins_empty(world: World) -> None:
    """WAT-6, WAT-10."""
    world.fill()
    world.watch.answers = False
    world.watch.stream().end()
    until(lambda: len(world.watch.streams) == 2, "the second stream")
    second = world.watch.stream()
    before = len(world.asked())
    assert world.local() is None, "a new stream begins without a lease"
    second.ready()
    second.pong(until(lambda: second.pings, "a ping")[-1])
    world.lease()
    assert world.local() is None
    assert world.verify().active
    assert len(world.asked()) == before + 1
    assert world.local() is not None


@pytest.mark.parametrize("clock", ["ahead", "wall_ahead"])
def test_without_pongs_the_lease_ends_by_either_clock(clock: str, world: World) -> None:
    """WAT-6, WAT-11."""
    world.fill()
    world.watch.answers = False
    before = len(world.asked())
    setattr(world, clock, 2.0)
    assert world.local() is None
    assert world.verify().active
    assert len(world.asked()) == before + 1


def test_a_pong_of_an_earlier_stream_is_none_of_the_present_one(world: World) -> None:
    """WAT-3."""
    world.fill()
    world.watch.answers = False
    first = world.watch.stream()
    first.end()
    until(lambda: len(world.watch.streams) == 2, "the second stream")
    second = world.watch.stream()
    second.ready()
    second.pong(first.pings[-1])
    assert not world.driver.call("await_lease", 0.2)


def test_a_change_between_question_and_answer_makes_it_ask_again_with_strong(world: World) -> None:
    """SDK-33, WAT-8, WAT-9."""
    world.lease()

    def revoked_meanwhile(request: Any) -> None:
        if request.consistency != STRONG:
            world.verdicts[SESSION_ID] = rejected_verdict()
            world.revoke()
            until(lambda: world.driver.client.metrics().tombstones, "the change")

    world.before_answer = revoked_meanwhile
    assert world.verify() == RejectedVerdict("REVOKED")
    assert [request.consistency for request in world.asked()][-2:] == [m.CONSISTENCY_BOUNDED, STRONG]


@pytest.mark.parametrize("method", ["verify", "batch_verify"])
def test_an_answer_that_came_too_late_is_asked_for_again_8_times_in_all(method: str, world: World) -> None:
    """SDK-33, WAT-12."""
    world.lease()

    def late(_request: Any) -> None:
        world.ahead += 2.0

    world.before_answer = late
    begun = len(world.asked())
    with pytest.raises(TrustLayerError) as caught:
        world.driver.call(method, SESSION_ID if method == "verify" else [SESSION_ID])
    assert (caught.value.reason, caught.value.code) == ("UNREACHABLE", "UNAVAILABLE")
    assert [request.consistency == STRONG for request in world.asked()[begun:]] == [False, *[True] * 7]


def test_a_rejection_is_used_however_late_and_never_kept(world: World) -> None:
    """WAT-12, WAT-13."""
    world.lease()
    world.verdicts[SESSION_ID] = rejected_verdict()
    world.before_answer = lambda _request: setattr(world, "ahead", world.ahead + 5)
    assert world.verify() == RejectedVerdict("REVOKED")
    world.lease()
    assert world.verify() == RejectedVerdict("REVOKED")
    assert len(world.asked()) == 2


def test_questions_of_one_moment_travel_together(world: World) -> None:
    """SDK-32."""
    ids = [secret("ts_", 1_000 + number) for number in range(300)]
    world.verdicts = {one: active_verdict(f"ses_{number:032x}") for number, one in enumerate(ids)}
    hold = threading.Event()
    world.before_answer = lambda _request: hold.wait(5)
    begun = [world.driver.start("verify", one) for one in ids for _ in range(2)]
    time.sleep(0.2)
    hold.set()
    handles = [future.result(20).session.handle for future in begun]
    assert handles == [f"ses_{number:032x}" for number in range(300) for _ in range(2)]
    sizes = [len(getattr(request, "session_ids", [1])) for request in world.asked()]
    assert sum(sizes) < 450, "the same question is asked once in a moment"
    assert max(sizes) <= 256
    assert len(sizes) < 150, f"{len(sizes)} calls for 600 questions"
    metrics = world.driver.client.metrics()
    assert (metrics.misses, metrics.batches) == (600, len(sizes))


def test_no_question_joins_one_that_was_sent_before_it(world: World) -> None:
    """SDK-32: a change may have come in between."""
    world.lease()
    sent, go_on = threading.Event(), threading.Event()

    def first_waits(_request: Any) -> None:
        if not sent.is_set():
            sent.set()
            go_on.wait(5)

    world.before_answer = first_waits
    first = world.driver.start("verify", SESSION_ID)
    assert sent.wait(5)
    world.verdicts[SESSION_ID] = rejected_verdict()
    second = world.driver.start("verify", SESSION_ID)
    assert second.result(5) == RejectedVerdict("REVOKED")
    go_on.set()
    first.result(5)
    assert len(world.asked()) == 2


def test_one_call_that_hangs_holds_up_no_other_question(world: World) -> None:
    """SDK-32: 5 ms at most."""
    hang = threading.Event()
    world.before_answer = lambda request: getattr(request, "session_id", "") == SESSION_ID and hang.wait(5)
    stuck = world.driver.start("verify", SESSION_ID)
    until(world.asked, "the first question")
    assert world.verify(OTHER_SESSION_ID).active
    assert not stuck.done()
    hang.set()
    assert stuck.result(5).active


def test_an_error_reaches_all_who_asked(world: World) -> None:
    """SDK-32."""
    info = failing(grpc.StatusCode.PERMISSION_DENIED)
    world.server.answer("Verify", info)
    world.server.answer("BatchVerify", info)
    begun = [world.driver.start("verify", secret("ts_", number + 9)) for number in range(20)]
    errors = [future.exception(10) for future in begun]
    assert {getattr(error, "code", None) for error in errors} == {"PERMISSION_DENIED"}
    assert len({id(error) for error in errors}) == 20


def test_an_old_answer_is_given_only_to_who_chose_it_and_only_if_the_server_cannot_be_asked(world: World) -> None:
    """SDK-35."""
    world.fill()
    world.watch.answers = False
    world.ahead = 10
    world.server.answer("Verify", failing(grpc.StatusCode.UNAVAILABLE))
    with pytest.raises(TrustLayerError):
        world.verify()
    old = world.verify(degraded_max_stale=30.0)
    assert (old.active, old.degraded, old.session.handle) == (True, True, HANDLE)
    with pytest.raises(TrustLayerError):
        world.verify(degraded_max_stale=9.0)
    with pytest.raises(TrustLayerError):
        world.verify(OTHER_SESSION_ID, degraded_max_stale=300.0)
    world.server.answer("Verify", failing(grpc.StatusCode.PERMISSION_DENIED))
    with pytest.raises(TrustLayerError):
        world.verify(degraded_max_stale=30.0)
    assert world.driver.client.metrics().degraded == 1
    for wrong in (0, -1, 300.1, float("nan")):
        with pytest.raises(ValueError, match="degraded_max_stale"):
            world.verify(degraded_max_stale=wrong)


def test_an_old_answer_outlives_its_stream_but_no_change(world: World) -> None:
    """SDK-35."""
    world.fill()
    world.watch.answers = False
    world.watch.stream().end()
    until(lambda: len(world.watch.streams) == 2, "the second stream")
    world.server.answer("Verify", failing(grpc.StatusCode.UNAVAILABLE))
    assert world.verify(degraded_max_stale=30.0).degraded
    world.revoke()
    until(lambda: world.driver.client.metrics().tombstones, "the change")
    with pytest.raises(TrustLayerError):
        world.verify(degraded_max_stale=30.0)


def test_a_client_that_is_closed_answers_nothing(connect: DriverFactory, server: FakeServer) -> None:
    """SDK-43."""
    with watching(connect, server) as world:
        world.fill()
        world.driver.call("close")
        for max_stale in (None, 300.0):
            with pytest.raises(TrustLayerError) as caught:
                world.verify(degraded_max_stale=max_stale)
            assert caught.value.reason == "CANCELLED"
        assert world.driver.client.metrics().lease_age_ms is None or world.local() is None
        until(lambda: world.watch.stream().is_over, "the end of the stream")


def test_metrics(world: World) -> None:
    """SDK-41."""
    world.fill()
    before = world.driver.client.metrics()
    world.verify()
    world.verify(OTHER_SESSION_ID, consistency="STRONG")
    after = world.driver.client.metrics()
    assert (after.hits - before.hits, after.misses - before.misses, after.batches - before.batches) == (1, 1, 1)
    assert (after.streams, after.degraded, after.tombstones) == (1, 0, 0)
    assert after.entries >= 1
    assert after.lease_age_ms is not None
    assert 0 <= after.lease_age_ms < 2_000


def test_a_change_that_cannot_be_read_counts_as_one_of_the_tenant(world: World) -> None:
    """SDK-42."""
    world.fill()
    world.watch.stream().send(change=m.Change(tenant_id="default"))
    until(lambda: world.driver.client.metrics().entries == 0, "the emptied memory")


def test_max_entries_bounds_memory(connect: DriverFactory, server: FakeServer) -> None:
    """WAT-13."""
    with watching(connect, server, max_entries=2) as world:
        for number in range(5):
            world.verdicts[secret("ts_", number)] = active_verdict(f"ses_{number:032x}")
            world.fill(secret("ts_", number))
        assert world.driver.client.metrics().entries == 2
    for wrong in (0, 10_000_001):
        with pytest.raises(ValueError, match="max_entries"), connect(server.address, max_entries=wrong):
            pass


def test_watching_begins_again_where_watch_is_served_later(connect: DriverFactory, server: FakeServer) -> None:
    """WAT-1: an SDK that is answered UNIMPLEMENTED asks for each verdict."""
    with connect(server.address) as driver:
        server.answer("Verify", m.VerifyResponse(verdict=active_verdict()))
        assert [driver.call("verify", SESSION_ID).active for _ in range(2)] == [True, True]
        FakeWatch(server)
        assert server.methods() == ["Verify", "Verify"]
        assert driver.client.metrics().lease_age_ms is None
