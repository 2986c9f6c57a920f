"""Starts the app and, for the demonstration, the two services behind it: in production each runs on its own."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from trust_layer_starter.billing import billing
from trust_layer_starter.config import read_settings
from trust_layer_starter.orders import orders
from trust_layer_starter.web import web


class Server(uvicorn.Server):
    """One of the three in this process, so none of them may take the signals."""

    def __init__(self, app: FastAPI) -> None:
        """Set up a server without an access log: the address of the callback holds a one-time code."""
        super().__init__(uvicorn.Config(app, access_log=False, log_level="warning", timeout_graceful_shutdown=3))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def listen(port: int, host: str = "") -> list[socket.socket]:
    """Take a port, or end the program."""
    try:
        return [socket.create_server((host, port))]
    except OSError as error:
        why = os.strerror(error.errno or 0)
        sys.exit(f"Port {port} cannot be used ({why}). Set PORT; the app takes it and the two after it.")


async def main() -> None:
    """Run the three until Ctrl-C."""
    settings = read_settings(os.environ)
    servers = [
        (Server(web(settings)), listen(settings.port)),
        (Server(orders(settings)), listen(settings.orders_port, "127.0.0.1")),
        (Server(billing(settings)), listen(settings.billing_port, "127.0.0.1")),
    ]

    def stop(*_: object) -> None:
        for server, _sockets in servers:
            server.should_exit = True

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
    print(
        f"Open {settings.public_url} in a browser. "
        f"(orders: port {settings.orders_port}, billing: port {settings.billing_port})",
        flush=True,
    )
    await asyncio.gather(*(server.serve(sockets) for server, sockets in servers))


if __name__ == "__main__":
    asyncio.run(main())
