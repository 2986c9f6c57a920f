import {
  a,
  address,
  bytes,
  characters,
  device,
  type Edge,
  id,
  list,
  pageSize,
  password,
  secret,
  url,
  whole,
} from './field_edges.ts';

/** The edges of invitations. */
export const invitationEdges: Readonly<Record<string, Readonly<Record<string, Edge>>>> = {
  InviteMember: {
    organisation_id: id('org'),
    email: address,
    roles: { good: [[], ['reader']], bad: [list(9, (n) => `r${n}`), ['reader', 'reader'], ['a b'], [''], [a(65)]] },
    return_to: {
      good: ['', 'http://localhost/start', 'http://localhost:1/x?y=z'],
      bad: ['x', '/start', 'https://evil.example/', 'http://localhost/#x', 'javascript:alert(1)', url(2_049)],
    },
    lifetime_seconds: whole(3_600, 2_592_000),
    inviter: characters(64),
    language: bytes(35),
  },
  ListInvitations: { organisation_id: id('org'), page_size: pageSize },
  RevokeInvitation: { organisation_id: id('org'), invitation_id: id('inv') },
  GetInvitation: { invitation_token: secret },
  AcceptInvitation: {
    invitation_token: secret,
    session_id: bytes(256),
    // With a link that nobody has, no password is looked at.
    password: { good: password.good, bad: [] },
    display_name: characters(128),
    ...device,
  },
};
