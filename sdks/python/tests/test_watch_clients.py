"""Sessions that are bound: what memory holds is there for their client alone (SES-16, SDK-45)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.clients import DriverFactory
from tests.support.facts import SESSION_ID, active_verdict, rejected_verdict
from tests.support.fake_server import FakeServer
from tests.support.fake_watch import until
from tests.support.watching import World, watching
from trust_layer import ClientFacts, RejectedVerdict
from trust_layer import messages as m

HOME = ClientFacts("203.0.113.7", "Firefox")
AWAY = ClientFacts("198.51.100.7", "Firefox")


@pytest.fixture
def world(connect: DriverFactory, server: FakeServer) -> Iterator[World]:
    with watching(connect, server) as made:
        verdict = active_verdict()
        verdict.active.client_bound = True
        made.verdicts[SESSION_ID] = verdict
        made.lease()
        until(lambda: made.verify(client=HOME).active and local(made, HOME), "an entry")
        yield made


def local(world: World, client: ClientFacts | None = None) -> object:
    return world.driver.client._memory.local(SESSION_ID, client)


def test_ses_16_memory_answers_its_client_and_nobody_else(world: World) -> None:
    """SES-16."""
    before = len(world.asked())
    verdict = world.verify(client=HOME)
    assert verdict.active
    assert verdict.client_bound
    assert len(world.asked()) == before
    assert (local(world), local(world, AWAY)) == (None, None)
    world.verdicts[SESSION_ID] = rejected_verdict(m.REJECTION_REASON_CLIENT_MISMATCH)
    for client in (AWAY, None):
        assert world.verify(client=client) == RejectedVerdict("CLIENT_MISMATCH")
    assert world.asked()[before].client == m.ClientFacts(ip_address="198.51.100.7", user_agent="Firefox")
    assert world.verify(client=HOME).active, "the no of another ends nothing"


def test_ses_16_any_other_no_ends_what_was_kept(world: World) -> None:
    """SES-16."""
    world.verdicts[SESSION_ID] = rejected_verdict()
    world.verify(client=HOME, consistency="STRONG")
    assert local(world, HOME) is None


def test_sdk_45_batch_verify_takes_a_client_for_each(world: World) -> None:
    """SDK-45."""
    before = len(world.asked())
    answers = world.driver.call("batch_verify", [SESSION_ID, SESSION_ID], clients=[HOME, AWAY])
    assert [answer.active for answer in answers] == [True, True]
    (asked,) = world.asked()[before:]
    assert asked.client.ip_address == AWAY.ip_address
    with pytest.raises(ValueError, match="one for each"):
        world.driver.call("batch_verify", [SESSION_ID], clients=[HOME, AWAY])
