"""A request as the middleware reads it, and an answer as it is sent, without a web framework."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

from trust_layer.client_facts import ClientFacts
from trust_layer.gen.trust.v1.session_pb2 import Device

_MAX_USER_AGENT = 512
_NOT_ASCII = re.compile(r"[^\x20-\x7e]")
_MAPPED = re.compile(r"::ffff:(?=[0-9.]+$)", re.IGNORECASE)


@dataclass(frozen=True)
class HttpRequest:
    """method: in upper case. path: decoded. query: as received, without `?`. headers: names in lower case, each as
    often as received. ip_address: of the client, empty if not known. It has no text form of query and headers, which
    hold secrets.
    """

    method: str
    path: str
    query: str = field(default="", repr=False)
    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)
    ip_address: str = ""

    def header(self, name: str) -> list[str]:
        """Give all values of a header, named in lower case."""
        return [value for key, value in self.headers if key == name]

    def one(self, name: str) -> str | None:
        """Give the value of a query parameter; None if it is absent or there more than once."""
        try:
            pairs = parse_qsl(self.query, keep_blank_values=True, max_num_fields=100)
        except ValueError:
            return None
        values = [value for key, value in pairs if key == name]
        return values[0] if len(values) == 1 else None

    @property
    def target(self) -> str:
        """Path and query, as a link inside the app has them."""
        return quote(self.path, safe="/:@!$&'()*+,;=~") + (f"?{self.query}" if self.query else "")

    @property
    def wants_page(self) -> bool:
        """Whether a browser navigates, so that a person sees where a redirect leads."""
        modes = self.header("sec-fetch-mode")
        if modes:
            return self.method == "GET" and modes == ["navigate"]
        return self.method == "GET" and any("text/html" in value for value in self.header("accept"))

    @property
    def device(self) -> Device:
        """What is known of the device."""
        client = self.client
        return Device(user_agent=client.user_agent, ip_address=client.ip_address)

    @property
    def client(self) -> ClientFacts:
        """What is known of who sent it, within the bounds of the contract."""
        # Header values are Latin-1; keeping ASCII makes one character one byte.
        agents = self.header("user-agent")
        agent = _NOT_ASCII.sub("", agents[0])[:_MAX_USER_AGENT] if len(agents) == 1 else ""
        address = _MAPPED.sub("", self.ip_address).partition("%")[0]
        try:
            address = str(ipaddress.ip_address(address))
        except ValueError:
            address = ""
        return ClientFacts(address, agent)


@dataclass(frozen=True)
class HttpAnswer:
    """status: of HTTP. headers: to be sent in this order, without `content-length`. body: UTF-8 text."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = b""


def answer(status: int, text: str, headers: Sequence[tuple[str, str]] = ()) -> HttpAnswer:
    """Make an answer of plain text."""
    # The address of the callback holds the code: it must reach neither a cache nor another site.
    always = (
        ("cache-control", "no-store"),
        ("content-type", "text/plain; charset=utf-8"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    )
    return HttpAnswer(status, (*always, *headers), text.encode("utf-8"))


def redirect(location: str, cookies: Sequence[str] = ()) -> HttpAnswer:
    """Make a 303 that sets cookies."""
    return answer(303, "", [("location", location), *(("set-cookie", cookie) for cookie in cookies)])
