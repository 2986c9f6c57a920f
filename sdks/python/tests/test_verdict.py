"""Verdicts: SDK-2, TERM-4."""

from __future__ import annotations

import pytest

from tests.support.clients import Driver
from tests.support.facts import HANDLE, IDENTITY_ID, SESSION_ID, active_verdict, rejected_verdict
from tests.support.fake_server import FakeServer
from trust_layer import ActiveVerdict, RejectedVerdict
from trust_layer import messages as m
from trust_layer.verdict import KeptVerdict, _Shared, facts_of, pack_active, verdict_of_message

SESSION = m.Session(handle=HANDLE, identity_id=IDENTITY_ID)
IDENTITY = m.IdentityFacts(id=IDENTITY_ID)


@pytest.mark.parametrize(
    "message",
    [
        m.Verdict(),
        m.Verdict(active=m.ActiveVerdict()),
        m.Verdict(active=m.ActiveVerdict(cache_for_ms=1000)),
        m.Verdict(active=m.ActiveVerdict(session=m.Session(), identity=IDENTITY)),
        m.Verdict(active=m.ActiveVerdict(identity=IDENTITY)),
        m.Verdict(active=m.ActiveVerdict(session=SESSION)),
        m.Verdict(active=m.ActiveVerdict(session=SESSION, identity=m.IdentityFacts(id="idn_other"))),
        m.Verdict(active=m.ActiveVerdict(session=m.Session(handle=HANDLE), identity=m.IdentityFacts())),
        m.Verdict(rejected=m.RejectedVerdict()),
        m.Verdict.FromString(b"\x1a\x00"),  # A member that this version does not know.
        m.Verdict.FromString(b"\x12\x02\x08\x63"),  # Reason 99.
    ],
)
def test_sdk_2_an_empty_or_unknown_answer_is_rejected(message: m.Verdict, driver: Driver, server: FakeServer) -> None:
    """SDK-2, TERM-4."""
    server.answer("Verify", m.VerifyResponse(verdict=message))
    server.answer("BatchVerify", m.BatchVerifyResponse(verdicts=[message]))
    assert driver.call("verify", SESSION_ID) == RejectedVerdict("UNSPECIFIED")
    assert driver.call("batch_verify", [SESSION_ID]) == [RejectedVerdict("UNSPECIFIED")]


def test_sdk_2_an_answer_without_verdict_is_rejected(driver: Driver, server: FakeServer) -> None:
    """SDK-2."""
    server.answer("Verify", m.VerifyResponse())
    verdict = driver.call("verify", SESSION_ID)
    assert verdict.active is False


@pytest.mark.parametrize("reason", ["MALFORMED", "UNKNOWN", "EXPIRED", "REVOKED"])
def test_a_rejection_says_why(reason: str) -> None:
    number = m.RejectionReason.Value(f"REJECTION_REASON_{reason}")
    verdict = verdict_of_message(rejected_verdict(number))
    assert (verdict.active, verdict) == (False, RejectedVerdict(reason))  # type: ignore[arg-type]


def test_verdicts_are_frozen() -> None:
    for verdict in (verdict_of_message(active_verdict()), RejectedVerdict()):
        with pytest.raises(AttributeError):
            verdict.active = True  # type: ignore[misc]


@pytest.mark.parametrize("tenant_id", ["default", "acme"])
@pytest.mark.parametrize("user_agent", ["", "Firefox"])
def test_what_memory_keeps_of_a_verdict_is_all_but_cache_for_ms(
    tenant_id: str, user_agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SDK-34."""
    message = active_verdict(tenant_id=tenant_id, amr=["pwd"], device=m.Device(user_agent=user_agent, ip_address="::1"))
    message.active.identity.metadata["a"] = "b"
    for shared in (4_096, 0):
        monkeypatch.setattr("trust_layer.verdict._MAX_SHARED", shared)
        monkeypatch.setattr("trust_layer.verdict._user_agents", _Shared())
        verdict = verdict_of_message(message)
        assert isinstance(verdict, ActiveVerdict)
        kept = KeptVerdict(pack_active(verdict))
        assert facts_of(pack_active(verdict)).identity_id == verdict.identity.id
        assert (kept.session, kept.identity, kept.cache_for_ms) == (verdict.session, verdict.identity, 0)
