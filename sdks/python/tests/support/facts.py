"""Secrets and messages that tests share."""

from __future__ import annotations

import time
import zlib
from pathlib import Path
from typing import Any

from trust_layer import messages as m

SPEC = Path(__file__).parents[4] / "spec"
VECTORS = SPEC / "vectors"

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def secret(prefix: str = "ts_", number: int = 12345) -> str:
    body = prefix + _base62(number, 43)
    return body + _base62(zlib.crc32(body.encode()), 6)


def _base62(number: int, length: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = _ALPHABET[digit] + text
    return text.rjust(length, "0")


SESSION_ID = secret("ts_", 2**200 + 7)
OTHER_SESSION_ID = secret("ts_", 2**200 + 8)
CODE = secret("tc_", 2**199 + 5)
SERVICE_KEY = secret("tlk_0123456789abcdef_", 2**198 + 3)
IDENTITY_ID = "idn_" + "a" * 32
HANDLE = "ses_" + "b" * 32


def active_verdict(handle: str = HANDLE, **facts: Any) -> m.Verdict:
    whole = {"tenant_id": "default", "identity_id": IDENTITY_ID, "version": 3, "epoch": 2, "idle_timeout_seconds": 3600}
    session = m.Session(handle=handle, **{**whole, **facts})
    now = time.time()
    session.last_used_at.FromMilliseconds(int(now * 1000))
    session.expires_at.FromMilliseconds(int((now + 86_400) * 1000))
    identity = m.IdentityFacts(id=session.identity_id, display_name="Ada", epoch=session.epoch, version=1)
    return m.Verdict(active=m.ActiveVerdict(session=session, identity=identity, cache_for_ms=5))


def rejected_verdict(reason: int = m.REJECTION_REASON_REVOKED) -> m.Verdict:
    return m.Verdict(rejected=m.RejectedVerdict(reason=reason))  # type: ignore[arg-type]
