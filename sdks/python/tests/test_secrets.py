"""No secret in any text form or log: SDK-7."""

from __future__ import annotations

import json
import logging
from typing import Any

import grpc
import pytest

from tests.support.clients import DriverFactory
from tests.support.facts import CODE, SERVICE_KEY, SESSION_ID, VECTORS
from tests.support.fake_server import FakeServer, failing
from tests.support.tokens import token, verifier
from trust_layer import TlsOptions, TrustLayerError, TrustTokenError
from trust_layer import messages as m
from trust_layer.token_form import parse_token


def test_sdk_7_clients_show_no_service_key(connect: DriverFactory, server: FakeServer) -> None:
    """SDK-7."""
    with connect(server.address, service_key=SERVICE_KEY) as driver:
        driver.call("verify", SESSION_ID)
        shown = repr(driver.client) + str(driver.client) + repr(driver.client._settings)
    assert server.address in shown
    assert SERVICE_KEY not in shown
    assert SERVICE_KEY[30:] not in shown


def test_sdk_7_tls_options_show_no_key() -> None:
    """SDK-7."""
    assert "secret" not in repr(TlsOptions(cert=b"secret", key=b"secret"))


def test_sdk_7_a_parsed_token_shows_nothing_of_it() -> None:
    """SDK-7."""
    given = token()
    shown = repr(parse_token(given))
    assert not any(part in shown for part in given.split("."))


@pytest.mark.parametrize("outcome", ["answered", "refused", "unreachable"])
def test_sdk_7_nothing_is_logged(
    outcome: str,
    connect: DriverFactory,
    server: FakeServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """SDK-7: neither by this package nor by what it calls."""
    caplog.set_level(logging.DEBUG)
    given = token()
    if outcome == "refused":
        for method in ("Verify", "ExchangeSignInCode", "ExchangeTrustToken"):
            server.answer(method, failing(grpc.StatusCode.INVALID_ARGUMENT, f"{SESSION_ID} {CODE} {given}"))
    address = "127.0.0.1:9" if outcome == "unreachable" else server.address
    calls: list[tuple[str, Any]] = [
        ("verify", SESSION_ID),
        ("exchange_sign_in_code", m.ExchangeSignInCodeRequest(code=CODE, code_verifier="v" * 43)),
        ("exchange_trust_token", m.ExchangeTrustTokenRequest(trust_token=given)),
    ]
    with connect(address, service_key=SERVICE_KEY) as driver:
        for method, argument in calls:
            try:
                driver.call(method, argument)
            except TrustLayerError:
                logging.getLogger("app").exception("failed")
    try:
        verifier().verify(given[:-2])
    except TrustTokenError:
        logging.getLogger("app").exception("failed")
    written = "".join(capfd.readouterr()) + caplog.text
    for secret in (SESSION_ID, CODE, SERVICE_KEY, given, given.split(".")[1], "v" * 43):
        assert secret not in written


OTHER_CODES = ("KEYS_UNAVAILABLE", "LEASE_LOST")


def test_the_local_reasons_and_codes_are_those_of_the_error_table() -> None:
    """ERR-7, SDK-10: no code of chapter 3 is missing or invented."""
    table = json.loads((VECTORS / "error_table.json").read_text())
    sources = "".join((VECTORS.parents[1] / "sdks/python/src/trust_layer" / name).read_text() for name in SOURCES)
    quoted = {part for part in sources.split('"') if part.startswith("TOKEN_") or part in OTHER_CODES}
    assert quoted == {*table["token_codes"], *table["watch_codes"]}


SOURCES = ["token_form.py", "verifier.py", "errors.py"]
