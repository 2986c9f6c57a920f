from trust_layer.gen.trust.v1 import identity_pb2 as _identity_pb2
from trust_layer.gen.trust.v1 import mfa_pb2 as _mfa_pb2
from trust_layer.gen.trust.v1 import session_pb2 as _session_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SignUpWithPasswordRequest(_message.Message):
    __slots__ = ("tenant_id", "identifier_type", "identifier", "password", "display_name", "device", "guest_session_id", "proof_of_work")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTIFIER_TYPE_FIELD_NUMBER: _ClassVar[int]
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    GUEST_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    PROOF_OF_WORK_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    identifier_type: _identity_pb2.IdentifierType
    identifier: str
    password: str
    display_name: str
    device: _session_pb2.Device
    guest_session_id: str
    proof_of_work: str
    def __init__(self, tenant_id: _Optional[str] = ..., identifier_type: _Optional[_Union[_identity_pb2.IdentifierType, str]] = ..., identifier: _Optional[str] = ..., password: _Optional[str] = ..., display_name: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ..., guest_session_id: _Optional[str] = ..., proof_of_work: _Optional[str] = ...) -> None: ...

class SignUpWithPasswordResponse(_message.Message):
    __slots__ = ("session_id", "session", "identity", "pending")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    session: _session_pb2.Session
    identity: _session_pb2.IdentityFacts
    pending: _mfa_pb2.PendingSignIn
    def __init__(self, session_id: _Optional[str] = ..., session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ..., identity: _Optional[_Union[_session_pb2.IdentityFacts, _Mapping]] = ..., pending: _Optional[_Union[_mfa_pb2.PendingSignIn, _Mapping]] = ...) -> None: ...

class SignInWithPasswordRequest(_message.Message):
    __slots__ = ("tenant_id", "identifier_type", "identifier", "password", "device", "device_token", "proof_of_work")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTIFIER_TYPE_FIELD_NUMBER: _ClassVar[int]
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROOF_OF_WORK_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    identifier_type: _identity_pb2.IdentifierType
    identifier: str
    password: str
    device: _session_pb2.Device
    device_token: str
    proof_of_work: str
    def __init__(self, tenant_id: _Optional[str] = ..., identifier_type: _Optional[_Union[_identity_pb2.IdentifierType, str]] = ..., identifier: _Optional[str] = ..., password: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ..., device_token: _Optional[str] = ..., proof_of_work: _Optional[str] = ...) -> None: ...

class SignInWithPasswordResponse(_message.Message):
    __slots__ = ("session_id", "session", "identity", "pending")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    session: _session_pb2.Session
    identity: _session_pb2.IdentityFacts
    pending: _mfa_pb2.PendingSignIn
    def __init__(self, session_id: _Optional[str] = ..., session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ..., identity: _Optional[_Union[_session_pb2.IdentityFacts, _Mapping]] = ..., pending: _Optional[_Union[_mfa_pb2.PendingSignIn, _Mapping]] = ...) -> None: ...

class SetPasswordRequest(_message.Message):
    __slots__ = ("tenant_id", "identity_id", "password")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    identity_id: str
    password: str
    def __init__(self, tenant_id: _Optional[str] = ..., identity_id: _Optional[str] = ..., password: _Optional[str] = ...) -> None: ...

class SetPasswordResponse(_message.Message):
    __slots__ = ("epoch",)
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    def __init__(self, epoch: _Optional[int] = ...) -> None: ...

class ChangePasswordRequest(_message.Message):
    __slots__ = ("tenant_id", "session_id", "current_password", "password", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENT_PASSWORD_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    session_id: str
    current_password: str
    password: str
    device: _session_pb2.Device
    def __init__(self, tenant_id: _Optional[str] = ..., session_id: _Optional[str] = ..., current_password: _Optional[str] = ..., password: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ...) -> None: ...

class ChangePasswordResponse(_message.Message):
    __slots__ = ("epoch",)
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    def __init__(self, epoch: _Optional[int] = ...) -> None: ...
