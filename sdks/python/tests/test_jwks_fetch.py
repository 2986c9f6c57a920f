"""Reading a JWKS over HTTP: TOK-27; and from asyncio: SDK-10."""

from __future__ import annotations

import asyncio
import importlib
import json
import time
from http.server import BaseHTTPRequestHandler

import pytest

from tests.support.http_server import body, http_serving
from tests.support.tokens import jwks, token, verifier
from trust_layer import AioVerifier, JwksKeySource, TrustTokenError, jwks_fetch
from trust_layer.jwks_fetch import fetch_jwks

JWKS = json.dumps(jwks()).encode()


def test_a_verifier_reads_the_keys_of_its_issuer() -> None:
    with http_serving(body(JWKS)) as (url, paths):
        made = verifier(key_source=JwksKeySource(f"{url}/.well-known/jwks.json"))
        for _ in range(5):
            assert made.verify(token()).ver == 1
    assert paths == ["/.well-known/jwks.json"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_tok_27_no_redirects(status: int) -> None:
    """TOK-27."""
    with http_serving(body(JWKS)) as (target, reached):
        with http_serving(body(JWKS, status, location=target)) as (url, _), pytest.raises(OSError, match="JWKS"):
            fetch_jwks(url)
        assert reached == []


@pytest.mark.parametrize("status", [201, 204, 400, 401, 404, 500, 503])
def test_tok_27_only_200_is_an_answer(status: int) -> None:
    """TOK-27."""
    with http_serving(body(JWKS if status != 204 else b"", status)) as (url, _), pytest.raises(OSError, match="JWKS"):
        fetch_jwks(url)


@pytest.mark.parametrize(("size", "read"), [(256_000, True), (256_001, False), (5_000_000, False)])
def test_tok_27_at_most_256_kb(size: int, read: bool) -> None:
    """TOK-27."""
    with http_serving(body(b" " * size)) as (url, _):
        if read:
            assert len(fetch_jwks(url)) == size
        else:
            with pytest.raises(OSError, match="JWKS"):
                fetch_jwks(url)


@pytest.mark.parametrize("dripped", ["header", "body"])
def test_tok_27_a_server_that_drips_its_answer_is_left_behind(dripped: str) -> None:
    """TOK-27: the time-out is for the whole reading."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"" if dripped == "header" else b"content-length: 99\r\n\r\n"))
        for _ in range(20):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.1)

    with http_serving(drip) as (url, _):
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            fetch_jwks(url, 0.3)
        assert time.monotonic() - begun < 1


def test_tok_27_the_time_out_is_5_s() -> None:
    """TOK-27."""
    assert fetch_jwks.__defaults__ == (5.0,)


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_serving(body(b"{}")) as (proxy, asked), http_serving(body(JWKS)) as (url, _):
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert importlib.reload(jwks_fetch).fetch_jwks(url) == JWKS
        assert asked == []


def test_an_unreachable_issuer_is_keys_unavailable() -> None:
    with pytest.raises(TrustTokenError) as caught:
        verifier(key_source=JwksKeySource("http://127.0.0.1:9/jwks.json")).verify(token())
    assert caught.value.code == "KEYS_UNAVAILABLE"


async def test_sdk_10_an_aio_verifier_does_not_block_the_event_loop_while_it_reads() -> None:
    """SDK-10."""
    reads = []

    def slow(_: str) -> bytes:
        reads.append(1)
        time.sleep(0.3)
        return JWKS

    made = AioVerifier(verifier(key_source=JwksKeySource("http://issuer", fetch=slow)))
    tasks = [asyncio.create_task(made.verify(token())) for _ in range(20)]
    longest = 0.0
    while not all(task.done() for task in tasks):
        before = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - before)
    assert longest < 0.2
    assert [task.result().ver for task in tasks] == [1] * 20
    assert len(reads) == 1


async def test_sdk_10_an_aio_verifier_uses_no_thread_while_the_key_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """SDK-10."""
    made = AioVerifier(verifier(key_source=JwksKeySource("http://issuer", fetch=lambda _: JWKS)))
    await made.verify(token())

    async def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(asyncio, "to_thread", refuse)
    assert (await made.verify(token())).ver == 1
    with pytest.raises(TrustTokenError) as caught:
        await made.verify("x")
    assert caught.value.code == "TOKEN_MALFORMED"


def test_an_aio_verifier_serves_one_event_loop_after_another() -> None:
    now = [0.0]
    source = JwksKeySource("http://issuer", fetch=lambda _: JWKS, clock=lambda: now[0])
    made = AioVerifier(verifier(key_source=source))

    async def many() -> list[int]:
        now[0] += 100
        return [claims.ver for claims in await asyncio.gather(*(made.verify(token()) for _ in range(5)))]

    assert asyncio.run(many()) == asyncio.run(many()) == [1] * 5
