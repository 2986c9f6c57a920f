from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trust_layer.gen.trust.v1 import session_pb2 as _session_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class IssueTrustTokenRequest(_message.Message):
    __slots__ = ("tenant_id", "session_id", "audience", "scope", "lifetime_seconds", "transaction_context", "request_context", "client")
    class TransactionContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class RequestContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    LIFETIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    session_id: str
    audience: str
    scope: _containers.RepeatedScalarFieldContainer[str]
    lifetime_seconds: int
    transaction_context: _containers.ScalarMap[str, str]
    request_context: _containers.ScalarMap[str, str]
    client: _session_pb2.ClientFacts
    def __init__(self, tenant_id: _Optional[str] = ..., session_id: _Optional[str] = ..., audience: _Optional[str] = ..., scope: _Optional[_Iterable[str]] = ..., lifetime_seconds: _Optional[int] = ..., transaction_context: _Optional[_Mapping[str, str]] = ..., request_context: _Optional[_Mapping[str, str]] = ..., client: _Optional[_Union[_session_pb2.ClientFacts, _Mapping]] = ...) -> None: ...

class IssueTrustTokenResponse(_message.Message):
    __slots__ = ("trust_token", "expires_at")
    TRUST_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    trust_token: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, trust_token: _Optional[str] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ExchangeTrustTokenRequest(_message.Message):
    __slots__ = ("tenant_id", "trust_token", "audience", "scope", "lifetime_seconds")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TRUST_TOKEN_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    LIFETIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    trust_token: str
    audience: str
    scope: _containers.RepeatedScalarFieldContainer[str]
    lifetime_seconds: int
    def __init__(self, tenant_id: _Optional[str] = ..., trust_token: _Optional[str] = ..., audience: _Optional[str] = ..., scope: _Optional[_Iterable[str]] = ..., lifetime_seconds: _Optional[int] = ...) -> None: ...

class ExchangeTrustTokenResponse(_message.Message):
    __slots__ = ("trust_token", "expires_at")
    TRUST_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    trust_token: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, trust_token: _Optional[str] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetTrustKeysRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class TrustKey(_message.Message):
    __slots__ = ("kid", "alg", "jwk")
    KID_FIELD_NUMBER: _ClassVar[int]
    ALG_FIELD_NUMBER: _ClassVar[int]
    JWK_FIELD_NUMBER: _ClassVar[int]
    kid: str
    alg: str
    jwk: str
    def __init__(self, kid: _Optional[str] = ..., alg: _Optional[str] = ..., jwk: _Optional[str] = ...) -> None: ...

class GetTrustKeysResponse(_message.Message):
    __slots__ = ("keys", "issuer", "cache_for_seconds")
    KEYS_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    CACHE_FOR_SECONDS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[TrustKey]
    issuer: str
    cache_for_seconds: int
    def __init__(self, keys: _Optional[_Iterable[_Union[TrustKey, _Mapping]]] = ..., issuer: _Optional[str] = ..., cache_for_seconds: _Optional[int] = ...) -> None: ...
