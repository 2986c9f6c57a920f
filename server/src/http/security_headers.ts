/** Headers that every answer carries. `formTarget` is the origin to which a form's answer may redirect; `script` is whether the page needs the passkey script. */
export function securityHeaders(
  publicUrl: string,
  formTarget?: string,
  script = false,
): Readonly<Record<string, string>> {
  return {
    'content-security-policy': contentSecurityPolicy(formTarget, script),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy':
      'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()',
    ...(publicUrl.startsWith('https:') ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}

function contentSecurityPolicy(formTarget: string | undefined, script: boolean): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    ...(script ? ["script-src 'self'"] : []),
    "img-src 'self'",
    // Chromium holds the redirect that follows a form to this too.
    `form-action ${formTarget === undefined ? "'none'" : `'self' ${sourceOf(formTarget)}`}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/** A policy cannot name an IPv6 host, so its scheme stands for it; return_to with such a host is loopback or listed. */
function sourceOf(url: string): string {
  const { origin, hostname, protocol } = new URL(url);
  return hostname.startsWith('[') ? protocol : origin;
}
