"""One face for an ASGI and a WSGI application, so that each test of a rule holds both middlewares to it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from wsgiref.validate import validator

from tests.support.fake_client import AioFakeClient, FakeClient
from trust_layer import Verifier
from trust_layer.middleware import asgi, wsgi
from trust_layer.request_trust import RequestTrust, VerifiedTrustToken

PUBLIC_URL = "https://app.example"
SIGN_IN_URL = "https://id.example"


@dataclass
class Reply:
    """An answer as a browser sees it."""

    status: int
    headers: list[tuple[str, str]]
    body: str

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def one(self, name: str) -> str:
        (value,) = self.all(name)
        return value


class Web:
    """An application behind a middleware. It answers 200 and remembers what the middleware told it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.client = FakeClient()
        self.trust: RequestTrust | None = None
        self.token: VerifiedTrustToken | None = None
        self.reached = 0
        self.mode = "open"
        self._app: Any = None

    def with_session(self, **options: Any) -> Web:
        settings = {"public_url": PUBLIC_URL, "sign_in_url": SIGN_IN_URL, **options}
        level: Any = settings.pop("level", None)
        permission: Any = settings.pop("permission", None)
        if level is not None or permission is not None:
            middleware: Any = asgi if self.kind == "asgi" else wsgi
            make: Any = asgi.SessionMiddleware if self.kind == "asgi" else wsgi.SessionMiddleware
            inside = self._asgi_app if self.kind == "asgi" else self._wsgi_app
            client = AioFakeClient(self.client) if self.kind == "asgi" else self.client
            guarded = (
                middleware.require_level(inside, level[0], max_age=level[1])
                if permission is None
                else middleware.require_permission(inside, permission)
            )
            self._app = make(guarded, client, **settings)
        elif self.kind == "asgi":
            app = asgi.require_session(self._asgi_app) if settings.pop("required", False) else self._asgi_app
            self._app = asgi.SessionMiddleware(app, AioFakeClient(self.client), **settings)
        else:
            inner = wsgi.require_session(self._wsgi_app) if settings.pop("required", False) else self._wsgi_app
            self._app = wsgi.SessionMiddleware(inner, self.client, **settings)
        return self

    def with_token(self, verifier: Verifier) -> Web:
        self.mode = "token"
        make: Any = asgi.TrustTokenMiddleware if self.kind == "asgi" else wsgi.TrustTokenMiddleware
        self._app = make(self._asgi_app if self.kind == "asgi" else self._wsgi_app, verifier)
        return self

    def bare(self, *, required: bool) -> Web:
        """Forget to put a middleware around."""
        if self.kind == "asgi":
            self._app = asgi.require_session(self._asgi_app) if required else self._asgi_app
        else:
            self._app = wsgi.require_session(self._wsgi_app) if required else self._wsgi_app
        return self

    def get(self, target: str, headers: Sequence[tuple[str, str]] = (), method: str = "GET") -> Reply:
        if self.kind == "asgi":
            return asyncio.run(self._asgi(target, headers, method))
        return self._wsgi(target, headers, method)

    async def _asgi_app(self, scope: asgi.Scope, _receive: asgi.Receive, send: asgi.Send) -> None:
        self._note(asgi, scope)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"ok"})

    def _wsgi_app(self, environ: wsgi.Environ, start_response: Any) -> Iterable[bytes]:
        self._note(wsgi, environ)
        start_response("200 OK", [("content-type", "text/plain")])
        return [b"ok"]

    def _note(self, module: Any, request: Any) -> None:
        if self.mode == "token":
            self.token = module.trust_token(request)
        else:
            self.trust = module.signed_in(request) if self.mode == "signed_in" else module.request_trust(request)
        self.reached += 1

    async def _asgi(self, target: str, headers: Sequence[tuple[str, str]], method: str) -> Reply:
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode("latin-1"),
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            "client": ("192.0.2.7", 5000),
        }
        sent: list[Any] = []

        async def receive() -> asgi.Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: asgi.Message) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        shown = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in sent[0]["headers"]]
        return Reply(sent[0]["status"], shown, b"".join(message.get("body", b"") for message in sent[1:]).decode())

    def _wsgi(self, target: str, headers: Sequence[tuple[str, str]], method: str) -> Reply:
        path, _, query = target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path.encode().decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "app.example",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.7",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in headers:
            variable = "HTTP_" + name.upper().replace("-", "_")
            joint = "; " if name == "cookie" else ","
            environ[variable] = environ[variable] + joint + value if variable in environ else value
        started: list[Any] = []

        def start_response(status: str, shown: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [int(status.split(" ", maxsplit=1)[0]), shown]
            return lambda data: None

        answer: Any = validator(self._app)(environ, start_response)
        body = b"".join(answer)
        answer.close()
        return Reply(started[0], started[1], body.decode())
