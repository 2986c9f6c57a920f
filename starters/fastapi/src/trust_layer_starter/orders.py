"""A service that accepts Trust Tokens for `orders`, offline, and passes the caller on to `billing`."""

from typing import Any

import httpx2
from fastapi import FastAPI, HTTPException, Request, Response
from trust_layer import AioTrustClient, JwksKeySource, TrustLayerError, Verifier
from trust_layer import messages as m
from trust_layer.middleware.asgi import TrustTokenMiddleware, trust_token
from trust_layer.request_trust import TRUST_TOKEN_HEADER

from trust_layer_starter.config import Settings
from trust_layer_starter.seen import seen
from trust_layer_starter.start import connections, http_client, log


def orders(settings: Settings) -> FastAPI:
    """Make the service."""
    client = AioTrustClient(settings.trust_address, service_key=settings.orders_key)
    http = http_client()
    key_source = JwksKeySource(f"{settings.pages}/.well-known/jwks.json")
    app = FastAPI(openapi_url=None, lifespan=connections(settings.trust_address, client, http))
    app.add_middleware(TrustTokenMiddleware, verifier=Verifier(settings.pages, "orders", key_source))

    @app.get("/orders")
    async def list_orders(request: Request) -> dict[str, Any]:
        verified = trust_token(request)
        if "orders:read" not in verified.claims.scopes:
            raise HTTPException(403)
        # A token for `orders` is worth nothing to `billing`: it is exchanged for one that is, and narrower.
        issued = await client.exchange_trust_token(
            m.ExchangeTrustTokenRequest(trust_token=verified.token, audience="billing")
        )
        answer = await http.get(
            f"http://127.0.0.1:{settings.billing_port}/balance", headers={TRUST_TOKEN_HEADER: issued.trust_token}
        )
        return {
            "orders": [{"number": 1, "item": "One lighthouse"}],
            "seen_by_orders": seen(verified.claims),
            "seen_by_billing": answer.raise_for_status().json(),
        }

    @app.exception_handler(TrustLayerError)
    @app.exception_handler(httpx2.HTTPError)
    async def unavailable(_: Request, error: Exception) -> Response:
        log.error("orders: %s", error)
        return Response(status_code=503)

    return app
