"""A Trust Layer in this process that answers what a test tells it to, through the generated servicers."""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import status_pb2

from trust_layer import messages as m
from trust_layer.gen.trust import v1

Handler = Callable[[Any, grpc.ServicerContext], Message]
WatchHandler = Callable[[Iterator[m.WatchRequest], grpc.ServicerContext], Iterator[m.WatchResponse]]

# Every service of the contract, whatever there is.
_ADD: Sequence[Callable[[Any, grpc.Server], None]] = [
    add
    for module in pkgutil.iter_modules(v1.__path__)
    if module.name.endswith("_pb2_grpc")
    for name, add in vars(importlib.import_module(f"{v1.__name__}.{module.name}")).items()
    if name.startswith("add_") and name.endswith("_to_server")
]


@dataclass
class Call:
    """One call as it arrived."""

    method: str
    request: Any
    metadata: list[tuple[str, str | bytes]]
    time_remaining: float | None


@dataclass
class FakeServer:
    """Answers by `handlers[method]`; a method without handler is answered by an empty message. Watch is not served."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    watch: WatchHandler | None = None
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def methods(self) -> list[str]:
        return [call.method for call in self.calls]

    def answer(self, method: str, handler: Handler | Message) -> None:
        self.handlers[method] = handler if callable(handler) else lambda _request, _context: handler

    def handle(self, method: str, request: Any, context: grpc.ServicerContext) -> Message:
        metadata = [(key, value) for key, value in context.invocation_metadata()]
        with self._lock:
            self.calls.append(Call(method, request, metadata, context.time_remaining()))
        handler = self.handlers.get(method)
        if handler is not None:
            return handler(request, context)
        name = type(request).DESCRIPTOR.name.removesuffix("Request") + "Response"
        module = __import__(type(request).__module__, fromlist=[name])
        empty: Message = getattr(module, name)()
        return empty


class _Servicer:
    """Stands for every generated servicer: each of its methods asks the fake server."""

    def __init__(self, server: FakeServer) -> None:
        self._server = server

    def Watch(self, requests: Iterator[m.WatchRequest], context: grpc.ServicerContext) -> Iterator[m.WatchResponse]:
        if self._server.watch is None:
            failing(grpc.StatusCode.UNIMPLEMENTED)(requests, context)
            raise AssertionError
        return self._server.watch(requests, context)

    def __getattr__(self, method: str) -> Handler:
        return lambda request, context: self._server.handle(method, request, context)


@contextmanager
def serving(
    address: str = "127.0.0.1:0",
    credentials: grpc.ServerCredentials | None = None,
    options: Sequence[tuple[str, Any]] = (),
) -> Iterator[FakeServer]:
    """Run a fake server."""
    fake = FakeServer()
    server = grpc.server(futures.ThreadPoolExecutor(32), options=[("grpc.so_reuseport", 0), *options])
    for add in _ADD:
        add(_Servicer(fake), server)
    if credentials is None:
        fake.port = server.add_insecure_port(address)
    else:
        fake.port = server.add_secure_port(address, credentials)
    server.start()
    try:
        yield fake
    finally:
        server.stop(None).wait(2)


def failing(code: grpc.StatusCode, text: str = "", details: Sequence[Message] = ()) -> Handler:
    """Make a handler that ends with an error status."""

    def handler(_request: Any, context: grpc.ServicerContext) -> Message:
        if details:
            context.set_trailing_metadata((("grpc-status-details-bin", packed(code, text, details)),))
        context.abort(code, text)
        raise AssertionError

    return handler


def packed(code: grpc.StatusCode, text: str, details: Sequence[Message]) -> bytes:
    """Write `google.rpc.Status`."""
    status = status_pb2.Status(code=code.value[0], message=text)
    for detail in details:
        item = any_pb2.Any()
        item.Pack(detail)
        status.details.append(item)
    data: bytes = status.SerializeToString()
    return data
