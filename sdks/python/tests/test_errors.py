"""The one error: ERR-7, SDK-7, SDK-8."""

from __future__ import annotations

import json
import pickle
import traceback

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2

from tests.support.clients import Driver
from tests.support.facts import CODE, SERVICE_KEY, SESSION_ID, VECTORS
from tests.support.fake_server import FakeServer, failing, packed
from tests.support.tokens import token
from trust_layer import FieldViolation, TrustLayerError, TrustTokenError
from trust_layer import messages as m

TABLE = json.loads((VECTORS / "error_table.json").read_text())


def info(reason: str, domain: str = "trust-layer", **metadata: str) -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain=domain, metadata=metadata)


def fail(driver: Driver, server: FakeServer, code: grpc.StatusCode, text: str, *details: Message) -> TrustLayerError:
    # A method that is not tried again.
    server.answer("CreateSession", failing(code, text, details))
    with pytest.raises(TrustLayerError) as caught:
        driver.call("create_session", m.CreateSessionRequest())
    return caught.value


@pytest.mark.parametrize("row", TABLE["rows"], ids=lambda row: str(row["reason"]))
def test_err_7_reason_and_code_of_every_row_of_the_table(
    row: dict[str, str], driver: Driver, server: FakeServer
) -> None:
    """ERR-7."""
    error = fail(driver, server, grpc.StatusCode[row["code"]], "x", info(row["reason"], request_id="r1"))
    assert (error.reason, error.code, dict(error.metadata)) == (row["reason"], row["code"], {"request_id": "r1"})
    assert (error.fields, error.retry_after) == ((), None)


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_err_7_without_an_error_info_the_reason_is_a_local_one(
    code: grpc.StatusCode, driver: Driver, server: FakeServer
) -> None:
    """ERR-7."""
    wanted = {row["code"]: row["reason"] for row in TABLE["local"]}
    error = fail(driver, server, code, "x")
    assert (error.reason, error.code) == (wanted.get(code.name, wanted["*"]), code.name)


def test_err_7_an_error_info_of_another_domain_does_not_count(driver: Driver, server: FakeServer) -> None:
    """ERR-7."""
    foreign = info("CREDENTIAL_REJECTED", "googleapis.com", a="b")
    error = fail(driver, server, grpc.StatusCode.UNAUTHENTICATED, "x", foreign)
    assert (error.reason, dict(error.metadata)) == ("UNKNOWN", {})
    both = fail(driver, server, grpc.StatusCode.UNAUTHENTICATED, "x", foreign, info("SESSION_REJECTED"))
    assert both.reason == "SESSION_REJECTED"


def test_sdk_8_fields_and_retry_after(driver: Driver, server: FakeServer) -> None:
    """SDK-8: retry_after is seconds."""
    violations = [
        error_details_pb2.BadRequest.FieldViolation(field="identifiers[2].value", description="too long"),
        error_details_pb2.BadRequest.FieldViolation(field="device.user_agent", description="at most 512 bytes"),
    ]
    bad = error_details_pb2.BadRequest(field_violations=violations)
    error = fail(driver, server, grpc.StatusCode.INVALID_ARGUMENT, "x", info("INVALID_FIELD"), bad)
    assert error.fields == (
        FieldViolation("identifiers[2].value", "too long"),
        FieldViolation("device.user_agent", "at most 512 bytes"),
    )
    assert str(error) == "INVALID_FIELD (INVALID_ARGUMENT): identifiers[2].value, device.user_agent"
    wait = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=2, nanos=500_000_000))
    assert fail(driver, server, grpc.StatusCode.RESOURCE_EXHAUSTED, "x", info("RATE_LIMITED"), wait).retry_after == 2.5
    past = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=-2))
    assert fail(driver, server, grpc.StatusCode.RESOURCE_EXHAUSTED, "x", info("RATE_LIMITED"), past).retry_after == 0


@pytest.mark.parametrize("details", [b"\xff\xff", b"\x08\x10\x1a\x02\x0a\xff"])
def test_err_7_details_that_cannot_be_read_count_as_absent(details: bytes, driver: Driver, server: FakeServer) -> None:
    """ERR-7."""

    def broken(_request: object, context: grpc.ServicerContext) -> Message:
        context.set_trailing_metadata((("grpc-status-details-bin", details),))
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "x")
        raise AssertionError

    server.answer("CreateSession", broken)
    with pytest.raises(TrustLayerError) as caught:
        driver.call("create_session", m.CreateSessionRequest())
    assert (caught.value.reason, caught.value.code) == ("UNKNOWN", "UNAUTHENTICATED")


def test_err_7_details_of_another_code_than_the_status_do_not_count(driver: Driver, server: FakeServer) -> None:
    """ERR-7."""
    data = packed(grpc.StatusCode.NOT_FOUND, "x", [info("SESSION_NOT_FOUND")])

    def mixed(_request: object, context: grpc.ServicerContext) -> Message:
        context.set_trailing_metadata((("grpc-status-details-bin", data),))
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "x")
        raise AssertionError

    server.answer("CreateSession", mixed)
    with pytest.raises(TrustLayerError) as caught:
        driver.call("create_session", m.CreateSessionRequest())
    assert (caught.value.reason, caught.value.code) == ("UNKNOWN", "UNAUTHENTICATED")


@pytest.mark.parametrize("leak", [SESSION_ID, SERVICE_KEY, CODE, token(), "Bearer abc"])
def test_sdk_7_no_error_shows_a_secret_that_a_server_echoes(leak: str, driver: Driver, server: FakeServer) -> None:
    """SDK-7."""
    violation = error_details_pb2.BadRequest.FieldViolation(field=f"f {leak}", description=f"was {leak}")
    bad = error_details_pb2.BadRequest(field_violations=[violation])
    code = grpc.StatusCode.INVALID_ARGUMENT
    for details in ([info("INVALID_FIELD", given=f"({leak})"), bad], [info(leak)], []):
        error = fail(driver, server, code, f"refused {leak}", *details)
        shown = [str(error), repr(error), repr(error.fields), repr(dict(error.metadata))]
        shown += traceback.format_exception(error)
        assert not any(leak in text for text in shown)


def test_errors_cross_processes() -> None:
    error = TrustLayerError("RATE_LIMITED", "RESOURCE_EXHAUSTED", retry_after=1.5, metadata={"a": "b"})
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (again.reason, again.code, again.retry_after, dict(again.metadata)) == (
        "RATE_LIMITED",
        "RESOURCE_EXHAUSTED",
        1.5,
        {"a": "b"},
    )
    refused = pickle.loads(pickle.dumps(TrustTokenError("TOKEN_EXPIRED")))  # noqa: S301
    assert (refused.code, refused.reason) == ("TOKEN_EXPIRED", "TRUST_TOKEN_REJECTED")
