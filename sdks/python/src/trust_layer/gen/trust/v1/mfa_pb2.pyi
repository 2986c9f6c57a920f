from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trust_layer.gen.trust.v1 import session_pb2 as _session_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FactorType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FACTOR_TYPE_UNSPECIFIED: _ClassVar[FactorType]
    FACTOR_TYPE_TOTP: _ClassVar[FactorType]
    FACTOR_TYPE_PASSKEY: _ClassVar[FactorType]
    FACTOR_TYPE_RECOVERY_CODE: _ClassVar[FactorType]
FACTOR_TYPE_UNSPECIFIED: FactorType
FACTOR_TYPE_TOTP: FactorType
FACTOR_TYPE_PASSKEY: FactorType
FACTOR_TYPE_RECOVERY_CODE: FactorType

class Factor(_message.Message):
    __slots__ = ("id", "type", "label", "created_at", "last_used_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_USED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    type: FactorType
    label: str
    created_at: _timestamp_pb2.Timestamp
    last_used_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., type: _Optional[_Union[FactorType, str]] = ..., label: _Optional[str] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., last_used_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PendingSignIn(_message.Message):
    __slots__ = ("pending_token", "factors", "enrollment_required", "expires_at")
    PENDING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FACTORS_FIELD_NUMBER: _ClassVar[int]
    ENROLLMENT_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    pending_token: str
    factors: _containers.RepeatedScalarFieldContainer[FactorType]
    enrollment_required: bool
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, pending_token: _Optional[str] = ..., factors: _Optional[_Iterable[_Union[FactorType, str]]] = ..., enrollment_required: bool = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SignedIn(_message.Message):
    __slots__ = ("session_id", "session", "identity", "device_token")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    DEVICE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    session: _session_pb2.Session
    identity: _session_pb2.IdentityFacts
    device_token: str
    def __init__(self, session_id: _Optional[str] = ..., session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ..., identity: _Optional[_Union[_session_pb2.IdentityFacts, _Mapping]] = ..., device_token: _Optional[str] = ...) -> None: ...

class Subject(_message.Message):
    __slots__ = ("session_id", "pending_token")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    PENDING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    pending_token: str
    def __init__(self, session_id: _Optional[str] = ..., pending_token: _Optional[str] = ...) -> None: ...

class ProveTotpRequest(_message.Message):
    __slots__ = ("tenant_id", "pending_token", "code", "remember_device", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PENDING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    REMEMBER_DEVICE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    pending_token: str
    code: str
    remember_device: bool
    device: _session_pb2.Device
    def __init__(self, tenant_id: _Optional[str] = ..., pending_token: _Optional[str] = ..., code: _Optional[str] = ..., remember_device: bool = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ...) -> None: ...

class ProveTotpResponse(_message.Message):
    __slots__ = ("signed_in",)
    SIGNED_IN_FIELD_NUMBER: _ClassVar[int]
    signed_in: SignedIn
    def __init__(self, signed_in: _Optional[_Union[SignedIn, _Mapping]] = ...) -> None: ...

class ProveRecoveryCodeRequest(_message.Message):
    __slots__ = ("tenant_id", "pending_token", "recovery_code", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PENDING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RECOVERY_CODE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    pending_token: str
    recovery_code: str
    device: _session_pb2.Device
    def __init__(self, tenant_id: _Optional[str] = ..., pending_token: _Optional[str] = ..., recovery_code: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ...) -> None: ...

class ProveRecoveryCodeResponse(_message.Message):
    __slots__ = ("signed_in", "codes_left")
    SIGNED_IN_FIELD_NUMBER: _ClassVar[int]
    CODES_LEFT_FIELD_NUMBER: _ClassVar[int]
    signed_in: SignedIn
    codes_left: int
    def __init__(self, signed_in: _Optional[_Union[SignedIn, _Mapping]] = ..., codes_left: _Optional[int] = ...) -> None: ...

class StartStepUpRequest(_message.Message):
    __slots__ = ("tenant_id", "session_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    session_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., session_id: _Optional[str] = ...) -> None: ...

class StartStepUpResponse(_message.Message):
    __slots__ = ("pending",)
    PENDING_FIELD_NUMBER: _ClassVar[int]
    pending: PendingSignIn
    def __init__(self, pending: _Optional[_Union[PendingSignIn, _Mapping]] = ...) -> None: ...

class StartTotpEnrollmentRequest(_message.Message):
    __slots__ = ("tenant_id", "subject")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    subject: Subject
    def __init__(self, tenant_id: _Optional[str] = ..., subject: _Optional[_Union[Subject, _Mapping]] = ...) -> None: ...

class StartTotpEnrollmentResponse(_message.Message):
    __slots__ = ("secret", "otpauth_uri", "qr_svg", "enrollment_token")
    SECRET_FIELD_NUMBER: _ClassVar[int]
    OTPAUTH_URI_FIELD_NUMBER: _ClassVar[int]
    QR_SVG_FIELD_NUMBER: _ClassVar[int]
    ENROLLMENT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    secret: str
    otpauth_uri: str
    qr_svg: str
    enrollment_token: str
    def __init__(self, secret: _Optional[str] = ..., otpauth_uri: _Optional[str] = ..., qr_svg: _Optional[str] = ..., enrollment_token: _Optional[str] = ...) -> None: ...

class CompleteTotpEnrollmentRequest(_message.Message):
    __slots__ = ("tenant_id", "subject", "enrollment_token", "code", "label", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    ENROLLMENT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    subject: Subject
    enrollment_token: str
    code: str
    label: str
    device: _session_pb2.Device
    def __init__(self, tenant_id: _Optional[str] = ..., subject: _Optional[_Union[Subject, _Mapping]] = ..., enrollment_token: _Optional[str] = ..., code: _Optional[str] = ..., label: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ...) -> None: ...

class CompleteTotpEnrollmentResponse(_message.Message):
    __slots__ = ("factor", "recovery_codes", "signed_in")
    FACTOR_FIELD_NUMBER: _ClassVar[int]
    RECOVERY_CODES_FIELD_NUMBER: _ClassVar[int]
    SIGNED_IN_FIELD_NUMBER: _ClassVar[int]
    factor: Factor
    recovery_codes: _containers.RepeatedScalarFieldContainer[str]
    signed_in: SignedIn
    def __init__(self, factor: _Optional[_Union[Factor, _Mapping]] = ..., recovery_codes: _Optional[_Iterable[str]] = ..., signed_in: _Optional[_Union[SignedIn, _Mapping]] = ...) -> None: ...

class RegenerateRecoveryCodesRequest(_message.Message):
    __slots__ = ("tenant_id", "session_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    session_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., session_id: _Optional[str] = ...) -> None: ...

class RegenerateRecoveryCodesResponse(_message.Message):
    __slots__ = ("recovery_codes",)
    RECOVERY_CODES_FIELD_NUMBER: _ClassVar[int]
    recovery_codes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, recovery_codes: _Optional[_Iterable[str]] = ...) -> None: ...

class ListFactorsRequest(_message.Message):
    __slots__ = ("tenant_id", "identity_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    identity_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., identity_id: _Optional[str] = ...) -> None: ...

class ListFactorsResponse(_message.Message):
    __slots__ = ("factors", "recovery_codes_left")
    FACTORS_FIELD_NUMBER: _ClassVar[int]
    RECOVERY_CODES_LEFT_FIELD_NUMBER: _ClassVar[int]
    factors: _containers.RepeatedCompositeFieldContainer[Factor]
    recovery_codes_left: int
    def __init__(self, factors: _Optional[_Iterable[_Union[Factor, _Mapping]]] = ..., recovery_codes_left: _Optional[int] = ...) -> None: ...

class RemoveFactorRequest(_message.Message):
    __slots__ = ("tenant_id", "identity_id", "factor_id", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    FACTOR_ID_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    identity_id: str
    factor_id: str
    device: _session_pb2.Device
    def __init__(self, tenant_id: _Optional[str] = ..., identity_id: _Optional[str] = ..., factor_id: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ...) -> None: ...

class RemoveFactorResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ForgetDevicesRequest(_message.Message):
    __slots__ = ("tenant_id", "identity_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    identity_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., identity_id: _Optional[str] = ...) -> None: ...

class ForgetDevicesResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
