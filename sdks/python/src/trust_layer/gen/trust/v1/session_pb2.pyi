from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ActingKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTING_KIND_UNSPECIFIED: _ClassVar[ActingKind]
    ACTING_KIND_SUPPORT: _ClassVar[ActingKind]
    ACTING_KIND_AGENT: _ClassVar[ActingKind]

class Consistency(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONSISTENCY_UNSPECIFIED: _ClassVar[Consistency]
    CONSISTENCY_BOUNDED: _ClassVar[Consistency]
    CONSISTENCY_STRONG: _ClassVar[Consistency]

class RejectionReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REJECTION_REASON_UNSPECIFIED: _ClassVar[RejectionReason]
    REJECTION_REASON_MALFORMED: _ClassVar[RejectionReason]
    REJECTION_REASON_UNKNOWN: _ClassVar[RejectionReason]
    REJECTION_REASON_EXPIRED: _ClassVar[RejectionReason]
    REJECTION_REASON_REVOKED: _ClassVar[RejectionReason]
    REJECTION_REASON_TENANT_SUSPENDED: _ClassVar[RejectionReason]
    REJECTION_REASON_CLIENT_MISMATCH: _ClassVar[RejectionReason]
ACTING_KIND_UNSPECIFIED: ActingKind
ACTING_KIND_SUPPORT: ActingKind
ACTING_KIND_AGENT: ActingKind
CONSISTENCY_UNSPECIFIED: Consistency
CONSISTENCY_BOUNDED: Consistency
CONSISTENCY_STRONG: Consistency
REJECTION_REASON_UNSPECIFIED: RejectionReason
REJECTION_REASON_MALFORMED: RejectionReason
REJECTION_REASON_UNKNOWN: RejectionReason
REJECTION_REASON_EXPIRED: RejectionReason
REJECTION_REASON_REVOKED: RejectionReason
REJECTION_REASON_TENANT_SUSPENDED: RejectionReason
REJECTION_REASON_CLIENT_MISMATCH: RejectionReason

class Device(_message.Message):
    __slots__ = ("user_agent", "ip_address", "label")
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    IP_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    user_agent: str
    ip_address: str
    label: str
    def __init__(self, user_agent: _Optional[str] = ..., ip_address: _Optional[str] = ..., label: _Optional[str] = ...) -> None: ...

class ClientFacts(_message.Message):
    __slots__ = ("ip_address", "user_agent")
    IP_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    ip_address: str
    user_agent: str
    def __init__(self, ip_address: _Optional[str] = ..., user_agent: _Optional[str] = ...) -> None: ...

class Session(_message.Message):
    __slots__ = ("handle", "tenant_id", "identity_id", "version", "epoch", "authenticated_at", "acr", "amr", "created_at", "last_used_at", "expires_at", "idle_timeout_seconds", "device", "acting")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    AUTHENTICATED_AT_FIELD_NUMBER: _ClassVar[int]
    ACR_FIELD_NUMBER: _ClassVar[int]
    AMR_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_USED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    IDLE_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    ACTING_FIELD_NUMBER: _ClassVar[int]
    handle: str
    tenant_id: str
    identity_id: str
    version: int
    epoch: int
    authenticated_at: _timestamp_pb2.Timestamp
    acr: str
    amr: _containers.RepeatedScalarFieldContainer[str]
    created_at: _timestamp_pb2.Timestamp
    last_used_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    idle_timeout_seconds: int
    device: Device
    acting: Acting
    def __init__(self, handle: _Optional[str] = ..., tenant_id: _Optional[str] = ..., identity_id: _Optional[str] = ..., version: _Optional[int] = ..., epoch: _Optional[int] = ..., authenticated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., acr: _Optional[str] = ..., amr: _Optional[_Iterable[str]] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., last_used_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., idle_timeout_seconds: _Optional[int] = ..., device: _Optional[_Union[Device, _Mapping]] = ..., acting: _Optional[_Union[Acting, _Mapping]] = ...) -> None: ...

class Acting(_message.Message):
    __slots__ = ("kind", "actor", "reason", "service", "parent_handle", "scope")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    PARENT_HANDLE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    kind: ActingKind
    actor: str
    reason: str
    service: str
    parent_handle: str
    scope: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, kind: _Optional[_Union[ActingKind, str]] = ..., actor: _Optional[str] = ..., reason: _Optional[str] = ..., service: _Optional[str] = ..., parent_handle: _Optional[str] = ..., scope: _Optional[_Iterable[str]] = ...) -> None: ...

class StartImpersonationRequest(_message.Message):
    __slots__ = ("tenant_id", "identity_id", "operator", "reason", "lifetime_seconds", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    LIFETIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    identity_id: str
    operator: str
    reason: str
    lifetime_seconds: int
    device: Device
    def __init__(self, tenant_id: _Optional[str] = ..., identity_id: _Optional[str] = ..., operator: _Optional[str] = ..., reason: _Optional[str] = ..., lifetime_seconds: _Optional[int] = ..., device: _Optional[_Union[Device, _Mapping]] = ...) -> None: ...

class StartImpersonationResponse(_message.Message):
    __slots__ = ("session_id", "session", "identity")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    session: Session
    identity: IdentityFacts
    def __init__(self, session_id: _Optional[str] = ..., session: _Optional[_Union[Session, _Mapping]] = ..., identity: _Optional[_Union[IdentityFacts, _Mapping]] = ...) -> None: ...

class StartDelegationRequest(_message.Message):
    __slots__ = ("tenant_id", "session_id", "agent", "scope", "lifetime_seconds", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    LIFETIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    session_id: str
    agent: str
    scope: _containers.RepeatedScalarFieldContainer[str]
    lifetime_seconds: int
    device: Device
    def __init__(self, tenant_id: _Optional[str] = ..., session_id: _Optional[str] = ..., agent: _Optional[str] = ..., scope: _Optional[_Iterable[str]] = ..., lifetime_seconds: _Optional[int] = ..., device: _Optional[_Union[Device, _Mapping]] = ...) -> None: ...

class StartDelegationResponse(_message.Message):
    __slots__ = ("session_id", "session", "identity")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    session: Session
    identity: IdentityFacts
    def __init__(self, session_id: _Optional[str] = ..., session: _Optional[_Union[Session, _Mapping]] = ..., identity: _Optional[_Union[IdentityFacts, _Mapping]] = ...) -> None: ...

class IdentityFacts(_message.Message):
    __slots__ = ("id", "display_name", "roles", "epoch", "metadata", "version")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    id: str
    display_name: str
    roles: _containers.RepeatedScalarFieldContainer[str]
    epoch: int
    metadata: _containers.ScalarMap[str, str]
    version: int
    def __init__(self, id: _Optional[str] = ..., display_name: _Optional[str] = ..., roles: _Optional[_Iterable[str]] = ..., epoch: _Optional[int] = ..., metadata: _Optional[_Mapping[str, str]] = ..., version: _Optional[int] = ...) -> None: ...

class OrganisationFacts(_message.Message):
    __slots__ = ("id", "display_name", "roles", "permissions", "version")
    ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    id: str
    display_name: str
    roles: _containers.RepeatedScalarFieldContainer[str]
    permissions: _containers.RepeatedScalarFieldContainer[str]
    version: int
    def __init__(self, id: _Optional[str] = ..., display_name: _Optional[str] = ..., roles: _Optional[_Iterable[str]] = ..., permissions: _Optional[_Iterable[str]] = ..., version: _Optional[int] = ...) -> None: ...

class ActiveVerdict(_message.Message):
    __slots__ = ("session", "identity", "cache_for_ms", "organisation", "client_bound")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    CACHE_FOR_MS_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_FIELD_NUMBER: _ClassVar[int]
    CLIENT_BOUND_FIELD_NUMBER: _ClassVar[int]
    session: Session
    identity: IdentityFacts
    cache_for_ms: int
    organisation: OrganisationFacts
    client_bound: bool
    def __init__(self, session: _Optional[_Union[Session, _Mapping]] = ..., identity: _Optional[_Union[IdentityFacts, _Mapping]] = ..., cache_for_ms: _Optional[int] = ..., organisation: _Optional[_Union[OrganisationFacts, _Mapping]] = ..., client_bound: bool = ...) -> None: ...

class RejectedVerdict(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: RejectionReason
    def __init__(self, reason: _Optional[_Union[RejectionReason, str]] = ...) -> None: ...

class Verdict(_message.Message):
    __slots__ = ("active", "rejected")
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    active: ActiveVerdict
    rejected: RejectedVerdict
    def __init__(self, active: _Optional[_Union[ActiveVerdict, _Mapping]] = ..., rejected: _Optional[_Union[RejectedVerdict, _Mapping]] = ...) -> None: ...

class CreateSessionRequest(_message.Message):
    __slots__ = ("tenant_id", "identity_id", "acr", "amr", "authenticated_at", "device", "idle_timeout_seconds", "absolute_timeout_seconds", "organisation_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    ACR_FIELD_NUMBER: _ClassVar[int]
    AMR_FIELD_NUMBER: _ClassVar[int]
    AUTHENTICATED_AT_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    IDLE_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ABSOLUTE_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    identity_id: str
    acr: str
    amr: _containers.RepeatedScalarFieldContainer[str]
    authenticated_at: _timestamp_pb2.Timestamp
    device: Device
    idle_timeout_seconds: int
    absolute_timeout_seconds: int
    organisation_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., identity_id: _Optional[str] = ..., acr: _Optional[str] = ..., amr: _Optional[_Iterable[str]] = ..., authenticated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., device: _Optional[_Union[Device, _Mapping]] = ..., idle_timeout_seconds: _Optional[int] = ..., absolute_timeout_seconds: _Optional[int] = ..., organisation_id: _Optional[str] = ...) -> None: ...

class CreateSessionResponse(_message.Message):
    __slots__ = ("session_id", "session", "identity", "organisation")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    session: Session
    identity: IdentityFacts
    organisation: OrganisationFacts
    def __init__(self, session_id: _Optional[str] = ..., session: _Optional[_Union[Session, _Mapping]] = ..., identity: _Optional[_Union[IdentityFacts, _Mapping]] = ..., organisation: _Optional[_Union[OrganisationFacts, _Mapping]] = ...) -> None: ...

class VerifyRequest(_message.Message):
    __slots__ = ("tenant_id", "session_id", "consistency", "client")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    session_id: str
    consistency: Consistency
    client: ClientFacts
    def __init__(self, tenant_id: _Optional[str] = ..., session_id: _Optional[str] = ..., consistency: _Optional[_Union[Consistency, str]] = ..., client: _Optional[_Union[ClientFacts, _Mapping]] = ...) -> None: ...

class VerifyResponse(_message.Message):
    __slots__ = ("verdict",)
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    verdict: Verdict
    def __init__(self, verdict: _Optional[_Union[Verdict, _Mapping]] = ...) -> None: ...

class BatchVerifyRequest(_message.Message):
    __slots__ = ("tenant_id", "session_ids", "consistency", "clients")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_IDS_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_FIELD_NUMBER: _ClassVar[int]
    CLIENTS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    session_ids: _containers.RepeatedScalarFieldContainer[str]
    consistency: Consistency
    clients: _containers.RepeatedCompositeFieldContainer[ClientFacts]
    def __init__(self, tenant_id: _Optional[str] = ..., session_ids: _Optional[_Iterable[str]] = ..., consistency: _Optional[_Union[Consistency, str]] = ..., clients: _Optional[_Iterable[_Union[ClientFacts, _Mapping]]] = ...) -> None: ...

class BatchVerifyResponse(_message.Message):
    __slots__ = ("verdicts",)
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    verdicts: _containers.RepeatedCompositeFieldContainer[Verdict]
    def __init__(self, verdicts: _Optional[_Iterable[_Union[Verdict, _Mapping]]] = ...) -> None: ...

class RevokeSessionRequest(_message.Message):
    __slots__ = ("tenant_id", "session_id", "handle", "identity_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    session_id: str
    handle: str
    identity_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., session_id: _Optional[str] = ..., handle: _Optional[str] = ..., identity_id: _Optional[str] = ...) -> None: ...

class RevokeSessionResponse(_message.Message):
    __slots__ = ("handle", "version")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    handle: str
    version: int
    def __init__(self, handle: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class RevokeIdentitySessionsRequest(_message.Message):
    __slots__ = ("tenant_id", "identity_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    identity_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., identity_id: _Optional[str] = ...) -> None: ...

class RevokeIdentitySessionsResponse(_message.Message):
    __slots__ = ("epoch",)
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    def __init__(self, epoch: _Optional[int] = ...) -> None: ...

class ListSessionsRequest(_message.Message):
    __slots__ = ("tenant_id", "identity_id", "page_size", "page_token")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    identity_id: str
    page_size: int
    page_token: str
    def __init__(self, tenant_id: _Optional[str] = ..., identity_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSessionsResponse(_message.Message):
    __slots__ = ("sessions", "next_page_token")
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[Session]
    next_page_token: str
    def __init__(self, sessions: _Optional[_Iterable[_Union[Session, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RotateSessionRequest(_message.Message):
    __slots__ = ("tenant_id", "session_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    session_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., session_id: _Optional[str] = ...) -> None: ...

class RotateSessionResponse(_message.Message):
    __slots__ = ("session_id", "session")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    session: Session
    def __init__(self, session_id: _Optional[str] = ..., session: _Optional[_Union[Session, _Mapping]] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("start", "ping", "use")
    START_FIELD_NUMBER: _ClassVar[int]
    PING_FIELD_NUMBER: _ClassVar[int]
    USE_FIELD_NUMBER: _ClassVar[int]
    start: WatchStart
    ping: WatchPing
    use: WatchUse
    def __init__(self, start: _Optional[_Union[WatchStart, _Mapping]] = ..., ping: _Optional[_Union[WatchPing, _Mapping]] = ..., use: _Optional[_Union[WatchUse, _Mapping]] = ...) -> None: ...

class WatchStart(_message.Message):
    __slots__ = ("tenant_id",)
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    def __init__(self, tenant_id: _Optional[str] = ...) -> None: ...

class WatchPing(_message.Message):
    __slots__ = ("number",)
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    number: int
    def __init__(self, number: _Optional[int] = ...) -> None: ...

class WatchUse(_message.Message):
    __slots__ = ("uses",)
    USES_FIELD_NUMBER: _ClassVar[int]
    uses: _containers.RepeatedCompositeFieldContainer[SessionUse]
    def __init__(self, uses: _Optional[_Iterable[_Union[SessionUse, _Mapping]]] = ...) -> None: ...

class SessionUse(_message.Message):
    __slots__ = ("handle", "age_ms")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    AGE_MS_FIELD_NUMBER: _ClassVar[int]
    handle: str
    age_ms: int
    def __init__(self, handle: _Optional[str] = ..., age_ms: _Optional[int] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("change", "ready", "pong")
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    PONG_FIELD_NUMBER: _ClassVar[int]
    change: Change
    ready: WatchReady
    pong: WatchPong
    def __init__(self, change: _Optional[_Union[Change, _Mapping]] = ..., ready: _Optional[_Union[WatchReady, _Mapping]] = ..., pong: _Optional[_Union[WatchPong, _Mapping]] = ...) -> None: ...

class WatchReady(_message.Message):
    __slots__ = ("staleness_bound_ms", "backlog_window_ms")
    STALENESS_BOUND_MS_FIELD_NUMBER: _ClassVar[int]
    BACKLOG_WINDOW_MS_FIELD_NUMBER: _ClassVar[int]
    staleness_bound_ms: int
    backlog_window_ms: int
    def __init__(self, staleness_bound_ms: _Optional[int] = ..., backlog_window_ms: _Optional[int] = ...) -> None: ...

class WatchPong(_message.Message):
    __slots__ = ("number", "database_time")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DATABASE_TIME_FIELD_NUMBER: _ClassVar[int]
    number: int
    database_time: _timestamp_pb2.Timestamp
    def __init__(self, number: _Optional[int] = ..., database_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Change(_message.Message):
    __slots__ = ("tenant_id", "session", "identity", "signing_key", "service", "tenant", "organisation")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    SIGNING_KEY_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    session: SessionChange
    identity: IdentityChange
    signing_key: SigningKeyChange
    service: ServiceChange
    tenant: TenantChange
    organisation: OrganisationChange
    def __init__(self, tenant_id: _Optional[str] = ..., session: _Optional[_Union[SessionChange, _Mapping]] = ..., identity: _Optional[_Union[IdentityChange, _Mapping]] = ..., signing_key: _Optional[_Union[SigningKeyChange, _Mapping]] = ..., service: _Optional[_Union[ServiceChange, _Mapping]] = ..., tenant: _Optional[_Union[TenantChange, _Mapping]] = ..., organisation: _Optional[_Union[OrganisationChange, _Mapping]] = ...) -> None: ...

class SessionChange(_message.Message):
    __slots__ = ("handle", "version", "revoked")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    handle: str
    version: int
    revoked: bool
    def __init__(self, handle: _Optional[str] = ..., version: _Optional[int] = ..., revoked: bool = ...) -> None: ...

class IdentityChange(_message.Message):
    __slots__ = ("identity_id", "epoch", "version")
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    identity_id: str
    epoch: int
    version: int
    def __init__(self, identity_id: _Optional[str] = ..., epoch: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

class SigningKeyChange(_message.Message):
    __slots__ = ("kid", "retired")
    KID_FIELD_NUMBER: _ClassVar[int]
    RETIRED_FIELD_NUMBER: _ClassVar[int]
    kid: str
    retired: bool
    def __init__(self, kid: _Optional[str] = ..., retired: bool = ...) -> None: ...

class ServiceChange(_message.Message):
    __slots__ = ("service",)
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    service: str
    def __init__(self, service: _Optional[str] = ...) -> None: ...

class TenantChange(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: int
    def __init__(self, version: _Optional[int] = ...) -> None: ...

class OrganisationChange(_message.Message):
    __slots__ = ("organisation_id", "identity_id", "version")
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    organisation_id: str
    identity_id: str
    version: int
    def __init__(self, organisation_id: _Optional[str] = ..., identity_id: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...
