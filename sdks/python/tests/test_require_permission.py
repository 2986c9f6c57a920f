"""What only those may who are permitted it in the active organisation, behind ASGI and WSGI: SDK-26."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.facts import SESSION_ID
from tests.support.web import Web
from trust_layer import ActiveVerdict
from trust_layer.gen.trust.v1.session_pb2 import OrganisationFacts
from trust_layer.http_message import HttpRequest
from trust_layer.request_trust import VerifiedTrustToken, permission_refusal

COOKIE = ("cookie", f"__Host-session_id={SESSION_ID}")


@pytest.fixture(params=["asgi", "wsgi"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def asked(kind: str, *permissions: str) -> Web:
    web = Web(kind).with_session(permission="orders:write")
    verdict = web.client.verdict
    assert isinstance(verdict, ActiveVerdict)
    organisation = OrganisationFacts(id="org_1", roles=["orders:write"], permissions=permissions, version=1)
    web.client.verdict = ActiveVerdict(verdict.session, verdict.identity, organisation=organisation)
    return web


def test_sdk_26_passes(kind: str) -> None:
    """SDK-26."""
    assert asked(kind, "orders:read", "orders:write").get("/", [COOKIE]).status == 200


def test_sdk_26_refuses(kind: str) -> None:
    """SDK-26."""
    for web in (
        asked(kind),
        asked(kind, "orders:read"),
        asked(kind, "orders:writer"),
        Web(kind).with_session(permission="a"),
    ):
        assert web.get("/pay", [COOKIE]).status == 403
        assert web.reached == 0
    assert asked(kind, "orders:write").get("/pay").status == 401


def test_sdk_26_goes_by_the_trust_token() -> None:
    """SDK-26: where one was verified, it alone counts."""
    request = HttpRequest(method="GET", path="/", query="", headers=[], ip_address="")

    def status(permissions: tuple[str, ...] | None) -> int:
        claims: Any = type("Claims", (), {"permissions": permissions, "roles": ("orders:write",)})()
        refusal = permission_refusal(None, VerifiedTrustToken(claims, "t"), request, None, "orders:write")
        return 200 if refusal is None else refusal.status

    assert [status(("orders:write",)), status(("orders:read",)), status(())] == [200, 403, 403]
    assert status(None) == 403
    with pytest.raises(RuntimeError):
        permission_refusal(None, None, request, None, "a")
