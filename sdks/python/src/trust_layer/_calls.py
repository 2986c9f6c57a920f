"""What TrustClient and AioTrustClient do alike: options, requests, answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal, Protocol, TypeVar, cast

from google.protobuf.message import Message

from trust_layer.channel import ChannelPlan, TlsOptions, plan_channel
from trust_layer.client_facts import ClientFacts, Presented
from trust_layer.errors import TrustLayerError
from trust_layer.gen.trust.v1 import session_pb2, trust_token_pb2
from trust_layer.watch.issued_tokens import TokenKey
from trust_layer.watch.misses import MAX_BATCH

DEFAULT_TIMEOUT: Final = 3.0
DEFAULT_MAX_ENTRIES: Final = 100_000
_MOST_ENTRIES: Final = 10_000_000

Consistency = Literal["BOUNDED", "STRONG"]
"""How fresh a verdict must be: at most the staleness bound old, or read from the primary database."""

_CONSISTENCIES: Final = ("BOUNDED", "STRONG")
_MAX_ID_BYTES: Final = 256
# Printable ASCII: what a metadata value may hold. Checked here, for grpc would log the value that it refuses.
_METADATA_VALUE = re.compile(r"[!-~]{1,512}")

Request = TypeVar("Request", bound=Message)


class _WithTenant(Protocol):
    tenant_id: str


class CallSettings:
    """Checked options of a client. Its text form shows no service key."""

    def __init__(
        self,
        address: str | Sequence[str],
        service_key: str | None,
        tenant_id: str,
        tls: TlsOptions | None,
        plaintext: bool | None,
        timeout: float,
        max_entries: int = DEFAULT_MAX_ENTRIES,
    ) -> None:
        """Raise ValueError where an option is out of its bounds; the text never holds a value of a secret."""
        if not tenant_id:
            raise ValueError("tenant_id must not be empty")
        if not 0 < timeout <= 3600:
            raise ValueError("timeout must be above 0 and at most 3600 seconds")
        if not 1 <= max_entries <= _MOST_ENTRIES:
            raise ValueError("max_entries must be 1 to 10,000,000")
        if service_key and not _METADATA_VALUE.fullmatch(service_key):
            raise ValueError("service_key holds characters that no service key has")
        self.plan: ChannelPlan = plan_channel(address, tls, plaintext)
        self.tenant_id = tenant_id
        self.timeout = timeout
        self.max_entries = max_entries
        self.metadata: tuple[tuple[str, str], ...] = (
            (("authorization", f"Bearer {service_key}"),) if service_key else ()
        )

    def __repr__(self) -> str:
        """Give target and tenant."""
        return f"target={self.plan.target!r}, tenant_id={self.tenant_id!r}"

    def filled(self, request: Request) -> Request:
        """Copy a request and name the tenant in it where it names none. The caller's message stays as it is."""
        copy = type(request)()
        copy.CopyFrom(request)
        with_tenant = cast(_WithTenant, copy)
        if not with_tenant.tenant_id:
            with_tenant.tenant_id = self.tenant_id
        return copy


def is_strong(consistency: str) -> bool:
    """Read a choice of consistency; ValueError if it is none."""
    if consistency not in _CONSISTENCIES:
        raise ValueError("consistency must be BOUNDED or STRONG")
    return consistency == "STRONG"


def texts_of(session_ids: Sequence[str]) -> list[str]:
    """Check a list of session_ids; TypeError if it is none."""
    if isinstance(session_ids, str):
        raise TypeError("session_ids must be a list of session_ids, not one")
    texts = list(session_ids)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a session_id must be a string")
    return texts


def presented_of(session_ids: Sequence[str], clients: Sequence[ClientFacts]) -> list[Presented]:
    """Put session_ids and who presents them together; TypeError or ValueError if they do not fit."""
    texts = texts_of(session_ids)
    if not clients:
        return [Presented(text) for text in texts]
    if len(clients) != len(texts):
        raise ValueError("clients must be one for each session_id")
    return [Presented(text, client) for text, client in zip(texts, clients, strict=True)]


def is_askable(asked: Sequence[Presented]) -> bool:
    """Say whether memory may answer some of these: what the contract does not allow is an error of the server."""
    return 1 <= len(asked) <= MAX_BATCH and all(
        len(text) <= _MAX_ID_BYTES and len(_sendable(text).encode()) <= _MAX_ID_BYTES for text, _ in asked
    )


def verify_request(asked: Presented, strong: bool) -> session_pb2.VerifyRequest:
    """Make the request of `verify`."""
    return session_pb2.VerifyRequest(
        session_id=_sendable(asked.session_id), consistency=_wire_of(strong), client=_client_of(asked)
    )


def batch_verify_request(asked: Sequence[Presented], strong: bool) -> session_pb2.BatchVerifyRequest:
    """Make the request of `batch_verify`."""
    texts = [_sendable(one.session_id) for one in asked]
    known = any(one.client is not None for one in asked)
    clients = [_client_of(one) or session_pb2.ClientFacts() for one in asked] if known else []
    return session_pb2.BatchVerifyRequest(session_ids=texts, consistency=_wire_of(strong), clients=clients)


def answers_of(response: session_pb2.BatchVerifyResponse, asked: int) -> Sequence[session_pb2.Verdict]:
    """Give the verdicts; another number of them than was asked for is no answer."""
    if len(response.verdicts) != asked:
        raise TrustLayerError("UNKNOWN", "INTERNAL")
    return response.verdicts


def token_request(key: TokenKey) -> trust_token_pb2.IssueTrustTokenRequest:
    """Make the request of `trust_token`."""
    asked, audience, scope, lifetime = key
    return trust_token_pb2.IssueTrustTokenRequest(
        session_id=_sendable(asked.session_id),
        audience=audience,
        scope=scope,
        lifetime_seconds=lifetime,
        client=_client_of(asked),
    )


def _client_of(asked: Presented) -> session_pb2.ClientFacts | None:
    client = asked.client
    if client is None:
        return None
    return session_pb2.ClientFacts(ip_address=_sendable(client.ip_address), user_agent=_sendable(client.user_agent))


def _wire_of(strong: bool) -> session_pb2.Consistency:
    return session_pb2.CONSISTENCY_STRONG if strong else session_pb2.CONSISTENCY_BOUNDED


def _sendable(session_id: str) -> str:
    """Give the text, or the empty one where UTF-8 cannot carry it: neither is a session_id, and no error shows it."""
    try:
        session_id.encode("utf-8")
    except UnicodeEncodeError:
        return ""
    return session_id
