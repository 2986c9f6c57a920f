"""WSGI middleware (PEP 3333): works with Flask, Django and any other WSGI application."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from http.client import responses
from typing import Any, Literal, Protocol

from trust_layer._calls import Consistency
from trust_layer.errors import TrustTokenError
from trust_layer.http_message import HttpAnswer, HttpRequest
from trust_layer.request_trust import (
    RequestTrust,
    SessionReader,
    SessionRequired,
    SignedIn,
    VerifiedTrustToken,
    VerifyClient,
    level_refusal,
    one_token,
    permission_refusal,
    session_refusal,
    token_answer,
    token_refusal,
)
from trust_layer.sign_in_flow import FlowClient, SignInFlow
from trust_layer.verifier import Verifier

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_TRUST = "trust_layer.request_trust"
_FLOW = "trust_layer.sign_in_flow"
_TOKEN = "trust_layer.trust_token"  # noqa: S105 - a name
_TOKEN_VARIABLE = "HTTP_TRUST_TOKEN"  # noqa: S105 - a name


class _Client(VerifyClient, FlowClient, Protocol):
    """What the middleware calls: TrustClient, or a stand-in of a test."""


class SessionMiddleware:
    """Finds the session of each request; with `sign_in_url` also serves the redirect flow.

    app: the application. client: TrustClient. The other options are those of `asgi.SessionMiddleware`.

    Read the outcome by `request_trust`. An error leaves the request without a session ([SDK-20]).
    """

    def __init__(
        self,
        app: WsgiApp,
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

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        request = _request_of(environ)
        if self._flow is not None and self._serves_flow:
            reply = self._flow.handle(request, self._client)
            if reply is not None:
                return _send_answer(reply, environ, start_response)
        trust = self._reader.read(request, self._client)
        environ[_TRUST] = trust
        environ[_FLOW] = self._flow
        try:
            return self._app(environ, start_response)
        except SessionRequired:
            return _send_answer(session_refusal(trust, request, self._flow), environ, start_response, sys.exc_info())


def request_trust(environ: Environ) -> RequestTrust:
    """Give the session of a request, or why there is none.

    Raises RuntimeError if SessionMiddleware is not around the application.
    """
    trust = environ.get(_TRUST)
    if not isinstance(trust, RequestTrust):
        raise RuntimeError("SessionMiddleware is not around this application")
    return trust


def signed_in(environ: Environ) -> SignedIn:
    """Give the session of a request that needs one.

    Raises SessionRequired if there is none, which SessionMiddleware answers as in `asgi.signed_in`, where the framework
    lets it pass; Flask and Django answer 500 themselves unless told otherwise.
    """
    trust = request_trust(environ)
    if not isinstance(trust, SignedIn):
        raise SessionRequired
    return trust


def require_session(app: WsgiApp) -> WsgiApp:
    """Wrap an application, such as a mounted one, so that it is reached only with a session ([SDK-20])."""

    def guarded(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        trust = request_trust(environ)
        if not trust.active:
            refusal = session_refusal(trust, _request_of(environ), environ.get(_FLOW))
            return _send_answer(refusal, environ, start_response)
        return app(environ, start_response)

    return guarded


def require_level(app: WsgiApp, acr: Literal["aal1", "aal2"], *, max_age: float | None = None) -> WsgiApp:
    """Wrap an application so that it is reached only with a session of at least this `acr` ([SDK-25]).

    max_age: as in `asgi.require_level`.
    """

    def guarded(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        refusal = level_refusal(request_trust(environ), _request_of(environ), environ.get(_FLOW), acr, max_age)
        if refusal is not None:
            return _send_answer(refusal, environ, start_response)
        return app(environ, start_response)

    return guarded


def require_permission(app: WsgiApp, permission: str) -> WsgiApp:
    """Wrap an application so that only those reach it who may do this, as in `asgi.require_permission` ([SDK-26])."""

    def guarded(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        known = environ.get(_TRUST), environ.get(_TOKEN)
        refusal = permission_refusal(*known, _request_of(environ), environ.get(_FLOW), permission)
        if refusal is not None:
            return _send_answer(refusal, environ, start_response)
        return app(environ, start_response)

    return guarded


class TrustTokenMiddleware:
    """Lets a request through only with a valid Trust Token in the header `Trust-Token` ([SDK-22]).

    app: the application. verifier: of this service's audience. Read the token by `trust_token`. Refusals are answered
    401 with `WWW-Authenticate: Trust-Token error="TOKEN_…"`, or 503 if the keys could not be read.
    """

    def __init__(self, app: WsgiApp, verifier: Verifier) -> None:
        """Wrap an application."""
        self._app = app
        self._verifier = verifier

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        value: str | None = environ.get(_TOKEN_VARIABLE)
        # A WSGI server joins headers of one name by commas.
        values = [] if value is None else value.split(",")
        try:
            token = one_token(values)
            verified = VerifiedTrustToken(self._verifier.verify(token), token)
        except Exception as error:
            refusal: TrustTokenError = token_refusal(error)
            return _send_answer(token_answer(refusal), environ, start_response)
        environ[_TOKEN] = verified
        return self._app(environ, start_response)


def trust_token(environ: Environ) -> VerifiedTrustToken:
    """Give the verified Trust Token of a request.

    Raises RuntimeError if TrustTokenMiddleware is not around the application.
    """
    verified = environ.get(_TOKEN)
    if not isinstance(verified, VerifiedTrustToken):
        raise RuntimeError("TrustTokenMiddleware is not around this application")
    return verified


def _request_of(environ: Environ) -> HttpRequest:
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    headers = [
        (name[5:].replace("_", "-").lower(), value)
        for name, value in environ.items()
        if name.startswith("HTTP_") and isinstance(value, str)
    ]
    return HttpRequest(
        method=environ.get("REQUEST_METHOD", "GET").upper(),
        path=path.encode("latin-1", "replace").decode("utf-8", "replace"),
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        ip_address=environ.get("REMOTE_ADDR", ""),
    )


def _send_answer(
    reply: HttpAnswer, environ: Environ, start_response: Callable[..., Any], exc_info: Any = None
) -> Iterable[bytes]:
    headers = [*reply.headers, ("content-length", str(len(reply.body)))]
    status = f"{reply.status} {responses.get(reply.status, '')}"
    if exc_info is None:
        start_response(status, headers)
    else:
        start_response(status, headers, exc_info)
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else [reply.body]
