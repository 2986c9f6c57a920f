"""Public keys over the client's own channel, read again when a change names a signing key (SDK-40)."""

from __future__ import annotations

import asyncio
import json

from trust_layer.aio_trust_client import AioTrustClient
from trust_layer.gen.trust.v1.trust_token_pb2 import GetTrustKeysRequest, GetTrustKeysResponse
from trust_layer.key_source import CachedKeySource, TrustKey
from trust_layer.lease.facts import ChangeNotice, ChangesMissed, SigningKeyChanged, SigningKeyRetired
from trust_layer.trust_client import TrustClient

_TIMEOUT = 5.0


class WatchKeySource:
    """The keys that `GetTrustKeys` gives, kept as JwksKeySource keeps those of a URL ([TOK-27]). Thread-safe.

    client: one that watches; otherwise ValueError. With an AioTrustClient the source is made where its event loop runs,
    and used through AioVerifier, which reads keys in a thread.
    """

    def __init__(self, client: TrustClient | AioTrustClient) -> None:
        """Begin to listen."""
        self._client = client
        self._loop = asyncio.get_running_loop() if isinstance(client, AioTrustClient) else None
        self._keys = CachedKeySource(self._fetch)
        self._stop = client.on_change(self._changed)

    def find(self, kid: str) -> TrustKey | None:
        """Give the key with this id, None if there is none. Raises KeysUnavailableError. May block for I/O."""
        return self._keys.find(kid)

    def needs_read(self, kid: str) -> bool:
        """Say whether `find` would block for I/O now."""
        return self._keys.needs_read(kid)

    def close(self) -> None:
        """Listen no more; keys are then read each minute."""
        self._stop()

    def _changed(self, notice: ChangeNotice) -> None:
        if isinstance(notice, (SigningKeyChanged, SigningKeyRetired, ChangesMissed)):
            self._keys.expire()

    def _fetch(self) -> bytes:
        response = self._ask()
        return json.dumps({"keys": [json.loads(key.jwk) for key in response.keys]}).encode()

    def _ask(self) -> GetTrustKeysResponse:
        client, request = self._client, GetTrustKeysRequest()
        if isinstance(client, TrustClient):
            return client.get_trust_keys(request)
        if self._loop is None or asyncio._get_running_loop() is self._loop:
            # Waiting in the loop for the loop would last for ever.
            raise RuntimeError("keys of an AioTrustClient are read through AioVerifier")
        return asyncio.run_coroutine_threadsafe(client.get_trust_keys(request), self._loop).result(_TIMEOUT)
