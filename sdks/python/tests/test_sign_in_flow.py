"""The redirect flow behind ASGI and WSGI: RED-2, RED-4 to RED-7, SDK-23, SDK-7."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.facts import CODE, SESSION_ID, VECTORS, secret
from tests.support.web import PUBLIC_URL, SIGN_IN_URL, Web
from trust_layer import SignInFlow, TrustLayerError, safe_return_path
from trust_layer import cookies as cookie_module
from trust_layer import messages as m
from trust_layer.cookies import CookieJar, cookie_values, origin_of
from trust_layer.http_message import HttpRequest

ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
SESSION_COOKIE = ("cookie", f"__Host-session_id={SESSION_ID}")


@pytest.fixture(params=["asgi", "wsgi"])
def web(request: pytest.FixtureRequest) -> Web:
    return Web(request.param).with_session()


def begin(web: Web, page: str = "/auth/sign-in") -> tuple[dict[str, str], str]:
    """Give the parameters sent to the hosted page and the flow cookie."""
    reply = web.get(page)
    assert reply.status == 303
    query = parse_qs(urlsplit(reply.one("location")).query, strict_parsing=True)
    return {name: values[0] for name, values in query.items()}, reply.one("set-cookie").split(";")[0]


def callback(web: Web, state: str, cookie: str, code: str = CODE) -> Any:
    headers = [("cookie", cookie), ("user-agent", "Browser/1 \u00e9" + "x" * 600)]
    return web.get(f"/auth/callback?code={code}&state={state}", headers)


@pytest.mark.parametrize("page", ["sign-in", "sign-up"])
def test_red_2_the_browser_is_sent_to_the_hosted_page_with_state_and_challenge(page: str, web: Web) -> None:
    """RED-2, RED-4."""
    reply = web.get(f"/auth/{page}?return_to=/orders%3Fid%3D1")
    location = reply.one("location")
    assert (reply.status, reply.one("cache-control")) == (303, "no-store")
    assert location.startswith(f"{SIGN_IN_URL}/{page}?return_to=https%3A%2F%2Fapp.example%2Fauth%2Fcallback&state=")
    asked = parse_qs(urlsplit(location).query)
    assert sorted(asked) == ["code_challenge", "code_challenge_method", "return_to", "state"]
    assert asked["code_challenge_method"] == ["S256"]
    assert re.fullmatch(r"[A-Za-z0-9._~-]{16,256}", asked["state"][0])
    name, _, rest = reply.one("set-cookie").partition("=")
    value, _, attributes = rest.partition("; ")
    assert (name, attributes) == ("__Host-trust_flow", f"{ATTRIBUTES}; Max-Age=600")
    state, verifier, _ = value.split(".")
    assert state == asked["state"][0]
    digest = hashlib.sha256(verifier.encode()).digest()
    assert asked["code_challenge"][0] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert verifier not in location
    assert web.reached == 0


def test_red_4_state_and_verifier_are_new_each_time(web: Web) -> None:
    """RED-4."""
    seen = {begin(web)[1] for _ in range(20)}
    assert len(seen) == 20


def test_a_sign_in_ends_with_the_session_cookie_and_the_page(web: Web) -> None:
    """RED-5."""
    asked, cookie = begin(web, "/auth/sign-in?return_to=/orders%3Fid%3D1")
    reply = callback(web, asked["state"], cookie)
    assert (reply.status, reply.one("location"), reply.one("referrer-policy")) == (303, "/orders?id=1", "no-referrer")
    assert reply.all("set-cookie") == [
        f"__Host-session_id={SESSION_ID}; {ATTRIBUTES}",
        f"__Host-trust_flow=; {ATTRIBUTES}; Max-Age=0",
    ]
    ((_, request),) = web.client.calls
    assert request.code == CODE
    assert request.return_to == f"{PUBLIC_URL}/auth/callback"
    assert hashlib.sha256(request.code_verifier.encode()).digest() == base64.urlsafe_b64decode(
        asked["code_challenge"] + "="
    )
    assert request.device.ip_address == "192.0.2.7"
    assert request.device.user_agent == ("Browser/1 " + "x" * 600)[:512]


def test_red_11_the_callback_gives_what_the_browser_held_before(web: Web) -> None:
    """RED-11: and nothing that is no session_id."""
    held = f"__Host-session_id={SESSION_ID}"
    for cookies, given in ((held, SESSION_ID), (f"{held}; {held}", ""), ("__Host-session_id=x", ""), ("a=b", "")):
        asked, cookie = begin(web)
        callback(web, asked["state"], f"{cookie}; {cookies}")
        assert web.client.calls[-1][1].previous_session_id == given, cookies


def test_red_4_a_callback_whose_state_is_not_that_of_the_cookie_is_refused(web: Web) -> None:
    """RED-4: and no code is spent."""
    asked, cookie = begin(web)
    other_asked, other_cookie = begin(web)
    state = asked["state"]
    attempts = [
        callback(web, other_asked["state"], cookie),
        callback(web, state, other_cookie),
        callback(web, "", cookie),
        callback(web, state[:-1], cookie),
        callback(web, state + "x", cookie),
        callback(web, state, ""),
        callback(web, state, "__Host-trust_flow=x"),
        callback(web, state, cookie.replace("__Host-", "")),
        callback(web, state, f"{cookie}; {other_cookie}"),
        callback(web, state, f"{cookie}; {cookie}"),
        callback(web, f"{state}&state={state}", cookie),
        web.get(f"/auth/callback?code={CODE}", [("cookie", cookie)]),
        web.get(f"/auth/callback?state={state}", [("cookie", cookie)]),
        callback(web, state, cookie, "x"),
        callback(web, state, cookie, f"{CODE}&code={CODE}"),
    ]
    for reply in attempts:
        assert reply.status == 400
        assert reply.all("set-cookie") == [f"__Host-trust_flow=; {ATTRIBUTES}; Max-Age=0"]
        assert CODE not in reply.body
    assert web.client.calls == []
    assert callback(web, state, cookie).status == 303


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (TrustLayerError("SIGN_IN_CODE_REJECTED", "UNAUTHENTICATED"), 400),
        (TrustLayerError("UNREACHABLE", "UNAVAILABLE"), 503),
        (TrustLayerError("SERVICE_KEY_REJECTED", "UNAUTHENTICATED"), 503),
        (RuntimeError("boom"), 503),
        (m.ExchangeSignInCodeResponse(), 503),
        (m.ExchangeSignInCodeResponse(session_id="ts_x; Domain=evil.example"), 503),
    ],
)
def test_a_failed_exchange_signs_nobody_in(failure: Any, status: int, web: Web) -> None:
    web.client.exchanged = failure
    asked, cookie = begin(web)
    reply = callback(web, asked["state"], cookie)
    assert reply.status == status
    assert reply.all("set-cookie") == [f"__Host-trust_flow=; {ATTRIBUTES}; Max-Age=0"]
    assert "boom" not in reply.body


ROWS = json.loads((VECTORS / "return_paths.json").read_text())["vectors"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: repr(row["path"])[:40])
def test_red_6_vectors(row: dict[str, str]) -> None:
    """RED-6."""
    assert safe_return_path(row["path"]) == row["expect"]


@pytest.mark.parametrize("wrong", [None, 5, b"/a", ["/a"]])
def test_red_6_what_is_no_text_becomes_the_root(wrong: Any) -> None:
    """RED-6."""
    assert safe_return_path(wrong) == "/"


@pytest.mark.parametrize(
    ("given", "location"),
    [
        ("//evil.example", "/"),
        ("/%5Cevil.example", "/"),
        ("https://evil.example", "/"),
        ("/%09/evil.example", "/"),
        ("/a%0D%0Aset-cookie:%20x=1", "/"),
        ("/a&return_to=/b", "/"),
        ("/%C3%BCber%20uns%3Fq=%25", "/%C3%BCber%20uns?q=%"),
        ("/" + "x" * 2000, "/"),
    ],
)
def test_red_6_the_page_to_return_to_is_of_this_app(given: str, location: str, web: Web) -> None:
    """RED-6: whether it comes by the query or by a changed cookie."""
    asked, cookie = begin(web, f"/auth/sign-in?return_to={given}")
    assert callback(web, asked["state"], cookie).one("location") == location
    page = base64.urlsafe_b64encode(b"//evil.example").rstrip(b"=").decode()
    changed = ".".join([*cookie.split(".")[:2], page])
    assert callback(web, asked["state"], changed).one("location") == "/"


def test_red_7_sign_out_revokes_and_then_clears(web: Web) -> None:
    """RED-7."""
    reply = web.get("/auth/sign-out", [SESSION_COOKIE], "POST")
    assert (reply.status, reply.one("location")) == (303, "/")
    assert reply.one("set-cookie") == f"__Host-session_id=; {ATTRIBUTES}; Max-Age=0"
    assert web.client.calls == [("revoke", m.RevokeSessionRequest(session_id=SESSION_ID))]


@pytest.mark.parametrize("failure", [TrustLayerError("UNREACHABLE", "UNAVAILABLE"), RuntimeError("boom")])
def test_red_7_if_revoking_fails_the_cookie_is_cleared_and_the_answer_is_503(failure: Exception, web: Web) -> None:
    """RED-7."""
    web.client.revoked = failure
    reply = web.get("/auth/sign-out", [SESSION_COOKIE], "POST")
    assert reply.status == 503
    assert reply.one("set-cookie") == f"__Host-session_id=; {ATTRIBUTES}; Max-Age=0"


def test_red_7_sign_out_without_a_session_clears_the_cookie(web: Web) -> None:
    """RED-7."""
    for headers in ([], [("cookie", "__Host-session_id=x")]):
        reply = web.get("/auth/sign-out", headers, "POST")
        assert (reply.status, len(reply.all("set-cookie"))) == (303, 1)
    doubled = [("cookie", f"__Host-session_id={SESSION_ID}; __Host-session_id={secret()}")]
    assert web.get("/auth/sign-out", doubled, "POST").status == 400
    assert web.client.calls == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_sdk_23_sign_out_accepts_post_only(method: str, web: Web) -> None:
    """SDK-23, RED-7."""
    reply = web.get("/auth/sign-out", [SESSION_COOKIE], method)
    assert (reply.status, reply.one("allow")) == (405, "POST")
    assert web.client.calls == []


@pytest.mark.parametrize("page", ["sign-in", "sign-up", "callback"])
def test_the_other_routes_accept_get_only(page: str, web: Web) -> None:
    assert web.get(f"/auth/{page}", method="POST").status == 405


@pytest.mark.parametrize(
    "headers",
    [
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
        [("sec-fetch-site", "none")],
        [("sec-fetch-site", "")],
        [("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
        [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
        [("origin", "null")],
        [("origin", "")],
        [("origin", "http://app.example")],
        [("origin", "https://app.example:8443")],
        [("origin", "https://app.example.evil.example")],
        [("origin", PUBLIC_URL), ("origin", "https://evil.example")],
    ],
)
def test_sdk_23_sign_out_from_another_site_is_refused(headers: list[tuple[str, str]], web: Web) -> None:
    """SDK-23."""
    reply = web.get("/auth/sign-out", [SESSION_COOKIE, *headers], "POST")
    assert (reply.status, reply.all("set-cookie"), web.client.calls) == (403, [], [])


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("sec-fetch-site", "same-origin")],
        [("origin", PUBLIC_URL)],
        [("sec-fetch-site", "same-origin"), ("origin", PUBLIC_URL)],
    ],
)
def test_sdk_23_sign_out_from_this_site_is_accepted(headers: list[tuple[str, str]], web: Web) -> None:
    """SDK-23."""
    assert web.get("/auth/sign-out", [SESSION_COOKIE, *headers], "POST").status == 303


@pytest.mark.parametrize(
    ("public_url", "plain"),
    [
        ("http://127.0.0.1:3000", True),
        ("http://localhost:3000", True),
        ("http://[::1]:3000", True),
        ("https://localhost:3000", False),
        ("https://app.example", False),
        ("http://app.example", False),
        ("http://localhost.example", False),
        ("http://10.0.0.1", False),
    ],
)
def test_red_5_only_plain_http_on_loopback_drops_the_prefix_and_secure(
    public_url: str, plain: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RED-5: of both cookies, and says so once."""
    monkeypatch.setattr(cookie_module, "_told", set())
    with caplog.at_level(logging.WARNING, "trust_layer"):
        jars = [CookieJar(public_url) for _ in range(3)]
    assert len(caplog.records) == (1 if plain else 0)
    attributes = "Path=/; HttpOnly; SameSite=Lax" if plain else ATTRIBUTES
    prefix = "" if plain else "__Host-"
    assert jars[0].set_session("v") == f"{prefix}session_id=v; {attributes}"
    assert jars[0].set_flow("v") == f"{prefix}trust_flow=v; {attributes}; Max-Age=600"


def test_cookies_are_read_by_their_exact_name() -> None:
    """SDK-21."""
    headers = [
        "a=1; __Host-session_id=x ;b=2",
        "\u00a0__Host-session_id=evil; __host-session_id=evil",
        "__Host-session_id",
    ]
    assert cookie_values(headers, "__Host-session_id") == ["x"]
    assert cookie_values(["session_id=1;session_id=2"], "session_id") == ["1", "2"]


def test_a_public_url_is_an_origin() -> None:
    assert origin_of("HTTPS://App.Example:443/") == "https://app.example"
    assert origin_of("http://[::1]:80") == "http://[::1]"
    for wrong in (
        "app.example",
        "https://",
        "https://a/b",
        "https://a?x",
        "https://a#x",
        "https://u@a",
        "ftp://a",
        "https://a?",
    ):
        with pytest.raises(ValueError, match="origin"):
            origin_of(wrong)


@pytest.mark.parametrize(
    "options",
    [{"sign_in_url": "id.example"}, {"sign_in_url": "https://id?x"}, {"base_path": "auth"}, {"base_path": "/a/"}],
)
def test_malformed_options_are_refused(options: dict[str, str], web: Web) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        web.with_session(**options)


def test_routes_can_be_moved_or_left_out(web: Web) -> None:
    web.with_session(base_path="/account/session")
    assert web.get("/account/session/sign-in").status == 303
    assert web.get("/auth/sign-in").body == "ok"
    web.with_session(sign_in_routes=False)
    assert web.get("/auth/sign-in").body == "ok"
    web.with_session(sign_in_url=None)
    assert web.get("/auth/sign-in").body == "ok"
    assert SignInFlow(SIGN_IN_URL, PUBLIC_URL, "/x").return_to == "https://app.example/x/callback"


def test_sdk_7_a_request_shows_no_cookie_and_no_code() -> None:
    """SDK-7."""
    request = HttpRequest("GET", "/auth/callback", f"code={CODE}", [SESSION_COOKIE])
    assert CODE not in repr(request)
    assert SESSION_ID not in repr(request)
