package trustlayer

import (
	trustv1 "github.com/trust-layer/trust-layer/sdks/go/gen/trust/v1"
	"github.com/trust-layer/trust-layer/sdks/go/internal/lease"
	"google.golang.org/protobuf/proto"
)

// took reads what a call of this client has changed out of its request and answer (WAT-15, SDK-36).
func (w *watcher) took(request proto.Message, answer any) {
	change := lease.Change{}
	switch answer := answer.(type) {
	case *trustv1.RevokeSessionResponse:
		w.machine.Forget(request.(*trustv1.RevokeSessionRequest).GetSessionId())
		if answer.GetHandle() != "" {
			change = lease.Change{Kind: lease.KindSession, Name: answer.GetHandle(), Version: answer.GetVersion(), Ended: true}
		}
	case *trustv1.ExchangeSignInCodeResponse:
		w.machine.Forget(request.(*trustv1.ExchangeSignInCodeRequest).GetPreviousSessionId())
		if answer.GetPreviousHandle() != "" {
			change = lease.Change{
				Kind: lease.KindSession, Name: answer.GetPreviousHandle(), Version: answer.GetPreviousVersion(), Ended: true,
			}
		}
	case *trustv1.RotateSessionResponse:
		w.machine.Forget(request.(*trustv1.RotateSessionRequest).GetSessionId())
		session := answer.GetSession()
		change = lease.Change{Kind: lease.KindSession, Name: session.GetHandle(), Version: session.GetVersion()}
	case *trustv1.SetActiveOrganisationResponse:
		w.machine.Forget(request.(*trustv1.SetActiveOrganisationRequest).GetSessionId())
		session := answer.GetSession()
		change = lease.Change{Kind: lease.KindSession, Name: session.GetHandle(), Version: session.GetVersion()}
	case *trustv1.UpdateOrganisationResponse, *trustv1.PutRoleResponse, *trustv1.DeleteRoleResponse:
		organisation := answer.(interface{ GetOrganisation() *trustv1.Organisation }).GetOrganisation()
		change = lease.Change{Kind: lease.KindOrganisation, Name: organisation.GetId(), Version: organisation.GetVersion()}
	case *trustv1.UpdateMemberResponse, *trustv1.RemoveMemberResponse:
		of := request.(interface {
			GetOrganisationId() string
			GetIdentityId() string
		})
		version := answer.(interface{ GetOrganisationVersion() uint64 }).GetOrganisationVersion()
		change = lease.Change{Kind: lease.KindOrganisation, Name: of.GetOrganisationId(), Member: of.GetIdentityId(), Version: version}
	case *trustv1.DeleteOrganisationResponse:
		id := request.(*trustv1.DeleteOrganisationRequest).GetOrganisationId()
		change = lease.Change{Kind: lease.KindOrganisation, Name: id, Ended: true}
	case *trustv1.RevokeIdentitySessionsResponse:
		change = ofIdentity(request.(*trustv1.RevokeIdentitySessionsRequest).GetIdentityId(), answer.GetEpoch(), 0)
	case *trustv1.SetPasswordResponse:
		change = ofIdentity(request.(*trustv1.SetPasswordRequest).GetIdentityId(), answer.GetEpoch(), 0)
	case *trustv1.DeleteIdentityResponse:
		change = ofIdentity(request.(*trustv1.DeleteIdentityRequest).GetIdentityId(), lease.Gone, 0)
	case *trustv1.DisableIdentityResponse, *trustv1.LockIdentityResponse, *trustv1.EnableIdentityResponse, *trustv1.UpdateIdentityResponse,
		*trustv1.AddIdentifierResponse, *trustv1.RemoveIdentifierResponse:
		identity := answer.(interface{ GetIdentity() *trustv1.Identity }).GetIdentity()
		change = ofIdentity(identity.GetId(), identity.GetEpoch(), identity.GetVersion())
	case *trustv1.UpdateTenantResponse:
		change = lease.Change{Kind: lease.KindTenant, Version: answer.GetTenant().GetVersion()}
	case *trustv1.RetireSigningKeyResponse:
		change = lease.Change{
			Kind: lease.KindSigningKey, Name: request.(*trustv1.RetireSigningKeyRequest).GetKid(), Ended: true,
		}
	}
	if change.Kind != 0 && (change.Kind == lease.KindTenant || change.Name != "") {
		change.TenantID = request.(interface{ GetTenantId() string }).GetTenantId()
		w.own(change)
	}
}

func ofIdentity(identityID string, epoch, version uint64) lease.Change {
	return lease.Change{Kind: lease.KindIdentity, Name: identityID, Epoch: epoch, Version: version}
}
