"""Checks an exported audit trail by spec/07_audit.md alone: python audit_verifier.py EXPORT JWKS.

Independent of the server on purpose: it shares no line with it. Prints one line of JSON; exit code 0 if the trail is whole, 3 if not.
"""

import base64
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def canonical(value: object) -> bytes:
    """RFC 8785, for what occurs here: texts, whole numbers, objects."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def statement(token: str, keys: dict[str, bytes]) -> dict:
    header, payload, signature = token.split(".")
    claimed = json.loads(decoded(header))
    if claimed.keys() != {"typ", "alg", "kid"} or (claimed["typ"], claimed["alg"]) != ("trust-audit+jws", "EdDSA"):
        raise ValueError("header")
    key = Ed25519PublicKey.from_public_bytes(keys[claimed["kid"]])
    key.verify(decoded(signature), f"{header}.{payload}".encode())
    return json.loads(decoded(payload))


def verify(lines: list[bytes], keys: dict[str, bytes]) -> tuple[int, int]:
    """Gives how many events were checked and the last place; raises at the first that is wrong."""
    head = json.loads(lines[0])
    tenant = head["tenant_id"]
    place, previous, cut, seen = 0, "0" * 64, 0, set()
    if head["cut"]:
        stated = statement(head["cut"], keys)
        if (stated["kind"], stated["tid"]) != ("cut", tenant):
            raise ValueError("cut")
        place, previous, cut = stated["seq"], stated["hash"], stated["seq"]
    events = 0
    for line in lines[1:]:
        row = json.loads(line)
        if "checkpoint" in row:
            stated = statement(row["checkpoint"], keys)
            if (stated["kind"], stated["tid"], stated["seq"], stated["hash"]) != ("seal", tenant, place, previous):
                raise ValueError(f"checkpoint at {place}")
            if stated["since"] > cut and stated["since"] not in seen:
                raise ValueError(f"checkpoint missing at {stated['since']}")
            seen.add(place)
            continue
        given = row.pop("hash")
        link = canonical({**row, "previous": previous, "version": 1})
        place += 1
        if row["seq"] != place or row["tenant_id"] != tenant or hashlib.sha256(link).hexdigest() != given:
            raise ValueError(f"event at {place}")
        previous = given
        events += 1
    stated = statement(head["checkpoint"], keys)
    if (stated["tid"], stated["seq"], stated["hash"]) != (tenant, place, previous):
        raise ValueError(f"head, at {place}")
    return events, place


def main() -> int:
    with open(sys.argv[1], "rb") as export, open(sys.argv[2], "rb") as jwks:
        lines = export.read().split(b"\n")[:-1]
        keys = {key["kid"]: decoded(key["x"]) for key in json.load(jwks)["keys"]}
    try:
        events, last = verify(lines, keys)
    except (ValueError, KeyError, InvalidSignature) as error:
        print(json.dumps({"whole": False, "error": str(error)}))
        return 3
    print(json.dumps({"whole": True, "events": events, "last": last}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
