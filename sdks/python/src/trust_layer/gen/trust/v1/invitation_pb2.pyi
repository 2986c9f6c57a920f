from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trust_layer.gen.trust.v1 import organisation_pb2 as _organisation_pb2
from trust_layer.gen.trust.v1 import session_pb2 as _session_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InvitationAsk(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INVITATION_ASK_UNSPECIFIED: _ClassVar[InvitationAsk]
    INVITATION_ASK_NOTHING: _ClassVar[InvitationAsk]
    INVITATION_ASK_PASSWORD: _ClassVar[InvitationAsk]
    INVITATION_ASK_NEW_PASSWORD: _ClassVar[InvitationAsk]
INVITATION_ASK_UNSPECIFIED: InvitationAsk
INVITATION_ASK_NOTHING: InvitationAsk
INVITATION_ASK_PASSWORD: InvitationAsk
INVITATION_ASK_NEW_PASSWORD: InvitationAsk

class Invitation(_message.Message):
    __slots__ = ("id", "organisation_id", "email", "roles", "return_to", "created_at", "expires_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    RETURN_TO_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    organisation_id: str
    email: str
    roles: _containers.RepeatedScalarFieldContainer[str]
    return_to: str
    created_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., email: _Optional[str] = ..., roles: _Optional[_Iterable[str]] = ..., return_to: _Optional[str] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class InviteMemberRequest(_message.Message):
    __slots__ = ("tenant_id", "organisation_id", "email", "roles", "return_to", "lifetime_seconds", "inviter", "language")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    RETURN_TO_FIELD_NUMBER: _ClassVar[int]
    LIFETIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    INVITER_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    organisation_id: str
    email: str
    roles: _containers.RepeatedScalarFieldContainer[str]
    return_to: str
    lifetime_seconds: int
    inviter: str
    language: str
    def __init__(self, tenant_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., email: _Optional[str] = ..., roles: _Optional[_Iterable[str]] = ..., return_to: _Optional[str] = ..., lifetime_seconds: _Optional[int] = ..., inviter: _Optional[str] = ..., language: _Optional[str] = ...) -> None: ...

class InviteMemberResponse(_message.Message):
    __slots__ = ("invitation",)
    INVITATION_FIELD_NUMBER: _ClassVar[int]
    invitation: Invitation
    def __init__(self, invitation: _Optional[_Union[Invitation, _Mapping]] = ...) -> None: ...

class ListInvitationsRequest(_message.Message):
    __slots__ = ("tenant_id", "organisation_id", "page_size", "page_token")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    organisation_id: str
    page_size: int
    page_token: str
    def __init__(self, tenant_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListInvitationsResponse(_message.Message):
    __slots__ = ("invitations", "next_page_token")
    INVITATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    invitations: _containers.RepeatedCompositeFieldContainer[Invitation]
    next_page_token: str
    def __init__(self, invitations: _Optional[_Iterable[_Union[Invitation, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RevokeInvitationRequest(_message.Message):
    __slots__ = ("tenant_id", "organisation_id", "invitation_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_ID_FIELD_NUMBER: _ClassVar[int]
    INVITATION_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    organisation_id: str
    invitation_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., organisation_id: _Optional[str] = ..., invitation_id: _Optional[str] = ...) -> None: ...

class RevokeInvitationResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetInvitationRequest(_message.Message):
    __slots__ = ("tenant_id", "invitation_token")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    INVITATION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    invitation_token: str
    def __init__(self, tenant_id: _Optional[str] = ..., invitation_token: _Optional[str] = ...) -> None: ...

class GetInvitationResponse(_message.Message):
    __slots__ = ("invitation", "organisation_display_name", "asks")
    INVITATION_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    ASKS_FIELD_NUMBER: _ClassVar[int]
    invitation: Invitation
    organisation_display_name: str
    asks: InvitationAsk
    def __init__(self, invitation: _Optional[_Union[Invitation, _Mapping]] = ..., organisation_display_name: _Optional[str] = ..., asks: _Optional[_Union[InvitationAsk, str]] = ...) -> None: ...

class AcceptInvitationRequest(_message.Message):
    __slots__ = ("tenant_id", "invitation_token", "session_id", "password", "display_name", "device")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    INVITATION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    invitation_token: str
    session_id: str
    password: str
    display_name: str
    device: _session_pb2.Device
    def __init__(self, tenant_id: _Optional[str] = ..., invitation_token: _Optional[str] = ..., session_id: _Optional[str] = ..., password: _Optional[str] = ..., display_name: _Optional[str] = ..., device: _Optional[_Union[_session_pb2.Device, _Mapping]] = ...) -> None: ...

class AcceptInvitationResponse(_message.Message):
    __slots__ = ("membership", "organisation_version", "identity_created")
    MEMBERSHIP_FIELD_NUMBER: _ClassVar[int]
    ORGANISATION_VERSION_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_CREATED_FIELD_NUMBER: _ClassVar[int]
    membership: _organisation_pb2.Membership
    organisation_version: int
    identity_created: bool
    def __init__(self, membership: _Optional[_Union[_organisation_pb2.Membership, _Mapping]] = ..., organisation_version: _Optional[int] = ..., identity_created: bool = ...) -> None: ...
