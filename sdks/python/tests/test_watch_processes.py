"""What watching does to a process: it keeps none alive, survives a fork, and ends with its client. SDK-43."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys

import pytest

from tests.support.facts import SESSION_ID, active_verdict
from tests.support.fake_server import FakeServer
from tests.support.fake_watch import FakeWatch, until
from trust_layer import AioTrustClient, TrustClient
from trust_layer import messages as m

PRELUDE = """
import asyncio, os, sys
from trust_layer import AioTrustClient, TrustClient
address, session_id = sys.argv[1:3]
"""
SYNC = """
client = TrustClient(address)
assert client.await_lease(10)
assert client.verify(session_id).active
print("done", flush=True)
"""
AIO = """
client = AioTrustClient(address)
async def main():
    assert await client.await_lease(10)
    assert (await client.verify(session_id)).active
asyncio.run(main())
print("done", flush=True)
"""
FORK_BEFORE = """
client = TrustClient(address)
pid = os.fork()
assert client.await_lease(10)
assert client.verify(session_id).active
client.close()
print("done", flush=True)
if pid:
    assert os.waitpid(pid, 0)[1] == 0
else:
    os._exit(0)
"""
FORK_AFTER = """
client = TrustClient(address)
assert client.await_lease(10)
pid = os.fork()
if pid:
    status = os.waitpid(pid, 0)[1]
    assert client.verify(session_id).active
    client.close()
    sys.exit(status >> 8)
assert client.metrics().streams == 0
assert client.verify_local(session_id) is None
assert client.await_lease(10)
assert client.verify(session_id).active
print("done", flush=True)
client.close()
os._exit(0)
"""


@pytest.fixture
def watch(server: FakeServer) -> FakeWatch:
    server.answer("Verify", m.VerifyResponse(verdict=active_verdict()))
    return FakeWatch(server)


def run(program: str, server: FakeServer, **env: str) -> tuple[int, str, str]:
    command = [sys.executable, "-c", PRELUDE + program, server.address, SESSION_ID]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **env}
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("program", [SYNC, AIO], ids=["sync", "aio"])
def test_a_client_that_is_never_closed_keeps_no_process_alive(
    program: str, server: FakeServer, watch: FakeWatch
) -> None:
    """SDK-43."""
    assert run(program, server) == (0, "done\n", "")
    until(lambda: watch.stream().is_over, "the end of the stream")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize(("program", "times"), [(FORK_BEFORE, 2), (FORK_AFTER, 1)], ids=["before", "after"])
def test_a_forked_child_begins_anew(program: str, times: int, server: FakeServer, watch: FakeWatch) -> None:
    """SDK-43."""
    env = {"GRPC_ENABLE_FORK_SUPPORT": "1", "GRPC_VERBOSITY": "NONE", "PYTHONUNBUFFERED": ""}  # Lines in one piece.
    code, out, err = run(program, server, **env)
    assert (code, out) == (0, "done\n" * times), err
    assert len(watch.streams) == 2


def test_a_client_that_nobody_holds_ends_its_stream(server: FakeServer, watch: FakeWatch) -> None:
    """SDK-42."""
    client = TrustClient(server.address)
    assert client.await_lease(10)
    stream = watch.stream()
    del client
    gc.collect()
    until(lambda: stream.is_over, "the end of the stream")


async def test_an_aio_client_that_nobody_holds_ends_its_stream(server: FakeServer, watch: FakeWatch) -> None:
    """SDK-42."""
    client = AioTrustClient(server.address)
    assert await client.await_lease(10)
    stream = watch.stream()
    del client
    gc.collect()
    for _ in range(1_000):
        if stream.is_over:
            break
        await asyncio.sleep(0.01)
    assert stream.is_over
