"""Fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

# Before grpc is loaded: its notes on servers that stop say nothing here.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

from tests.support.clients import Driver, DriverFactory, driver_factory
from tests.support.fake_server import FakeServer, serving
from tests.support.watching import World, watching


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving() as fake:
        yield fake


@pytest.fixture(params=["sync", "aio"])
def connect(request: pytest.FixtureRequest) -> DriverFactory:
    """Makes clients of either kind."""
    return driver_factory(request.param)


@pytest.fixture
def driver(connect: DriverFactory, server: FakeServer) -> Iterator[Driver]:
    """A client of either kind of the fake server."""
    with connect(server.address) as made:
        yield made


@pytest.fixture
def world(connect: DriverFactory, server: FakeServer) -> Iterator[World]:
    """A client of either kind that watches."""
    with watching(connect, server) as made:
        yield made
