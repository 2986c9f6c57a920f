"""The two cookies of the middleware ([RED-4], [RED-5]) and how they are read ([SDK-21])."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from trust_layer.channel import is_loopback_host

FLOW_COOKIE_SECONDS: Final = 600
"""How long a sign-in may take: life of its cookie, in seconds."""

_log = logging.getLogger("trust_layer")
_told: set[str] = set()
_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(public_url: str) -> str:
    """Give the origin of an app's public URL, such as `https://app.example`. ValueError if it is no origin."""
    url = urlsplit(public_url)
    host = url.hostname
    plain_form = url.path in ("", "/") and not url.query and not url.fragment and "@" not in url.netloc
    if url.scheme not in _DEFAULT_PORTS or not host or not host.isascii() or not plain_form or "?" in public_url:
        raise ValueError("public_url must be an origin such as https://app.example")
    shown = f"[{host}]" if ":" in host else host
    port = url.port
    return f"{url.scheme}://{shown}" + ("" if port is None or port == _DEFAULT_PORTS[url.scheme] else f":{port}")


def cookie_values(headers: Iterable[str], name: str) -> list[str]:
    """Give every value of exactly this name in the `Cookie` headers, in their order."""
    # Space and tab only: stripping more would let a cookie named U+00A0 + `__Host-…`, which any sibling host may set,
    # pass for one with the protected prefix.
    found = []
    for header in headers:
        for pair in header.split(";"):
            key, equals, value = pair.partition("=")
            if equals and key.strip(" \t") == name:
                found.append(value.strip(" \t"))
    return found


class CookieJar:
    """Names and writes the cookies as the public URL demands.

    Only on plain HTTP with a loopback host they go without `__Host-` and `Secure`, which is logged once ([RED-5]).
    session_name, flow_name: names of the two cookies.
    """

    def __init__(self, public_url: str) -> None:
        """Raise ValueError if `public_url` is not an origin."""
        origin = origin_of(public_url)
        url = urlsplit(origin)
        plain = url.scheme == "http" and is_loopback_host(url.hostname or "")
        prefix = "" if plain else "__Host-"
        self.session_name = f"{prefix}session_id"
        self.flow_name = f"{prefix}trust_flow"
        self._attributes = f"Path=/; {'' if plain else 'Secure; '}HttpOnly; SameSite=Lax"
        if plain and origin not in _told:
            _told.add(origin)
            _log.warning("%s is plain HTTP on loopback, so cookies go without __Host- and Secure", origin)

    def read_session(self, headers: Iterable[str]) -> str | None:
        """Give the one value of the session's cookie; None if there is none or more than one ([SDK-21])."""
        values = cookie_values(headers, self.session_name)
        return values[0] if len(values) == 1 else None

    def read_flow(self, headers: Iterable[str]) -> str | None:
        """Give the one value of the flow's cookie; None if there is none or more than one."""
        values = cookie_values(headers, self.flow_name)
        return values[0] if len(values) == 1 else None

    def set_session(self, session_id: str) -> str:
        """Write the `Set-Cookie` that gives the browser its session."""
        return f"{self.session_name}={session_id}; {self._attributes}"

    def clear_session(self) -> str:
        """Write the `Set-Cookie` that takes the session's cookie away."""
        return f"{self.session_name}=; {self._attributes}; Max-Age=0"

    def set_flow(self, value: str) -> str:
        """Write the `Set-Cookie` that keeps the flow in the browser for 600 s."""
        return f"{self.flow_name}={value}; {self._attributes}; Max-Age={FLOW_COOKIE_SECONDS}"

    def clear_flow(self) -> str:
        """Write the `Set-Cookie` that takes the flow's cookie away."""
        return f"{self.flow_name}=; {self._attributes}; Max-Age=0"
