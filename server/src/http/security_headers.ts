/** What a page needs beyond the policy of all: where a form's answer may redirect to, and the nonce of the one script. */
export type PageNeeds = { readonly formTarget?: string | undefined; readonly nonce?: string | undefined };

/** Headers that every answer carries. */
export function securityHeaders(
  { publicUrl, cspReportUrl }: { readonly publicUrl: string; readonly cspReportUrl?: string | undefined },
  needs: PageNeeds = {},
): Readonly<Record<string, string>> {
  return {
    'content-security-policy': contentSecurityPolicy(needs, cspReportUrl),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy':
      'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()',
    ...(publicUrl.startsWith('https:') ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } : {}),
  };
}

function contentSecurityPolicy({ formTarget, nonce }: PageNeeds, reportUrl: string | undefined): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    ...(nonce === undefined ? [] : [`script-src 'nonce-${nonce}'`]),
    "img-src 'self'",
    // Chromium holds the redirect that follows a form to this too.
    `form-action ${formTarget === undefined ? "'none'" : `'self' ${sourceOf(formTarget)}`}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    ...(reportUrl === undefined ? [] : [`report-uri ${reportUrl}`]),
  ].join('; ');
}

/** A policy cannot name an IPv6 host, so its scheme stands for it; return_to with such a host is loopback or listed. */
function sourceOf(url: string): string {
  const { origin, hostname, protocol } = new URL(url);
  return hostname.startsWith('[') ? protocol : origin;
}
