"""The one error of calls, and the error of a refused Trust Token (standard, chapters 5 and 3).

Either means that nothing was accepted: treat it as a denial ([TERM-1]).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

DOMAIN = "trust-layer"
"""`google.rpc.ErrorInfo.domain` of every error of the Trust Layer."""

_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
# What a careless proxy or server could echo: our secrets by their form, JWS and bearer values.
_SECRET_FORMS = re.compile(r"\b(?:t[scpd]|tlk)_[0-9A-Za-z_]{8,}|\beyJ[\w-]+(?:\.[\w-]*)*|\bBearer\s+\S+", re.IGNORECASE)
_DETAILS_KEY = "grpc-status-details-bin"
_LOCAL_REASONS = {
    grpc.StatusCode.UNAVAILABLE: "UNREACHABLE",
    grpc.StatusCode.DEADLINE_EXCEEDED: "DEADLINE_EXCEEDED",
    grpc.StatusCode.CANCELLED: "CANCELLED",
}


_UNDECIDED = ("KEYS_UNAVAILABLE", "LEASE_LOST")


@dataclass(frozen=True)
class FieldViolation:
    """A refused field: its path in the request (`device.user_agent`, `identifiers[2].value`) and why, in words."""

    field: str
    description: str


class TrustLayerError(Exception):
    """No decision was made: treat it as a denial ([TERM-1]).

    reason: a row of the standard's error table, or `UNREACHABLE`, `DEADLINE_EXCEEDED`, `CANCELLED`, `UNKNOWN` where
        the answer did not come from a Trust Layer.
    code: name of the gRPC status code, such as `UNAVAILABLE`.
    fields: what `google.rpc.BadRequest` names; empty unless the reason is about fields.
    retry_after: seconds to wait before another try (`google.rpc.RetryInfo`); None if not said.
    metadata: `google.rpc.ErrorInfo.metadata`, such as `scope` or `request_id`.

    The text holds reason and code only, never the server's words, a secret or the value of a field ([SDK-7]).
    """

    def __init__(
        self,
        reason: str,
        code: str = "UNKNOWN",
        *,
        fields: tuple[FieldViolation, ...] = (),
        retry_after: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Make an error; bounds and meaning as in the class."""
        super().__init__(reason, code)
        self.reason = reason
        self.code = code
        self.fields = fields
        self.retry_after = retry_after
        self.metadata: Mapping[str, str] = MappingProxyType(dict(metadata or {}))

    def __str__(self) -> str:
        """Give reason, code and the names of refused fields."""
        names = ", ".join(violation.field for violation in self.fields)
        return f"{self.reason} ({self.code}){f': {names}' if names else ''}"

    def __repr__(self) -> str:
        """Give reason and code."""
        return f"{type(self).__name__}(reason={self.reason!r}, code={self.code!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without loss, so that the error can cross processes."""
        return _rebuild, (type(self), self.reason, self.code, self.fields, self.retry_after, dict(self.metadata))


class TrustTokenError(Exception):
    """A Trust Token was refused, or could not be judged (standard, chapter 3).

    code: the first check that failed, `TOKEN_SIZE` to `TOKEN_REVOKED`, each final; or, where nothing could be decided,
        `KEYS_UNAVAILABLE` if the key source could not be read and `LEASE_LOST` if a verifier that watches cannot tell.
    reason: `TRUST_TOKEN_REJECTED`, or `KEYS_UNAVAILABLE` or `LEASE_LOST`.
    """

    def __init__(self, code: str) -> None:
        """Make an error with a code of chapter 3."""
        super().__init__(code)
        self.code = code
        self.reason = "TRUST_TOKEN_REJECTED" if self.is_final else code

    @property
    def is_final(self) -> bool:
        """Whether the token was refused; otherwise nothing could be decided, and it may be good."""
        return self.code not in _UNDECIDED


def _rebuild(
    kind: type[TrustLayerError],
    reason: str,
    code: str,
    fields: tuple[FieldViolation, ...],
    retry_after: float | None,
    metadata: dict[str, str],
) -> TrustLayerError:
    return kind(reason, code, fields=fields, retry_after=retry_after, metadata=metadata)


def error_of_rpc(error: grpc.RpcError) -> TrustLayerError:
    """Translate what grpc raised, sync or asyncio ([ERR-7]). Details that cannot be read count as absent."""
    code = error.code() if isinstance(error, (grpc.Call, grpc.aio.AioRpcError)) else grpc.StatusCode.UNKNOWN
    status = _status_of(error)
    name = code.name if isinstance(code, grpc.StatusCode) else "UNKNOWN"
    info: error_details_pb2.ErrorInfo | None = None
    fields: tuple[FieldViolation, ...] = ()
    retry_after: float | None = None
    for detail in status.details if status is not None else ():
        try:
            if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
                candidate = error_details_pb2.ErrorInfo.FromString(detail.value)
                if info is None and candidate.domain == DOMAIN and candidate.reason:
                    info = candidate
            elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
                bad = error_details_pb2.BadRequest.FromString(detail.value)
                fields = tuple(FieldViolation(_redact(v.field), _redact(v.description)) for v in bad.field_violations)
            elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
                delay = error_details_pb2.RetryInfo.FromString(detail.value).retry_delay
                retry_after = max(0.0, delay.seconds + delay.nanos / 1e9)
        except DecodeError:  # A broken detail is no detail; the call has failed either way.
            continue
    if info is None:
        return TrustLayerError(_LOCAL_REASONS.get(code, "UNKNOWN"), name)
    reason = info.reason if _REASON.fullmatch(info.reason) else "UNKNOWN"
    metadata = {key: _redact(value) for key, value in info.metadata.items()}
    return TrustLayerError(reason, name, fields=fields, retry_after=retry_after, metadata=metadata)


def _redact(text: str) -> str:
    """Blot out whatever has the form of a secret ([SDK-7])."""
    return _SECRET_FORMS.sub("[redacted]", text)


def _status_of(error: grpc.RpcError) -> status_pb2.Status | None:
    """Read `grpc-status-details-bin`; None where it is absent, broken or of another code."""
    if not isinstance(error, (grpc.Call, grpc.aio.AioRpcError)):
        return None
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                status = status_pb2.Status.FromString(value)
            except DecodeError:
                return None
            code = error.code()
            same = isinstance(code, grpc.StatusCode) and code.value[0] == status.code
            return status if same else None
    return None
