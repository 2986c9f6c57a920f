"""How a client reaches the server: addresses, transport security, the options of the channel."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

import grpc

from trust_layer.service_config import SERVICE_CONFIG_JSON

_RECEIVE_LIMIT = 4 * 1024 * 1024
_HOST_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9][A-Za-z0-9._-]*)):([0-9]{1,5})")
_TARGET = re.compile(r"(dns|ipv4|ipv6|unix|unix-abstract|xds):(?://([^/]*)/)?(.+)")
_BAD_ADDRESS = "address must be host:port, a list of host:port, or a gRPC target such as dns:///host:port"


@dataclass(frozen=True)
class TlsOptions:
    """Transport security, all PEM.

    root_certs: roots that may have signed the server's certificate; the system's when None.
    cert, key: certificate chain and private key of this client, for mTLS; both or neither.
    server_name: name that the server's certificate must carry. Without it: the host of `address`, for a list that of
        its first member.
    """

    root_certs: bytes | None = field(default=None, repr=False)
    cert: bytes | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)
    server_name: str | None = None

    def __post_init__(self) -> None:
        """Refuse half a client certificate with ValueError."""
        if (self.cert is None) != (self.key is None):
            raise ValueError("tls.cert and tls.key come together")


@dataclass(frozen=True)
class ChannelPlan:
    """What grpc needs to make a channel. `credentials` is None for plain text."""

    target: str
    credentials: grpc.ChannelCredentials | None = field(repr=False)
    options: tuple[tuple[str, str | int], ...]


def is_loopback_host(host: str) -> bool:
    """Say whether a host name or address means this machine: only `localhost`, 127.0.0.0/8 and ::1 do."""
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return ipaddress.ip_address(bare).is_loopback and "%" not in bare
    except ValueError:
        return bare.lower() in ("localhost", "localhost.")


def plan_channel(
    address: str | Sequence[str], tls: TlsOptions | None = None, plaintext: bool | None = None
) -> ChannelPlan:
    """Decide target, credentials and options ([SDK-4], [SDK-5], [SDK-6]).

    Plain text is taken by itself only if every address is loopback and no `tls` is given. Raises ValueError if the
    settings contradict themselves or cannot be read; its text holds no key material. Names in a list of several
    addresses are looked up once, here; a target such as `dns:///name:port` is looked up anew by gRPC.
    """
    addresses = [address] if isinstance(address, str) else list(address)
    if not addresses or not all(isinstance(item, str) for item in addresses):
        raise ValueError(_BAD_ADDRESS)
    if plaintext and tls is not None:
        raise ValueError("plaintext and tls exclude each other")
    authority = None
    if len(addresses) == 1:
        target, local = _target_of(addresses[0])
    else:
        hosts = [_host_port(item) for item in addresses]
        local = all(is_loopback_host(host) for host, _ in hosts)
        target, authority = _list_target(hosts), addresses[0]
    secure = not (plaintext if plaintext is not None else local and tls is None)
    options: list[tuple[str, str | int]] = [
        ("grpc.service_config", SERVICE_CONFIG_JSON),
        # A TXT record must not replace the retry policy.
        ("grpc.service_config_disable_resolution", 1),
        ("grpc.enable_retries", 1),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.max_receive_message_length", _RECEIVE_LIMIT),
        # Connections of its own: one that another client has just failed to make is no reason for this one to fail.
        ("grpc.use_local_subchannel_pool", 1),
        # Retries outlast the longest wait for a connection, so that one address that serves is enough ([SDK-6]).
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 250),
    ]
    if not secure:
        # A proxy named in the environment would carry the service key in plain text off this machine.
        options.append(("grpc.enable_http_proxy", 0))
    if tls is not None and tls.server_name is not None:
        options.append(("grpc.ssl_target_name_override", tls.server_name))
        authority = tls.server_name
    if authority is not None:
        options.append(("grpc.default_authority", authority))
    return ChannelPlan(target, _credentials(tls or TlsOptions()) if secure else None, tuple(options))


def _credentials(tls: TlsOptions) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(tls.root_certs, tls.key, tls.cert)


def _target_of(address: str) -> tuple[str, bool]:
    """Give the gRPC target of one address and whether it is on this machine."""
    if _HOST_PORT.fullmatch(address):
        host, _ = _host_port(address)
        # Named outright, for gRPC would read a host called `unix` or `xds` as a scheme.
        return f"dns:///{address}", is_loopback_host(host)
    match = _TARGET.fullmatch(address)
    if match is None:
        raise ValueError(_BAD_ADDRESS)
    scheme, authority, path = match.groups()
    if scheme in ("unix", "unix-abstract"):
        return address, True
    if scheme == "dns":
        # A name server named in the target decides what `localhost` is, so it is not taken for this machine.
        return address, not authority and is_loopback_host(_host_of(path))
    if scheme in ("ipv4", "ipv6"):
        return address, all(is_loopback_host(_host_of(part)) for part in path.split(","))
    return address, False


def _host_of(text: str) -> str:
    match = _HOST_PORT.fullmatch(text)
    return (match.group(1) or match.group(2)) if match else text


def _host_port(text: str) -> tuple[str, int]:
    match = _HOST_PORT.fullmatch(text)
    if match is None or not 1 <= int(match.group(3)) <= 65_535:
        raise ValueError(_BAD_ADDRESS)
    return match.group(1) or match.group(2), int(match.group(3))


def _list_target(hosts: list[tuple[str, int]]) -> str:
    """Write several addresses as one target, IPv4 ones mapped into IPv6 where both kinds occur."""
    found: list[tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]] = []
    for host, port in hosts:
        for ip in _addresses_of(host):
            if (ip, port) not in found:
                found.append((ip, port))
    if all(ip.version == 4 for ip, _ in found):
        return "ipv4:" + ",".join(f"{ip}:{port}" for ip, port in found)
    return "ipv6:" + ",".join(f"[{ip if ip.version == 6 else f'::ffff:{ip}'}]:{port}" for ip, port in found)


def _addresses_of(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    if is_loopback_host(host):
        return [ipaddress.ip_address("127.0.0.1")]
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        raise ValueError(f"address: the name {host} cannot be looked up") from None
    return [ipaddress.ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]
