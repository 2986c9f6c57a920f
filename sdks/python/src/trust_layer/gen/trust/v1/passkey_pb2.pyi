from trust_layer.gen.trust.v1 import mfa_pb2 as _mfa_pb2
from trust_layer.gen.trust.v1 import session_pb2 as _session_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StartPasskeyRegistrationRequest(_message.Message):
    __slots__ = ("tenant_id", "subject")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    subject: _mfa_pb2.Subject
    def __init__(self, tenant_id: _Optional[str] = ..., subject: _Optional[_Union[_mfa_pb2.Subject, _Mapping]] = ...) -> None: ...

class StartPasskeyRegistrationResponse(_message.Message):
    __slots__ = ("options_json",)
    OPTIONS_JSON_FIELD_NUMBER: _ClassVar[int]
    options_json: str
    def __init__(self, options_json: _Optional[str] = ...) -> None: ...

class CompletePasskeyRegistrationRequest(_message.Message):
    __slots__ = ("tenant_id", "subject", "credential_json", "label", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_JSON_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    subject: _mfa_pb2.Subject
    credential_json: str
    label: str
    device: _session_pb2.Device
    def __init__(self, tenant_id: _Optional[str] = ..., subject: _Optional[_Union[_mfa_pb2.Subject, _Mapping]] = ..., credential_json: _Optional[str] = ..., label: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ...) -> None: ...

class CompletePasskeyRegistrationResponse(_message.Message):
    __slots__ = ("factor", "recovery_codes", "signed_in")
    FACTOR_FIELD_NUMBER: _ClassVar[int]
    RECOVERY_CODES_FIELD_NUMBER: _ClassVar[int]
    SIGNED_IN_FIELD_NUMBER: _ClassVar[int]
    factor: _mfa_pb2.Factor
    recovery_codes: _containers.RepeatedScalarFieldContainer[str]
    signed_in: _mfa_pb2.SignedIn
    def __init__(self, factor: _Optional[_Union[_mfa_pb2.Factor, _Mapping]] = ..., recovery_codes: _Optional[_Iterable[str]] = ..., signed_in: _Optional[_Union[_mfa_pb2.SignedIn, _Mapping]] = ...) -> None: ...

class StartPasskeySignInRequest(_message.Message):
    __slots__ = ("tenant_id", "pending_token")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PENDING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    pending_token: str
    def __init__(self, tenant_id: _Optional[str] = ..., pending_token: _Optional[str] = ...) -> None: ...

class StartPasskeySignInResponse(_message.Message):
    __slots__ = ("options_json",)
    OPTIONS_JSON_FIELD_NUMBER: _ClassVar[int]
    options_json: str
    def __init__(self, options_json: _Optional[str] = ...) -> None: ...

class CompletePasskeySignInRequest(_message.Message):
    __slots__ = ("tenant_id", "pending_token", "credential_json", "remember_device", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PENDING_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_JSON_FIELD_NUMBER: _ClassVar[int]
    REMEMBER_DEVICE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    pending_token: str
    credential_json: str
    remember_device: bool
    device: _session_pb2.Device
    def __init__(self, tenant_id: _Optional[str] = ..., pending_token: _Optional[str] = ..., credential_json: _Optional[str] = ..., remember_device: bool = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ...) -> None: ...

class CompletePasskeySignInResponse(_message.Message):
    __slots__ = ("signed_in",)
    SIGNED_IN_FIELD_NUMBER: _ClassVar[int]
    signed_in: _mfa_pb2.SignedIn
    def __init__(self, signed_in: _Optional[_Union[_mfa_pb2.SignedIn, _Mapping]] = ...) -> None: ...
