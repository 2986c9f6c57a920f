"""Everything that differs between a laptop and production."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What the environment says.

    trust_address: of the Trust Layer, over gRPC. pages: URL of its hosted pages, also the issuer of Trust Tokens.
    """

    port: int
    public_url: str
    trust_address: str
    pages: str
    service_key: str = field(repr=False)
    orders_key: str = field(repr=False)

    @property
    def orders_port(self) -> int:
        """Port of the service behind the app."""
        return self.port + 1

    @property
    def billing_port(self) -> int:
        """Port of the service behind that."""
        return self.port + 2


def read_settings(env: Mapping[str, str]) -> Settings:
    """Read the settings; end the program where a service key is missing."""
    port = int(env.get("PORT", "3000"))
    return Settings(
        port=port,
        public_url=_origin(env.get("PUBLIC_URL", f"http://localhost:{port}")),
        trust_address=env.get("TRUST_ADDRESS", "127.0.0.1:50051"),
        pages=_origin(env.get("TRUST_PAGES_URL", "http://localhost:8080")),
        service_key=_read_key(env, "TRUST_SERVICE_KEY", "data/service-key"),
        orders_key=_read_key(env, "TRUST_ORDERS_KEY", "data/service-key.orders"),
    )


def _origin(url: str) -> str:
    """Take off the slash that people like to put after it: both are compared as they are."""
    return url.rstrip("/")


def _read_key(env: Mapping[str, str], name: str, otherwise: str) -> str:
    """Read a service key from the variable, or from the file that the variable with `_FILE` names."""
    key = env.get(name)
    if key is not None:
        return key
    file = env.get(f"{name}_FILE", otherwise)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError:
        sys.exit(f"No service key at {file}. Start the Trust Layer first (npm start), or set {name}_FILE.")
