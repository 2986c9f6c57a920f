"""The far end of Watch with a mind of its own: a test decides what it sends, when, and what it leaves out."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc

from tests.support.fake_server import FakeServer
from trust_layer import messages as m

DEADLINE = 10.0
"""Seconds after which a test gives up what it waits for."""


def until(true: Callable[[], Any], what: str = "it") -> Any:
    """Wait until something is so, and give it."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError(f"{what} did not come")


@dataclass
class Stream:
    """One stream as the server sees it."""

    tenant_id: str
    out: queue.SimpleQueue[m.WatchResponse | grpc.StatusCode | None] = field(default_factory=queue.SimpleQueue)
    pings: list[int] = field(default_factory=list)
    uses: list[m.SessionUse] = field(default_factory=list)
    is_over: bool = False
    is_mute: bool = False

    def send(self, **message: Any) -> None:
        self.out.put(m.WatchResponse(**message))

    def ready(self, bound_ms: int = 2_000, window_ms: int = 360_000) -> None:
        self.send(ready=m.WatchReady(staleness_bound_ms=bound_ms, backlog_window_ms=window_ms))

    def change(self, tenant_id: str = "default", **subject: Any) -> None:
        self.send(change=m.Change(tenant_id=tenant_id, **subject))

    def pong(self, number: int, wall: float | None = None) -> None:
        pong = m.WatchPong(number=number)
        pong.database_time.FromMilliseconds(int((time.time() if wall is None else wall) * 1000))
        self.send(pong=pong)

    def end(self, code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> None:
        self.out.put(code)


class FakeWatch:
    """Serves Watch. `answers` says whether backlog, `ready` and pongs are sent by themselves."""

    def __init__(self, server: FakeServer, *, answers: bool = True) -> None:
        self.streams: list[Stream] = []
        self.answers = answers
        self.backlog: list[m.Change] = []
        self.window_ms = 360_000
        self.bound_ms = 2_000
        self.wall: Callable[[], float] = time.time
        server.watch = self._serve

    def stream(self, number: int = -1) -> Stream:
        """The stream of this number, the latest if none is given."""
        wanted = number if number > 0 else 1
        until(lambda: len(self.streams) >= wanted, f"stream {wanted}")
        return self.streams[number - 1 if number > 0 else -1]

    def _serve(self, requests: Iterator[m.WatchRequest], context: grpc.ServicerContext) -> Iterator[m.WatchResponse]:
        stream = Stream(next(requests).start.tenant_id)
        if self.answers:
            for change in self.backlog:
                stream.send(change=change)
            stream.ready(self.bound_ms, self.window_ms)
        self.streams.append(stream)
        threading.Thread(target=self._read, args=(requests, stream), daemon=True).start()
        context.add_callback(lambda: stream.out.put(None))
        while (message := stream.out.get()) is not None:
            if isinstance(message, grpc.StatusCode):
                context.abort(message, "")
            yield message

    def _read(self, requests: Iterator[m.WatchRequest], stream: Stream) -> None:
        # A stream that is cancelled raises whatever it likes.
        with contextlib.suppress(Exception):
            for request in requests:
                if request.WhichOneof("message") == "ping":
                    stream.pings.append(request.ping.number)
                    if self.answers and not stream.is_mute:
                        stream.pong(request.ping.number, self.wall())
                else:
                    stream.uses.extend(request.use.uses)
        stream.is_over = True
        stream.out.put(None)
