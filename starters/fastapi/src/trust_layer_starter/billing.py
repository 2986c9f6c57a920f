"""The last service of the chain. It needs no key and no connection to the Trust Layer: the token tells all."""

from fastapi import FastAPI, Request
from trust_layer import JwksKeySource, Verifier
from trust_layer.middleware.asgi import TrustTokenMiddleware, trust_token

from trust_layer_starter.config import Settings
from trust_layer_starter.seen import seen


def billing(settings: Settings) -> FastAPI:
    """Make the service."""
    key_source = JwksKeySource(f"{settings.pages}/.well-known/jwks.json")
    app = FastAPI(openapi_url=None)
    app.add_middleware(TrustTokenMiddleware, verifier=Verifier(settings.pages, "billing", key_source))

    @app.get("/balance")
    async def balance(request: Request) -> dict[str, str]:
        return seen(trust_token(request).claims)

    return app
