"""Reads a JWKS over HTTP: at most 256 kB and 5 s, no redirects, no proxies ([TOK-27])."""

from __future__ import annotations

import threading
import urllib.request
from http.client import HTTPMessage
from typing import IO, Any

_MAX_BYTES = 256_000
_TIMEOUT = 5.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))


def fetch_jwks(url: str, timeout: float = _TIMEOUT) -> bytes:
    """Give the body of the URL. Raises OSError unless it is answered 200 within the bounds.

    timeout: seconds for the whole reading, name look-up included. A server that drips its answer is left behind: the
    reading goes on in a thread of its own, which ends at the server's next pause of as many seconds.
    """
    outcome: list[bytes | BaseException] = []

    def work() -> None:
        try:
            outcome.append(_fetch(url, timeout))
        except BaseException as error:
            outcome.append(error)

    worker = threading.Thread(target=work, name="trust-layer-jwks", daemon=True)
    worker.start()
    worker.join(timeout)
    if not outcome:
        raise TimeoutError("the JWKS took too long")
    if isinstance(outcome[0], BaseException):
        raise OSError("the JWKS could not be read") from outcome[0]
    return outcome[0]


def _fetch(url: str, timeout: float) -> bytes:
    accept = {"Accept": "application/jwk-set+json, application/json"}
    request = urllib.request.Request(url, headers=accept)  # noqa: S310 - the scheme is checked by the key source
    response: Any = _opener.open(request, timeout=timeout)
    with response:
        body: bytes = response.read(_MAX_BYTES + 1)
        if response.status != 200 or len(body) > _MAX_BYTES:
            raise OSError("the JWKS was not answered with 200 and at most 256 kB")
    return body
