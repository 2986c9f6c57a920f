"""Sessions that must be strong and fresh enough, behind ASGI and WSGI: SDK-25."""

from __future__ import annotations

import time

import pytest

from tests.support.facts import SESSION_ID
from tests.support.web import Web
from trust_layer import ActiveVerdict

COOKIE = ("cookie", f"__Host-session_id={SESSION_ID}")
BROWSER = ("sec-fetch-mode", "navigate")


@pytest.fixture(params=["asgi", "wsgi"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def asked(kind: str, acr: str, age: float, level: tuple[str, float | None]) -> Web:
    web = Web(kind).with_session(level=level)
    assert isinstance(web.client.verdict, ActiveVerdict)
    session = web.client.verdict.session
    session.acr = acr
    session.authenticated_at.FromMilliseconds(int((time.time() - age) * 1000))
    return web


@pytest.mark.parametrize(
    ("acr", "age", "level"),
    [("aal1", 0, ("aal1", None)), ("aal2", 9_999, ("aal1", None)), ("aal2", 60, ("aal2", 300))],
)
def test_sdk_25_passes(kind: str, acr: str, age: float, level: tuple[str, float | None]) -> None:
    """SDK-25."""
    assert asked(kind, acr, age, level).get("/", [COOKIE]).status == 200


@pytest.mark.parametrize(
    ("acr", "age", "level"),
    [("aal1", 0, ("aal2", None)), ("other", 0, ("aal1", None)), ("aal2", 400, ("aal2", 300))],
)
def test_sdk_25_refuses(kind: str, acr: str, age: float, level: tuple[str, float | None]) -> None:
    """SDK-25."""
    web = asked(kind, acr, age, level)
    reply = web.get("/pay", [COOKIE])
    assert reply.status == 401
    assert reply.one("www-authenticate").startswith('Session error="insufficient_user_authentication", acr_values=')
    reply = web.get("/pay", [COOKIE, BROWSER])
    assert (reply.status, reply.one("location")) == (303, f"/auth/sign-in?return_to=%2Fpay&level={level[0]}")
    assert web.get("/pay").status == 401
    assert web.reached == 0
