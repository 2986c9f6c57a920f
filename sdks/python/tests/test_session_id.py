"""The form of opaque secrets: SEC-1 to SEC-4."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.facts import CODE, SERVICE_KEY, SESSION_ID, VECTORS, secret
from trust_layer import is_service_key, is_session_id, is_sign_in_code

ROWS = json.loads((VECTORS / "session_ids.json").read_text())["vectors"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['rule']} {row['name']}")
def test_vectors(row: dict[str, Any]) -> None:
    """SEC-1 to SEC-4, as each row names."""
    assert is_session_id(row["session_id"]) is row["well_formed"]


def test_sec_1_each_secret_has_a_form_of_its_own() -> None:
    """SEC-1."""
    checks = (is_session_id, is_sign_in_code, is_service_key)
    for position, text in enumerate((SESSION_ID, CODE, SERVICE_KEY)):
        assert [check(text) for check in checks] == [position == at for at in range(3)]


@pytest.mark.parametrize(
    "check_and_text", [(is_session_id, SESSION_ID), (is_sign_in_code, CODE), (is_service_key, SERVICE_KEY)]
)
def test_sec_4_prefixes_extensions_cases_and_white_space_are_refused(check_and_text: tuple[Any, str]) -> None:
    """SEC-4."""
    check, text = check_and_text
    others = [text[:-1], text + "0", text + "\n", " " + text, text.swapcase(), text[1:], "", text.encode(), None, 5]
    others += [text[:10] + character + text[11:] for character in "-_ é\0\uff10"]
    assert not any(check(other) for other in others)


def test_sec_2_a_number_of_2_256_or_more_is_refused() -> None:
    """SEC-2."""
    assert is_session_id(secret("ts_", 2**256 - 1))
    assert not is_session_id(secret("ts_", 2**256))


def test_sec_3_any_changed_character_breaks_the_checksum() -> None:
    """SEC-3."""
    for at in range(3, len(SESSION_ID)):
        changed = SESSION_ID[:at] + ("0" if SESSION_ID[at] != "0" else "1") + SESSION_ID[at + 1 :]
        assert not is_session_id(changed)
