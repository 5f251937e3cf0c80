import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.secret_hash import ALPHABET, PREFIX, SecretHash, base32, new_secret

SALT = b"0123456789abcdef"


@given(st.binary(min_size=20, max_size=20), st.binary(min_size=16, max_size=16))
def test_a_secret_matches_its_own_hash(random: bytes, salt: bytes) -> None:
    secret = new_secret(random)
    assert re.fullmatch(rf"{PREFIX}[{ALPHABET}]{{32}}", secret)
    assert SecretHash.of(secret, salt).matches(secret)


@given(st.text(), st.text())
def test_no_other_text_matches(secret: str, other: str) -> None:
    assert SecretHash.of(secret, SALT).matches(other) == (secret == other)


@given(st.text(st.characters(), max_size=20))
def test_whatever_a_client_sends_is_compared(text: str) -> None:
    assert not SecretHash.of(new_secret(bytes(20)), SALT).matches(text)
    assert not SecretHash.of(new_secret(bytes(20)), SALT).matches("\udc80")


@given(st.binary(max_size=20).map(lambda random: random[: len(random) // 5 * 5]))
def test_base32_loses_nothing(random: bytes) -> None:
    text = base32(random)
    number = sum(ALPHABET.index(character) << 5 * place for place, character in enumerate(reversed(text)))
    assert number.to_bytes(len(random), "big") == random
    assert len(text) == len(random) * 8 // 5


def test_the_alphabet_has_nothing_that_is_read_as_something_else() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set(ALPHABET) & set("ilouILOU")


def test_the_stored_form_is_read_back() -> None:
    kept = SecretHash.of("secret", SALT)
    assert SecretHash.parse(str(kept)) == kept
    assert str(kept).startswith("hmac-sha256$30313233343536373839616263646566$")
    assert "secret" not in str(kept)


def test_two_hashes_of_one_secret_differ() -> None:
    assert SecretHash.of("secret", SALT) != SecretHash.of("secret", b"another salt 123")


@pytest.mark.parametrize("text", ["", "plain", "bcrypt$00$00", "hmac-sha256$00", "hmac-sha256$0x$00"])
def test_what_is_no_stored_hash_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is Python's own
        SecretHash.parse(text)


def test_too_little_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="20 random bytes"):
        new_secret(b"short")
    with pytest.raises(ValueError, match="multiple of five"):
        base32(b"four")
