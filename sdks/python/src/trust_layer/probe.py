"""The probe of the SDK (standard, chapter 8): `python -m trust_layer.probe [--aio]`.

Reads JSON lines, answers each with one line, ends with its input. Commands run side by side, but for `configure`, which
waits for those before it. `--aio` plays the same through AioTrustClient and AioVerifier.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message

from trust_layer.aio_trust_client import AioTrustClient
from trust_layer.client_facts import ClientFacts
from trust_layer.errors import TrustLayerError, TrustTokenError
from trust_layer.gen.rpcs import UNARY_RPCS
from trust_layer.key_source import JwksKeySource, KeySource, StaticKeySource
from trust_layer.return_path import safe_return_path
from trust_layer.session_id import is_session_id
from trust_layer.trust_client import TrustClient
from trust_layer.verdict import Verdict
from trust_layer.verifier import AioVerifier, Verifier

_LONG = (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64)


_Client = TrustClient | AioTrustClient
# Many commands may wait at once, each in a thread.
_THREADS = 64


class _ProbeError(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Probe:
    """Answers lines. aio: whether the asyncio client is played; the other one's calls are made in threads."""

    def __init__(self, *, aio: bool) -> None:
        """Make a probe that is not configured yet."""
        self._aio = aio
        self._client: TrustClient | AioTrustClient | None = None
        self._verifier: Verifier | AioVerifier | None = None

    async def answer(self, line: str) -> dict[str, Any]:
        """Answer a line. Never raises."""
        asked_id = None
        try:
            asked = json.loads(line)
            asked_id = asked.get("id")
            return {"id": asked_id, "ok": await self._perform(asked["do"], asked.get("with") or {})}
        except (TrustLayerError, TrustTokenError) as error:
            return {"id": asked_id, "error": _error_to_wire(error)}
        except _ProbeError as error:
            return {"id": asked_id, "error": {"reason": "UNKNOWN", "code": error.code}}
        except Exception:
            return {"id": asked_id, "error": {"reason": "UNKNOWN", "code": "INVALID_ARGUMENT"}}

    async def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            await self._run(self._client.close)
            self._client = None

    async def _perform(self, action: str, given: dict[str, Any]) -> dict[str, Any]:
        if action == "configure":
            await self._configure(given)
            return {}
        if action == "check_session_id":
            return {"well_formed": is_session_id(given["session_id"])}
        if action == "safe_return_path":
            return {"path": safe_return_path(given["path"])}
        if action == "verify_trust_token":
            if self._verifier is None:
                raise _ProbeError("FAILED_PRECONDITION")
            return {"claims": (await self._run(self._verifier.verify, given["trust_token"])).as_dict()}
        if action not in UNARY_RPCS and action not in _COMMANDS:
            raise _ProbeError("UNIMPLEMENTED")
        if self._client is None:
            raise _ProbeError("FAILED_PRECONDITION")
        if action in _COMMANDS:
            return await _COMMANDS[action](self, self._client, given)
        request = ParseDict(given, UNARY_RPCS[action]())
        return _to_wire(await self._run(getattr(self._client, action), request))

    async def _verify(self, client: _Client, given: dict[str, Any]) -> dict[str, Any]:
        options: dict[str, Any] = {"consistency": given.get("consistency", "BOUNDED")}
        if given.get("degraded") is not None:
            options["degraded_max_stale"] = given["degraded"]["max_stale_ms"] / 1000
        options["client"] = _client_of(given)
        return _verdict_to_wire(await self._run(client.verify, given["session_id"], **options))

    async def _batch_verify(self, client: _Client, given: dict[str, Any]) -> dict[str, Any]:
        consistency = given.get("consistency", "BOUNDED")
        clients = [ClientFacts(**each) for each in given.get("clients") or ()]
        options = {"consistency": consistency, "clients": clients}
        verdicts = await self._run(client.batch_verify, given["session_ids"], **options)
        return {"verdicts": [_verdict_to_wire(verdict) for verdict in verdicts]}

    async def _metrics(self, client: _Client, _given: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in asdict(client.metrics()).items() if value is not None}

    async def _await_lease(self, client: _Client, given: dict[str, Any]) -> dict[str, Any]:
        return {"leased": await self._run(client.await_lease, _seconds(given))}

    async def _await_revoked(self, client: _Client, given: dict[str, Any]) -> dict[str, Any]:
        verdict = await self._run(client.verify, given["session_id"])
        if not verdict.active:
            raise _ProbeError("FAILED_PRECONDITION")
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        reasons: list[str] = []

        def tell(reason: str) -> None:
            reasons.append(reason)
            loop.call_soon_threadsafe(told.set)

        stop = client.on_revoked(verdict.session, tell)
        try:
            await asyncio.wait_for(told.wait(), _seconds(given) or 3.0)
        except asyncio.TimeoutError:
            return {}
        finally:
            stop()
        return {"reason": reasons[0]}

    async def _trust_token(self, client: _Client, given: dict[str, Any]) -> dict[str, Any]:
        options = {"scope": given.get("scope") or (), "lifetime": given.get("lifetime_seconds") or 0}
        options["client"] = _client_of(given)
        return {"token": await self._run(client.trust_token, given["session_id"], given["audience"], **options)}

    async def _run(self, method: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call a method of either client without holding up other commands."""
        return await method(*args, **options) if self._aio else await asyncio.to_thread(method, *args, **options)

    async def _configure(self, given: dict[str, Any]) -> None:
        await self.close()
        self._verifier = None
        tenant_id = given.get("tenant_id") or "default"
        if given.get("address") is not None:
            make = AioTrustClient if self._aio else TrustClient
            self._client = make(
                given["address"],
                service_key=given.get("service_key"),
                tenant_id=tenant_id,
                timeout=_seconds(given) or 3.0,
                watch=given.get("watch", True),
            )
        issuer, audience = given.get("issuer"), given.get("audience")
        if issuer is not None and audience is not None:
            now = given.get("now")
            clock = time.time if now is None else lambda: float(now)
            leeway = float(given.get("leeway_seconds", 5))
            watch = self._client if given.get("verifier_watches") else None
            verifier = Verifier(issuer, audience, _key_source(given), tenant_id, leeway, watch=watch, clock=clock)
            self._verifier = AioVerifier(verifier) if self._aio else verifier


_COMMANDS: dict[str, Callable[[Probe, _Client, dict[str, Any]], Awaitable[dict[str, Any]]]] = {
    "verify": Probe._verify,
    "batch_verify": Probe._batch_verify,
    "metrics": Probe._metrics,
    "await_lease": Probe._await_lease,
    "await_revoked": Probe._await_revoked,
    "trust_token": Probe._trust_token,
}


def _key_source(given: dict[str, Any]) -> KeySource:
    if given.get("jwks") is not None:
        return StaticKeySource(given["jwks"])
    return JwksKeySource(given.get("jwks_url") or f"{given['issuer']}/.well-known/jwks.json")


def _seconds(given: dict[str, Any]) -> float | None:
    timeout_ms = given.get("timeout_ms")
    return None if timeout_ms is None else timeout_ms / 1000


def _error_to_wire(error: TrustLayerError | TrustTokenError) -> dict[str, Any]:
    told: dict[str, Any] = {"reason": error.reason, "code": error.code}
    if isinstance(error, TrustLayerError) and error.fields:
        told["fields"] = [violation.field for violation in error.fields]
    return told


def _client_of(given: dict[str, Any]) -> ClientFacts | None:
    client = given.get("client")
    return None if client is None else ClientFacts(**client)


def _verdict_to_wire(verdict: Verdict) -> dict[str, Any]:
    if verdict.active:
        degraded = {"degraded": True} if verdict.degraded else {}
        organisation = {} if verdict.organisation is None else {"organisation": _to_wire(verdict.organisation)}
        return {
            "active": True,
            "session": _to_wire(verdict.session),
            "identity": _to_wire(verdict.identity),
            **organisation,
            **({"client_bound": True} if verdict.client_bound else {}),
            **degraded,
        }
    return {"active": False, "reason": verdict.reason}


def _to_wire(message: Message) -> dict[str, Any]:
    """Write a message: proto JSON in snake_case, empty scalars included, 64-bit numbers as JSON numbers."""
    fields = MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    _numbers(fields, message)
    return fields


def _numbers(fields: dict[str, Any], message: Message) -> None:
    for name, value in fields.items():
        descriptor = message.DESCRIPTOR.fields_by_name[name]
        member = getattr(message, name)
        if descriptor.cpp_type in _LONG:
            fields[name] = int(value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for item, part in zip(value, member, strict=True):
                _numbers(item, part)
        elif isinstance(value, dict) and isinstance(member, Message):
            _numbers(value, member)


async def _main(aio: bool) -> None:
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8")
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
    probe = Probe(aio=aio)
    under_way: set[asyncio.Task[None]] = set()

    async def answer(line: str) -> None:
        print(json.dumps(await probe.answer(line)), flush=True)

    while line := await asyncio.to_thread(sys.stdin.readline):
        if not line.strip():
            continue
        if '"configure"' in line and under_way:
            await asyncio.wait(under_way)
        task = asyncio.create_task(answer(line))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        if '"configure"' in line:
            await task
    if under_way:
        await asyncio.wait(under_way)
    await probe.close()


if __name__ == "__main__":
    asyncio.run(_main("--aio" in sys.argv[1:]))
