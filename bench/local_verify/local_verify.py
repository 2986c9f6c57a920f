"""Fills the memory of a client with sessions and asks about them at random, by turns with joserfc verifying a JWT.

Prints rates a second and the size of the memory as JSON. Its input is one line of JSON; bench/local_verify.ts writes it.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import OKPKey
from trust_layer import TrustClient

BLOCK = 1_000


def resident() -> int:
    """Bytes of this process in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def main() -> None:
    """Run the rounds."""
    task = json.loads(sys.stdin.readline())
    session_ids, seconds = task["sessionIds"], task["seconds"]
    key = OKPKey.import_key(task["jwk"])
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": task["issuer"]},
        aud={"essential": True, "value": task["audience"]},
        exp={"essential": True},
    )

    def library(_session_id: str) -> object:
        token = jwt.decode(task["token"], key, algorithms=["EdDSA"])
        rules.validate(token.claims)
        return token

    with TrustClient(task["address"]) as client:
        if not client.await_lease(10):
            raise SystemExit("there is no lease")
        client.batch_verify(session_ids[:1])
        # The ids that are asked about are not those that memory holds: they came with another request.
        before = resident()
        for start in range(0, len(session_ids), 256):
            client.batch_verify([bytes(text, "ascii").decode() for text in session_ids[start : start + 256]])
        size = resident() - before

        def blocks() -> Iterator[list[str]]:
            place = 0
            while True:
                block = []
                for _ in range(BLOCK):
                    place = (place + 7_919) % len(session_ids)
                    block.append(session_ids[place])
                yield block

        given = blocks()

        def measure(ask: Callable[[str], object], of_block: int = BLOCK) -> float:
            # A second of this process's CPU time, so that what else the machine does counts for little.
            spent, calls = 0.0, 0
            while spent < seconds:
                block = next(given)[:of_block]
                client.await_lease(10)
                begun = time.process_time()
                for session_id in block:
                    ask(session_id)
                spent += time.process_time() - begun
                calls += of_block
            return calls / spent

        ways: dict[str, Callable[[], float]] = {
            "verify": lambda: measure(client.verify),
            "local": lambda: measure(client.verify_local),
            "library": lambda: measure(library, 100),
        }
        ways["verify"]()
        begun = client.metrics()
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(task["rounds"]):
            for name, way in ways.items():
                rates[name].append(way())
        ended = client.metrics()
        counts = {"bytes": size, "hits": ended.hits - begun.hits, "misses": ended.misses - begun.misses}
        sys.stdout.write(json.dumps({**rates, **counts}) + "\n")


main()
