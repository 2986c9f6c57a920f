"""The form of opaque secrets (standard, chapter 1). A local check: it catches typing errors and proves nothing."""

from __future__ import annotations

import re
import zlib

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK_LENGTH = 6
# A secret and its check, after any of the prefixes.
_FORM = re.compile(r"(?:ts_|tc_|tlk_[0-9A-Za-z]{16}_)([0-9A-Za-z]{43})[0-9A-Za-z]{6}")
_KEY_PREFIX = re.compile(r"tlk_[0-9A-Za-z]{16}_")


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


# The alphabet is in the order of ASCII, so that numbers of one length are in the order of their texts.
_LARGEST = _base62((1 << 256) - 1, 43)


def is_session_id(text: object) -> bool:
    """Say whether `text` has the form of a session_id: `ts_`, 43 base62 characters below 2^256, 6 of CRC-32.

    The text is looked at whole: white space, prefixes, extensions and other cases are refused ([SEC-4]). True does
    not mean that there is such a session. Never raises.
    """
    return isinstance(text, str) and text.startswith("ts_") and _well_formed(text)


def is_sign_in_code(text: object) -> bool:
    """Say whether `text` has the form of a one-time sign-in code: `tc_`, then as a session_id. Never raises."""
    return isinstance(text, str) and text.startswith("tc_") and _well_formed(text)


def is_service_key(text: object) -> bool:
    """Say whether `text` has the form of a service key: `tlk_`, 16 base62 characters, `_`, then as a session_id."""
    return isinstance(text, str) and _KEY_PREFIX.match(text) is not None and _well_formed(text)


def _well_formed(text: str) -> bool:
    form = _FORM.fullmatch(text)
    if form is None or form.group(1) > _LARGEST:
        return False
    return text[-_CHECK_LENGTH:] == _base62(zlib.crc32(text[:-_CHECK_LENGTH].encode("ascii")), _CHECK_LENGTH)
