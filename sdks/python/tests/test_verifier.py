"""Offline verification: TOK-1 to TOK-25, SDK-10."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import tokens
from tests.support.facts import VECTORS
from tests.support.tokens import AUDIENCE, ISSUER, NOW, claims, token, verifier
from trust_layer import KeysUnavailableError, StaticKeySource, TrustKey, TrustTokenError, Verifier

FILE = json.loads((VECTORS / "trust_tokens.json").read_text())
ROWS = [(group["verifier"], row) for group in FILE["groups"] for row in group["vectors"]]
SOURCE = StaticKeySource(FILE["jwks"])


@pytest.mark.parametrize(("options", "row"), ROWS, ids=[f"{row['rule']} {row['name']}" for _, row in ROWS])
def test_vectors(options: dict[str, Any], row: dict[str, Any]) -> None:
    """TOK-10 to TOK-25, as each row names."""
    made = Verifier(
        options["issuer"],
        options["audience"],
        SOURCE,
        options["tenant_id"],
        options["leeway_seconds"],
        clock=lambda: options["now"],
    )
    if row["expect"] == "ok":
        assert made.verify(row["token"]).as_dict() == row["claims"]
    else:
        assert refusal(made, row["token"]) == row["expect"]


def refusal(made: Verifier, text: Any) -> str:
    with pytest.raises(TrustTokenError) as caught:
        made.verify(text)
    assert text == "" or str(text) not in str(caught.value) + repr(caught.value)
    return caught.value.code


def test_tok_2_claims_have_types_and_cannot_be_changed() -> None:
    """TOK-2."""
    act = {"sub": "orders", "act": {"sub": "edge"}}
    given = claims(scope="a b", roles=["r"], act=act, tctx={"k": "v"}, rctx={}, other=1)
    read = verifier().verify(token(given))
    assert (read.sub, read.iat, read.amr, read.scopes, read.roles, read.callers) == (
        given["sub"],
        NOW,
        ("pwd",),
        frozenset({"a", "b"}),
        ("r",),
        ("orders", "edge"),
    )
    del given["other"]
    assert read.as_dict() == given
    with pytest.raises(TypeError):
        read.tctx["k"] = "w"  # type: ignore[index]
    with pytest.raises(AttributeError):
        read.sub = "x"  # type: ignore[misc]
    assert hash(read) == hash(verifier().verify(token(claims(scope="a b", roles=["r"], act=act))))
    plain = verifier().verify(token())
    assert (plain.scope, plain.roles, plain.act, plain.scopes, plain.callers) == (None, None, None, frozenset(), ())


@pytest.mark.parametrize("text", [None, 5, b"a.b.c", ["a"]])
def test_tok_10_what_is_no_text_is_refused(text: Any) -> None:
    """TOK-10."""
    assert refusal(verifier(), text) == "TOKEN_SIZE"


@pytest.mark.parametrize("text", ["\ud800", "a.\ud800.b", "\ud800" * 3000])
def test_tok_10_tok_11_lone_surrogates_are_refused(text: str) -> None:
    """TOK-10, TOK-11."""
    assert refusal(verifier(), text) == ("TOKEN_SIZE" if len(text) > 2000 else "TOKEN_MALFORMED")


DEEP = b'{"a":' * 65 + b"1" + b"}" * 65


@pytest.mark.parametrize("header", [DEEP, b"[" * 3000, b'{"a":' + b"[" * 1900 + b"]" * 1900 + b"}", b'{"a":Infinity}'])
def test_tok_11_nesting_is_bounded_and_constants_are_no_json(header: bytes) -> None:
    """TOK-11."""
    assert refusal(verifier(), token(header=header)) == "TOKEN_MALFORMED"


def test_tok_11_brackets_inside_strings_do_not_nest() -> None:
    """TOK-11."""
    assert verifier().verify(token(claims(other='\\"' + "[{" * 100))).jti == "t1"


def test_tok_11_a_header_made_to_be_slow_is_not() -> None:
    """TOK-11: form is checked before any signature, so it must cost little."""
    assert refusal(verifier(), token(header=b'{"a":"' + b'\\"' * 2300)) == "TOKEN_MALFORMED"


@pytest.mark.parametrize("written", [b"1" * 5000, b"1e999", b"-0", b"1.5", b"true", b"9007199254740992"])
def test_tok_19_numbers_that_are_no_whole_number_are_refused_where_they_count(written: bytes) -> None:
    """TOK-19."""
    plain = json.dumps(claims()).encode()
    assert refusal(verifier(), token(plain.replace(b'"ver": 1', b'"ver": ' + written))) == "TOKEN_CLAIMS"
    assert verifier().verify(token(plain[:-1] + b',"other":' + written + b"}")).ver == 1


@pytest.mark.parametrize("name", ["iss", "aud", "tid"])
def test_tok_20_to_22_values_are_compared_byte_by_byte(name: str) -> None:
    """TOK-20, TOK-21, TOK-22."""
    codes = {"iss": "TOKEN_ISSUER", "aud": "TOKEN_AUDIENCE", "tid": "TOKEN_TENANT"}
    right = {"iss": ISSUER, "aud": AUDIENCE, "tid": "default"}[name]
    for wrong in (right + "/", right[:-1], right.upper(), right + "\u0301"):
        assert refusal(verifier(), token(claims(**{name: wrong}))) == codes[name]


@pytest.mark.parametrize("now", [float("nan"), float("inf"), float("-inf")])
def test_tok_24_tok_25_a_clock_without_a_time_accepts_nothing(now: float) -> None:
    """TOK-24, TOK-25."""
    assert refusal(verifier(clock=lambda: now), token()) in ("TOKEN_NOT_YET_VALID", "TOKEN_EXPIRED")


def test_tok_25_expiry_is_exact_with_fractions_of_a_second() -> None:
    """TOK-25."""
    assert verifier(clock=lambda: NOW + 64.999).verify(token()).exp == NOW + 60
    assert refusal(verifier(clock=lambda: NOW + 65.0), token()) == "TOKEN_EXPIRED"


@pytest.mark.parametrize("alg", ["EdDSA", "ES256"])
def test_tok_17_any_changed_byte_of_the_signature_is_refused(alg: str) -> None:
    """TOK-17."""
    whole = token(header={"typ": "trust+jwt", "alg": alg, "kid": "ed" if alg == "EdDSA" else "ec"})
    assert verifier().verify(whole).ver == 1
    head, body, signature = whole.split(".")
    for at in range(0, 80, 7):
        other = signature[:at] + ("A" if signature[at] != "A" else "B") + signature[at + 1 :]
        assert refusal(verifier(), f"{head}.{body}.{other}") == "TOKEN_SIGNATURE"
    for wrong in (tokens.b64(b"\0" * 64), tokens.b64(b"\0" * 63), tokens.b64(b"\xff" * 64), tokens.b64(b"0")):
        assert refusal(verifier(), f"{head}.{body}.{wrong}") == "TOKEN_SIGNATURE"


class _Counting:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def find(self, kid: str) -> TrustKey | None:
        self.asked.append(kid)
        if kid == "down":
            raise KeysUnavailableError
        return StaticKeySource(tokens.jwks()).find(kid)

    def needs_read(self, kid: str) -> bool:
        return True


def test_tok_15_keys_unavailable_is_said_where_the_source_cannot_be_read() -> None:
    """TOK-15."""
    made = verifier(key_source=_Counting())
    assert refusal(made, token(header={"typ": "trust+jwt", "alg": "EdDSA", "kid": "down"})) == "KEYS_UNAVAILABLE"
    with pytest.raises(TrustTokenError) as caught:
        made.verify(token(header={"typ": "trust+jwt", "alg": "EdDSA", "kid": "down"}))
    assert caught.value.reason == "KEYS_UNAVAILABLE"


def test_the_key_source_is_not_asked_about_a_token_of_wrong_form() -> None:
    source = _Counting()
    made = verifier(key_source=source)
    for header in ({"typ": "JWT", "alg": "EdDSA", "kid": "ed"}, {"typ": "trust+jwt", "alg": "none", "kid": "ed"}):
        refusal(made, token(header=header))
    refusal(made, "a.b")
    assert source.asked == []


@pytest.mark.parametrize("leeway", [-1, 5.1, float("nan"), float("inf")])
def test_sdk_10_leeway_is_5_s_at_most(leeway: float) -> None:
    """SDK-10."""
    with pytest.raises(ValueError, match="leeway"):
        verifier(leeway=leeway)


NAMELESS = [("", "a", "t"), ("i", "", "t"), ("i", "a", ""), (None, "a", "t")]


@pytest.mark.parametrize(("issuer", "audience", "tenant"), NAMELESS)
def test_sdk_10_issuer_audience_and_tenant_must_be_named(issuer: Any, audience: str, tenant: str) -> None:
    """SDK-10."""
    with pytest.raises(ValueError, match="must be a string"):
        Verifier(issuer, audience, SOURCE, tenant)


def test_sdk_10_defaults_are_tenant_default_and_leeway_5_s() -> None:
    """SDK-10."""
    made = Verifier(ISSUER, AUDIENCE, StaticKeySource(tokens.jwks()), clock=lambda: NOW - 5)
    assert made.verify(token()).tid == "default"
    assert refusal(Verifier(ISSUER, AUDIENCE, StaticKeySource(tokens.jwks()), clock=lambda: NOW - 6), token()) == (
        "TOKEN_NOT_YET_VALID"
    )
