from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trust_layer.gen.trust.v1 import mfa_pb2 as _mfa_pb2
from trust_layer.gen.trust.v1 import session_pb2 as _session_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OauthProvider(_message.Message):
    __slots__ = ("name", "label")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    name: str
    label: str
    def __init__(self, name: _Optional[str] = ..., label: _Optional[str] = ...) -> None: ...

class LinkedAccount(_message.Message):
    __slots__ = ("id", "provider", "issuer", "subject", "email", "created_at", "last_used_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_USED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    provider: str
    issuer: str
    subject: str
    email: str
    created_at: _timestamp_pb2.Timestamp
    last_used_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., provider: _Optional[str] = ..., issuer: _Optional[str] = ..., subject: _Optional[str] = ..., email: _Optional[str] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., last_used_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListOauthProvidersRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class ListOauthProvidersResponse(_message.Message):
    __slots__ = ("providers",)
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    providers: _containers.RepeatedCompositeFieldContainer[OauthProvider]
    def __init__(self, providers: _Optional[_Iterable[_Union[OauthProvider, _Mapping]]] = ...) -> None: ...

class StartOauthSignInRequest(_message.Message):
    __slots__ = ("tenant_id", "provider", "redirect_uri", "claim_email", "ip_address")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    REDIRECT_URI_FIELD_NUMBER: _ClassVar[int]
    CLAIM_EMAIL_FIELD_NUMBER: _ClassVar[int]
    IP_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    provider: str
    redirect_uri: str
    claim_email: bool
    ip_address: str
    def __init__(self, tenant_id: _Optional[str] = ..., provider: _Optional[str] = ..., redirect_uri: _Optional[str] = ..., claim_email: bool = ..., ip_address: _Optional[str] = ...) -> None: ...

class StartOauthSignInResponse(_message.Message):
    __slots__ = ("authorization_url", "attempt_token", "expires_at")
    AUTHORIZATION_URL_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    authorization_url: str
    attempt_token: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, authorization_url: _Optional[str] = ..., attempt_token: _Optional[str] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CompleteOauthSignInRequest(_message.Message):
    __slots__ = ("tenant_id", "attempt_token", "callback_query", "device", "device_token")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_QUERY_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    attempt_token: str
    callback_query: str
    device: _session_pb2.Device
    device_token: str
    def __init__(self, tenant_id: _Optional[str] = ..., attempt_token: _Optional[str] = ..., callback_query: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ..., device_token: _Optional[str] = ...) -> None: ...

class CompleteOauthSignInResponse(_message.Message):
    __slots__ = ("signed_in", "pending", "created")
    SIGNED_IN_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    signed_in: _mfa_pb2.SignedIn
    pending: _mfa_pb2.PendingSignIn
    created: bool
    def __init__(self, signed_in: _Optional[_Union[_mfa_pb2.SignedIn, _Mapping]] = ..., pending: _Optional[_Union[_mfa_pb2.PendingSignIn, _Mapping]] = ..., created: bool = ...) -> None: ...

class StartAccountLinkRequest(_message.Message):
    __slots__ = ("tenant_id", "subject", "provider", "redirect_uri", "ip_address")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    REDIRECT_URI_FIELD_NUMBER: _ClassVar[int]
    IP_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    subject: _mfa_pb2.Subject
    provider: str
    redirect_uri: str
    ip_address: str
    def __init__(self, tenant_id: _Optional[str] = ..., subject: _Optional[_Union[_mfa_pb2.Subject, _Mapping]] = ..., provider: _Optional[str] = ..., redirect_uri: _Optional[str] = ..., ip_address: _Optional[str] = ...) -> None: ...

class StartAccountLinkResponse(_message.Message):
    __slots__ = ("authorization_url", "attempt_token", "expires_at")
    AUTHORIZATION_URL_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    authorization_url: str
    attempt_token: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, authorization_url: _Optional[str] = ..., attempt_token: _Optional[str] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CompleteAccountLinkRequest(_message.Message):
    __slots__ = ("tenant_id", "attempt_token", "callback_query", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_QUERY_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    attempt_token: str
    callback_query: str
    device: _session_pb2.Device
    def __init__(self, tenant_id: _Optional[str] = ..., attempt_token: _Optional[str] = ..., callback_query: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ...) -> None: ...

class CompleteAccountLinkResponse(_message.Message):
    __slots__ = ("account",)
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    account: LinkedAccount
    def __init__(self, account: _Optional[_Union[LinkedAccount, _Mapping]] = ...) -> None: ...

class ListLinkedAccountsRequest(_message.Message):
    __slots__ = ("tenant_id", "identity_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    identity_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., identity_id: _Optional[str] = ...) -> None: ...

class ListLinkedAccountsResponse(_message.Message):
    __slots__ = ("accounts",)
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    accounts: _containers.RepeatedCompositeFieldContainer[LinkedAccount]
    def __init__(self, accounts: _Optional[_Iterable[_Union[LinkedAccount, _Mapping]]] = ...) -> None: ...

class UnlinkAccountRequest(_message.Message):
    __slots__ = ("tenant_id", "identity_id", "account_id", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    identity_id: str
    account_id: str
    device: _session_pb2.Device
    def __init__(self, tenant_id: _Optional[str] = ..., identity_id: _Optional[str] = ..., account_id: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ...) -> None: ...

class UnlinkAccountResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetProviderTokensRequest(_message.Message):
    __slots__ = ("tenant_id", "identity_id", "account_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    identity_id: str
    account_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., identity_id: _Optional[str] = ..., account_id: _Optional[str] = ...) -> None: ...

class GetProviderTokensResponse(_message.Message):
    __slots__ = ("access_token", "refresh_token", "id_token", "scope", "expires_at")
    ACCESS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REFRESH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ID_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    access_token: str
    refresh_token: str
    id_token: str
    scope: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, access_token: _Optional[str] = ..., refresh_token: _Optional[str] = ..., id_token: _Optional[str] = ..., scope: _Optional[str] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
