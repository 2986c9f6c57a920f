"""Addresses, transport security and channel options: SDK-4 to SDK-6."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from typing import Any

import grpc
import pytest

from tests.support.certificates import authority, certificate
from tests.support.clients import DriverFactory
from tests.support.facts import SERVICE_KEY, SESSION_ID, VECTORS, active_verdict
from tests.support.fake_server import serving
from trust_layer import TlsOptions, TrustLayerError
from trust_layer import messages as m
from trust_layer.channel import is_loopback_host, plan_channel
from trust_layer.service_config import SERVICE_CONFIG


def option(plan: Any, name: str) -> Any:
    values = [value for key, value in plan.options if key == name]
    assert len(values) <= 1
    return values[0] if values else None


def test_sdk_4_the_service_config_is_that_of_the_vectors() -> None:
    """SDK-4, SDK-6: retries and round_robin."""
    wanted = json.loads((VECTORS / "service_config.json").read_text())
    assert wanted == SERVICE_CONFIG
    plan = plan_channel("127.0.0.1:1")
    assert json.loads(option(plan, "grpc.service_config")) == wanted
    assert option(plan, "grpc.enable_retries") == 1
    assert option(plan, "grpc.service_config_disable_resolution") == 1


LOCAL = [
    "127.0.0.1:1",
    "127.8.9.10:65535",
    "localhost:50051",
    "LOCALHOST:1",
    "[::1]:1",
    "dns:///localhost:1",
    "dns:localhost:1",
    "ipv4:127.0.0.1:1,127.0.0.2:2",
    "ipv6:[::1]:1",
    "unix:/run/trust.sock",
    ["127.0.0.1:1", "localhost:2"],
]
REMOTE = [
    "10.0.0.1:1",
    "0.0.0.0:1",
    "trust.example:1",
    "localhost.example:1",
    "127.0.0.1.example:1",
    "127.1:1",
    "[::]:1",
    "[fe80::1]:1",
    "dns:///trust.example:1",
    "dns://10.0.0.9/localhost:1",
    "dns://10.0.0.9:53/127.0.0.1:1",
    "ipv4:127.0.0.1:1,10.0.0.1:1",
    "ipv6:[::1]:1,[2001:db8::1]:1",
    "xds:///localhost",
    ["127.0.0.1:1", "10.0.0.1:2"],
]


@pytest.mark.parametrize("address", LOCAL)
def test_sdk_5_plain_text_is_taken_by_itself_on_loopback(address: str | list[str]) -> None:
    """SDK-5."""
    assert plan_channel(address).credentials is None
    assert plan_channel(address, plaintext=False).credentials is not None
    assert plan_channel(address, TlsOptions()).credentials is not None


@pytest.mark.parametrize("address", REMOTE)
def test_sdk_5_beyond_loopback_plain_text_must_be_asked_for(address: str | list[str]) -> None:
    """SDK-5."""
    assert plan_channel(address).credentials is not None
    assert plan_channel(address, plaintext=True).credentials is None


def test_sdk_5_plaintext_and_tls_exclude_each_other() -> None:
    """SDK-5."""
    with pytest.raises(ValueError, match="exclude"):
        plan_channel("127.0.0.1:1", TlsOptions(), plaintext=True)


@pytest.mark.parametrize("variable", ["grpc_proxy", "http_proxy", "https_proxy"])
def test_sdk_5_a_proxy_of_the_environment_gets_no_plain_text(
    variable: str, connect: DriverFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SDK-5: the key would leave this machine."""
    with socket.socket() as trap, serving() as server:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(0.1)
        monkeypatch.setenv(variable, f"http://127.0.0.1:{trap.getsockname()[1]}")
        with connect(server.address, service_key=SERVICE_KEY) as driver:
            driver.call("verify", SESSION_ID)
        assert server.methods() == ["Verify"]
        with pytest.raises(TimeoutError):
            trap.accept()


def test_sdk_6_keep_alive_and_receive_limit() -> None:
    """SDK-6."""
    plan = plan_channel("127.0.0.1:1")
    assert option(plan, "grpc.keepalive_time_ms") == 30_000
    assert option(plan, "grpc.keepalive_timeout_ms") == 10_000
    assert option(plan, "grpc.keepalive_permit_without_calls") == 1
    assert option(plan, "grpc.http2.max_pings_without_data") == 0
    assert option(plan, "grpc.max_receive_message_length") == 4 * 1024 * 1024
    assert option(plan, "grpc.initial_reconnect_backoff_ms") == 100
    assert option(plan, "grpc.max_reconnect_backoff_ms") == 250


@pytest.mark.parametrize(("size", "read"), [(4 * 1024 * 1024 - 200, True), (4 * 1024 * 1024 + 1, False)])
def test_sdk_6_messages_of_at_most_4_mib_are_read(size: int, read: bool, connect: DriverFactory) -> None:
    """SDK-6."""
    with serving() as server, connect(server.address, timeout=10) as driver:
        server.answer("GetIdentity", m.GetIdentityResponse(identity=m.Identity(display_name="x" * size)))
        if read:
            assert len(driver.call("get_identity", m.GetIdentityRequest()).identity.display_name) == size
        else:
            with pytest.raises(TrustLayerError) as caught:
                driver.call("get_identity", m.GetIdentityRequest())
            assert (caught.value.reason, caught.value.code) == ("UNKNOWN", "RESOURCE_EXHAUSTED")


@pytest.mark.parametrize("hosts", [("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "[::1]"), ("localhost", "[::1]")])
def test_sdk_6_calls_are_balanced_over_all_addresses(hosts: tuple[str, str], connect: DriverFactory) -> None:
    """SDK-6: IPv4, and IPv4 beside IPv6."""
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(f"{host.replace('localhost', '127.0.0.1')}:0")) for host in hosts]
        addresses = [f"{host}:{server.port}" for host, server in zip(hosts, servers, strict=True)]
        driver = stack.enter_context(connect(addresses))
        # The second connection may come up a little later than the first.
        for _ in range(20):
            driver.call("verify", SESSION_ID)
        before = [len(server.calls) for server in servers]
        for _ in range(10):
            driver.call("verify", SESSION_ID)
        assert [len(server.calls) - count for server, count in zip(servers, before, strict=True)] == [5, 5]


def test_sdk_6_a_dead_address_does_not_stop_calls(connect: DriverFactory) -> None:
    """SDK-6."""
    with socket.socket() as closed, serving() as server:
        closed.bind(("127.0.0.1", 0))
        with connect([f"127.0.0.1:{closed.getsockname()[1]}", server.address]) as driver:
            server.answer("Verify", m.VerifyResponse(verdict=active_verdict()))
            assert all(driver.call("verify", SESSION_ID).active for _ in range(6))


def test_several_addresses_are_written_as_one_target() -> None:
    assert plan_channel(["127.0.0.1:1", "127.0.0.2:2"]).target == "ipv4:127.0.0.1:1,127.0.0.2:2"
    assert plan_channel(["[::1]:1", "127.0.0.2:2"]).target == "ipv6:[::1]:1,[::ffff:127.0.0.2]:2"
    assert plan_channel(["localhost:1"]).target == "dns:///localhost:1"
    assert plan_channel("unix:1").target == "dns:///unix:1"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "host",
        "host:",
        ":1",
        "host:0",
        "host:65536",
        "http://host:1",
        "ho st:1",
        "host:1\n",
        "a:1,b:2",
        [],
        ["a:1", "dns:///b:1"],
        ["a:1", ""],
    ],
)
def test_an_address_that_cannot_be_read_is_refused(address: Any) -> None:
    with pytest.raises(ValueError, match="address"):
        plan_channel(address)


@pytest.mark.parametrize(
    ("host", "local"),
    [("[::1]", True), ("127.255.255.255", True), ("128.0.0.1", False), ("::1%eth0", False), ("", False)],
)
def test_loopback_hosts(host: str, local: bool) -> None:
    assert is_loopback_host(host) is local


def test_tls_with_own_roots_is_needed_to_reach_a_tls_server(connect: DriverFactory) -> None:
    root, other = authority(), authority()
    cert, key = certificate(root, "127.0.0.1", "trust.example")
    with serving(credentials=grpc.ssl_server_credentials([(key, cert)])) as server:
        with connect(server.address, tls=TlsOptions(root_certs=root.pem), service_key=SERVICE_KEY) as driver:
            driver.call("verify", SESSION_ID)
        named = TlsOptions(root_certs=root.pem, server_name="trust.example")
        with connect([server.address, server.address], tls=named) as driver:
            driver.call("verify", SESSION_ID)
        wrong_name = TlsOptions(root_certs=root.pem, server_name="evil.example")
        for tls in (TlsOptions(root_certs=other.pem), TlsOptions(), wrong_name, None):
            with connect(server.address, tls=tls, service_key=SERVICE_KEY) as driver:
                with pytest.raises(TrustLayerError) as caught:
                    driver.call("verify", SESSION_ID)
                assert caught.value.reason == "UNREACHABLE"
        assert server.methods() == ["Verify", "Verify"]


def test_mtls_presents_the_certificate_of_the_client(connect: DriverFactory) -> None:
    root = authority()
    cert, key = certificate(root, "127.0.0.1")
    own_cert, own_key = certificate(root, "orders.example")
    wants = grpc.ssl_server_credentials([(key, cert)], root_certificates=root.pem, require_client_auth=True)
    with serving(credentials=wants) as server:
        tls = TlsOptions(root_certs=root.pem, cert=own_cert, key=own_key)
        with connect(server.address, tls=tls) as driver:
            driver.call("verify", SESSION_ID)
        with connect(server.address, tls=TlsOptions(root_certs=root.pem)) as driver, pytest.raises(TrustLayerError):
            driver.call("verify", SESSION_ID)
        assert server.methods() == ["Verify"]
    with pytest.raises(ValueError, match="together"):
        TlsOptions(cert=own_cert)
    assert "BEGIN" not in repr(tls)
