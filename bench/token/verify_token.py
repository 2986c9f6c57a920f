"""Verifies one Trust Token again and again, by turns with the SDK and with joserfc.

Prints verifications a second as JSON. Its input is one line of JSON; bench/token.ts writes it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from joserfc import jwt
from joserfc.jwk import KeySet
from trust_layer import StaticKeySource, Verifier


def measure(verify: Callable[[], object], seconds: float) -> float:
    """Verifications a second."""
    started = time.perf_counter()
    calls = 0
    while time.perf_counter() - started < seconds:
        verify()
        calls += 1
    return calls / (time.perf_counter() - started)


def main() -> None:
    """Run the rounds."""
    task = json.loads(sys.stdin.readline())
    token, issuer, audience = task["token"], task["issuer"], task["audience"]
    verifier = Verifier(issuer, audience, StaticKeySource(task["jwks"]))
    keys = KeySet.import_key_set(task["jwks"])
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": issuer}, aud={"essential": True, "value": audience}, exp={"essential": True}
    )

    def library() -> None:
        rules.validate(jwt.decode(token, keys, algorithms=["EdDSA"]).claims)

    ways: dict[str, Callable[[], object]] = {"sdk": lambda: verifier.verify(token), "library": library}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(task["rounds"]):
        for name, verify in ways.items():
            rates[name].append(measure(verify, task["seconds"]))
    sys.stdout.write(json.dumps(rates) + "\n")


main()
