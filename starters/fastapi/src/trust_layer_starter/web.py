"""The app that people see."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs

import httpx2
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, PackageLoader, StrictUndefined
from trust_layer import AioTrustClient, TrustLayerError
from trust_layer import messages as m
from trust_layer.middleware.asgi import SessionMiddleware, request_trust, signed_in
from trust_layer.request_trust import TRUST_TOKEN_HEADER, SignedIn

from trust_layer_starter.config import Settings
from trust_layer_starter.devices import device_name, instant_text
from trust_layer_starter.start import connections, http_client, log

_CSS = Path(__file__).parent / "public" / "app.css"
_MAX_FORM_BYTES = 1024
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
_TEMPLATES = Jinja2Templates(
    env=Environment(loader=PackageLoader("trust_layer_starter"), autoescape=True, undefined=StrictUndefined)
)
_TEMPLATES.env.filters.update(device_name=device_name, instant_text=instant_text)


def _session(request: Request) -> SignedIn:
    return signed_in(request)


Session = Annotated[SignedIn, Depends(_session)]
"""A route with a parameter of this type is reached only with a session."""


def web(settings: Settings) -> FastAPI:
    """Make the app."""
    client = AioTrustClient(settings.trust_address, service_key=settings.service_key)
    http = http_client()
    app = FastAPI(openapi_url=None, lifespan=connections(settings.trust_address, client, http))

    # The routes of sign-in and the session of each request; what needs one says so by `Session`.
    app.add_middleware(SessionMiddleware, client=client, public_url=settings.public_url, sign_in_url=settings.pages)

    async def same_origin(request: Request) -> None:
        """Refuse forms that another site sent (the cookie is SameSite=Lax already; this is the second lock)."""
        site = request.headers.get("sec-fetch-site", "same-origin")
        if site != "same-origin" or request.headers.get("origin", settings.public_url) != settings.public_url:
            raise HTTPException(403)

    @app.get("/app.css")
    async def css() -> Response:
        return FileResponse(_CSS)

    @app.get("/")
    async def home(request: Request) -> Response:
        return _page(request, "home.html", identity=request_trust(request).identity)

    @app.get("/dashboard")
    async def dashboard(request: Request, trust: Session) -> Response:
        return _page(request, "dashboard.html", identity=trust.identity, session=trust.session)

    @app.get("/account")
    async def account(request: Request, trust: Session) -> Response:
        listed = await client.list_sessions(m.ListSessionsRequest(identity_id=trust.identity.id))
        return _page(request, "account.html", identity=trust.identity, current=trust.session, sessions=listed.sessions)

    @app.post("/account/end", dependencies=[Depends(same_origin)])
    async def end(request: Request, trust: Session) -> Response:
        # The identity goes along, so that nobody ends the session of somebody else.
        handle = await _form_field(request, "handle")
        await client.revoke_session(m.RevokeSessionRequest(handle=handle, identity_id=trust.identity.id))
        return RedirectResponse("/account", 303)

    @app.post("/account/sign-out-everywhere", dependencies=[Depends(same_origin)])
    async def sign_out_everywhere(trust: Session) -> Response:
        await client.revoke_identity_sessions(m.RevokeIdentitySessionsRequest(identity_id=trust.identity.id))
        return RedirectResponse("/", 303)

    @app.get("/orders")
    async def orders(request: Request, trust: Session) -> Response:
        # The browser's session_id stays here. What travels on is a token for `orders` alone, and for a minute.
        issued = await client.issue_trust_token(
            m.IssueTrustTokenRequest(session_id=trust.session_id, audience="orders", scope=["orders:read"])
        )
        answer = await http.get(
            f"http://127.0.0.1:{settings.orders_port}/orders", headers={TRUST_TOKEN_HEADER: issued.trust_token}
        )
        chain = answer.raise_for_status().json()
        return _page(request, "orders.html", identity=trust.identity, chain=chain)

    @app.exception_handler(TrustLayerError)
    @app.exception_handler(httpx2.HTTPError)
    async def unavailable(request: Request, error: Exception) -> Response:
        log.error("web: %s", error)
        return _page(request, "error.html", 503, identity=None)

    return app


def _page(request: Request, name: str, status: int = 200, **facts: Any) -> Response:
    return _TEMPLATES.TemplateResponse(request, name, facts, status, _HEADERS)


async def _form_field(request: Request, name: str) -> str:
    """Read one field of a small form."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise HTTPException(413)
    return parse_qs(body.decode("latin-1")).get(name, [""])[0]
