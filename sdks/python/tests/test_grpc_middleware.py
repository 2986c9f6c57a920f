"""Trust Tokens in gRPC, sync and asyncio, unary and streaming: SDK-22."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
import grpc.aio
import pytest

from tests.support.tokens import NOW, claims, token, verifier
from trust_layer import JwksKeySource, Verifier
from trust_layer.errors import error_of_rpc
from trust_layer.middleware.grpc import (
    AioTrustTokenInterceptor,
    TrustTokenInterceptor,
    trust_token,
    trust_token_metadata,
)

KINDS = ["unary_unary", "unary_stream", "stream_unary", "stream_stream"]
GUARDED = ["guarded", "guarded_stream"]
PERMISSIONS = {f"/test.Service/{name}": "orders:write" for name in GUARDED}


def who() -> bytes:
    return trust_token().claims.jti.encode()


class SyncService:
    reached = 0

    def unary_unary(self, _request: bytes, _context: Any) -> bytes:
        self.reached += 1
        return who()

    def unary_stream(self, _request: bytes, _context: Any) -> Iterator[bytes]:
        self.reached += 1
        for _ in range(3):
            yield who()

    def stream_unary(self, requests: Iterator[bytes], _context: Any) -> bytes:
        self.reached += 1
        assert list(requests) == [b"a", b"b"]
        return who()

    def stream_stream(self, requests: Iterator[bytes], _context: Any) -> Iterator[bytes]:
        self.reached += 1
        for _ in requests:
            yield who()


class AioService:
    reached = 0

    async def unary_unary(self, _request: bytes, _context: Any) -> bytes:
        self.reached += 1
        await asyncio.sleep(0)
        return who()

    async def unary_stream(self, _request: bytes, _context: Any) -> AsyncIterator[bytes]:
        self.reached += 1
        for _ in range(3):
            await asyncio.sleep(0)
            yield who()

    async def stream_unary(self, requests: AsyncIterator[bytes], _context: Any) -> bytes:
        self.reached += 1
        assert [request async for request in requests] == [b"a", b"b"]
        return who()

    async def stream_stream(self, requests: AsyncIterator[bytes], _context: Any) -> AsyncIterator[bytes]:
        self.reached += 1
        async for _ in requests:
            yield who()


def handlers(service: Any) -> grpc.GenericRpcHandler:
    made: dict[str, Any] = {kind: getattr(grpc, f"{kind}_rpc_method_handler")(getattr(service, kind)) for kind in KINDS}
    made["guarded"] = grpc.unary_unary_rpc_method_handler(service.unary_unary)
    made["guarded_stream"] = grpc.stream_stream_rpc_method_handler(service.stream_stream)
    made["Check"] = grpc.unary_unary_rpc_method_handler(_open(service))
    return grpc.method_handlers_generic_handler("test.Service", made)


def _open(service: Any) -> Callable[..., Any]:
    if isinstance(service, AioService):

        async def check_aio(_request: bytes, _context: Any) -> bytes:
            return b"open"

        return check_aio
    return lambda _request, _context: b"open"


@contextmanager
def serving_sync(made: Verifier) -> Iterator[tuple[str, SyncService]]:
    service = SyncService()
    interceptor = TrustTokenInterceptor(made, except_methods=["/test.Service/Check"], permissions=PERMISSIONS)
    server = grpc.server(futures.ThreadPoolExecutor(4), interceptors=[interceptor])
    server.add_generic_rpc_handlers([handlers(service)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", service
    finally:
        server.stop(None).wait(2)


@contextmanager
def serving_aio(made: Verifier) -> Iterator[tuple[str, AioService]]:
    service = AioService()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> tuple[grpc.aio.Server, int]:
        interceptor = AioTrustTokenInterceptor(made, except_methods=["/test.Service/Check"], permissions=PERMISSIONS)
        server = grpc.aio.server(interceptors=[interceptor])
        server.add_generic_rpc_handlers([handlers(service)])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        return server, port

    server, port = asyncio.run_coroutine_threadsafe(start(), loop).result(5)
    try:
        yield f"127.0.0.1:{port}", service
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(None), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@pytest.fixture(params=["sync", "aio"])
def serving(request: pytest.FixtureRequest) -> Any:
    return serving_sync if request.param == "sync" else serving_aio


def call(address: str, kind: str, metadata: Any) -> list[bytes]:
    with grpc.insecure_channel(address) as channel:
        shape = {"guarded_stream": "stream_stream"}.get(kind, kind if kind in KINDS else "unary_unary")
        method = getattr(channel, shape)(f"/test.Service/{kind}")
        request = iter([b"a", b"b"]) if shape.startswith("stream") else b"a"
        answer = method(request, timeout=5, metadata=metadata)
        return list(answer) if kind.endswith("stream") else [answer]


@pytest.mark.parametrize("kind", KINDS)
def test_sdk_22_a_valid_token_is_let_through_with_its_claims(kind: str, serving: Any) -> None:
    """SDK-22."""
    with serving(verifier()) as (address, service):
        answers = call(address, kind, trust_token_metadata(token(claims(jti="mine"))))
        assert set(answers) == {b"mine"}
        assert service.reached == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("values", "check"),
    [
        ([], "TOKEN_SIZE"),
        ([""], "TOKEN_SIZE"),
        (["x"], "TOKEN_MALFORMED"),
        ([token(), token()], "TOKEN_MALFORMED"),
        ([token(), "x"], "TOKEN_MALFORMED"),
        ([token(claims(aud="billing"))], "TOKEN_AUDIENCE"),
        ([token(claims(iat=NOW - 100, exp=NOW - 40))], "TOKEN_EXPIRED"),
    ],
)
def test_sdk_22_anything_else_is_unauthenticated(values: list[str], check: str, kind: str, serving: Any) -> None:
    """SDK-22: and the handler does not run."""
    with serving(verifier()) as (address, service):
        with pytest.raises(grpc.RpcError) as caught:
            call(address, kind, [("trust-token", value) for value in values])
        error = error_of_rpc(caught.value)
        assert (error.reason, error.code, dict(error.metadata)) == (
            "TRUST_TOKEN_REJECTED",
            "UNAUTHENTICATED",
            {"check": check},
        )
        assert service.reached == 0


@pytest.mark.parametrize("kind", GUARDED)
def test_sdk_26_a_method_that_needs_a_permission(kind: str, serving: Any) -> None:
    """SDK-26: it is reached only with a token that holds it."""
    organisation = {"org": "org_1", "org_ver": 1, "org_roles": ["orders:write"], "roles": ["orders:write"]}

    def holding(*permissions: str) -> Any:
        made = claims(**organisation, permissions=list(permissions), scope="orders:write")
        return trust_token_metadata(token(made))

    with serving(verifier()) as (address, service):
        for metadata in (trust_token_metadata(token()), holding(), holding("orders:read"), holding("orders:writer")):
            with pytest.raises(grpc.RpcError) as caught:
                call(address, kind, metadata)
            error = error_of_rpc(caught.value)
            assert (error.code, dict(error.metadata)) == ("PERMISSION_DENIED", {"permission": "orders:write"})
        assert service.reached == 0
        assert call(address, kind, holding("orders:read", "orders:write"))
        assert service.reached == 1


@pytest.mark.parametrize("cause", ["keys", "broken"])
def test_sdk_22_keys_unavailable_is_unavailable(cause: str, serving: Any) -> None:
    """SDK-22: and whatever else breaks decides nothing."""

    def down(*_: Any) -> Any:
        raise RuntimeError("boom")

    source = JwksKeySource("http://issuer", fetch=down)
    made = verifier(key_source=source) if cause == "keys" else verifier(clock=down)
    with serving(made) as (address, service):
        with pytest.raises(grpc.RpcError) as caught:
            call(address, "unary_unary", trust_token_metadata(token()))
        error = error_of_rpc(caught.value)
        assert (error.reason, error.code, service.reached) == ("KEYS_UNAVAILABLE", "UNAVAILABLE", 0)
        assert "boom" not in str(caught.value)


def test_a_method_that_is_excepted_needs_no_token(serving: Any) -> None:
    with serving(verifier()) as (address, _):
        assert call(address, "Check", None) == [b"open"]
        with pytest.raises(grpc.RpcError) as caught:
            call(address, "NoSuchMethod", None)
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_the_token_of_one_call_is_not_that_of_another(serving: Any) -> None:
    with serving(verifier()) as (address, _), futures.ThreadPoolExecutor(8) as pool:
        names = [f"t{number}" for number in range(24)]
        sent = [trust_token_metadata(token(claims(jti=name))) for name in names]
        jobs = [pool.submit(call, address, KINDS[at % 4], metadata) for at, metadata in enumerate(sent)]
        assert [set(job.result()) for job in jobs] == [{name.encode()} for name in names]


def test_outside_of_a_call_there_is_no_token() -> None:
    with pytest.raises(RuntimeError, match="interceptor"):
        trust_token()


@pytest.mark.parametrize("wrong", ["", "x", "a.b", "a.b.c.d", "a.b.c\n", "a.b." + "c" * 8192, "a.b.é"])
def test_sdk_7_only_a_token_goes_into_the_metadata(wrong: str) -> None:
    """SDK-7."""
    with pytest.raises(ValueError, match="JWS") as caught:
        trust_token_metadata(wrong)
    assert wrong == "" or wrong not in str(caught.value) or wrong == "x"
    assert trust_token_metadata(token()) == (("trust-token", token()),)
