"""Trust Tokens in gRPC: server interceptors, sync and asyncio, and the metadata of the client side ([SDK-22])."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import grpc
import grpc.aio
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from trust_layer.errors import DOMAIN, TrustTokenError
from trust_layer.request_trust import TRUST_TOKEN_HEADER, VerifiedTrustToken, one_token, token_refusal
from trust_layer.verifier import AioVerifier, Verifier

if TYPE_CHECKING:
    _Handler: TypeAlias = grpc.RpcMethodHandler[Any, Any]

_Refusal: TypeAlias = tuple[grpc.StatusCode, str, tuple[tuple[str, bytes], ...]]

_COMPACT = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){2}")
_current: ContextVar[VerifiedTrustToken | None] = ContextVar("trust_layer_trust_token", default=None)


def trust_token_metadata(token: str) -> tuple[tuple[str, str], ...]:
    """Give the metadata that carries a Trust Token to the next service: `stub.Call(request, metadata=…)`.

    token: from `issue_trust_token` or `exchange_trust_token`. ValueError if it is no JWS in compact form of at most
    8,192 bytes; the text does not hold it.
    """
    if len(token) > 8_192 or not _COMPACT.fullmatch(token):
        raise ValueError("token must be a JWS in compact form of at most 8,192 bytes")
    return ((TRUST_TOKEN_HEADER, token),)


def trust_token() -> VerifiedTrustToken:
    """Give the verified Trust Token of the call that runs.

    Raises RuntimeError outside of a call that passed an interceptor of this module.
    """
    verified = _current.get()
    if verified is None:
        raise RuntimeError("no interceptor of this module is around this call")
    return verified


class TrustTokenInterceptor(grpc.ServerInterceptor):
    """Lets a call through only with a valid Trust Token in the metadata `trust-token`.

    Refusals are UNAUTHENTICATED with reason TRUST_TOKEN_REJECTED, or UNAVAILABLE with KEYS_UNAVAILABLE or LEASE_LOST;
    `check` in the metadata of the ErrorInfo is the code of chapter 3. Read the token by `trust_token`.

    verifier: of this service's audience. except_methods: full names of methods that need no token, such as
    `/grpc.health.v1.Health/Check`. permissions: by full method, such as `{"/shop.v1.Orders/Cancel": "orders:write"}`: a
    token that does not hold the one of its method is answered PERMISSION_DENIED ([SDK-26]).
    """

    def __init__(
        self,
        verifier: Verifier,
        *,
        except_methods: Collection[str] = (),
        permissions: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the options."""
        self._verifier = verifier
        self._permissions = dict(permissions or {})
        self._except_methods = frozenset(except_methods)

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], _Handler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler | None:
        """Wrap the handler. The token is verified where the handler runs: here reading keys would hold up all calls."""
        handler = continuation(handler_call_details)
        if handler is None or handler_call_details.method in self._except_methods:
            return handler
        permission = self._permissions.get(handler_call_details.method)
        if handler.response_streaming:
            return _rebuild(handler, self._streaming(_behaviour(handler), permission))
        return _rebuild(handler, self._unary(_behaviour(handler), permission))

    def _unary(self, behaviour: Callable[..., Any], permission: str | None) -> Callable[..., Any]:
        def guarded(request: Any, context: grpc.ServicerContext) -> Any:
            mark = _current.set(self._verify(context, permission))
            try:
                return behaviour(request, context)
            finally:
                _current.reset(mark)

        return guarded

    def _streaming(self, behaviour: Callable[..., Any], permission: str | None) -> Callable[..., Any]:
        def guarded(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            verified = self._verify(context, permission)
            # Each step may run in another thread, so each sets the token anew.
            _current.set(verified)
            answers = iter(behaviour(request, context))
            while True:
                _current.set(verified)
                try:
                    item = next(answers)
                except StopIteration:
                    return
                finally:
                    _current.set(None)
                yield item

        return guarded

    def _verify(self, context: grpc.ServicerContext, permission: str | None) -> VerifiedTrustToken:
        try:
            token = one_token(_values_of(context.invocation_metadata()))
            verified = VerifiedTrustToken(self._verifier.verify(token), token)
        except Exception as error:
            _refuse(token_refusal(error), context)
        if not _permits(verified, permission):
            status, text, trailers = _not_permitted(permission)
            context.set_trailing_metadata(trailers)
            context.abort(status, text)
        return verified


class AioTrustTokenInterceptor(grpc.aio.ServerInterceptor):
    """The same for asyncio servers. Options and refusals as in TrustTokenInterceptor.

    Handlers that are plain functions run in other threads, where `trust_token` finds nothing: make them coroutines.
    """

    def __init__(
        self,
        verifier: Verifier | AioVerifier,
        *,
        except_methods: Collection[str] = (),
        permissions: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the options."""
        self._verifier = verifier if isinstance(verifier, AioVerifier) else AioVerifier(verifier)
        self._permissions = dict(permissions or {})
        self._except_methods = frozenset(except_methods)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[_Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler | None:
        """Verify the token, then give the handler or one that refuses."""
        handler = await continuation(handler_call_details)
        _current.set(None)
        if handler is None or handler_call_details.method in self._except_methods:
            return handler
        try:
            token = one_token(_values_of(handler_call_details.invocation_metadata))
            verified = VerifiedTrustToken(await self._verifier.verify(token), token)
        except Exception as error:
            return _refusing(handler, _status_of(token_refusal(error)))
        permission = self._permissions.get(handler_call_details.method)
        if not _permits(verified, permission):
            return _refusing(handler, _not_permitted(permission))
        _current.set(verified)
        return handler


def _values_of(metadata: Any) -> list[Any]:
    return [value for key, value in metadata or () if key == TRUST_TOKEN_HEADER]


def _behaviour(handler: _Handler) -> Callable[..., Any]:
    behaviour: Callable[..., Any] | None = (
        (handler.stream_stream if handler.response_streaming else handler.stream_unary)
        if handler.request_streaming
        else (handler.unary_stream if handler.response_streaming else handler.unary_unary)
    )
    if behaviour is None:
        raise TypeError("a handler without behaviour")
    return behaviour


def _rebuild(handler: _Handler, behaviour: Callable[..., Any]) -> _Handler:
    make: Callable[..., _Handler] = (
        (grpc.stream_stream_rpc_method_handler if handler.response_streaming else grpc.stream_unary_rpc_method_handler)
        if handler.request_streaming
        else (
            grpc.unary_stream_rpc_method_handler if handler.response_streaming else grpc.unary_unary_rpc_method_handler
        )
    )
    return make(behaviour, handler.request_deserializer, handler.response_serializer)


def _permits(verified: VerifiedTrustToken, permission: str | None) -> bool:
    return permission is None or permission in (verified.claims.permissions or ())


def _not_permitted(permission: str | None) -> _Refusal:
    facts = {"permission": permission or ""}
    return _refusal(grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING", "not permitted", facts)


def _refusing(handler: _Handler, refusal: _Refusal) -> _Handler:
    status, text, trailers = refusal

    async def refuse(request: Any, context: Any) -> Any:
        await context.abort(status, text, trailers)

    async def refuse_stream(request: Any, context: Any) -> Any:
        await context.abort(status, text, trailers)
        yield  # Never reached: makes this a generator, as the server expects.

    return _rebuild(handler, refuse_stream if handler.response_streaming else refuse)


def _refuse(error: TrustTokenError, context: grpc.ServicerContext) -> NoReturn:
    status, text, trailers = _status_of(error)
    context.set_trailing_metadata(trailers)
    context.abort(status, text)
    raise error


def _status_of(error: TrustTokenError) -> _Refusal:
    if not error.is_final:
        code, reason, text = grpc.StatusCode.UNAVAILABLE, error.reason, "no decision could be made"
    else:
        code, reason, text = grpc.StatusCode.UNAUTHENTICATED, "TRUST_TOKEN_REJECTED", "a valid Trust Token is needed"
    return _refusal(code, reason, text, {"check": error.code})


def _refusal(code: grpc.StatusCode, reason: str, text: str, facts: Mapping[str, str]) -> _Refusal:
    info = error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=facts)
    detail = any_pb2.Any()
    detail.Pack(info)
    status = status_pb2.Status(code=code.value[0], message=text, details=[detail])
    return code, text, (("grpc-status-details-bin", status.SerializeToString()),)
