"""The stream and the questions of the asyncio client: tasks that carry them, in one event loop."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import grpc.aio

from trust_layer.client_facts import Presented
from trust_layer.errors import TrustLayerError
from trust_layer.gen.trust.v1.session_pb2 import Verdict as VerdictMessage
from trust_layer.gen.trust.v1.session_pb2 import WatchRequest, WatchResponse
from trust_layer.watch.asking import Answers, Ids
from trust_layer.watch.issued_tokens import Issuing, TokenKey
from trust_layer.watch.memory import Memory
from trust_layer.watch.misses import GRACE, PATIENCE, Misses, Question, too_late
from trust_layer.watch.stream import GOODBYE, TICK, Backoff, WatchStream

WatchCall = grpc.aio.StreamStreamCall[WatchRequest, WatchResponse]

# A message that the transport does not take for so long: the stream is as good as silent.
_WRITE_TIMEOUT = 3.0


class TaskStream:
    """One stream after another, in a task of the running event loop."""

    def __init__(self, memory: Memory, connect: Callable[[], WatchCall]) -> None:
        """Begin to watch."""
        self._memory = memory
        self._connect = connect
        self._closing = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self._task = self.loop.create_task(self._run(), name="trust-layer-watch")

    async def close(self) -> None:
        """Report the last uses and end the stream; waits for that, 1 s at most."""
        self._closing.set()
        if self._task is not asyncio.current_task():
            _, late = await asyncio.wait({self._task}, timeout=GOODBYE + GRACE)
            for task in late:
                task.cancel()

    def abandon(self) -> None:
        """End it from outside of its loop, for a client that nobody holds any more."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._task.cancel)

    async def _run(self) -> None:
        backoff = Backoff()
        while not self._closing.is_set():
            backoff.opened()
            code = await self._one_stream()
            wait_until = time.monotonic() + backoff.span(code)
            while (left := wait_until - time.monotonic()) > 0 and not self._closing.is_set():
                await self._closed_within(min(TICK, left))
                self._memory.check()

    async def _one_stream(self) -> grpc.StatusCode | None:
        stream = WatchStream(self._memory)
        call: WatchCall | None = None
        reader: asyncio.Task[grpc.StatusCode | None] | None = None
        closed = self.loop.create_task(self._closing.wait())
        try:
            call = self._connect()
            reader = self.loop.create_task(self._read(call, stream))
            due: list[WatchRequest] | None = stream.first()
            while due is not None:
                for request in due:
                    await asyncio.wait_for(call.write(request), _WRITE_TIMEOUT)
                done, _ = await asyncio.wait({reader, closed}, timeout=TICK, return_when=asyncio.FIRST_COMPLETED)
                if done:
                    break
                self._memory.check()
                due = stream.tick()
            if self._closing.is_set() and stream.is_ready and not reader.done():
                for request in stream.uses():
                    await asyncio.wait_for(call.write(request), GOODBYE)
                await call.done_writing()
                await asyncio.wait({reader}, timeout=GOODBYE)
            return reader.result() if reader.done() else None
        except (TrustLayerError, asyncio.TimeoutError):
            return None
        except (grpc.RpcError, grpc.aio.UsageError, asyncio.InvalidStateError):
            # A message found the stream ended; the reader knows how.
            if reader is not None:
                await asyncio.wait({reader}, timeout=GOODBYE)
            return reader.result() if reader is not None and reader.done() else None
        finally:
            stream.ended()
            closed.cancel()
            if call is not None:
                call.cancel()
            if reader is not None:
                reader.cancel()

    @staticmethod
    async def _read(call: WatchCall, stream: WatchStream) -> grpc.StatusCode | None:
        try:
            async for response in call:
                stream.took(response)
        except grpc.RpcError as error:
            return error.code() if isinstance(error, grpc.aio.AioRpcError) else None
        finally:
            stream.ended()
        return None

    async def _closed_within(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except asyncio.TimeoutError:
            return


Send = Callable[[Sequence[Presented], bool, float], Awaitable[Sequence[VerdictMessage]]]
"""Asks the server about 1 to 256 sessions, with STRONG or not, within so many seconds."""

_Question = Question["asyncio.Future[None]"]


class TaskMisses:
    """Questions of many tasks in few calls. Those of the same turn of the event loop go together."""

    def __init__(self, memory: Memory, send: Send) -> None:
        """Begin with nothing under way."""
        self._memory = memory
        self._send = send
        self._misses: Misses[asyncio.Future[None]] = Misses()
        self._loop = asyncio.get_running_loop()
        self._flushing: asyncio.Handle | None = None
        self._calls: dict[asyncio.Task[None], list[_Question]] = {}

    async def alone(self, ids: Ids, ends_at: float) -> Answers:
        """Ask about these in a call of their own."""
        asked = self._memory.sending(len(ids.asked), strong=ids.strong)
        left = ends_at - time.monotonic()
        if left <= 0:
            raise too_late()
        return Answers(asked, await self._send(ids.asked, ids.strong, left))

    async def join(self, ids: Ids, ends_at: float) -> Answers:
        """Ask about one, with others of the same moment."""
        (presented,) = ids.asked
        question = self._misses.find(presented, ids.strong)
        if question is None:
            question = Question(presented, ids.strong, self._loop.create_future())
            self._misses.add(question)
            self._schedule()
        question.askers += 1
        question.ends_at = max(question.ends_at, ends_at)
        try:
            await asyncio.wait({question.waiting}, timeout=ends_at - time.monotonic() + GRACE)
        finally:
            question.askers -= 1
            if question.askers == 0 and not question.is_answered:
                self._abandon(question)
        if question.answer is None:
            raise copy.copy(question.error or too_late()) from None
        asked, message = question.answer
        return Answers(asked, [message])

    def _schedule(self) -> None:
        if self._flushing is None:
            # In the next turn, so that all of this one are in it; or once the call under way is done or takes too long.
            busy = self._misses.under_way > 0
            self._flushing = self._loop.call_later(PATIENCE, self._flush) if busy else self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        while batch := self._misses.take():
            task = self._loop.create_task(self._carry(batch))
            self._calls[task] = batch
            task.add_done_callback(self._calls.pop)

    def _abandon(self, question: _Question) -> None:
        """Nobody waits any more: a call that carries nothing else is cancelled."""
        self._misses.drop(question)
        for task, batch in self._calls.items():
            if question in batch and all(one.askers == 0 for one in batch):
                task.cancel()

    async def _carry(self, batch: list[_Question]) -> None:
        error: TrustLayerError = TrustLayerError("CANCELLED", "CANCELLED")
        messages: Sequence[VerdictMessage] = []
        strong = batch[0].strong
        asked = self._memory.sending(sum(question.askers for question in batch), strong=strong)
        try:
            left = max(question.ends_at for question in batch) - time.monotonic()
            if left <= 0:
                raise too_late()
            messages = await self._send([question.asked for question in batch], strong, left)
        except TrustLayerError as caught:
            error = caught
        finally:
            self._misses.under_way -= 1
            for at, question in enumerate(batch):
                if messages:
                    question.answer = asked, messages[at]
                else:
                    question.error = error
                if not question.waiting.done():
                    question.waiting.set_result(None)
            if len(self._misses) > 0:
                self._flush()


class TaskTokens:
    """Trust Tokens that are kept, or asked for once for all tasks that want the same ([SDK-38])."""

    def __init__(self, memory: Memory, issue: Callable[[TokenKey], Awaitable[str]]) -> None:
        """Begin with nothing under way. issue: asks the server."""
        self._memory = memory
        self._issue = issue

    async def get(self, key: TokenKey) -> str:
        """Give a token. The call goes on if the one who caused it is cancelled: others may wait for it."""
        kept, issuing = self._memory.claim_token(key, lambda: None)
        if issuing is None:
            return kept or ""
        if issuing.share is None:
            issuing.share = asyncio.get_running_loop().create_task(self._ask(key, issuing))
        share: asyncio.Task[str] = issuing.share
        try:
            return await asyncio.shield(share)
        except TrustLayerError as error:
            raise copy.copy(error) from None

    async def _ask(self, key: TokenKey, issuing: Issuing) -> str:
        token: str | None = None
        try:
            token = await self._issue(key)
            return token
        finally:
            self._memory.end_token(key, issuing, token)


class Awaited:
    """Runs what asyncio callbacks gave, if it can be awaited, and holds it until it is done."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._tasks: set[asyncio.Task[Any]] = set()

    def __call__(self, given: Any) -> None:
        """Take what a callback gave."""
        if isinstance(given, Coroutine):
            task = asyncio.get_running_loop().create_task(given)
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()
