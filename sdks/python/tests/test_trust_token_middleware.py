"""Only with a Trust Token, behind ASGI and WSGI: SDK-22, SDK-7, TOK-4."""

from __future__ import annotations

import pytest

from tests.support.tokens import NOW, claims, token, verifier
from tests.support.web import Web
from trust_layer import JwksKeySource
from trust_layer.middleware.asgi import TrustTokenMiddleware
from trust_layer.request_trust import TRUST_TOKEN_HEADER


@pytest.fixture(params=["asgi", "wsgi"])
def web(request: pytest.FixtureRequest) -> Web:
    return Web(request.param).with_token(verifier())


def test_sdk_22_a_valid_token_is_let_through_with_its_claims(web: Web) -> None:
    """SDK-22, TOK-4."""
    given = token()
    assert TRUST_TOKEN_HEADER == "trust-token"
    assert web.get("/", [("trust-token", given)]).status == 200
    assert web.token is not None
    assert (web.token.claims.jti, web.token.token) == ("t1", given)
    assert given not in repr(web.token) + str(web.token)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([], "TOKEN_SIZE"),
        ([""], "TOKEN_SIZE"),
        (["x" * 8193], "TOKEN_SIZE"),
        (["x"], "TOKEN_MALFORMED"),
        (["Bearer " + token()], "TOKEN_MALFORMED"),
        ([token() + "\u00e9"], "TOKEN_MALFORMED"),
        ([token(), token()], "TOKEN_MALFORMED"),
        ([token(), ""], "TOKEN_MALFORMED"),
        (["", token()], "TOKEN_MALFORMED"),
        ([token() + "," + token()], "TOKEN_MALFORMED"),
        ([token(claims(aud="billing"))], "TOKEN_AUDIENCE"),
        ([token(claims(iat=NOW - 100, exp=NOW - 40))], "TOKEN_EXPIRED"),
        ([token(header={"typ": "trust+jwt", "alg": "EdDSA", "kid": "?"})], "TOKEN_KEY_UNKNOWN"),
    ],
)
def test_sdk_22_anything_else_is_answered_401_with_the_code(values: list[str], code: str, web: Web) -> None:
    """SDK-22: none, more than one, or one that is refused."""
    reply = web.get("/", [("trust-token", value) for value in values])
    assert (reply.status, reply.one("www-authenticate")) == (401, f'Trust-Token error="{code}"')
    assert web.reached == 0
    assert not any(value and value in reply.body for value in values)


def test_sdk_22_keys_unavailable_is_503(web: Web) -> None:
    """SDK-22."""

    def down(_: str) -> bytes:
        raise OSError

    web.with_token(verifier(key_source=JwksKeySource("http://issuer", fetch=down)))
    reply = web.get("/", [("trust-token", token())])
    assert (reply.status, reply.all("www-authenticate"), web.reached) == (503, [], 0)


def test_sdk_22_a_verifier_that_breaks_lets_nothing_through(web: Web) -> None:
    """SDK-22: fail closed."""

    def broken() -> float:
        raise RuntimeError("boom")

    web.with_token(verifier(clock=broken))
    reply = web.get("/", [("trust-token", token())])
    assert (reply.status, web.reached, "boom" in reply.body) == (503, 0, False)


def test_tok_4_a_cookie_or_query_carries_no_token(web: Web) -> None:
    """TOK-4."""
    given = token()
    assert web.get(f"/?trust-token={given}", [("cookie", f"trust-token={given}")]).status == 401
    assert web.get("/", [("authorization", f"Bearer {given}")]).status == 401


def test_without_the_middleware_there_is_no_token() -> None:
    for kind in ("asgi", "wsgi"):
        web = Web(kind).bare(required=False)
        web.mode = "token"
        with pytest.raises(RuntimeError, match="TrustTokenMiddleware"):
            web.get("/", [("trust-token", token())])


async def test_web_sockets_need_the_token_too() -> None:
    sent = []

    async def app(_scope: object, _receive: object, _send: object) -> None:
        raise AssertionError

    async def send(message: object) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/", "headers": []}
    await TrustTokenMiddleware(app, verifier())(scope, None, send)  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]
