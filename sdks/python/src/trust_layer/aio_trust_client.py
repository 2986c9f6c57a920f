"""The asyncio client of the Trust Layer (standard, chapter 8)."""

from __future__ import annotations

import asyncio
import os
import time
import weakref
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import grpc.aio

from trust_layer._calls import (
    DEFAULT_MAX_ENTRIES,
    DEFAULT_TIMEOUT,
    CallSettings,
    Consistency,
    Request,
    answers_of,
    batch_verify_request,
    is_askable,
    is_strong,
    presented_of,
    token_request,
    verify_request,
)
from trust_layer.channel import TlsOptions
from trust_layer.client_facts import ClientFacts, Presented
from trust_layer.errors import TrustLayerError, error_of_rpc
from trust_layer.gen.aio_rpcs import AioTrustClientRpcs, Response, Stubs
from trust_layer.gen.trust.v1.session_pb2 import Session
from trust_layer.gen.trust.v1.session_pb2 import Verdict as VerdictMessage
from trust_layer.lease.facts import ChangeNotice
from trust_layer.verdict import DEFAULT_TENANT, ActiveVerdict, Verdict, verdict_of_message
from trust_layer.watch.asking import drive_aio, one, several
from trust_layer.watch.issued_tokens import TokenKey
from trust_layer.watch.listeners import RevokedReason
from trust_layer.watch.memory import ClientMetrics, Memory
from trust_layer.watch.tasks import Awaited, TaskMisses, TaskStream, TaskTokens, WatchCall


class _Opened:
    """What belongs to one event loop: the connection, the stream, the questions under way."""

    def __init__(self, settings: CallSettings, memory: Memory, send: Any) -> None:
        plan = settings.plan
        self.loop = asyncio.get_running_loop()
        self.channel = (
            grpc.aio.insecure_channel(plan.target, plan.options)
            if plan.credentials is None
            else grpc.aio.secure_channel(plan.target, plan.credentials, plan.options)
        )
        self.stubs = Stubs(self.channel)
        self.misses = TaskMisses(memory, send)
        self.stream: TaskStream | None = None


class AioTrustClient(AioTrustClientRpcs):
    """Calls the Trust Layer from asyncio. Make one for each event loop and keep it.

    The same as TrustClient: options, methods, answers and errors are described there. Cancelling a task that waits
    for a call cancels the call, unless others wait for it too. Connection and stream are made at the first call and
    belong to the event loop of that call, so a client may be made at import time; in another event loop new ones take
    the place of the first.
    """

    def __init__(
        self,
        address: str | Sequence[str],
        *,
        service_key: str | None = None,
        tenant_id: str = DEFAULT_TENANT,
        tls: TlsOptions | None = None,
        plaintext: bool | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        watch: bool = True,
        max_entries: int = DEFAULT_MAX_ENTRIES,
    ) -> None:
        """Check the options (ValueError) without connecting."""
        self._settings = CallSettings(address, service_key, tenant_id, tls, plaintext, timeout, max_entries)
        self._watch = watch
        self._closed = False
        self._begin()
        _clients.add(self)

    def _begin(self) -> None:
        settings = self._settings
        self._memory = Memory(settings.tenant_id, settings.max_entries, watch=self._watch)
        self._memory.awaited = Awaited()
        self._tokens = TaskTokens(self._memory, self._issue)
        self._open: _Opened | None = None

    def __repr__(self) -> str:
        """Give target and tenant, no secret."""
        return f"AioTrustClient({self._settings!r})"

    async def verify(
        self,
        session_id: str,
        *,
        consistency: Consistency = "BOUNDED",
        degraded_max_stale: float | None = None,
        client: ClientFacts | None = None,
    ) -> Verdict:
        """Turn a session_id into a verdict, as TrustClient.verify does."""
        if consistency == "BOUNDED":
            found = self._memory.local(session_id, client)
            if found is not None:
                return found
        ends_at = time.monotonic() + self._settings.timeout
        asked = Presented(session_id, client)
        steps = one(self._memory, asked, strong=is_strong(consistency), max_stale=degraded_max_stale)
        opened = self._start()
        return await drive_aio(steps, lambda ids: opened.misses.join(ids, ends_at))

    def verify_local(self, session_id: str, *, client: ClientFacts | None = None) -> ActiveVerdict | None:
        """Give the verdict of memory without a call, or None: ask by `verify`. Any thread may call it."""
        return self._memory.local(session_id, client)

    async def batch_verify(
        self,
        session_ids: Sequence[str],
        *,
        consistency: Consistency = "BOUNDED",
        clients: Sequence[ClientFacts] = (),
    ) -> list[Verdict]:
        """Turn 1 to 256 session_ids into as many verdicts, in the order of the questions.

        Scope `sessions:verify`. Errors: INVALID_FIELD.
        """
        strong, asked = is_strong(consistency), presented_of(session_ids, clients)
        if not is_askable(asked):
            response = await self._call(self._stubs().session.BatchVerify, batch_verify_request(asked, strong))
            return [verdict_of_message(message) for message in answers_of(response, len(asked))]
        ends_at = time.monotonic() + self._settings.timeout
        opened = self._start()
        steps = several(self._memory, asked, strong=strong)
        return await drive_aio(steps, lambda ids: opened.misses.alone(ids, ends_at))

    async def trust_token(
        self,
        session_id: str,
        audience: str,
        *,
        scope: Sequence[str] = (),
        lifetime: int = 0,
        client: ClientFacts | None = None,
    ) -> str:
        """Give a Trust Token of a session for one audience, issued or kept, as TrustClient.trust_token does."""
        self._start()
        return await self._tokens.get((Presented(session_id, client), audience, tuple(scope), lifetime))

    async def await_lease(self, timeout: float | None = None) -> bool:
        """Say whether there is a lease, waiting for one. timeout: seconds; None for the client's."""
        loop = self._start().loop
        told = asyncio.Event()

        def tell() -> None:
            loop.call_soon_threadsafe(told.set)

        waiter = self._memory.when_leased(tell) if self._watch else None
        if waiter is not None:
            try:
                await asyncio.wait_for(told.wait(), self._settings.timeout if timeout is None else timeout)
            except asyncio.TimeoutError:
                pass
            finally:
                self._memory.forget_waiter(waiter)
        return self._memory.leased()

    def on_revoked(self, session: Session, callback: Callable[[RevokedReason], Any]) -> Callable[[], None]:
        """Call back once when a session has ended, as TrustClient.on_revoked does, in the event loop.

        callback: a function, or a coroutine function. To be called where the event loop runs.
        """
        stop = self._memory.on_revoked(session, callback)
        self._start()
        return stop

    def on_change(self, callback: Callable[[ChangeNotice], Any]) -> Callable[[], None]:
        """Call back at every change that the stream tells of, the backlog of 6 min included; else as `on_revoked`."""
        # Before the stream begins, for it begins with the backlog.
        stop = self._memory.on_change(callback)
        self._start()
        return stop

    def metrics(self) -> ClientMetrics:
        """Give the numbers of this client."""
        return self._memory.metrics()

    async def close(self) -> None:
        """Report the last uses and close stream and connection. Calls under way end with CANCELLED. Idempotent."""
        self._closed = True
        opened, self._open = self._open, None
        if opened is not None and opened.loop is asyncio.get_running_loop():
            if opened.stream is not None:
                await opened.stream.close()
            await opened.channel.close()
        self._memory.close()

    async def __aenter__(self) -> AioTrustClient:
        """Give the client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connection."""
        await self.close()

    def _start(self) -> _Opened:
        """Begin to watch in this event loop, unless that has begun."""
        opened = self._opened()
        if self._watch and opened.stream is None:
            metadata = self._settings.metadata
            stubs = opened.stubs

            # Neither the stream nor its task holds the client, so that one that nobody holds ends them.
            def connect() -> WatchCall:
                return stubs.session.Watch(metadata=metadata)

            opened.stream = TaskStream(self._memory, connect)
            weakref.finalize(self, opened.stream.abandon)
        return opened

    def _opened(self) -> _Opened:
        if self._closed:
            raise TrustLayerError("CANCELLED", "CANCELLED")
        loop = asyncio.get_running_loop()
        if self._open is None or self._open.loop is not loop:
            self._open = _Opened(self._settings, self._memory, self._send)
        return self._open

    def _stubs(self) -> Stubs:
        return self._opened().stubs

    async def _call(self, rpc: grpc.aio.UnaryUnaryMultiCallable[Request, Response], request: Request) -> Response:
        return await self._timed(rpc, request, self._settings.timeout)

    async def _timed(
        self, rpc: grpc.aio.UnaryUnaryMultiCallable[Request, Response], request: Request, timeout: float
    ) -> Response:
        filled = self._settings.filled(request)
        try:
            response = await rpc(filled, timeout=timeout, metadata=self._settings.metadata)
        except grpc.RpcError as error:
            raise error_of_rpc(error) from None
        except asyncio.CancelledError:
            if not self._closed or _task_is_cancelled():
                raise
            # The channel was closed under the call: that is the end of the call, not of the task.
            raise TrustLayerError("CANCELLED", "CANCELLED") from None
        except grpc.aio.UsageError:
            if not self._closed:
                raise
            raise TrustLayerError("CANCELLED", "CANCELLED") from None
        self._memory.own_answer(filled, response)
        return response

    async def _send(self, asked: Sequence[Presented], strong: bool, timeout: float) -> Sequence[VerdictMessage]:
        session = self._stubs().session
        if len(asked) == 1:
            return [(await self._timed(session.Verify, verify_request(asked[0], strong), timeout)).verdict]
        response = await self._timed(session.BatchVerify, batch_verify_request(asked, strong), timeout)
        return answers_of(response, len(asked))

    async def _issue(self, key: TokenKey) -> str:
        return (await self.issue_trust_token(token_request(key))).trust_token


_clients: weakref.WeakSet[AioTrustClient] = weakref.WeakSet()


def _begin_anew() -> None:
    """In a forked child: locks and connection of the parent are of no use, and its stream is not there."""
    for client in list(_clients):
        client._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def _task_is_cancelled() -> bool:
    """Say whether the running task itself was asked to stop. Python 3.10 cannot tell: then it is taken to be so."""
    task = asyncio.current_task()
    cancelling = getattr(task, "cancelling", None)
    return cancelling is None or bool(cancelling())
