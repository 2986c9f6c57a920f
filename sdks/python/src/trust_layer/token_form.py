"""The form of a Trust Token, checked before any library reads it: JWT libraries differ in what they forgive."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import Any

from trust_layer.errors import TrustTokenError

_MAX_TOKEN_BYTES = 8_192
# Deeper than any token that is accepted (`act` nests 8 deep), and far from the parser's own limit.
_MAX_NESTING = 64
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_MARKS = re.compile(r'\\.|["\[\]{}]', re.DOTALL)
_HEADER_MEMBERS = frozenset(("typ", "alg", "kid"))
_ALGORITHMS = ("EdDSA", "ES256")


@dataclass(frozen=True)
class ParsedToken:
    """A token whose form and header are right; nothing of it is proved yet.

    alg: `EdDSA` or `ES256`. kid: opaque. payload: decoded bytes. signing_input: the bytes under the signature, as
    received. signature: decoded bytes.
    """

    alg: str
    kid: str
    payload: bytes = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def parse_token(token: str) -> ParsedToken:
    """Check size, form and header ([TOK-10] to [TOK-14]). Raises TrustTokenError with the code of the first failure."""
    if not isinstance(token, str) or not 1 <= len(token) <= _MAX_TOKEN_BYTES:
        raise TrustTokenError("TOKEN_SIZE")
    if len(token.encode("utf-8", "surrogatepass")) > _MAX_TOKEN_BYTES:
        raise TrustTokenError("TOKEN_SIZE")
    parts = token.split(".")
    decoded = [decode_base64url(part) for part in parts]
    if len(parts) != 3 or decoded[0] is None or decoded[1] is None or decoded[2] is None:
        raise TrustTokenError("TOKEN_MALFORMED")
    header = parse_json_object(decoded[0])
    if header is None:
        raise TrustTokenError("TOKEN_MALFORMED")
    if header.keys() != _HEADER_MEMBERS or not all(isinstance(value, str) for value in header.values()):
        raise TrustTokenError("TOKEN_HEADER")
    if header["typ"] != "trust+jwt":
        raise TrustTokenError("TOKEN_TYPE")
    if header["alg"] not in _ALGORITHMS:
        raise TrustTokenError("TOKEN_ALGORITHM")
    signing_input = token[: token.rindex(".")].encode("ascii")
    return ParsedToken(header["alg"], header["kid"], decoded[1], signing_input, decoded[2])


def decode_base64url(text: str) -> bytes | None:
    """Decode base64url without padding (RFC 4648, section 5); None if it is empty or not canonical."""
    if not _BASE64URL.fullmatch(text):
        return None
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    return data if base64.urlsafe_b64encode(data).rstrip(b"=") == text.encode("ascii") else None


def parse_json_object(data: bytes) -> dict[str, Any] | None:
    """Read a JSON object (RFC 8259) in UTF-8 that has no member name twice, at any depth; None if it is anything else.

    Nesting is bounded (64). A whole number that no double holds exactly may come out as a float.
    """
    try:
        text = data.decode("utf-8")
        if _nesting(text) > _MAX_NESTING:
            return None
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=_whole_number, strict=True
        )
        # An escaped half of a surrogate pair is no character: encoding it fails.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _nesting(text: str) -> int:
    """Count how deep brackets nest outside of strings, in one pass whatever the text is."""
    depth = deepest = 0
    in_string = False
    for mark in _MARKS.findall(text):
        if mark == '"':
            in_string = not in_string
        elif in_string or len(mark) > 1:
            continue
        elif mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member name occurs twice")
    return members


def _refuse_constant(_: str) -> Any:
    raise ValueError("not JSON")


def _whole_number(digits: str) -> int | float:
    # Python bounds the digits of an int; and `-0` is no number from 0 to 2^53-1.
    return int(digits) if len(digits) <= 17 and digits != "-0" else float(digits)
