from trust_layer.gen.trust.v1 import session_pb2 as _session_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExchangeSignInCodeRequest(_message.Message):
    __slots__ = ("tenant_id", "code", "code_verifier", "return_to", "device", "previous_session_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    CODE_VERIFIER_FIELD_NUMBER: _ClassVar[int]
    RETURN_TO_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    code: str
    code_verifier: str
    return_to: str
    device: _session_pb2.Device
    previous_session_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., code: _Optional[str] = ..., code_verifier: _Optional[str] = ..., return_to: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ..., previous_session_id: _Optional[str] = ...) -> None: ...

class ExchangeSignInCodeResponse(_message.Message):
    __slots__ = ("session_id", "session", "identity", "previous_handle", "previous_version")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_HANDLE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_VERSION_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    session: _session_pb2.Session
    identity: _session_pb2.IdentityFacts
    previous_handle: str
    previous_version: int
    def __init__(self, session_id: _Optional[str] = ..., session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ..., identity: _Optional[_Union[_session_pb2.IdentityFacts, _Mapping]] = ..., previous_handle: _Optional[str] = ..., previous_version: _Optional[int] = ...) -> None: ...
