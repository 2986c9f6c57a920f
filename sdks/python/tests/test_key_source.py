"""Key sources: TOK-26, TOK-27, SDK-10, SDK-11."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from tests.support.tokens import ec_jwk, ed_jwk, jwks
from trust_layer import JwksKeySource, KeysUnavailableError, StaticKeySource

URL = "https://trust.example/.well-known/jwks.json"


class Issuer:
    """A clock and a JWKS that a test turns."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.now = 1000.0
        self.keys = list(keys or (ed_jwk(),))
        self.down = False
        self.body: bytes | None = None
        self.reads = 0
        self.source = JwksKeySource(URL, clock=lambda: self.now, fetch=self.fetch)

    def fetch(self, url: str) -> bytes:
        assert url == URL
        self.reads += 1
        if self.down:
            raise OSError
        return self.body if self.body is not None else json.dumps({"keys": self.keys}).encode()

    def has(self, kid: str) -> bool:
        return self.source.find(kid) is not None

    def unavailable(self, kid: str) -> bool:
        try:
            self.source.find(kid)
        except KeysUnavailableError:
            return True
        return False


@pytest.mark.parametrize(
    "jwk",
    [
        ed_jwk(alg="ES256"),
        ed_jwk(alg="Ed25519"),
        ed_jwk(alg="none"),
        ed_jwk(alg="HS256"),
        ed_jwk(alg=["EdDSA"]),
        ed_jwk(alg=None),
        ed_jwk(kid=""),
        ed_jwk(kid=None),
        ed_jwk(kid=5),
        ed_jwk(kid="k" * 65),
        ed_jwk(kty="EC"),
        ed_jwk(crv="Ed448"),
        ed_jwk(crv="X25519"),
        ed_jwk(x=ed_jwk()["x"] + "="),
        ed_jwk(x="AAAA"),
        ed_jwk(x=5),
        ed_jwk(use="enc"),
        {name: value for name, value in ed_jwk().items() if name != "kid"},
        {name: value for name, value in ed_jwk().items() if name != "alg"},
        {name: value for name, value in ed_jwk().items() if name != "x"},
        ec_jwk(alg="EdDSA"),
        ec_jwk(alg="ES384"),
        ec_jwk(crv="P-384"),
        ec_jwk(crv="secp256k1"),
        ec_jwk(x=ec_jwk()["y"]),
        ec_jwk(y=None),
        {"kty": "oct", "k": "AAAA", "alg": "HS256", "kid": "ed"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "RS256", "kid": "ed"},
        None,
        5,
        [],
    ],
)
def test_tok_26_a_key_that_does_not_fit_its_alg_is_ignored(jwk: Any) -> None:
    """TOK-26: and the other keys stay."""
    source = StaticKeySource({"keys": [jwk, ed_jwk("good")]})
    kid = jwk.get("kid") if isinstance(jwk, dict) else None
    assert source.find("good") is not None
    assert kid is None or source.find(str(kid)) is None


def test_tok_26_keys_that_fit_are_taken_without_their_private_half() -> None:
    """TOK-26."""
    source = StaticKeySource(jwks(ed_jwk(d="AAAA"), ec_jwk(d="AAAA", use="sig", extra=1)))
    assert [getattr(source.find(kid), "alg", None) for kid in ("ed", "ec", "other")] == ["EdDSA", "ES256", None]
    assert not source.needs_read("other")


def test_a_key_id_of_two_keys_names_neither() -> None:
    source = StaticKeySource(jwks(ed_jwk("twice"), ec_jwk("twice"), ed_jwk("once")))
    assert source.find("twice") is None
    assert source.find("once") is not None


@pytest.mark.parametrize("wrong", [{}, {"keys": {}}, {"keys": None}, [], None])
def test_a_set_without_a_list_of_keys_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="list keys"):
        StaticKeySource(wrong)


def test_sdk_10_no_reading_while_the_key_is_known_and_fresh() -> None:
    """SDK-10, TOK-27: it reads again after 60 s."""
    issuer = Issuer()
    assert issuer.reads == 0
    assert issuer.source.needs_read("ed")
    for _ in range(100):
        assert issuer.has("ed")
    issuer.now += 59.9
    assert issuer.has("ed")
    assert not issuer.source.needs_read("ed")
    assert issuer.reads == 1
    issuer.now += 0.1
    assert issuer.source.needs_read("ed")
    assert issuer.has("ed")
    assert issuer.reads == 2


def test_tok_27_a_key_that_is_published_no_more_is_refused_after_60_s() -> None:
    """TOK-27."""
    issuer = Issuer()
    assert issuer.has("ed")
    issuer.keys = [ed_jwk("new")]
    issuer.now += 60
    assert not issuer.has("ed")


def test_tok_27_at_an_unknown_key_id_it_reads_at_once() -> None:
    """TOK-27."""
    issuer = Issuer()
    assert issuer.has("ed")
    issuer.keys.append(ed_jwk("new"))
    issuer.now += 0.1
    assert issuer.has("new")
    assert issuer.reads == 2
    assert not issuer.has("other")
    assert issuer.reads == 2


def test_tok_27_but_not_more_than_once_in_10_s_however_many_arrive() -> None:
    """TOK-27."""
    issuer = Issuer()
    assert issuer.has("ed")
    for number in range(1000):
        issuer.now += 0.00999
        assert not issuer.has(f"unknown{number}")
        assert issuer.has("ed")
    assert issuer.reads == 2
    issuer.now += 0.1
    assert not issuer.has("unknown")
    assert issuer.reads == 3


def test_tok_27_the_first_reading_that_does_not_find_the_key_counts_as_the_look() -> None:
    """TOK-27."""
    issuer = Issuer()
    for number in range(100):
        assert not issuer.has(f"unknown{number}")
    assert issuer.reads == 1


def test_tok_27_known_keys_serve_until_300_s_after_the_last_success() -> None:
    """TOK-27."""
    issuer = Issuer()
    assert issuer.has("ed")
    issuer.down = True
    begun = issuer.now
    while issuer.now < begun + 299.5:
        assert issuer.has("ed")
        assert issuer.reads <= 2 + max(0, issuer.now - begun - 60) / 10
        issuer.now += 0.5
    issuer.now = begun + 300
    assert issuer.unavailable("ed")
    issuer.down = False
    issuer.now += 10
    assert issuer.has("ed")


def test_tok_27_an_unknown_key_id_cannot_be_judged_while_reading_fails() -> None:
    """TOK-15, TOK-27."""
    issuer = Issuer()
    issuer.down = True
    assert issuer.unavailable("ed")
    assert issuer.unavailable("ed")
    assert issuer.reads == 1
    issuer.down = False
    issuer.now += 10
    assert issuer.has("ed")
    issuer.down = True
    assert issuer.unavailable("other")
    assert issuer.has("ed")


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b'{"keys":{}}', b'{"keys":[],"keys":[]}', b"\xff", b"<html>"]
)
def test_tok_27_an_answer_that_is_no_jwks_is_a_failed_reading(body: bytes) -> None:
    """TOK-27: the keys before it stay."""
    issuer = Issuer()
    assert issuer.has("ed")
    issuer.body = body
    issuer.now += 60
    assert issuer.has("ed")
    assert issuer.unavailable("other")


def test_tok_27_the_age_counts_from_the_question_not_from_the_answer() -> None:
    """TOK-27."""
    issuer = Issuer()
    answer = issuer.fetch

    def slow(url: str) -> bytes:
        issuer.now += 4
        return answer(url)

    source = JwksKeySource(URL, clock=lambda: issuer.now, fetch=slow)
    assert source.find("ed") is not None
    issuer.now += 56
    assert source.needs_read("ed")


def test_a_clock_that_falls_back_makes_the_keys_old() -> None:
    issuer = Issuer()
    assert issuer.has("ed")
    issuer.now -= 1
    assert issuer.source.needs_read("ed")


def test_tok_27_many_threads_share_one_reading() -> None:
    """TOK-27."""
    reads = []
    source: JwksKeySource

    def fetch(_: str) -> bytes:
        reads.append(1)
        time.sleep(0.1)
        return json.dumps(jwks()).encode()

    source = JwksKeySource(URL, fetch=fetch)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(source.find("ed"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reads) == 1
    assert len(found) == 16
    assert None not in found


def test_nobody_waits_for_a_reading_while_the_known_key_serves() -> None:
    issuer = Issuer()
    assert issuer.has("ed")
    reading, go_on = threading.Event(), threading.Event()
    answer = issuer.fetch

    def stuck(url: str) -> bytes:
        reading.set()
        assert go_on.wait(5)
        return answer(url)

    issuer.source._fetch = lambda: stuck("")
    issuer.now += 61
    other = threading.Thread(target=lambda: issuer.source.find("ed"))
    other.start()
    assert reading.wait(5)
    begun = time.monotonic()
    assert not issuer.source.needs_read("ed")
    assert issuer.has("ed")
    assert time.monotonic() - begun < 2
    go_on.set()
    other.join()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://trust.example", "trust.example", ""])
def test_the_url_must_be_http(url: str) -> None:
    with pytest.raises(ValueError, match="http"):
        JwksKeySource(url)
