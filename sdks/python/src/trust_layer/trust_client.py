"""The synchronous client of the Trust Layer (standard, chapter 8)."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

import grpc

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
from trust_layer.gen.rpcs import Response, Stubs, TrustClientRpcs
from trust_layer.gen.trust.v1.session_pb2 import Session, WatchRequest
from trust_layer.gen.trust.v1.session_pb2 import Verdict as VerdictMessage
from trust_layer.lease.facts import ChangeNotice
from trust_layer.verdict import DEFAULT_TENANT, ActiveVerdict, Verdict, verdict_of_message
from trust_layer.watch.asking import drive, one, several
from trust_layer.watch.issued_tokens import TokenKey
from trust_layer.watch.listeners import RevokedReason
from trust_layer.watch.memory import ClientMetrics, Memory
from trust_layer.watch.threads import ThreadMisses, ThreadStream, ThreadTokens, WatchCall


class TrustClient(TrustClientRpcs):
    """Calls the Trust Layer. Thread-safe; make one for each process and keep it.

    Each unary RPC of the contract is a method that takes the request message and returns the response message, except
    `verify` and `batch_verify`. An empty `tenant_id` of a request is filled in, on a copy. Each method raises
    TrustLayerError and nothing else once the call is made: it means that no decision was made.

    address: `host:port`, a list of them (round robin over all), or a gRPC target such as `dns:///trust-layer:50051`.
    service_key: sent as `authorization: Bearer tlk_…`; None or empty sends none.
    tenant_id: put into every request that names none.
    tls: root certificates, client certificate and server name; the system's roots when None.
    plaintext: None takes plain text by itself only if every address is loopback; True asks for it beyond that;
        False never takes it.
    timeout: seconds for each call, all retries included; above 0, at most 3600.
    watch: verdicts are kept in memory under a lease, which a stream renews; no answer from memory outlives a
        revocation by more than 2 s. False: each question is asked, for commands and functions that end soon.
    max_entries: sessions in memory, 1 to 10,000,000.

    Connection and stream are made at the first call, in threads that keep no process alive, so a client may be made
    before a server forks its workers. A fork begins anew in the child.
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
        self._lock = threading.Lock()
        self._memory = Memory(settings.tenant_id, settings.max_entries, watch=self._watch)
        self._misses = ThreadMisses(self._memory, self._send)
        self._tokens = ThreadTokens(self._memory, self._issue)
        self._open: tuple[grpc.Channel, Stubs] | None = None
        self._stream: ThreadStream | None = None

    def __repr__(self) -> str:
        """Give target and tenant, no secret."""
        return f"TrustClient({self._settings!r})"

    def verify(
        self,
        session_id: str,
        *,
        consistency: Consistency = "BOUNDED",
        degraded_max_stale: float | None = None,
        client: ClientFacts | None = None,
    ) -> Verdict:
        """Turn a session_id into a verdict. A session_id that is none at all is answered `MALFORMED`.

        consistency: `BOUNDED` is answered from memory while the lease holds; `STRONG` is always asked.
        degraded_max_stale: if the server cannot be asked, an active verdict that memory asked for so many seconds ago
            at most (300), and that nothing known here speaks against, is better than none; it says `degraded`.
        client: who presents it; the middleware gives it. A session that is bound is rejected without it.

        Scope `sessions:verify`. Errors: INVALID_FIELD (over 256 bytes).
        """
        if consistency == "BOUNDED":
            found = self._memory.local(session_id, client)
            if found is not None:
                return found
        ends_at = time.monotonic() + self._settings.timeout
        asked = Presented(session_id, client)
        steps = one(self._memory, asked, strong=is_strong(consistency), max_stale=degraded_max_stale)
        self._start()
        return drive(steps, lambda ids: self._misses.join(ids, ends_at))

    def verify_local(self, session_id: str, *, client: ClientFacts | None = None) -> ActiveVerdict | None:
        """Give the verdict of memory without a call, or None: ask by `verify`."""
        found = self._memory.local(session_id, client)
        if found is None:
            self._start()
        return found

    def batch_verify(
        self,
        session_ids: Sequence[str],
        *,
        consistency: Consistency = "BOUNDED",
        clients: Sequence[ClientFacts] = (),
    ) -> list[Verdict]:
        """Turn 1 to 256 session_ids into as many verdicts, in the order of the questions.

        clients: who presents each, in their order. Bound sessions are rejected without it.

        Scope `sessions:verify`. Errors: INVALID_FIELD.
        """
        strong, asked = is_strong(consistency), presented_of(session_ids, clients)
        if not is_askable(asked):
            response = self._call(self._stubs().session.BatchVerify, batch_verify_request(asked, strong))
            return [verdict_of_message(message) for message in answers_of(response, len(asked))]
        ends_at = time.monotonic() + self._settings.timeout
        self._start()
        return drive(several(self._memory, asked, strong=strong), lambda ids: self._misses.alone(ids, ends_at))

    def trust_token(
        self,
        session_id: str,
        audience: str,
        *,
        scope: Sequence[str] = (),
        lifetime: int = 0,
        client: ClientFacts | None = None,
    ) -> str:
        """Give a Trust Token of a session for one audience, issued or kept: it has a fifth of its life left at least.

        scope: values, whose order counts. lifetime: seconds, 5 to 300; 0 for the tenant's. client: who presents the
        session_id; a bound session gets no token without it. It is issued anew when a
        change names its session, identity, key or tenant. Scope `tokens:issue`. Errors: those of `issue_trust_token`.
        """
        self._start()
        return self._tokens.get((Presented(session_id, client), audience, tuple(scope), lifetime))

    def await_lease(self, timeout: float | None = None) -> bool:
        """Say whether there is a lease, waiting for one. timeout: seconds; None for the client's."""
        told = threading.Event()
        self._start()
        waiter = self._memory.when_leased(told.set) if self._watch else None
        if waiter is not None:
            told.wait(self._settings.timeout if timeout is None else timeout)
            self._memory.forget_waiter(waiter)
        return self._memory.leased()

    def on_revoked(self, session: Session, callback: Callable[[RevokedReason], Any]) -> Callable[[], None]:
        """Call back once when a session has ended, for what lives on with it, such as a WebSocket.

        callback: is told `revoked`, also if it had ended before; or `unsure` when that may have been missed: verify
        again, or close. It runs in the thread of the stream and must be quick; what it raises is contained.
        Gives a function that ends the registration. ValueError if the client does not watch.
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

    def close(self) -> None:
        """Report the last uses and close stream and connection. Calls under way end with CANCELLED. Idempotent."""
        with self._lock:
            self._closed = True
            opened, self._open = self._open, None
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
        self._memory.close()
        if opened is not None:
            opened[0].close()

    def __enter__(self) -> TrustClient:
        """Give the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    def _start(self) -> None:
        """Begin to watch, unless that has begun."""
        if self._stream is not None or not self._watch or self._closed:
            return
        stubs = self._stubs()
        with self._lock:
            if self._stream is None and not self._closed:
                metadata = self._settings.metadata

                # Neither the stream nor its threads hold the client, so that one that nobody holds ends them.
                def connect(requests: Iterator[WatchRequest]) -> WatchCall:
                    return stubs.session.Watch(requests, metadata=metadata)

                self._stream = ThreadStream(self._memory, connect)
                weakref.finalize(self, self._stream.abandon)

    def _stubs(self) -> Stubs:
        with self._lock:
            if self._closed:
                raise TrustLayerError("CANCELLED", "CANCELLED")
            if self._open is None:
                plan = self._settings.plan
                channel = (
                    grpc.insecure_channel(plan.target, plan.options)
                    if plan.credentials is None
                    else grpc.secure_channel(plan.target, plan.credentials, plan.options)
                )
                self._open = channel, Stubs(channel)
            return self._open[1]

    def _call(self, rpc: grpc.UnaryUnaryMultiCallable[Request, Response], request: Request) -> Response:
        return self._timed(rpc, request, self._settings.timeout)

    def _timed(
        self, rpc: grpc.UnaryUnaryMultiCallable[Request, Response], request: Request, timeout: float
    ) -> Response:
        filled = self._settings.filled(request)
        try:
            response = rpc(filled, timeout=timeout, metadata=self._settings.metadata)
        except grpc.RpcError as error:
            raise error_of_rpc(error) from None
        except ValueError:
            if not self._closed:
                raise
            raise TrustLayerError("CANCELLED", "CANCELLED") from None
        self._memory.own_answer(filled, response)
        return response

    def _send(self, asked: Sequence[Presented], strong: bool, timeout: float) -> Sequence[VerdictMessage]:
        session = self._stubs().session
        if len(asked) == 1:
            return [self._timed(session.Verify, verify_request(asked[0], strong), timeout).verdict]
        response = self._timed(session.BatchVerify, batch_verify_request(asked, strong), timeout)
        return answers_of(response, len(asked))

    def _issue(self, key: TokenKey) -> str:
        return self.issue_trust_token(token_request(key)).trust_token


_clients: weakref.WeakSet[TrustClient] = weakref.WeakSet()


def _begin_anew() -> None:
    """In a forked child: threads, locks and connection of the parent are not there, nor is its stream."""
    for client in list(_clients):
        client._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
