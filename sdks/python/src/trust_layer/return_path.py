"""The page to return to inside the app."""

from __future__ import annotations

import re
from urllib.parse import quote

_SAFE = re.compile(r"/(?![/\\])[^\x00-\x1f\x7f-\x9f]*")
_SURROGATES = re.compile("[\ud800-\udfff]")
# Visible ASCII stays as it is; everything else is percent-encoded.
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))


def safe_return_path(path: object) -> str:
    r"""Give a path of the same origin ([RED-6]): it begins with one `/`, not followed by `/` or `\`, and has no control
    characters. Anything else becomes `/`. Never raises.
    """
    return path if isinstance(path, str) and _SAFE.fullmatch(path) else "/"


def to_location(path: str) -> str:
    """Write a path for a `Location` header: what is not visible ASCII is percent-encoded."""
    return quote(_SURROGATES.sub("\ufffd", path), safe=_VISIBLE)
