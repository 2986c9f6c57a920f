"""TrustClient and AioTrustClient: SDK-1 to SDK-4, SDK-7."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2

from tests.support.clients import Driver, DriverFactory
from tests.support.facts import (
    HANDLE,
    IDENTITY_ID,
    OTHER_SESSION_ID,
    SERVICE_KEY,
    SESSION_ID,
    VECTORS,
    active_verdict,
    rejected_verdict,
)
from tests.support.fake_server import FakeServer, failing, serving
from trust_layer import ActiveVerdict, AioTrustClient, RejectedVerdict, TrustClient, TrustLayerError
from trust_layer import messages as m
from trust_layer.gen.rpcs import UNARY_RPCS

RETRIED = {
    row["method"]
    for config in json.loads((VECTORS / "service_config.json").read_text())["methodConfig"]
    for row in config["name"]
}
OTHERS = sorted(name for name in UNARY_RPCS if name not in ("verify", "batch_verify"))


def pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def ask(driver: Driver, name: str) -> Any:
    if name == "verify":
        return driver.call("verify", SESSION_ID)
    if name == "batch_verify":
        return driver.call("batch_verify", [])
    return driver.call(name, UNARY_RPCS[name]())


@pytest.mark.parametrize("client", [TrustClient, AioTrustClient])
def test_sdk_1_every_unary_rpc_is_a_method(client: type) -> None:
    """SDK-1."""
    assert len(UNARY_RPCS) >= 50
    assert [name for name in UNARY_RPCS if not callable(getattr(client, name, None))] == []


@pytest.mark.parametrize("name", OTHERS)
def test_sdk_1_a_method_calls_the_rpc_of_its_name_with_the_message(
    name: str, driver: Driver, server: FakeServer
) -> None:
    """SDK-1."""
    response = ask(driver, name)
    assert server.methods() == [pascal(name)]
    assert type(response).__name__ == pascal(name) + "Response"
    assert type(server.calls[0].request) is UNARY_RPCS[name]


def test_sdk_1_verify_and_batch_verify_take_session_ids_and_return_verdicts(driver: Driver, server: FakeServer) -> None:
    """SDK-1."""
    server.answer("Verify", m.VerifyResponse(verdict=active_verdict()))
    server.answer("BatchVerify", m.BatchVerifyResponse(verdicts=[rejected_verdict(), active_verdict()]))
    one = driver.call("verify", SESSION_ID)
    assert isinstance(one, ActiveVerdict)
    assert (one.active, one.session.handle, one.identity.id, one.cache_for_ms) == (True, HANDLE, IDENTITY_ID, 5)
    assert server.calls[0].request == m.VerifyRequest(
        tenant_id="default", session_id=SESSION_ID, consistency=m.CONSISTENCY_BOUNDED
    )
    first, second = driver.call("batch_verify", [OTHER_SESSION_ID, SESSION_ID], consistency="STRONG")
    assert first == RejectedVerdict("REVOKED")
    assert second.active
    assert server.calls[1].request == m.BatchVerifyRequest(
        tenant_id="default", session_ids=[OTHER_SESSION_ID, SESSION_ID], consistency=m.CONSISTENCY_STRONG
    )


def test_the_tenant_is_filled_in_on_a_copy_where_the_request_names_none(
    connect: DriverFactory, server: FakeServer
) -> None:
    with connect(server.address, tenant_id="acme") as driver:
        request = m.GetIdentityRequest(identity_id=IDENTITY_ID)
        driver.call("get_identity", request)
        driver.call("get_identity", m.GetIdentityRequest(tenant_id="other"))
        driver.call("verify", SESSION_ID)
    assert [call.request.tenant_id for call in server.calls] == ["acme", "other", "acme"]
    assert request == m.GetIdentityRequest(identity_id=IDENTITY_ID)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_sdk_2_another_number_of_verdicts_than_asked_for_is_an_error(
    count: int, driver: Driver, server: FakeServer
) -> None:
    """SDK-2: an answer must not slide to another question."""
    server.answer("BatchVerify", m.BatchVerifyResponse(verdicts=[active_verdict()] * count))
    with pytest.raises(TrustLayerError) as caught:
        driver.call("batch_verify", [SESSION_ID, OTHER_SESSION_ID])
    assert caught.value.reason == "UNKNOWN"


@pytest.mark.parametrize("name", sorted(UNARY_RPCS))
def test_sdk_3_every_call_has_a_deadline_of_3_s(name: str, driver: Driver, server: FakeServer) -> None:
    """SDK-3."""
    ask(driver, name)
    remaining = server.calls[0].time_remaining
    assert remaining is not None
    assert 1.5 < remaining <= 3.1


def test_sdk_3_the_deadline_holds_with_all_retries(connect: DriverFactory, server: FakeServer) -> None:
    """SDK-3."""

    def slow(_request: Any, context: grpc.ServicerContext) -> Any:
        time.sleep(0.2)
        return failing(grpc.StatusCode.UNAVAILABLE)(_request, context)

    server.answer("Verify", slow)
    with connect(server.address, timeout=0.3) as driver:
        begun = time.monotonic()
        with pytest.raises(TrustLayerError) as caught:
            driver.call("verify", SESSION_ID)
    assert (caught.value.reason, caught.value.code) == ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize("name", sorted(UNARY_RPCS))
def test_sdk_4_unavailable_is_tried_5_times_for_the_listed_rpcs_only(
    name: str, driver: Driver, server: FakeServer
) -> None:
    """SDK-4: and calls that create are tried once."""
    server.answer(pascal(name), failing(grpc.StatusCode.UNAVAILABLE))
    with pytest.raises(TrustLayerError) as caught:
        ask(driver, name)
    assert caught.value.code == "UNAVAILABLE"
    assert len(server.calls) == (5 if pascal(name) in RETRIED else 1)


@pytest.mark.parametrize(
    "code", [code for code in grpc.StatusCode if code not in (grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE)]
)
def test_sdk_4_no_other_status_is_tried_again(code: grpc.StatusCode, driver: Driver, server: FakeServer) -> None:
    """SDK-4."""
    server.answer("Verify", failing(code))
    with pytest.raises(TrustLayerError) as caught:
        driver.call("verify", SESSION_ID)
    assert caught.value.code == code.name
    assert len(server.calls) == 1


def test_sdk_4_a_retry_that_succeeds_is_the_answer(driver: Driver, server: FakeServer) -> None:
    """SDK-4."""

    def second_time(request: Any, context: grpc.ServicerContext) -> Any:
        if len(server.calls) == 1:
            return failing(grpc.StatusCode.UNAVAILABLE, details=[draining()])(request, context)
        return m.VerifyResponse(verdict=active_verdict())

    server.answer("Verify", second_time)
    assert driver.call("verify", SESSION_ID).active
    assert len(server.calls) == 2


def draining() -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason="DRAINING", domain="trust-layer")


def test_the_service_key_is_sent_as_bearer_and_only_if_there_is_one(connect: DriverFactory, server: FakeServer) -> None:
    for key in (SERVICE_KEY, None, ""):
        with connect(server.address, service_key=key) as driver:
            driver.call("verify", SESSION_ID)
    sent = [[value for name, value in call.metadata if name == "authorization"] for call in server.calls]
    assert sent == [[f"Bearer {SERVICE_KEY}"], [], []]


@pytest.mark.parametrize("key", ["tlk_a\nb", "tlk a", "tlk_\u00e9", "x" * 513])
def test_sdk_7_a_service_key_that_no_header_can_carry_is_refused_without_showing_it(
    key: str, connect: DriverFactory
) -> None:
    """SDK-7."""
    with pytest.raises(ValueError, match="service_key") as caught, connect("127.0.0.1:1", service_key=key):
        pass
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [{"timeout": 0}, {"timeout": -1}, {"timeout": float("nan")}, {"timeout": float("inf")}, {"tenant_id": ""}],
)
def test_options_out_of_bounds_are_refused(options: dict[str, Any], connect: DriverFactory) -> None:
    with pytest.raises(ValueError, match=next(iter(options))), connect("127.0.0.1:1", **options):
        pass


def test_a_text_that_utf_8_cannot_carry_is_no_session_id_and_in_no_error(driver: Driver, server: FakeServer) -> None:
    """SDK-7."""
    server.answer("Verify", m.VerifyResponse(verdict=rejected_verdict(m.REJECTION_REASON_MALFORMED)))
    assert driver.call("verify", SESSION_ID + "\ud800") == RejectedVerdict("MALFORMED")
    assert server.calls == []
    driver.call("verify", SESSION_ID + "\ud800" * 256)
    assert server.calls[0].request.session_id == ""


@pytest.mark.parametrize("wrong", [None, 1, b"ts_"])
def test_sdk_7_what_is_no_text_is_refused_without_showing_it(wrong: Any, driver: Driver) -> None:
    """SDK-7."""
    with pytest.raises(TypeError, match="must be a string"):
        driver.call("verify", wrong)
    with pytest.raises(TypeError, match="must be a list"):
        driver.call("batch_verify", SESSION_ID)
    with pytest.raises(ValueError, match="consistency"):
        driver.call("verify", SESSION_ID, consistency="strong")


def test_a_closed_client_raises_cancelled(connect: DriverFactory, server: FakeServer) -> None:
    with connect(server.address) as driver:
        driver.call("verify", SESSION_ID)
        driver.call("close")
        driver.call("close")
        with pytest.raises(TrustLayerError) as caught:
            driver.call("verify", SESSION_ID)
    assert (caught.value.reason, caught.value.code) == ("CANCELLED", "CANCELLED")


def test_clients_are_context_managers(server: FakeServer) -> None:
    with TrustClient(server.address) as client:
        client.verify(SESSION_ID)

    async def run() -> None:
        async with AioTrustClient(server.address) as aio_client:
            await aio_client.verify(SESSION_ID)

    asyncio.run(run())
    assert server.methods() == ["Verify", "Verify"]


def test_an_aio_client_serves_one_event_loop_after_another(server: FakeServer) -> None:
    client = AioTrustClient(server.address)
    for _ in range(2):
        asyncio.run(client.verify(SESSION_ID))
    assert server.methods() == ["Verify", "Verify"]


async def test_cancelling_a_task_cancels_its_call_and_stays_a_cancellation(server: FakeServer) -> None:
    def slow(_request: Any, _context: grpc.ServicerContext) -> m.VerifyResponse:
        time.sleep(0.5)
        return m.VerifyResponse()

    server.answer("Verify", slow)
    async with AioTrustClient(server.address) as client:
        task = asyncio.create_task(client.verify(SESSION_ID))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def test_a_server_that_comes_back_is_found_again(connect: DriverFactory) -> None:
    with serving() as first:
        port = first.port
    with connect(f"127.0.0.1:{port}", timeout=5) as driver:
        with pytest.raises(TrustLayerError) as caught:
            driver.call("verify", SESSION_ID)
        assert (caught.value.reason, caught.value.code) == ("UNREACHABLE", "UNAVAILABLE")
        with serving(f"127.0.0.1:{port}") as second:
            deadline = time.monotonic() + 6
            while not second.calls and time.monotonic() < deadline:
                try:
                    driver.call("verify", SESSION_ID)
                except TrustLayerError:
                    time.sleep(0.2)
            assert second.methods() == ["Verify"]
