"""Who wants to be told: of the end of one session (`on_revoked`), or of every change (`on_change`) (SDK-37)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, Literal

from trust_layer.gen.trust.v1.session_pb2 import Session
from trust_layer.lease.facts import (
    ChangeNotice,
    ChangesMissed,
    FeedChange,
    IdentityChanged,
    Notice,
    SessionEnded,
    SigningKeyChanged,
    SigningKeyRow,
)
from trust_layer.lease.machine import LeaseMachine
from trust_layer.lease.reading import Reading, elapsed, surely_within

RevokedReason = Literal["revoked", "unsure"]
"""`revoked`: the session has ended. `unsure`: that may have been missed; verify again, or close."""

Call = Callable[[], Any]
"""A callback with its argument, to be called by `run` once no lock is held."""

_log = logging.getLogger("trust_layer")


def run(calls: Iterable[Call], awaited: Callable[[Any], None] | None = None) -> None:
    """Call back. What a callback throws is its own affair: it is logged by its kind and stops nothing.

    awaited: takes what a callback gave, for those of asyncio.
    """
    for call in calls:
        try:
            given = call()
            if awaited is not None:
                awaited(given)
        except Exception as error:  # Whatever it is.
            _log.error("a callback raised %s", type(error).__name__)


class _Watched:
    __slots__ = ("callback", "epoch", "handle", "identity_id", "since")

    def __init__(self, session: Session, since: Reading, callback: Callable[[RevokedReason], Any]) -> None:
        self.handle = session.handle
        self.identity_id = session.identity_id
        self.epoch = session.epoch
        self.since = since
        self.callback = callback


class Listeners:
    """Gives what has to be called; the owner holds its lock meanwhile, and calls without it."""

    def __init__(self, machine: LeaseMachine[bytes]) -> None:
        """Begin with nobody."""
        self._machine = machine
        self._changes: dict[object, Callable[[ChangeNotice], Any]] = {}
        # By handle and by identity id, whose forms differ.
        self._watched: dict[str, dict[_Watched, None]] = {}
        self._all: dict[_Watched, None] = {}

    def on_change(self, callback: Callable[[ChangeNotice], Any]) -> object:
        """Register a callback. Gives what `forget` takes."""
        own = object()
        self._changes[own] = callback
        return own

    def on_revoked(
        self, session: Session, since: Reading, callback: Callable[[RevokedReason], Any]
    ) -> tuple[object, list[Call]]:
        """Register a callback; it may have to be called at once, for the session may have ended before."""
        watched = _Watched(session, since, callback)
        self._all[watched] = None
        for name in (watched.handle, watched.identity_id):
            self._watched.setdefault(name, {})[watched] = None
        return watched, self._ended([watched])

    def forget(self, registered: object) -> bool:
        """End a registration. Gives whether there was one."""
        self._changes.pop(registered, None)
        if not isinstance(registered, _Watched):
            return False
        for name in (registered.handle, registered.identity_id):
            those = self._watched.get(name, {})
            those.pop(registered, None)
            if not those:
                self._watched.pop(name, None)
        return self._all.pop(registered, self) is None

    def changed(self, change: FeedChange, notice: Notice | None) -> list[Call]:
        """Take a change and what the machine made of it."""
        if notice is None:
            return self._tell(SigningKeyChanged(change.kid)) if isinstance(change, SigningKeyRow) else []
        calls: list[Call] = []
        if isinstance(notice, SessionEnded):
            calls = self._ended(self._watched.get(notice.handle, ()))
        elif isinstance(notice, IdentityChanged):
            calls = self._ended(self._watched.get(notice.identity_id, ()))
        return calls + self._tell(notice)

    def ready(self, missed: bool, window_ms: float, now: Reading) -> list[Call]:
        """Take the end of a backlog; `missed` if it does not reach back to the last proof."""
        calls: list[Call] = []
        for watched in tuple(self._all):
            uncovered = missed and not elapsed(watched.since, now) < surely_within(window_ms)
            if uncovered or self._machine.missed_since(watched.since, now):
                calls += self._call(watched, "unsure")
        return calls + (self._tell(ChangesMissed()) if missed else [])

    def check(self, now: Reading) -> list[Call]:
        """Find those who have waited for a proof for too long."""
        if not self._all or self._machine.leased(now):
            return []
        late = [watched for watched in self._all if self._machine.missed_since(watched.since, now)]
        return [call for watched in late for call in self._call(watched, "unsure")]

    def clear(self) -> None:
        """Forget everybody."""
        self._changes.clear()
        self._all.clear()
        self._watched.clear()

    def _ended(self, those: Iterable[_Watched]) -> list[Call]:
        ended = [one for one in those if self._machine.ended(one.handle, one.identity_id, one.epoch)]
        return [call for watched in ended for call in self._call(watched, "revoked")]

    def _call(self, watched: _Watched, reason: RevokedReason) -> list[Call]:
        return [lambda: watched.callback(reason)] if self.forget(watched) else []

    def _tell(self, notice: ChangeNotice) -> list[Call]:
        def telling(callback: Callable[[ChangeNotice], Any]) -> Call:
            return lambda: callback(notice)

        return [telling(callback) for callback in self._changes.values()]
