import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { mailedTo } from './outbox_page.ts';
import type { send as Send, Walk } from './page_walk.ts';
import { newOrganisation } from './shared_server.ts';

/** The page of an invitation, for who has no account and for who never verified the address. */
export async function invitationPages(walk: Walk, send: typeof Send, password: string): Promise<void> {
  const { page, server, rpc, who, see } = walk;
  const organisationId = await newOrganisation(rpc);
  const invite = async (email: string) => {
    await rpc.ok('InvitationService', 'inviteMember', { organisationId, email, roles: ['reader'] });
    const { token } = await mailedTo(server.publicUrl, email);
    await page.goto(`${server.publicUrl}/invitation?token=${token}`);
  };
  const [email, unproved] = [`invited-${who}@example.com`, `unproved-${who}@example.com`];
  const identifiers = [{ type: IdentifierType.EMAIL, value: unproved, verified: false }];
  await rpc.ok('IdentityService', 'createIdentity', { identifiers });
  await invite(email);
  await see('invitation, new account');
  await send(walk, '/invitation', { password: '12345678' });
  await see('invitation, weak password');
  await send(walk, '/invitation', { password });
  await see('invitation, accepted');
  await invite(unproved);
  await see('invitation, own account');
  await send(walk, '/invitation', { password: 'wrong-password-42' });
  await see('invitation, rejected');
  await page.goto(`${server.publicUrl}/invitation?token=x`);
  await see('invitation, over');
}
