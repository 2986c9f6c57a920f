"""The probe: standard, chapter 8."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2

from tests.support.facts import (
    HANDLE,
    IDENTITY_ID,
    OTHER_SESSION_ID,
    SERVICE_KEY,
    SESSION_ID,
    active_verdict,
    rejected_verdict,
)
from tests.support.fake_server import FakeServer, failing
from tests.support.fake_watch import FakeWatch, until
from tests.support.tokens import AUDIENCE, ISSUER, NOW, claims, jwks, token
from trust_layer import messages as m


@pytest.fixture(params=[[], ["--aio"]], ids=["sync", "aio"])
def flags(request: pytest.FixtureRequest) -> list[str]:
    found: list[str] = request.param
    return found


@contextmanager
def probing(flags: list[str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "trust_layer.probe", *flags]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, encoding="utf-8") as probe:  # noqa: S603
        assert probe.stdin is not None
        yield probe
        probe.stdin.close()
        assert probe.wait(30) == 0
        assert probe.stderr is not None
        assert probe.stderr.read() == ""


def tell(probe: subprocess.Popen[str], line: Any) -> None:
    assert probe.stdin is not None
    probe.stdin.write((line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)) + "\n")
    probe.stdin.flush()


def hear(probe: subprocess.Popen[str]) -> dict[str, Any]:
    assert probe.stdout is not None
    found: dict[str, Any] = json.loads(probe.stdout.readline())
    return found


def play(flags: list[str], *lines: Any) -> list[dict[str, Any]]:
    """Ask one thing after the other."""
    answers = []
    with probing(flags) as probe:
        for line in lines:
            tell(probe, line)
            if line != "":
                answers.append(hear(probe))
    return answers


def test_local_answers_and_lines_that_cannot_be_read(flags: list[str]) -> None:
    answers = play(
        flags,
        {"id": 1, "do": "check_session_id", "with": {"session_id": SESSION_ID}},
        {"id": 2, "do": "check_session_id", "with": {"session_id": "ts_x"}},
        {"id": 3, "do": "safe_return_path", "with": {"path": "//evil"}},
        {"id": "four", "do": "safe_return_path", "with": {"path": "/ж"}},
        "",
        "not json",
        "[]",
        {"id": 5, "do": "fly", "with": {}},
        {"id": 6, "do": "verify", "with": {"session_id": "x"}},
        {"id": 7, "do": "verify_trust_token", "with": {"trust_token": "x"}},
        {"id": 8, "do": "watch", "with": {}},
    )
    assert answers == [
        {"id": 1, "ok": {"well_formed": True}},
        {"id": 2, "ok": {"well_formed": False}},
        {"id": 3, "ok": {"path": "/"}},
        {"id": "four", "ok": {"path": "/ж"}},
        {"id": None, "error": {"reason": "UNKNOWN", "code": "INVALID_ARGUMENT"}},
        {"id": None, "error": {"reason": "UNKNOWN", "code": "INVALID_ARGUMENT"}},
        {"id": 5, "error": {"reason": "UNKNOWN", "code": "UNIMPLEMENTED"}},
        {"id": 6, "error": {"reason": "UNKNOWN", "code": "FAILED_PRECONDITION"}},
        {"id": 7, "error": {"reason": "UNKNOWN", "code": "FAILED_PRECONDITION"}},
        {"id": 8, "error": {"reason": "UNKNOWN", "code": "UNIMPLEMENTED"}},
    ]


def test_calls(flags: list[str], server: FakeServer) -> None:
    server.answer("Verify", m.VerifyResponse(verdict=active_verdict()))
    server.answer("BatchVerify", m.BatchVerifyResponse(verdicts=[rejected_verdict(), active_verdict()]))
    identity = m.Identity(id=IDENTITY_ID, state=m.IDENTITY_STATE_ACTIVE, epoch=2**53 - 1, metadata={"a": "b"})
    identity.identifiers.add(type=m.IDENTIFIER_TYPE_EMAIL, value="a@b.example")
    identity.created_at.FromJsonString("2026-01-02T03:04:05.678Z")
    server.answer("CreateIdentity", m.CreateIdentityResponse(identity=identity))
    server.answer("RevokeSession", m.RevokeSessionResponse(handle=HANDLE, version=2**63))
    info = error_details_pb2.ErrorInfo(reason="SESSION_REJECTED", domain="trust-layer")
    server.answer("RotateSession", failing(grpc.StatusCode.UNAUTHENTICATED, "x", [info]))
    violation = error_details_pb2.BadRequest.FieldViolation(field="page_token", description="x")
    bad = [error_details_pb2.ErrorInfo(reason="INVALID_PAGE_TOKEN", domain="trust-layer")]
    bad.append(error_details_pb2.BadRequest(field_violations=[violation]))
    server.answer("ListServices", failing(grpc.StatusCode.INVALID_ARGUMENT, "x", bad))
    setting = {"address": server.address, "service_key": SERVICE_KEY, "tenant_id": "acme", "timeout_ms": 2000}
    create = {"identifiers": [{"type": "IDENTIFIER_TYPE_EMAIL", "value": "a@b.example"}], "display_name": "Ada"}
    answers = play(
        flags,
        {"id": 1, "do": "configure", "with": setting},
        {"id": 2, "do": "verify", "with": {"session_id": SESSION_ID, "consistency": "STRONG"}},
        {"id": 3, "do": "batch_verify", "with": {"session_ids": [SESSION_ID, OTHER_SESSION_ID]}},
        {"id": 4, "do": "create_identity", "with": create},
        {"id": 5, "do": "revoke_session", "with": {"session_id": SESSION_ID}},
        {"id": 6, "do": "rotate_session", "with": {"session_id": SESSION_ID}},
        {"id": 7, "do": "get_tenant", "with": {"nonsense": SESSION_ID}},
        {"id": 8, "do": "verify", "with": {"session_id": SESSION_ID, "consistency": "strong"}},
        {"id": 9, "do": "list_sessions"},
        {"id": 10, "do": "list_services"},
    )
    assert [answer.get("ok") for answer in answers[:1]] == [{}]
    active = answers[1]["ok"]
    assert (active["active"], active["session"]["version"], active["session"]["acr"]) == (True, 3, "")
    assert (active["session"]["amr"], "device" in active["session"]) == ([], False)
    assert active["identity"]["id"] == IDENTITY_ID
    assert answers[2]["ok"]["verdicts"][0] == {"active": False, "reason": "REVOKED"}
    assert answers[2]["ok"]["verdicts"][1]["active"] is True
    made = answers[3]["ok"]["identity"]
    assert (made["state"], made["epoch"], made["version"]) == ("IDENTITY_STATE_ACTIVE", 2**53 - 1, 0)
    assert (made["created_at"], made["metadata"]) == ("2026-01-02T03:04:05.678Z", {"a": "b"})
    assert made["identifiers"] == [{"type": "IDENTIFIER_TYPE_EMAIL", "value": "a@b.example", "verified": False}]
    assert answers[4]["ok"] == {"handle": HANDLE, "version": 2**63}
    assert answers[5] == {"id": 6, "error": {"reason": "SESSION_REJECTED", "code": "UNAUTHENTICATED"}}
    assert answers[6]["error"] == answers[7]["error"] == {"reason": "UNKNOWN", "code": "INVALID_ARGUMENT"}
    refused = {"reason": "INVALID_PAGE_TOKEN", "code": "INVALID_ARGUMENT", "fields": ["page_token"]}
    assert answers[9]["error"] == refused
    assert answers[8]["ok"] == {"sessions": [], "next_page_token": ""}
    assert server.methods()[:6] == [
        "Verify",
        "BatchVerify",
        "CreateIdentity",
        "RevokeSession",
        "RotateSession",
        "ListSessions",
    ]
    assert {call.request.tenant_id for call in server.calls} == {"acme"}
    assert server.calls[0].request.consistency == m.CONSISTENCY_STRONG
    assert server.calls[3].request.session_id == SESSION_ID
    assert ("authorization", f"Bearer {SERVICE_KEY}") in server.calls[0].metadata


def test_trust_tokens(flags: list[str]) -> None:
    setting = {"issuer": ISSUER, "audience": AUDIENCE, "jwks": jwks(), "now": NOW}
    given = claims(scope="a b", act={"sub": "edge"})
    answers = play(
        flags,
        {"id": 1, "do": "configure", "with": setting},
        {"id": 2, "do": "verify_trust_token", "with": {"trust_token": token({**given, "other": 1})}},
        {"id": 3, "do": "verify_trust_token", "with": {"trust_token": token(claims(aud="x"))}},
        {"id": 4, "do": "configure", "with": {**setting, "now": NOW + 65}},
        {"id": 5, "do": "verify_trust_token", "with": {"trust_token": token()}},
        {
            "id": 6,
            "do": "configure",
            "with": {"issuer": ISSUER, "audience": AUDIENCE, "jwks_url": "http://127.0.0.1:9/"},
        },
        {"id": 7, "do": "verify_trust_token", "with": {"trust_token": token()}},
    )
    assert answers[1]["ok"] == {"claims": given}
    assert [answers[at]["error"]["code"] for at in (2, 4, 6)] == ["TOKEN_AUDIENCE", "TOKEN_EXPIRED", "KEYS_UNAVAILABLE"]
    assert [answers[at]["error"]["reason"] for at in (2, 6)] == ["TRUST_TOKEN_REJECTED", "KEYS_UNAVAILABLE"]


def test_commands_run_side_by_side_and_answers_say_whose_they_are(flags: list[str], server: FakeServer) -> None:
    watch = FakeWatch(server)
    server.answer("Verify", m.VerifyResponse(verdict=active_verdict()))
    server.answer("IssueTrustToken", m.IssueTrustTokenResponse(trust_token="a.b.c"))
    with probing(flags) as probe:
        tell(probe, {"id": 1, "do": "configure", "with": {"address": server.address}})
        assert hear(probe) == {"id": 1, "ok": {}}
        tell(probe, {"id": 2, "do": "await_lease", "with": {"timeout_ms": 10_000}})
        assert hear(probe) == {"id": 2, "ok": {"leased": True}}
        tell(probe, {"id": 3, "do": "await_revoked", "with": {"session_id": SESSION_ID, "timeout_ms": 20_000}})
        tell(probe, {"id": 4, "do": "verify", "with": {"session_id": SESSION_ID, "degraded": {"max_stale_ms": 1}}})
        answer = hear(probe)
        assert (answer["id"], answer["ok"]["active"], "degraded" in answer["ok"]) == (4, True, False)
        tell(probe, {"id": 5, "do": "trust_token", "with": {"session_id": SESSION_ID, "audience": "orders"}})
        assert hear(probe) == {"id": 5, "ok": {"token": "a.b.c"}}
        tell(probe, {"id": 6, "do": "metrics"})
        numbers = hear(probe)["ok"]
        assert (numbers["streams"], numbers["degraded"]) == (1, 0)
        assert 0 <= numbers["lease_age_ms"] < 2_000
        until(lambda: numbers["batches"] >= 1)
        watch.stream().change(session=m.SessionChange(handle=HANDLE, version=9, revoked=True))
        assert hear(probe) == {"id": 3, "ok": {"reason": "revoked"}}
        tell(probe, {"id": 7, "do": "configure", "with": {"address": server.address, "watch": False}})
        tell(probe, {"id": 8, "do": "await_lease", "with": {"timeout_ms": 50}})
        assert [hear(probe) for _ in range(2)] == [{"id": 7, "ok": {}}, {"id": 8, "ok": {"leased": False}}]
