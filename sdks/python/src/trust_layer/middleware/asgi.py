"""ASGI middleware: works with FastAPI, Starlette and any other ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Literal, Protocol

from trust_layer._calls import Consistency
from trust_layer.errors import TrustTokenError
from trust_layer.http_message import HttpAnswer, HttpRequest
from trust_layer.request_trust import (
    TRUST_TOKEN_HEADER,
    AioVerifyClient,
    RequestTrust,
    SessionReader,
    SessionRequired,
    SignedIn,
    VerifiedTrustToken,
    level_refusal,
    one_token,
    permission_refusal,
    session_refusal,
    token_answer,
    token_refusal,
)
from trust_layer.sign_in_flow import AioFlowClient, SignInFlow
from trust_layer.verifier import AioVerifier, Verifier

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_TRUST = "trust_layer.request_trust"
_FLOW = "trust_layer.sign_in_flow"
_TOKEN = "trust_layer.trust_token"  # noqa: S105 - a name
_POLICY_VIOLATION = 1008


class _Client(AioVerifyClient, AioFlowClient, Protocol):
    """What the middleware calls: AioTrustClient, or a stand-in of a test."""


class SessionMiddleware:
    """Finds the session of each request; with `sign_in_url` also serves the redirect flow.

    app: the application. client: AioTrustClient, whose service needs the scope `sessions:verify`, and for the flow
    `sign-in` and `sessions:revoke`. public_url: origin of this app, such as `https://app.example`. sign_in_url: where
    the hosted pages are, such as `http://localhost:8080`; None serves no flow. base_path: path under which
    `/sign-in`, `/sign-up`, `/callback` and `/sign-out` (POST) are. sign_in_routes: False leaves these routes to
    another application and only links to them. consistency: as in `AioTrustClient.verify`. ValueError where an option
    is malformed.

    Read the outcome by `request_trust`. An error leaves the request without a session ([SDK-20]).
    """

    def __init__(
        self,
        app: AsgiApp,
        client: _Client,
        *,
        public_url: str,
        sign_in_url: str | None = None,
        base_path: str = "/auth",
        sign_in_routes: bool = True,
        consistency: Consistency = "BOUNDED",
    ) -> None:
        """Check the options."""
        self._app = app
        self._client = client
        self._reader = SessionReader(public_url, consistency)
        self._flow = None if sign_in_url is None else SignInFlow(sign_in_url, public_url, base_path)
        self._serves_flow = sign_in_routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request = _request_of(scope)
        if self._flow is not None and self._serves_flow and scope["type"] == "http":
            reply = await self._flow.handle_aio(request, self._client)
            if reply is not None:
                await _send_answer(reply, scope, send)
                return
        trust = await self._reader.read_aio(request, self._client)
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app({**scope, _TRUST: trust, _FLOW: self._flow}, receive, watched_send)
        except SessionRequired:
            if started:
                raise
            await _send_answer(session_refusal(trust, request, self._flow), scope, send)


def request_trust(connection: Any) -> RequestTrust:
    """Give the session of a request, or why there is none.

    connection: an ASGI scope, or an object that has it as `scope`, such as a Request or WebSocket of FastAPI. Raises
    RuntimeError if SessionMiddleware is not around the application.
    """
    trust = _scope_of(connection).get(_TRUST)
    if not isinstance(trust, RequestTrust):
        raise RuntimeError("SessionMiddleware is not around this application")
    return trust


def signed_in(connection: Any) -> SignedIn:
    """Give the session of a request that needs one.

    Raises SessionRequired if there is none, which SessionMiddleware answers: 503 after an error, otherwise a redirect
    to sign-in for a browser that asks for a page, 401 for others ([SDK-20]).
    """
    trust = request_trust(connection)
    if not isinstance(trust, SignedIn):
        raise SessionRequired
    return trust


def require_session(app: AsgiApp) -> AsgiApp:
    """Wrap an application, such as a mounted one, so that it is reached only with a session ([SDK-20])."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            trust = request_trust(scope)
            if not trust.active:
                await _send_answer(session_refusal(trust, _request_of(scope), scope.get(_FLOW)), scope, send)
                return
        await app(scope, receive, send)

    return guarded


def require_level(app: AsgiApp, acr: Literal["aal1", "aal2"], *, max_age: float | None = None) -> AsgiApp:
    """Wrap an application so that it is reached only with a session of at least this `acr` ([SDK-25]).

    max_age: seconds that may have passed since the person proved who they are; None means any. Others are sent through
    sign-in again if a browser asks for a page, or get 401 with `insufficient_user_authentication` (RFC 9470).
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            refusal = level_refusal(request_trust(scope), _request_of(scope), scope.get(_FLOW), acr, max_age)
            if refusal is not None:
                await _send_answer(refusal, scope, send)
                return
        await app(scope, receive, send)

    return guarded


def require_permission(app: AsgiApp, permission: str) -> AsgiApp:
    """Wrap an application so that only those reach it who may do this in the active organisation ([SDK-26]).

    By the Trust Token where TrustTokenMiddleware is around it, else by the session. Others get 403; without a session
    they are answered as by `require_session`.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            known = scope.get(_TRUST), scope.get(_TOKEN)
            refusal = permission_refusal(*known, _request_of(scope), scope.get(_FLOW), permission)
            if refusal is not None:
                await _send_answer(refusal, scope, send)
                return
        await app(scope, receive, send)

    return guarded


class TrustTokenMiddleware:
    """Lets a request through only with a valid Trust Token in the header `Trust-Token` ([SDK-22]).

    app: the application. verifier: of this service's audience. Read the token by `trust_token`. Refusals are answered
    401 with `WWW-Authenticate: Trust-Token error="TOKEN_…"`, or 503 if the keys could not be read.
    """

    def __init__(self, app: AsgiApp, verifier: Verifier | AioVerifier) -> None:
        """Wrap an application."""
        self._app = app
        self._verifier = verifier if isinstance(verifier, AioVerifier) else AioVerifier(verifier)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            token = one_token(_request_of(scope).header(TRUST_TOKEN_HEADER))
            verified = VerifiedTrustToken(await self._verifier.verify(token), token)
        except Exception as error:
            refusal: TrustTokenError = token_refusal(error)
            await _send_answer(token_answer(refusal), scope, send)
            return
        await self._app({**scope, _TOKEN: verified}, receive, send)


def trust_token(connection: Any) -> VerifiedTrustToken:
    """Give the verified Trust Token of a request. connection: as for `request_trust`.

    Raises RuntimeError if TrustTokenMiddleware is not around the application.
    """
    verified = _scope_of(connection).get(_TOKEN)
    if not isinstance(verified, VerifiedTrustToken):
        raise RuntimeError("TrustTokenMiddleware is not around this application")
    return verified


def _scope_of(connection: Any) -> Scope:
    # A Request of Starlette is a mapping too: its scope comes first.
    scope: Scope = getattr(connection, "scope", connection)
    return scope


def _request_of(scope: Scope) -> HttpRequest:
    client = scope.get("client")
    return HttpRequest(
        method=scope.get("method", "GET").upper(),
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=[(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]],
        ip_address=str(client[0]) if client else "",
    )


async def _send_answer(reply: HttpAnswer, scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    headers.append((b"content-length", str(len(reply.body)).encode("ascii")))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope.get("method") == "HEAD" else reply.body})
