"""What the app and the services behind it have in common."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx2
from fastapi import FastAPI
from trust_layer import AioTrustClient, TrustLayerError
from trust_layer import messages as m

log = logging.getLogger("starter")


def http_client() -> httpx2.AsyncClient:
    """Make the client that carries Trust Tokens: no proxy that the environment names may see one."""
    return httpx2.AsyncClient(trust_env=False)


def connections(
    address: str, client: AioTrustClient, http: httpx2.AsyncClient
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Give the lifespan of an app that calls the Trust Layer at this address.

    It says at once what would otherwise come out at the first sign-in: no Trust Layer, or a key that it refuses.
    """

    async def check() -> None:
        try:
            await client.get_trust_keys(m.GetTrustKeysRequest())
        except TrustLayerError as error:
            log.error("Cannot use the Trust Layer at %s: %s", address, error)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with client, http:
            checking = asyncio.create_task(check())
            yield
            checking.cancel()

    return lifespan
