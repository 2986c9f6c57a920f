"""What the scenarios of spec/scenarios_lease cannot say as plain data."""

from __future__ import annotations

import dataclasses
import math
import random
from typing import Any

from trust_layer.lease.entries import Entries, Entry
from trust_layer.lease.facts import IdentityRow, SessionFacts, SessionRow, SigningKeyRow, entry_key
from trust_layer.lease.machine import LeaseMachine
from trust_layer.lease.reading import Clocks, Moment, Reading, elapsed
from trust_layer.lease.settings import SDK_LEASE

BASE = 1_800_000_000_000


def at(ms: float) -> Reading:
    return Reading(ms, BASE + ms)


def clocks(ms: float) -> Clocks:
    return Clocks(lambda: ms / 1000, lambda: (BASE + ms) / 1000)


def facts(name: str, **more: Any) -> SessionFacts:
    whole = {"version": 1, "identity_id": "idn_1", "epoch": 1, "identity_version": 1, "expires_at": BASE + 1e11}
    return SessionFacts(**{"handle": f"ses_{name}", **whole, "last_used_at": BASE, "idle_timeout_ms": 3.6e6, **more})


def connected(**settings: Any) -> LeaseMachine[SessionFacts]:
    machine = LeaseMachine[SessionFacts](dataclasses.replace(SDK_LEASE, **settings), lambda value: value)
    stream = machine.open()
    machine.ready(stream, 2_000, 360_000, at(0))
    machine.pong(stream, machine.ping(stream, at(0)) or 0, BASE)
    return machine


def fill(machine: LeaseMachine[SessionFacts], name: str, ms: float) -> str:
    return machine.answered(machine.ask(at(ms)), name, facts(name), at(ms))


def test_the_key_of_an_entry_parts_tenant_and_name() -> None:
    """WAT-13."""
    assert entry_key("a", "bc") != entry_key("ab", "c")
    assert entry_key("", "1:a") != entry_key("1", ":a")


def test_a_flood_of_unknown_ids_moves_no_entry_and_one_of_good_ones_none_in_use() -> None:
    """WAT-13."""
    machine = connected(max_entries=100)
    good = [f"good{index}" for index in range(50)]

    def all_there() -> None:
        assert all(machine.verify(name, clocks(2)) == facts(name) for name in good)

    assert {fill(machine, name, 1) for name in good} == {"kept"}
    all_there()
    for index in range(2_000):
        machine.answered(machine.ask(at(2)), f"bad{index}", None, at(2))
    all_there()
    for index in range(1_000):
        fill(machine, f"new{index}", 2)
        if index % 40 == 0:
            all_there()
    all_there()
    assert machine.size.entries == 100


def test_memory_of_tombstones_is_bounded() -> None:
    """WAT-8."""
    machine = connected(max_tombstones=10)
    for index in range(1_000):
        machine.own_change(SessionRow(f"ses_{index}", 2, True), at(index))
        machine.own_change(IdentityRow(f"idn_{index}", 2, 2), at(index))
        machine.own_change(SigningKeyRow(f"k{index}", True), at(index))
    assert machine.size.tombstones == 30


def test_uses_that_are_never_taken_cost_no_memory() -> None:
    """WAT-14."""
    machine = connected(max_entries=10)
    for index in range(100):
        fill(machine, f"s{index}", 1)
        machine.verify(f"s{index}", clocks(2))
    assert len(machine.take_uses(at(3))) == 10
    assert machine.verify("s99", clocks(4)) == facts("s99")


def test_elapsed_is_the_larger_of_both_clocks_and_no_number_is_no_span() -> None:
    """WAT-11."""
    assert elapsed(Reading(0, 0), Reading(5, 7)) == 7
    assert elapsed(Reading(0, 0), Reading(5, -7)) == 5
    assert math.isnan(elapsed(Reading(0, 0), Reading(math.nan, 1)))
    assert math.isnan(elapsed(Reading(0, 0), Reading(1, math.nan)))


def test_the_clocks_are_read_after_the_entry_and_the_proof_before_it() -> None:
    """WAT-16: a thread that pauses anywhere in a local answer does not answer from what a change has overtaken."""
    machine = connected()
    fill(machine, "a", 1)
    paused: list[str] = []

    def mono_after_pause() -> float:
        # While this thread looks at the clock, another takes a change and a new proof.
        machine.change(1, SessionRow("ses_a", 2, True), at(5_000))
        machine.pong(1, machine.ping(1, at(5_000)) or 0, BASE + 5_000)
        paused.append("")
        return 5.0

    assert machine.verify("a", Clocks(mono_after_pause, lambda: (BASE + 5_000) / 1000)) is None
    assert paused
    assert machine.leased(at(5_001)), "the proof that came meanwhile stays"


def test_the_index_finds_what_a_plain_search_finds() -> None:
    """WAT-7: under random changes, collisions in the table included."""
    chance = random.Random(7)  # noqa: S311 - a test that can be repeated
    entries = Entries[SessionFacts](8, lambda value: value)
    held: dict[str, Entry[SessionFacts]] = {}
    for _ in range(5_000):
        name = f"{chance.randrange(12)}"
        if chance.random() < 0.6:
            value = facts(name, identity_id=f"idn_{chance.randrange(3)}")
            entry = Entry(f"key{chance.randrange(12)}", value, Moment(at(0), BASE), value)
            entries.put(entry)
            held = {key: one for key, one in held.items() if one.value.handle != value.handle}
            held[entry.key] = entry
            held = {key: one for key, one in held.items() if entries.get(key) is one}
        elif held:
            gone = chance.choice(list(held.values()))
            entries.remove(gone)
            entries.remove(gone)
            del held[gone.key]
        assert len(entries) == len(held) == len(list(entries)) <= 8
        for one in held.values():
            assert entries.of_handle(one.value.handle) is one
        for number in range(3):
            of_identity = {id(one) for one in held.values() if one.value.identity_id == f"idn_{number}"}
            assert {id(one) for one in entries.of_identity(f"idn_{number}")} == of_identity
