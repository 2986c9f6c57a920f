"""The redirect flow (standard, chapter 4) without a web framework: a request goes in, an answer comes out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from trust_layer.cookies import CookieJar, cookie_values, origin_of
from trust_layer.errors import TrustLayerError
from trust_layer.gen.trust.v1.session_pb2 import RevokeSessionRequest, RevokeSessionResponse
from trust_layer.gen.trust.v1.sign_in_pb2 import ExchangeSignInCodeRequest, ExchangeSignInCodeResponse
from trust_layer.http_message import HttpAnswer, HttpRequest, answer, redirect
from trust_layer.return_path import safe_return_path, to_location
from trust_layer.session_id import is_session_id, is_sign_in_code

_FLOW = re.compile(r"([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{2,2800})")
_BASE_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_MAX_PAGE_BYTES = 2_000
_UNAVAILABLE = "Sign-in is not available at the moment."


class FlowClient(Protocol):
    """The part of TrustClient that the flow needs. Its service needs the scopes `sign-in` and `sessions:revoke`."""

    def exchange_sign_in_code(self, request: ExchangeSignInCodeRequest, /) -> ExchangeSignInCodeResponse:
        """Spend the code."""
        ...

    def revoke_session(self, request: RevokeSessionRequest, /) -> RevokeSessionResponse:
        """End the session."""
        ...


class AioFlowClient(Protocol):
    """The part of AioTrustClient that the flow needs."""

    async def exchange_sign_in_code(self, request: ExchangeSignInCodeRequest, /) -> ExchangeSignInCodeResponse:
        """Spend the code."""
        ...

    async def revoke_session(self, request: RevokeSessionRequest, /) -> RevokeSessionResponse:
        """End the session."""
        ...


@dataclass(frozen=True)
class _Exchange:
    request: ExchangeSignInCodeRequest = field(repr=False)
    done: Callable[[ExchangeSignInCodeResponse], HttpAnswer]
    failed: Callable[[Exception], HttpAnswer]


@dataclass(frozen=True)
class _Revoke:
    request: RevokeSessionRequest = field(repr=False)
    done: Callable[[RevokeSessionResponse], HttpAnswer]
    failed: Callable[[Exception], HttpAnswer]


class SignInFlow:
    """Answers `GET {base}/sign-in`, `GET {base}/sign-up`, `GET {base}/callback` and `POST {base}/sign-out`.

    `GET {base}/security` leads to the page on which people look after their second factors. These take the page to
    return to from the query parameter `return_to`, a path of this app; `level=aal2` asks for a second factor.

    sign_in_url: where the hosted pages are, such as `http://localhost:8080`. public_url: origin of this app; it builds
    every link, `Host` and `Forwarded` never do. base_path: path under which the routes are. ValueError where one is
    malformed. return_to: the URL that must be in the tenant's list exactly ([RED-1]).
    """

    def __init__(self, sign_in_url: str, public_url: str, base_path: str = "/auth") -> None:
        """Check the options."""
        pages = urlsplit(sign_in_url)
        if pages.scheme not in ("http", "https") or not pages.netloc or "?" in sign_in_url or "#" in sign_in_url:
            raise ValueError("sign_in_url must be an http or https URL without query")
        if not _BASE_PATH.fullmatch(base_path):
            raise ValueError("base_path must be a path such as /auth")
        self._pages = sign_in_url.rstrip("/")
        self._origin = origin_of(public_url)
        self._cookies = CookieJar(public_url)
        self.base_path = base_path
        self.return_to = f"{self._origin}{base_path}/callback"

    def handle(self, request: HttpRequest, client: FlowClient) -> HttpAnswer | None:
        """Answer a request to one of the routes; None for any other path. Calls that fail are answered, not raised."""
        step = self._step(request)
        if isinstance(step, _Exchange):
            try:
                return step.done(client.exchange_sign_in_code(step.request))
            except Exception as error:
                return step.failed(error)
        if isinstance(step, _Revoke):
            try:
                return step.done(client.revoke_session(step.request))
            except Exception as error:
                return step.failed(error)
        return step

    async def handle_aio(self, request: HttpRequest, client: AioFlowClient) -> HttpAnswer | None:
        """Do the same with AioTrustClient."""
        step = self._step(request)
        if isinstance(step, _Exchange):
            try:
                return step.done(await client.exchange_sign_in_code(step.request))
            except Exception as error:
                return step.failed(error)
        if isinstance(step, _Revoke):
            try:
                return step.done(await client.revoke_session(step.request))
            except Exception as error:
                return step.failed(error)
        return step

    def sign_in_path(self, page: str, level: str | None = None) -> str:
        """Give the link inside this app that begins a sign-in, of a level if given, and comes back to `page`."""
        query = {"return_to": safe_return_path(page)} | ({} if level is None else {"level": level})
        return f"{self.base_path}/sign-in?{urlencode(query)}"

    def _step(self, request: HttpRequest) -> HttpAnswer | _Exchange | _Revoke | None:
        base, path = self.base_path, request.path
        if path in (f"{base}/sign-in", f"{base}/sign-up", f"{base}/security"):
            return _only("GET", request) or self._begin(path[len(base) + 1 :], request)
        if path == f"{base}/callback":
            return _only("GET", request) or self._end(request)
        if path == f"{base}/sign-out":
            return _only("POST", request) or self._sign_out(request)
        return None

    def _begin(self, page: str, request: HttpRequest) -> HttpAnswer:
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        back = safe_return_path(request.one("return_to")).encode("utf-8", "replace")
        parameters = {
            "return_to": self.return_to,
            "state": state,
            "code_challenge": _base64url(hashlib.sha256(verifier.encode("ascii")).digest()),
            "code_challenge_method": "S256",
        }
        if request.one("level") == "aal2":
            parameters["acr_values"] = "aal2"
        flow = f"{state}.{verifier}.{_base64url(back if len(back) <= _MAX_PAGE_BYTES else b'/')}"
        return redirect(f"{self._pages}/{page}?{urlencode(parameters)}", [self._cookies.set_flow(flow)])

    def _end(self, request: HttpRequest) -> HttpAnswer | _Exchange:
        flow = _FLOW.fullmatch(self._cookies.read_flow(request.header("cookie")) or "")
        code, state = request.one("code"), request.one("state")
        spent = [("set-cookie", self._cookies.clear_flow())]
        # [RED-4]: a callback that this browser did not begin would sign it in as somebody else.
        if flow is None or state is None or not _equal(state, flow[1]) or code is None or not is_sign_in_code(code):
            return answer(400, "This sign-in was not begun here, or took too long. Please start again.", spent)
        page = to_location(_page_of(flow[3]))

        def done(response: ExchangeSignInCodeResponse) -> HttpAnswer:
            if not is_session_id(response.session_id):
                return answer(503, _UNAVAILABLE, spent)
            cookies = [self._cookies.set_session(response.session_id), self._cookies.clear_flow()]
            return redirect(page, cookies)

        def failed(error: Exception) -> HttpAnswer:
            if isinstance(error, TrustLayerError) and error.reason == "SIGN_IN_CODE_REJECTED":
                return answer(400, "This sign-in is no longer valid. Please start again.", spent)
            return answer(503, _UNAVAILABLE, spent)

        previous = self._cookies.read_session(request.header("cookie"))
        exchange = ExchangeSignInCodeRequest(
            code=code,
            code_verifier=flow[2],
            return_to=self.return_to,
            device=request.device,
            # [RED-11]: what this browser held so far ends with it.
            previous_session_id=previous if is_session_id(previous) else "",
        )
        return _Exchange(exchange, done, failed)

    def _sign_out(self, request: HttpRequest) -> HttpAnswer | _Revoke:
        sites, origins = request.header("sec-fetch-site"), request.header("origin")
        if any(site != "same-origin" for site in sites) or any(origin != self._origin for origin in origins):
            return answer(403, "Sign-out must come from this site.")
        cleared = self._cookies.clear_session()
        values = cookie_values(request.header("cookie"), self._cookies.session_name)
        if len(values) > 1:
            # None of them is taken for the session, so none was ended, and that must not look like success.
            text = "There was more than one session cookie, so no session was ended."
            return answer(400, text, [("set-cookie", cleared)])
        if not values or not is_session_id(values[0]):
            return redirect("/", [cleared])

        def done(_: RevokeSessionResponse) -> HttpAnswer:
            return redirect("/", [cleared])

        def failed(_: Exception) -> HttpAnswer:
            # [RED-7]: this browser forgets the session, but the session lives on.
            return answer(503, "The session could not be ended. Please try again.", [("set-cookie", cleared)])

        return _Revoke(RevokeSessionRequest(session_id=values[0]), done, failed)


def _only(method: str, request: HttpRequest) -> HttpAnswer | None:
    return None if request.method == method else answer(405, "Method not allowed.", [("allow", method)])


def _page_of(text: str) -> str:
    try:
        page = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8")
    except ValueError:
        return "/"
    return safe_return_path(page)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
