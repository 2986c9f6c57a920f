"""Plays every case of spec/scenarios_lease/*.yaml that is an SDK's, in the format of the README beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from tests.support.facts import SPEC
from trust_layer.lease.decisions import Ask
from trust_layer.lease.facts import (
    FeedChange,
    IdentityRow,
    OrganisationRow,
    ServiceRow,
    SessionFacts,
    SessionRow,
    SigningKeyRow,
    TenantRow,
    TokenFacts,
)
from trust_layer.lease.machine import LeaseMachine
from trust_layer.lease.reading import Clocks, Reading
from trust_layer.lease.settings import SDK_LEASE

BASE = 1_800_000_000_000
ROWS: Mapping[str, type[Any]] = {
    "session": SessionRow,
    "identity": IdentityRow,
    "organisation": OrganisationRow,
    "signing_key": SigningKeyRow,
    "service": ServiceRow,
    "tenant": TenantRow,
}
# Decided by the server's half of the machine, which no SDK has.
NOT_OF_AN_SDK = {"may_stamp"}


def cases() -> list[Any]:
    found: list[Any] = []
    for file in sorted((SPEC / "scenarios_lease").glob("*.yaml")):
        for case in yaml.safe_load(file.read_text(encoding="utf-8"))["cases"]:
            if case.get("machine", "sdk") == "sdk" and not any(e["do"] in NOT_OF_AN_SDK for e in case["events"]):
                found.append(pytest.param(case, id=f"{file.stem}: {' '.join(case['rules'])} {case['name']}"))
    return found


class Given:
    """Reads the members of an event; one that is not read is a typing error."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members
        self._left = set(members)

    def get(self, name: str, otherwise: Any = ...) -> Any:
        self._left.discard(name)
        value = self._members.get(name, otherwise)
        assert value is not ..., f"an event needs {name}"
        return value

    def end(self) -> None:
        assert self._left == set(), "members that no event of this kind has"


class Value(tuple[str, SessionFacts]):
    """What memory holds in these tests: a name and its facts."""

    __slots__ = ()


def value_of(session: Mapping[str, Any]) -> Value:
    given = Given(session)
    name, version = given.get("name"), given.get("version", 1)
    facts = SessionFacts(
        handle=f"ses_{name}",
        version=version,
        identity_id=given.get("identity", "idn_1"),
        epoch=given.get("epoch", 1),
        identity_version=given.get("identity_version", 1),
        expires_at=BASE + given.get("expires_at", 86_400_000),
        last_used_at=BASE + given.get("last_used_at", 0),
        idle_timeout_ms=given.get("idle_timeout_ms", 3_600_000),
        organisation_id=given.get("organisation", ""),
        organisation_version=given.get("organisation_version", 1),
    )
    given.end()
    return Value((f"{name}@{version}", facts))


def change_of(change: Mapping[str, Any]) -> FeedChange:
    members = dict(change)
    tenant_id = members.pop("tenant_id", "")
    ((kind, row),) = members.items()
    made: FeedChange = ROWS[kind](**row, tenant_id=tenant_id)
    return made


def told(notice: Any) -> Any:
    return "nothing" if notice is None else {"kind": notice.kind, **dataclasses.asdict(notice)}


class Play:
    """A machine and what was asked of it; each method is an event of the scenarios."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = dataclasses.replace(SDK_LEASE, **settings)
        self.machine: LeaseMachine[Value] = LeaseMachine(self.settings, lambda value: value[1], "default")
        self.asks: dict[str, Ask] = {}
        self.last = 0

    def _stream(self, given: Given) -> int:
        stream: int = given.get("stream", self.last)
        return stream

    def open(self, _given: Given, _now: Reading) -> int:
        self.last = self.machine.open()
        return self.last

    def close(self, given: Given, _now: Reading) -> None:
        self.machine.close(self._stream(given))

    def ping(self, given: Given, now: Reading) -> Any:
        number = self.machine.ping(self._stream(given), now)
        return "none" if number is None else number

    def ready(self, given: Given, now: Reading) -> bool:
        bound = given.get("bound_ms", self.settings.bound_ms)
        return self.machine.ready(self._stream(given), bound, given.get("window_ms", 360_000), now)

    def pong(self, given: Given, now: Reading) -> None:
        time = given.get("database_time", now.wall - BASE)
        self.machine.pong(self._stream(given), given.get("number"), 0 if time == "none" else BASE + time)

    def connect(self, given: Given, now: Reading) -> int:
        self.open(given, now)
        self.ready(given, now)
        self.renew(given, now)
        return self.last

    def renew(self, given: Given, now: Reading) -> None:
        time, stream = given.get("database_time", now.wall - BASE), self._stream(given)
        number = self.machine.ping(stream, now)
        if number is not None:
            self.machine.pong(stream, number, BASE + time)

    def change(self, given: Given, now: Reading) -> Any:
        return told(self.machine.change(self._stream(given), change_of(given.get("change")), now))

    def own_change(self, given: Given, now: Reading) -> Any:
        return told(self.machine.own_change(change_of(given.get("change")), now))

    def leased(self, _given: Given, now: Reading) -> bool:
        return self.machine.leased(now)

    def verify(self, given: Given, now: Reading) -> str:
        found = self.machine.verify(given.get("key"), Clocks(lambda: now.mono / 1000, lambda: now.wall / 1000))
        return "ask" if found is None else found[0]

    def ask(self, given: Given, now: Reading) -> None:
        self.asks[given.get("as")] = self.machine.ask(now, strong=given.get("strong", False))

    def answered(self, given: Given, now: Reading) -> str:
        asked = self.asks[given.get("ask")]
        if given.get("rejected", False):
            return self.machine.answered(asked, given.get("key"), None, now)
        session = given.get("session")
        return self.machine.answered(asked, given.get("key", session["name"]), value_of(session), now)

    def fill(self, given: Given, now: Reading) -> str:
        session = given.get("session")
        key = given.get("key", session["name"])
        return self.machine.answered(self.machine.ask(now), key, value_of(session), now)

    def token(self, given: Given, now: Reading) -> str:
        plain = {"kid": "k1", "sid": "ses_a", "ver": 1, "sub": "idn_1", "epoch": 1}
        return self.machine.token(TokenFacts(**{**plain, **given.get("token", {})}), now)

    def take_uses(self, given: Given, now: Reading) -> Any:
        return [use._asdict() for use in self.machine.take_uses(now, given.get("limit", 1_024))]

    def size(self, _given: Given, _now: Reading) -> Any:
        return self.machine.size._asdict()


@pytest.mark.parametrize("case", cases())
def test_the_machine_decides_as_the_scenario_says(case: Mapping[str, Any]) -> None:
    """WAT-3 to WAT-18."""
    play = Play(case.get("settings", {}))
    at = 0.0
    for index, event in enumerate(case["events"], 1):
        given = Given(event)
        perform: Callable[[Given, Reading], Any] = getattr(play, given.get("do"))
        at = given.get("at", at)
        now = Reading(at, BASE + given.get("wall", at))
        expect = given.get("expect", "not said")
        decision = perform(given, now)
        given.end()
        if expect != "not said":
            assert decision == expect, f"event {index}: {event}"


def test_every_rule_of_an_sdk_is_named() -> None:
    named = {rule for param in cases() for rule in param.values[0]["rules"]}
    assert named >= {f"WAT-{number}" for number in (*range(3, 19), 29)}
