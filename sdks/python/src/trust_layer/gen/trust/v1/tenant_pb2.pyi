from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SessionOverflow(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SESSION_OVERFLOW_UNSPECIFIED: _ClassVar[SessionOverflow]
    SESSION_OVERFLOW_END_OLDEST: _ClassVar[SessionOverflow]
    SESSION_OVERFLOW_REFUSE: _ClassVar[SessionOverflow]

class MfaPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MFA_POLICY_UNSPECIFIED: _ClassVar[MfaPolicy]
    MFA_POLICY_OFF: _ClassVar[MfaPolicy]
    MFA_POLICY_OPTIONAL: _ClassVar[MfaPolicy]
    MFA_POLICY_REQUIRED: _ClassVar[MfaPolicy]
    MFA_POLICY_REQUIRED_BY_ROLE: _ClassVar[MfaPolicy]
SESSION_OVERFLOW_UNSPECIFIED: SessionOverflow
SESSION_OVERFLOW_END_OLDEST: SessionOverflow
SESSION_OVERFLOW_REFUSE: SessionOverflow
MFA_POLICY_UNSPECIFIED: MfaPolicy
MFA_POLICY_OFF: MfaPolicy
MFA_POLICY_OPTIONAL: MfaPolicy
MFA_POLICY_REQUIRED: MfaPolicy
MFA_POLICY_REQUIRED_BY_ROLE: MfaPolicy

class SignInMethods(_message.Message):
    __slots__ = ("mail", "passkey", "oauth")
    MAIL_FIELD_NUMBER: _ClassVar[int]
    PASSKEY_FIELD_NUMBER: _ClassVar[int]
    OAUTH_FIELD_NUMBER: _ClassVar[int]
    mail: bool
    passkey: bool
    oauth: bool
    def __init__(self, mail: bool = ..., passkey: bool = ..., oauth: bool = ...) -> None: ...

class TenantSettings(_message.Message):
    __slots__ = ("display_name", "return_to", "session_idle_timeout_seconds", "session_absolute_timeout_seconds", "trust_token_lifetime_seconds", "sign_up_open", "mfa_policy", "mfa_roles", "remember_device_days", "branding", "max_sessions", "session_overflow", "reauthentication_seconds", "deletion_wait_days", "session_binding", "new_device_mail", "sign_in_methods", "rate_limits")
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    RETURN_TO_FIELD_NUMBER: _ClassVar[int]
    SESSION_IDLE_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SESSION_ABSOLUTE_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TRUST_TOKEN_LIFETIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SIGN_UP_OPEN_FIELD_NUMBER: _ClassVar[int]
    MFA_POLICY_FIELD_NUMBER: _ClassVar[int]
    MFA_ROLES_FIELD_NUMBER: _ClassVar[int]
    REMEMBER_DEVICE_DAYS_FIELD_NUMBER: _ClassVar[int]
    BRANDING_FIELD_NUMBER: _ClassVar[int]
    MAX_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    SESSION_OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    REAUTHENTICATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    DELETION_WAIT_DAYS_FIELD_NUMBER: _ClassVar[int]
    SESSION_BINDING_FIELD_NUMBER: _ClassVar[int]
    NEW_DEVICE_MAIL_FIELD_NUMBER: _ClassVar[int]
    SIGN_IN_METHODS_FIELD_NUMBER: _ClassVar[int]
    RATE_LIMITS_FIELD_NUMBER: _ClassVar[int]
    display_name: str
    return_to: _containers.RepeatedScalarFieldContainer[str]
    session_idle_timeout_seconds: int
    session_absolute_timeout_seconds: int
    trust_token_lifetime_seconds: int
    sign_up_open: bool
    mfa_policy: MfaPolicy
    mfa_roles: _containers.RepeatedScalarFieldContainer[str]
    remember_device_days: int
    branding: Branding
    max_sessions: int
    session_overflow: SessionOverflow
    reauthentication_seconds: int
    deletion_wait_days: int
    session_binding: SessionBinding
    new_device_mail: bool
    sign_in_methods: SignInMethods
    rate_limits: RateLimits
    def __init__(self, display_name: _Optional[str] = ..., return_to: _Optional[_Iterable[str]] = ..., session_idle_timeout_seconds: _Optional[int] = ..., session_absolute_timeout_seconds: _Optional[int] = ..., trust_token_lifetime_seconds: _Optional[int] = ..., sign_up_open: bool = ..., mfa_policy: _Optional[_Union[MfaPolicy, str]] = ..., mfa_roles: _Optional[_Iterable[str]] = ..., remember_device_days: _Optional[int] = ..., branding: _Optional[_Union[Branding, _Mapping]] = ..., max_sessions: _Optional[int] = ..., session_overflow: _Optional[_Union[SessionOverflow, str]] = ..., reauthentication_seconds: _Optional[int] = ..., deletion_wait_days: _Optional[int] = ..., session_binding: _Optional[_Union[SessionBinding, _Mapping]] = ..., new_device_mail: bool = ..., sign_in_methods: _Optional[_Union[SignInMethods, _Mapping]] = ..., rate_limits: _Optional[_Union[RateLimits, _Mapping]] = ...) -> None: ...

class SessionBinding(_message.Message):
    __slots__ = ("network", "device")
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    network: bool
    device: bool
    def __init__(self, network: bool = ..., device: bool = ...) -> None: ...

class Branding(_message.Message):
    __slots__ = ("accent_color", "logo", "terms_url", "privacy_url", "support_url")
    ACCENT_COLOR_FIELD_NUMBER: _ClassVar[int]
    LOGO_FIELD_NUMBER: _ClassVar[int]
    TERMS_URL_FIELD_NUMBER: _ClassVar[int]
    PRIVACY_URL_FIELD_NUMBER: _ClassVar[int]
    SUPPORT_URL_FIELD_NUMBER: _ClassVar[int]
    accent_color: str
    logo: bytes
    terms_url: str
    privacy_url: str
    support_url: str
    def __init__(self, accent_color: _Optional[str] = ..., logo: _Optional[bytes] = ..., terms_url: _Optional[str] = ..., privacy_url: _Optional[str] = ..., support_url: _Optional[str] = ...) -> None: ...

class RateLimits(_message.Message):
    __slots__ = ("account", "address", "tenant", "mail", "free_address", "free_tenant")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    MAIL_FIELD_NUMBER: _ClassVar[int]
    FREE_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    FREE_TENANT_FIELD_NUMBER: _ClassVar[int]
    account: RateLimit
    address: RateLimit
    tenant: RateLimit
    mail: RateLimit
    free_address: RateLimit
    free_tenant: RateLimit
    def __init__(self, account: _Optional[_Union[RateLimit, _Mapping]] = ..., address: _Optional[_Union[RateLimit, _Mapping]] = ..., tenant: _Optional[_Union[RateLimit, _Mapping]] = ..., mail: _Optional[_Union[RateLimit, _Mapping]] = ..., free_address: _Optional[_Union[RateLimit, _Mapping]] = ..., free_tenant: _Optional[_Union[RateLimit, _Mapping]] = ...) -> None: ...

class RateLimit(_message.Message):
    __slots__ = ("burst", "per_hour")
    BURST_FIELD_NUMBER: _ClassVar[int]
    PER_HOUR_FIELD_NUMBER: _ClassVar[int]
    burst: int
    per_hour: int
    def __init__(self, burst: _Optional[int] = ..., per_hour: _Optional[int] = ...) -> None: ...

class Tenant(_message.Message):
    __slots__ = ("id", "settings", "version", "created_at", "updated_at", "public_url", "suspended_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_URL_FIELD_NUMBER: _ClassVar[int]
    SUSPENDED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    settings: TenantSettings
    version: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    public_url: str
    suspended_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., settings: _Optional[_Union[TenantSettings, _Mapping]] = ..., version: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., public_url: _Optional[str] = ..., suspended_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SuspendTenantRequest(_message.Message):
    __slots__ = ("tenant_id", "id", "reason")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    id: str
    reason: str
    def __init__(self, tenant_id: _Optional[str] = ..., id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class SuspendTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: Tenant
    def __init__(self, tenant: _Optional[_Union[Tenant, _Mapping]] = ...) -> None: ...

class ResumeTenantRequest(_message.Message):
    __slots__ = ("tenant_id", "id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    id: str
    def __init__(self, tenant_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class ResumeTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: Tenant
    def __init__(self, tenant: _Optional[_Union[Tenant, _Mapping]] = ...) -> None: ...

class CreateTenantRequest(_message.Message):
    __slots__ = ("tenant_id", "id", "display_name", "public_url")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_URL_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    id: str
    display_name: str
    public_url: str
    def __init__(self, tenant_id: _Optional[str] = ..., id: _Optional[str] = ..., display_name: _Optional[str] = ..., public_url: _Optional[str] = ...) -> None: ...

class CreateTenantResponse(_message.Message):
    __slots__ = ("tenant", "service_key")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_KEY_FIELD_NUMBER: _ClassVar[int]
    tenant: Tenant
    service_key: str
    def __init__(self, tenant: _Optional[_Union[Tenant, _Mapping]] = ..., service_key: _Optional[str] = ...) -> None: ...

class ListTenantsRequest(_message.Message):
    __slots__ = ("tenant_id", "page_size", "page_token")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    page_size: int
    page_token: str
    def __init__(self, tenant_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListTenantsResponse(_message.Message):
    __slots__ = ("tenants", "next_page_token")
    TENANTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenants: _containers.RepeatedCompositeFieldContainer[Tenant]
    next_page_token: str
    def __init__(self, tenants: _Optional[_Iterable[_Union[Tenant, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetTenantRequest(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class GetTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: Tenant
    def __init__(self, tenant: _Optional[_Union[Tenant, _Mapping]] = ...) -> None: ...

class UpdateTenantRequest(_message.Message):
    __slots__ = ("tenant_id", "settings", "expected_version")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    settings: TenantSettings
    expected_version: int
    def __init__(self, tenant_id: _Optional[str] = ..., settings: _Optional[_Union[TenantSettings, _Mapping]] = ..., expected_version: _Optional[int] = ...) -> None: ...

class UpdateTenantResponse(_message.Message):
    __slots__ = ("tenant",)
    TENANT_FIELD_NUMBER: _ClassVar[int]
    tenant: Tenant
    def __init__(self, tenant: _Optional[_Union[Tenant, _Mapping]] = ...) -> None: ...
