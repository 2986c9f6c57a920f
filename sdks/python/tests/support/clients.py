"""Both clients behind one face, so that each test of a rule holds both to it."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from trust_layer import AioTrustClient, TrustClient


class Driver:
    """Calls a method by name and gives its answer; an asyncio client runs in a loop of its own, in a thread."""

    def __init__(self, client: TrustClient | AioTrustClient) -> None:
        self.client: Any = client
        self.is_sync = isinstance(client, TrustClient)
        self._loop: asyncio.AbstractEventLoop | None = None
        if isinstance(client, AioTrustClient):
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
            self._thread.start()

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        return self.start(method, *args, **options).result(30)

    def start(self, method: str, *args: Any, **options: Any) -> Future[Any]:
        """Begin a call, so that several are under way."""
        function = getattr(self.client, method)
        if self._loop is None:
            begun: Future[Any] = Future()

            def work() -> None:
                try:
                    begun.set_result(function(*args, **options))
                except BaseException as error:
                    begun.set_exception(error)

            threading.Thread(target=work, daemon=True).start()
            return begun

        async def run() -> Any:
            given = function(*args, **options)
            return await given if inspect.isawaitable(given) else given

        return asyncio.run_coroutine_threadsafe(run(), self._loop)

    def make(self, maker: Callable[[Any], Any]) -> Any:
        """Make something of the client, where its event loop runs."""
        if self._loop is None:
            return maker(self.client)

        async def run() -> Any:
            return maker(self.client)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)

    def close(self) -> None:
        self.call("close")
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            self._loop.close()


DriverFactory = Callable[..., AbstractContextManager[Driver]]


def driver_factory(kind: str) -> DriverFactory:
    @contextmanager
    def make(*args: Any, **options: Any) -> Iterator[Driver]:
        driver = Driver((TrustClient if kind == "sync" else AioTrustClient)(*args, **options))
        try:
            yield driver
        finally:
            driver.close()

    return make
