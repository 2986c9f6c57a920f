"""The session of a request behind ASGI and WSGI: SDK-20, SDK-21, SDK-7."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from fastapi import Depends, FastAPI, Request, WebSocket
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.support.facts import HANDLE, IDENTITY_ID, SESSION_ID, active_verdict, secret
from tests.support.fake_client import AioFakeClient, FakeClient
from tests.support.fake_server import FakeServer
from tests.support.web import PUBLIC_URL, SIGN_IN_URL, Web
from trust_layer import AioTrustClient, ClientFacts, TrustLayerError
from trust_layer import messages as m
from trust_layer.middleware.asgi import SessionMiddleware, request_trust, signed_in
from trust_layer.request_trust import RequestTrust, SessionRequired, SignedIn

COOKIE = ("cookie", f"__Host-session_id={SESSION_ID}")
BROWSER = ("accept", "text/html,application/xhtml+xml")
FAILURES = [
    TrustLayerError("UNREACHABLE", "UNAVAILABLE"),
    TrustLayerError("INTERNAL", "INTERNAL"),
    RuntimeError("boom"),
]


@pytest.fixture(params=["asgi", "wsgi"])
def web(request: pytest.FixtureRequest) -> Web:
    return Web(request.param).with_session()


def trust_of(web: Web, *headers: tuple[str, str]) -> RequestTrust:
    assert web.get("/", headers).status == 200
    assert web.trust is not None
    return web.trust


def test_sdk_20_the_session_is_that_of_an_active_verdict(web: Web) -> None:
    """SDK-20."""
    trust = trust_of(web, ("cookie", f"a=b; __Host-session_id={SESSION_ID}; c=d"))
    assert (trust.active, trust.outcome, trust.session_id) == (True, "active", SESSION_ID)
    assert trust.session is not None
    assert trust.identity is not None
    assert (trust.session.handle, trust.identity.id) == (HANDLE, IDENTITY_ID)
    assert web.client.calls == [("verify", (SESSION_ID, "BOUNDED"))]
    trust_of(web.with_session(consistency="STRONG"), COOKIE)
    assert web.client.calls[-1] == ("verify", (SESSION_ID, "STRONG"))


def test_sdk_45_asks_with_the_address_and_the_user_agent_of_the_request(web: Web) -> None:
    """SDK-45."""
    trust = trust_of(web, COOKIE, ("user-agent", "Firefox"))
    assert web.client.client == ClientFacts("192.0.2.7", "Firefox")
    assert trust.client == web.client.client


def test_sdk_20_a_rejected_session_is_none(web: Web) -> None:
    """SDK-20."""
    web.client.reject()
    trust = trust_of(web, COOKIE)
    assert (trust.active, trust.outcome, trust.reason, trust.session, trust.identity, trust.session_id) == (
        False,
        "rejected",
        "REVOKED",
        None,
        None,
        None,
    )


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_sdk_20_any_error_leaves_the_request_without_a_session(failure: Exception, web: Web) -> None:
    """SDK-20."""
    web.client.verdict = failure
    trust = trust_of(web, COOKIE)
    assert (trust.active, trust.outcome, trust.session, trust.session_id) == (False, "error", None, None)
    assert isinstance(trust.error, TrustLayerError)
    assert trust.error is failure or trust.error.reason == "UNKNOWN"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("cookie", "")],
        [("cookie", "session_id=" + SESSION_ID)],
        [("cookie", "__Host-Session_id=" + SESSION_ID)],
        [("cookie", "__Host-session_id=")],
        [("cookie", "__Host-session_id=x")],
        [("cookie", f'__Host-session_id="{SESSION_ID}"')],
        [("cookie", f"__Host-session_id={SESSION_ID}x")],
        [("cookie", f"__Host-session_id={'x' * 5000}")],
    ],
)
def test_sdk_20_without_a_session_id_there_is_no_session_and_no_call(headers: list[tuple[str, str]], web: Web) -> None:
    """SDK-20."""
    trust = trust_of(web, *headers)
    assert (trust.outcome, trust.active, web.client.calls) == ("none", False, [])


@pytest.mark.parametrize("second", [SESSION_ID, secret(), "", "x"])
def test_sdk_21_more_than_one_cookie_of_the_name_is_no_session(second: str, web: Web) -> None:
    """SDK-21: in one header or in two, in either order."""
    pairs = [f"__Host-session_id={SESSION_ID}", f"__Host-session_id={second}"]
    for values in (["; ".join(pairs)], ["; ".join(reversed(pairs))], pairs):
        trust = trust_of(web, *(("cookie", value) for value in values))
        assert (trust.outcome, web.client.calls) == ("none", [])


@pytest.mark.parametrize("way", ["require_session", "signed_in"])
def test_sdk_20_a_required_session(way: str, web: Web) -> None:
    """SDK-20: 503 after an error; a redirect to sign-in for a browser that navigates, 401 for others."""
    web.mode = "signed_in" if way == "signed_in" else "open"
    web.with_session(required=way == "require_session")
    assert web.get("/orders", [COOKIE]).status == 200
    assert web.reached == 1
    for headers in ([], [("accept", "application/json")], [BROWSER, ("sec-fetch-mode", "cors")]):
        reply = web.get("/orders", headers)
        assert (reply.status, reply.all("location")) == (401, [])
    assert web.get("/orders", [BROWSER], "POST").status == 401
    for headers in ([BROWSER], [("sec-fetch-mode", "navigate")]):
        reply = web.get("/ord ers?id=1&x=%2F", headers)
        assert (reply.status, reply.one("location")) == (
            303,
            "/auth/sign-in?return_to=%2Ford%2520ers%3Fid%3D1%26x%3D%252F",
        )
    assert web.get("//evil.example", [BROWSER]).one("location") == "/auth/sign-in?return_to=%2F"
    web.client.reject()
    assert web.get("/orders", [COOKIE]).status == 401
    assert web.get("/orders", [COOKIE, BROWSER]).status == 303
    for failure in FAILURES:
        web.client.verdict = failure
        for headers in ([COOKIE], [COOKIE, BROWSER]):
            reply = web.get("/orders", headers)
            assert (reply.status, "boom" in reply.body) == (503, False)
    web.with_session(required=way == "require_session", sign_in_url=None)
    assert web.get("/orders", [BROWSER]).status == 401
    assert web.reached == 1


def test_without_the_middleware_nothing_is_let_through() -> None:
    """SDK-20: fail closed."""
    for kind in ("asgi", "wsgi"):
        for required in (True, False):
            web = Web(kind).bare(required=required)
            with pytest.raises(RuntimeError, match="SessionMiddleware"):
                web.get("/", [COOKIE])
            assert web.reached == 0


def test_sdk_7_the_trust_of_a_request_shows_no_session_id(web: Web) -> None:
    """SDK-7."""
    trust = trust_of(web, COOKIE)
    assert SESSION_ID not in repr(trust) + str(trust)
    assert HANDLE in repr(trust)


def fastapi_app(client: Any, public_url: str = "http://localhost") -> FastAPI:
    app = FastAPI()
    app.add_middleware(SessionMiddleware, client=client, public_url=public_url, sign_in_url=SIGN_IN_URL)

    def session(request: Request) -> SignedIn:
        return signed_in(request)

    @app.get("/me")
    async def me(trust: SignedIn = Depends(session)) -> dict[str, str]:  # noqa: B008 - the way of FastAPI
        return {"id": trust.identity.id}

    @app.get("/open")
    def open_page(request: Request) -> dict[str, str]:
        return {"outcome": request_trust(request).outcome}

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        signed_in(socket)
        await socket.accept()
        await socket.send_text(request_trust(socket).outcome)
        await socket.close()

    return app


def test_fastapi_with_a_server(server: FakeServer) -> None:
    """SDK-20, RED-5: the whole way, over gRPC, in an event loop that the client did not see before."""
    server.answer("Verify", m.VerifyResponse(verdict=active_verdict()))
    app = fastapi_app(AioTrustClient(server.address))
    for _ in range(2):
        with TestClient(app, base_url="http://localhost", cookies={"session_id": SESSION_ID}) as browser:
            assert browser.get("/me").json() == {"id": IDENTITY_ID}
            assert browser.get("/open").json() == {"outcome": "active"}
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as stranger:
        assert stranger.get("/open").json() == {"outcome": "none"}
        assert stranger.get("/me").status_code == 401
        assert stranger.get("/me", headers=[BROWSER]).headers["location"] == "/auth/sign-in?return_to=%2Fme"
        begun = stranger.get("/auth/sign-in?return_to=/me")
        state = re.findall(r"state=([^&]+)", begun.headers["location"])[0]
        code = secret("tc_", 99)
        server.answer("ExchangeSignInCode", m.ExchangeSignInCodeResponse(session_id=SESSION_ID))
        assert stranger.get(f"/auth/callback?code={code}&state={state}").headers["location"] == "/me"
        assert stranger.get("/me").json() == {"id": IDENTITY_ID}
        assert stranger.post("/auth/sign-out").status_code == 303
        assert stranger.get("/me").status_code == 401


def test_web_sockets_need_the_session_too() -> None:
    """SDK-20."""
    client = FakeClient()
    app = fastapi_app(AioFakeClient(client), PUBLIC_URL)
    with TestClient(app, base_url=PUBLIC_URL) as browser:
        with browser.websocket_connect("/live", headers=dict([COOKIE])) as socket:
            assert socket.receive_text() == "active"
        client.reject()
        with pytest.raises(WebSocketDisconnect) as caught, browser.websocket_connect("/live", headers=dict([COOKIE])):
            pass
        assert caught.value.code == 1008


def test_an_answer_that_began_is_not_replaced() -> None:
    sent: list[Any] = []

    async def late(scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        signed_in(scope)

    async def run() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        app = SessionMiddleware(late, AioFakeClient(FakeClient()), public_url=PUBLIC_URL)
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
        await app(scope, lambda: asyncio.sleep(0), send)  # type: ignore[arg-type, return-value]

    with pytest.raises(SessionRequired):
        asyncio.run(run())
    assert len(sent) == 1


async def test_lifespan_passes_through() -> None:
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    middleware = SessionMiddleware(app, AioFakeClient(FakeClient()), public_url=PUBLIC_URL)
    await middleware({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert seen == ["lifespan"]


def test_an_answer_to_head_has_no_body() -> None:
    with TestClient(fastapi_app(AioFakeClient(FakeClient()), PUBLIC_URL), base_url=PUBLIC_URL) as browser:
        refused = browser.head("/auth/sign-out")
    assert (refused.status_code, refused.content) == (405, b"")
