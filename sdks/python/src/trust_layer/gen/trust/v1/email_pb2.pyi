from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trust_layer.gen.trust.v1 import mfa_pb2 as _mfa_pb2
from trust_layer.gen.trust.v1 import session_pb2 as _session_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StartEmailSignInRequest(_message.Message):
    __slots__ = ("tenant_id", "email", "language", "device", "proof_of_work")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    PROOF_OF_WORK_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    email: str
    language: str
    device: _session_pb2.Device
    proof_of_work: str
    def __init__(self, tenant_id: _Optional[str] = ..., email: _Optional[str] = ..., language: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ..., proof_of_work: _Optional[str] = ...) -> None: ...

class StartEmailSignInResponse(_message.Message):
    __slots__ = ("flow_token", "expires_at")
    FLOW_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    flow_token: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, flow_token: _Optional[str] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CompleteEmailSignInRequest(_message.Message):
    __slots__ = ("tenant_id", "flow_token", "code", "device", "device_token")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    FLOW_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    flow_token: str
    code: str
    device: _session_pb2.Device
    device_token: str
    def __init__(self, tenant_id: _Optional[str] = ..., flow_token: _Optional[str] = ..., code: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ..., device_token: _Optional[str] = ...) -> None: ...

class CompleteEmailSignInResponse(_message.Message):
    __slots__ = ("signed_in", "pending")
    SIGNED_IN_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    signed_in: _mfa_pb2.SignedIn
    pending: _mfa_pb2.PendingSignIn
    def __init__(self, signed_in: _Optional[_Union[_mfa_pb2.SignedIn, _Mapping]] = ..., pending: _Optional[_Union[_mfa_pb2.PendingSignIn, _Mapping]] = ...) -> None: ...

class StartPasswordResetRequest(_message.Message):
    __slots__ = ("tenant_id", "email", "language", "device", "proof_of_work")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    PROOF_OF_WORK_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    email: str
    language: str
    device: _session_pb2.Device
    proof_of_work: str
    def __init__(self, tenant_id: _Optional[str] = ..., email: _Optional[str] = ..., language: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ..., proof_of_work: _Optional[str] = ...) -> None: ...

class StartPasswordResetResponse(_message.Message):
    __slots__ = ("flow_token", "expires_at")
    FLOW_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    flow_token: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, flow_token: _Optional[str] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CompletePasswordResetRequest(_message.Message):
    __slots__ = ("tenant_id", "flow_token", "code", "password", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    FLOW_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    flow_token: str
    code: str
    password: str
    device: _session_pb2.Device
    def __init__(self, tenant_id: _Optional[str] = ..., flow_token: _Optional[str] = ..., code: _Optional[str] = ..., password: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ...) -> None: ...

class CompletePasswordResetResponse(_message.Message):
    __slots__ = ("signed_in", "pending")
    SIGNED_IN_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    signed_in: _mfa_pb2.SignedIn
    pending: _mfa_pb2.PendingSignIn
    def __init__(self, signed_in: _Optional[_Union[_mfa_pb2.SignedIn, _Mapping]] = ..., pending: _Optional[_Union[_mfa_pb2.PendingSignIn, _Mapping]] = ...) -> None: ...

class StartEmailVerificationRequest(_message.Message):
    __slots__ = ("tenant_id", "session_id", "email", "replaces", "language", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    REPLACES_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    session_id: str
    email: str
    replaces: str
    language: str
    device: _session_pb2.Device
    def __init__(self, tenant_id: _Optional[str] = ..., session_id: _Optional[str] = ..., email: _Optional[str] = ..., replaces: _Optional[str] = ..., language: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ...) -> None: ...

class StartEmailVerificationResponse(_message.Message):
    __slots__ = ("flow_token", "expires_at")
    FLOW_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    flow_token: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, flow_token: _Optional[str] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CompleteEmailVerificationRequest(_message.Message):
    __slots__ = ("tenant_id", "flow_token", "code", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    FLOW_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    flow_token: str
    code: str
    device: _session_pb2.Device
    def __init__(self, tenant_id: _Optional[str] = ..., flow_token: _Optional[str] = ..., code: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ...) -> None: ...

class CompleteEmailVerificationResponse(_message.Message):
    __slots__ = ("identity_id",)
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    identity_id: str
    def __init__(self, identity_id: _Optional[str] = ...) -> None: ...
