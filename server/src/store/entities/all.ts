import { AuditCheckpointEntity, AuditEventEntity } from './audit_event.ts';
import { ChangeEntity } from './change.ts';
import { CopyProgressEntity } from './copy_progress.ts';
import { IdentifierEntity, IdentityEntity, PasswordEntity } from './identity.ts';
import { InvitationEntity } from './invitation.ts';
import { KnownDeviceEntity } from './known_device.ts';
import { MailEntity } from './mail.ts';
import { MailProofEntity } from './mail_proof.ts';
import {
  PasskeyChallengeEntity,
  PasskeyEntity,
  PendingSignInEntity,
  RecoveryCodeEntity,
  RememberedDeviceEntity,
  TotpEntity,
} from './mfa.ts';
import { LinkedAccountEntity, OauthAttemptEntity } from './oauth.ts';
import { MembershipEntity, OrganisationEntity } from './organisation.ts';
import { RateLimitEntity } from './rate_limit.ts';
import { ServiceCertificateEntity, ServiceEntity, ServiceKeyEntity } from './service.ts';
import { SessionEntity } from './session.ts';
import { SignInCodeEntity } from './sign_in_code.ts';
import { SigningKeyEntity } from './signing_key.ts';
import { TenantEntity } from './tenant.ts';
import { WebhookEntity } from './webhook.ts';

/** Every table of the store. */
export const ENTITIES = [
  AuditCheckpointEntity,
  AuditEventEntity,
  ChangeEntity,
  CopyProgressEntity,
  IdentifierEntity,
  IdentityEntity,
  InvitationEntity,
  KnownDeviceEntity,
  MailEntity,
  MailProofEntity,
  MembershipEntity,
  OrganisationEntity,
  LinkedAccountEntity,
  OauthAttemptEntity,
  PasskeyChallengeEntity,
  PasskeyEntity,
  PasswordEntity,
  RateLimitEntity,
  PendingSignInEntity,
  RecoveryCodeEntity,
  RememberedDeviceEntity,
  ServiceCertificateEntity,
  ServiceEntity,
  ServiceKeyEntity,
  SessionEntity,
  SignInCodeEntity,
  SigningKeyEntity,
  TenantEntity,
  TotpEntity,
  WebhookEntity,
];
