"""A client without a server, for the middleware."""

from __future__ import annotations

from typing import Any, TypeVar

from tests.support.facts import HANDLE, IDENTITY_ID, SESSION_ID
from trust_layer import ActiveVerdict, ClientFacts, RejectedVerdict, Verdict
from trust_layer import messages as m

Answer = TypeVar("Answer")


class FakeClient:
    """Answers `verify`, `exchange_sign_in_code` and `revoke_session` as a test says; an exception is raised."""

    def __init__(self) -> None:
        session = m.Session(handle=HANDLE, identity_id=IDENTITY_ID)
        self.verdict: Verdict | Exception = ActiveVerdict(session, m.IdentityFacts(id=IDENTITY_ID), 0)
        self.exchanged: m.ExchangeSignInCodeResponse | Exception = m.ExchangeSignInCodeResponse(session_id=SESSION_ID)
        self.revoked: m.RevokeSessionResponse | Exception = m.RevokeSessionResponse(handle=HANDLE, version=2)
        self.calls: list[tuple[str, Any]] = []
        self.client: ClientFacts | None = None

    def reject(self) -> None:
        self.verdict = RejectedVerdict("REVOKED")

    def verify(self, session_id: str, /, *, consistency: str = "BOUNDED", client: ClientFacts | None = None) -> Verdict:
        self.calls.append(("verify", (session_id, consistency)))
        self.client = client
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict

    def exchange_sign_in_code(self, request: m.ExchangeSignInCodeRequest, /) -> m.ExchangeSignInCodeResponse:
        self.calls.append(("exchange", request))
        return _given(self.exchanged)

    def revoke_session(self, request: m.RevokeSessionRequest, /) -> m.RevokeSessionResponse:
        self.calls.append(("revoke", request))
        return _given(self.revoked)


class AioFakeClient:
    """The same for asyncio."""

    def __init__(self, client: FakeClient) -> None:
        self._client = client

    async def verify(
        self, session_id: str, /, *, consistency: str = "BOUNDED", client: ClientFacts | None = None
    ) -> Verdict:
        return self._client.verify(session_id, consistency=consistency, client=client)

    async def exchange_sign_in_code(self, request: m.ExchangeSignInCodeRequest, /) -> m.ExchangeSignInCodeResponse:
        return self._client.exchange_sign_in_code(request)

    async def revoke_session(self, request: m.RevokeSessionRequest, /) -> m.RevokeSessionResponse:
        return self._client.revoke_session(request)


def _given(answer: Answer | Exception) -> Answer:
    if isinstance(answer, Exception):
        raise answer
    return answer
