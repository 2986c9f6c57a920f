/** What is known of a provider. A preset without `endpoints` is found by discovery at its issuer (OpenID Connect). */
export type OauthPreset = {
  readonly label: string;
  /** Undefined where the operator says it. `{tenant}` is the setting TENANT. */
  readonly issuer: string | undefined;
  readonly scopes: string;
  /** Providers of plain OAuth 2.0: there is no discovery and no ID token. */
  readonly endpoints?: { readonly authorization: string; readonly token: string; readonly profile: string };
  /** False where the provider refuses a PKCE verifier, or leaves the nonce out of its ID tokens. */
  readonly pkce?: false;
  readonly nonce?: false;
  /** Whether the answer comes as a form that the browser posts. */
  readonly formPost?: true;
};

/** Where the operator says the issuer. */
export const GENERIC = 'oidc';

export const OAUTH_PRESETS = {
  oidc: { label: '', issuer: undefined, scopes: 'openid email profile' },
  google: { label: 'Google', issuer: 'https://accounts.google.com', scopes: 'openid email profile' },
  microsoft: {
    label: 'Microsoft',
    issuer: 'https://login.microsoftonline.com/{tenant}/v2.0',
    scopes: 'openid email profile',
  },
  apple: { label: 'Apple', issuer: 'https://appleid.apple.com', scopes: 'openid email', formPost: true },
  gitlab: { label: 'GitLab', issuer: 'https://gitlab.com', scopes: 'openid email profile' },
  linkedin: {
    label: 'LinkedIn',
    issuer: 'https://www.linkedin.com/oauth',
    scopes: 'openid email profile',
    pkce: false,
    nonce: false,
  },
  slack: { label: 'Slack', issuer: 'https://slack.com', scopes: 'openid email profile', pkce: false },
  github: {
    label: 'GitHub',
    issuer: 'https://github.com/login/oauth',
    scopes: 'read:user user:email',
    endpoints: {
      authorization: 'https://github.com/login/oauth/authorize',
      token: 'https://github.com/login/oauth/access_token',
      profile: 'https://api.github.com/user',
    },
  },
  discord: {
    label: 'Discord',
    issuer: 'https://discord.com',
    scopes: 'identify email',
    endpoints: {
      authorization: 'https://discord.com/oauth2/authorize',
      token: 'https://discord.com/api/oauth2/token',
      profile: 'https://discord.com/api/users/@me',
    },
  },
  facebook: {
    label: 'Facebook',
    issuer: 'https://www.facebook.com',
    scopes: 'public_profile email',
    endpoints: {
      authorization: 'https://www.facebook.com/v23.0/dialog/oauth',
      token: 'https://graph.facebook.com/v23.0/oauth/access_token',
      profile: 'https://graph.facebook.com/v23.0/me?fields=id,name,email',
    },
  },
} as const satisfies Record<string, OauthPreset>;

export type OauthPresetName = keyof typeof OAUTH_PRESETS;

export const presetOf = (name: OauthPresetName): OauthPreset => OAUTH_PRESETS[name];
