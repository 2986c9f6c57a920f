"""Who presents a session_id: what a bound session is judged by (SES-16)."""

from __future__ import annotations

from typing import NamedTuple


class ClientFacts(NamedTuple):
    """What a backend sees of the client of a request; empty means not known.

    ip_address: IPv4 or IPv6 address as text, the one that the backend takes for true: never an unchecked header.
    user_agent: the `User-Agent` header, at most 512 bytes.
    """

    ip_address: str = ""
    user_agent: str = ""


class Presented(NamedTuple):
    """One question: a session_id, and who presents it."""

    session_id: str
    client: ClientFacts | None = None

    @property
    def bound_key(self) -> str:
        """What an answer about a bound session depends on. No session_id and no address holds a line break."""
        client = self.client or ClientFacts()
        return f"{self.session_id}\n{client.ip_address}\n{client.user_agent}"
