"""A client of either kind that watches a fake server, with clocks that a test moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from tests.support.clients import Driver, DriverFactory
from tests.support.facts import HANDLE, SESSION_ID, active_verdict
from tests.support.fake_server import FakeServer
from tests.support.fake_watch import FakeWatch, until
from trust_layer import messages as m
from trust_layer.lease.reading import Clocks


class World:
    """A server, its Watch and a client. `ahead`: seconds by which the client's clocks were moved."""

    def __init__(self, server: FakeServer, driver: Driver, watch: FakeWatch) -> None:
        self.server = server
        self.driver = driver
        self.watch = watch
        self.ahead = 0.0
        self.wall_ahead = 0.0
        self.verdicts: dict[str, m.Verdict] = {}
        self.before_answer: Callable[[Any], Any] = lambda _request: None
        driver.client._memory.clocks = Clocks(
            lambda: time.monotonic() + self.ahead, lambda: time.time() + self.ahead + self.wall_ahead
        )
        watch.wall = lambda: time.time() + self.ahead
        server.answer("Verify", self._verify)
        server.answer("BatchVerify", self._batch_verify)

    def verify(self, session_id: str = SESSION_ID, **options: Any) -> Any:
        return self.driver.call("verify", session_id, **options)

    def asked(self) -> list[Any]:
        """The requests of questions that came, in their order."""
        return [call.request for call in self.server.calls if call.method in ("Verify", "BatchVerify")]

    def lease(self) -> None:
        """Wait for a lease."""
        assert self.driver.call("await_lease", 10)

    def fill(self, session_id: str = SESSION_ID) -> None:
        """Wait until memory has the verdict."""
        self.lease()
        until(lambda: self.verify(session_id).active and self.local(session_id), "an entry")

    def local(self, session_id: str = SESSION_ID) -> Any:
        return self.driver.client.verify_local(session_id) if self.driver.is_sync else self._aio_local(session_id)

    def _aio_local(self, session_id: str) -> Any:
        return self.driver.client._memory.local(session_id)

    def revoke(self, handle: str = HANDLE, version: int = 4) -> None:
        """What the stream tells of another's revocation."""
        self.watch.stream().change(session=m.SessionChange(handle=handle, version=version, revoked=True))

    def _verdict(self, session_id: str) -> m.Verdict:
        return self.verdicts.get(session_id) or active_verdict()

    def _verify(self, request: m.VerifyRequest, _context: grpc.ServicerContext) -> m.VerifyResponse:
        verdict = self._verdict(request.session_id)
        self.before_answer(request)
        return m.VerifyResponse(verdict=verdict)

    def _batch_verify(self, request: m.BatchVerifyRequest, _context: grpc.ServicerContext) -> m.BatchVerifyResponse:
        verdicts = [self._verdict(session_id) for session_id in request.session_ids]
        self.before_answer(request)
        return m.BatchVerifyResponse(verdicts=verdicts)


@contextmanager
def watching(connect: DriverFactory, server: FakeServer, *, answers: bool = True, **options: Any) -> Iterator[World]:
    """Make one."""
    watch = FakeWatch(server, answers=answers)
    with connect(server.address, **options) as driver:
        yield World(server, driver, watch)
