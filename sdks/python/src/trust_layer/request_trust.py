"""What the middleware knows of a request: the session of a browser, or the Trust Token of another backend."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final, Literal, Protocol

from trust_layer._calls import Consistency
from trust_layer.claims import TrustTokenClaims
from trust_layer.client_facts import ClientFacts
from trust_layer.cookies import CookieJar
from trust_layer.errors import TrustLayerError, TrustTokenError
from trust_layer.gen.trust.v1.session_pb2 import IdentityFacts, OrganisationFacts, Session
from trust_layer.http_message import HttpAnswer, HttpRequest, answer, redirect
from trust_layer.session_id import is_session_id
from trust_layer.sign_in_flow import SignInFlow
from trust_layer.verdict import RejectionReason, Verdict

_RANKS: Final = {"aal1": 1, "aal2": 2}
TRUST_TOKEN_HEADER: Final = "trust-token"  # noqa: S105 - a name
"""Name of the HTTP header and of the gRPC metadata that carries a Trust Token ([TOK-4])."""

Outcome = Literal["active", "none", "rejected", "error"]
"""`active`: there is a session. `none`: no cookie, more than one of its name ([SDK-21]), or no session_id in it.
`rejected`: the Trust Layer said no. `error`: no decision was made. Only `active` allows anything ([SDK-20])."""


class RequestTrust:
    """The session of a request, or why there is none.

    outcome: see Outcome. session, identity: set if active. organisation: the active one, if there is.
    reason: set if rejected. error: set if no decision was made.
    session_id: of an active session, for `issue_trust_token`; a secret, in no text form of this object.
    client: who presented it, for Trust Tokens of sessions that are bound.
    """

    __slots__ = ("client", "error", "identity", "organisation", "outcome", "reason", "session", "session_id")

    def __init__(
        self,
        outcome: Outcome,
        *,
        session: Session | None = None,
        identity: IdentityFacts | None = None,
        reason: RejectionReason | None = None,
        error: TrustLayerError | None = None,
        session_id: str | None = None,
        organisation: OrganisationFacts | None = None,
        client: ClientFacts | None = None,
    ) -> None:
        """Make one; meaning as in the class."""
        self.outcome: Outcome = outcome
        self.session = session
        self.identity = identity
        self.reason = reason
        self.error = error
        self.session_id = session_id
        self.organisation = organisation
        self.client = client

    @property
    def active(self) -> bool:
        """Whether there is a session; then this is a SignedIn."""
        return isinstance(self, SignedIn)

    def __repr__(self) -> str:
        """Give the outcome and the public handle."""
        return f"RequestTrust({self.outcome!r}, session={self.session.handle if self.session else None!r})"


class SignedIn(RequestTrust):
    """The session of a request that has one: `session`, `identity` and `session_id` are set."""

    __slots__ = ()

    session: Session
    identity: IdentityFacts
    session_id: str

    def __init__(
        self,
        session: Session,
        identity: IdentityFacts,
        session_id: str,
        organisation: OrganisationFacts | None = None,
        client: ClientFacts | None = None,
    ) -> None:
        """Make one; meaning as in RequestTrust."""
        super().__init__(
            "active",
            session=session,
            identity=identity,
            session_id=session_id,
            organisation=organisation,
            client=client,
        )


class SessionRequired(Exception):
    """The request has no session although one is required. SessionMiddleware answers it ([SDK-20])."""


class VerifyClient(Protocol):
    """The part of TrustClient that finds sessions. Its service needs the scope `sessions:verify`."""

    def verify(
        self, session_id: str, /, *, consistency: Consistency = ..., client: ClientFacts | None = ...
    ) -> Verdict:
        """Turn a session_id into a verdict."""
        ...


class AioVerifyClient(Protocol):
    """The part of AioTrustClient that finds sessions."""

    async def verify(
        self, session_id: str, /, *, consistency: Consistency = ..., client: ClientFacts | None = ...
    ) -> Verdict:
        """Turn a session_id into a verdict."""
        ...


class SessionReader:
    """Reads the session of requests. Never raises: an error leaves the request without a session ([SDK-20])."""

    def __init__(self, public_url: str, consistency: Consistency = "BOUNDED") -> None:
        """Raise ValueError if `public_url` is not an origin."""
        self._cookies = CookieJar(public_url)
        self._consistency: Consistency = consistency

    def read(self, request: HttpRequest, client: VerifyClient) -> RequestTrust:
        """Ask for the verdict of the session's cookie."""
        session_id = self._session_id(request)
        if session_id is None:
            return RequestTrust("none")
        try:
            facts = request.client
            return _trust_of(client.verify(session_id, consistency=self._consistency, client=facts), session_id, facts)
        except Exception as error:
            return _trust_of_error(error)

    async def read_aio(self, request: HttpRequest, client: AioVerifyClient) -> RequestTrust:
        """Do the same with AioTrustClient."""
        session_id = self._session_id(request)
        if session_id is None:
            return RequestTrust("none")
        try:
            facts = request.client
            verdict = await client.verify(session_id, consistency=self._consistency, client=facts)
            return _trust_of(verdict, session_id, facts)
        except Exception as error:
            return _trust_of_error(error)

    def _session_id(self, request: HttpRequest) -> str | None:
        value = self._cookies.read_session(request.header("cookie"))
        return value if is_session_id(value) else None


def _trust_of(verdict: Verdict, session_id: str, client: ClientFacts) -> RequestTrust:
    if verdict.active is True:
        return SignedIn(verdict.session, verdict.identity, session_id, verdict.organisation, client)
    return RequestTrust("rejected", reason=verdict.reason)


def _trust_of_error(error: Exception) -> RequestTrust:
    return RequestTrust("error", error=error if isinstance(error, TrustLayerError) else TrustLayerError("UNKNOWN"))


def session_refusal(trust: RequestTrust, request: HttpRequest, flow: SignInFlow | None) -> HttpAnswer:
    """Answer a request without the session that it needs ([SDK-20]): 503, a redirect to sign-in, or 401."""
    if trust.outcome == "error":
        return answer(503, "No decision could be made. Please try again.", [("retry-after", "1")])
    if flow is not None and request.wants_page:
        return redirect(flow.sign_in_path(request.target))
    return answer(401, "Please sign in.")


def level_refusal(
    trust: RequestTrust, request: HttpRequest, flow: SignInFlow | None, acr: str, max_age: float | None
) -> HttpAnswer | None:
    """Answer a request whose session is not strong or fresh enough ([SDK-25]); None if it may pass."""
    if not isinstance(trust, SignedIn):
        return session_refusal(trust, request, flow)
    age = time.time() - trust.session.authenticated_at.ToMilliseconds() / 1000
    strong = _RANKS.get(trust.session.acr, 0) >= _RANKS[acr]
    if strong and (max_age is None or age <= max_age):
        return None
    if flow is not None and request.wants_page:
        return redirect(flow.sign_in_path(request.target, acr))
    bound = "" if max_age is None else f', max_age="{max_age:g}"'
    challenge = f'Session error="insufficient_user_authentication", acr_values="{acr}"{bound}'
    return answer(401, "A stronger or fresher sign-in is required.", [("www-authenticate", challenge)])


class VerifiedTrustToken:
    """A Trust Token that was verified.

    claims: what it says. token: the token itself, for `exchange_trust_token`; a secret, in no text form of this object.
    """

    __slots__ = ("claims", "token")

    def __init__(self, claims: TrustTokenClaims, token: str) -> None:
        """Keep claims and token."""
        self.claims = claims
        self.token = token

    def __repr__(self) -> str:
        """Give the id of the token and its subject."""
        return f"VerifiedTrustToken(jti={self.claims.jti!r}, sub={self.claims.sub!r})"


def permission_refusal(
    trust: RequestTrust | None,
    token: VerifiedTrustToken | None,
    request: HttpRequest,
    flow: SignInFlow | None,
    permission: str,
) -> HttpAnswer | None:
    """Answer a request that may not do something in the active organisation; None if it may ([SDK-26])."""
    if token is not None:
        held: Sequence[str] = token.claims.permissions or ()
    elif isinstance(trust, SignedIn):
        held = trust.organisation.permissions if trust.organisation is not None else ()
    elif trust is not None:
        return session_refusal(trust, request, flow)
    else:
        raise RuntimeError("neither SessionMiddleware nor TrustTokenMiddleware is around this application")
    return None if permission in held else answer(403, "Not permitted.")


def one_token(values: Sequence[Any]) -> str:
    """Give the only value of the header; an empty text if there is none. More than one is refused ([SDK-22])."""
    if len(values) > 1 or not all(isinstance(value, str) for value in values):
        raise TrustTokenError("TOKEN_MALFORMED")
    return values[0] if values else ""


def token_refusal(error: Exception) -> TrustTokenError:
    """Give the error of a Trust Token. Whatever is not about the token is `KEYS_UNAVAILABLE`: nothing was decided."""
    return error if isinstance(error, TrustTokenError) else TrustTokenError("KEYS_UNAVAILABLE")


def token_answer(error: TrustTokenError) -> HttpAnswer:
    """Answer a request whose Trust Token was refused ([SDK-22]): 401, or 503 if it could not be judged."""
    if not error.is_final:
        return answer(503, "No decision could be made. Please try again.", [("retry-after", "1")])
    return answer(401, "A valid Trust Token is needed.", [("www-authenticate", f'Trust-Token error="{error.code}"')])
