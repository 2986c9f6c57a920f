"""Revokes sessions at one node and asks a client at another until it says no.

Prints the times as JSON. Its input is one line of JSON; bench/revoke.ts writes it.
"""

from __future__ import annotations

import json
import sys
import time

from trust_layer import TrustClient
from trust_layer.gen.trust.v1.session_pb2 import RevokeSessionRequest


def main() -> None:
    """Revoke, and ask."""
    task = json.loads(sys.stdin.readline())
    service_key = task["serviceKey"]
    times: list[float] = []
    with (
        TrustClient(task["revoking"], service_key=service_key, watch=False) as there,
        TrustClient(task["asking"], service_key=service_key) as here,
    ):
        if not here.await_lease(30):
            raise RuntimeError("there is no lease")
        for session in task["sessions"]:
            session_id = session["sessionId"]
            while here.verify_local(session_id) is None:
                here.verify(session_id)
            there.revoke_session(RevokeSessionRequest(handle=session["handle"]))
            answered = time.perf_counter()
            while here.verify(session_id).active:
                time.sleep(0.001)
            times.append((time.perf_counter() - answered) * 1_000)
    sys.stdout.write(json.dumps({"ms": times}) + "\n")


main()
