import hashlib

import pytest

from accounts import password_hash
from accounts.password_hash import COST, Cost, PasswordHash, matches, parse_login_hash
from accounts.secret_hash import SecretHash

QUICK = Cost(4, 8, 1)
SALT = bytes(range(16))


def test_it_is_scrypt_at_a_cost_that_owasp_names() -> None:
    # The cheat sheet's list: N=2^17 p=1, 2^16 p=2, 2^15 p=3, 2^14 p=5, 2^13 p=10, each with r=8.
    assert (COST.log_n, COST.p) in {(17, 1), (16, 2), (15, 3), (14, 5), (13, 10)}
    assert COST.r == 8
    expected = hashlib.scrypt(b"correct horse", salt=SALT, n=16, r=8, p=1, dklen=32)
    assert PasswordHash.of("correct horse", SALT, QUICK).digest == expected


def test_the_stored_form_holds_what_it_was_made_with() -> None:
    made = PasswordHash.of("correct horse battery", SALT, QUICK)
    assert str(made).startswith("scrypt$4$8$1$")
    assert parse_login_hash(str(made)) == made
    generated = SecretHash.of("waypost", SALT)
    assert parse_login_hash(str(generated)) == generated
    with pytest.raises(ValueError, match="no hash of this version"):
        PasswordHash.parse("argon2$4$8$1$00$00")


@pytest.mark.parametrize("other", ["", "correct horse batterY", "correct horse battery ", "\udc80", "\0"])
def test_one_password_matches_and_no_other(other: str) -> None:
    made = PasswordHash.of("correct horse battery", SALT, QUICK)
    assert made.matches("correct horse battery")
    assert not made.matches(other)
    assert PasswordHash.of(other, SALT, QUICK).matches(other)


def test_letters_match_composed_or_not() -> None:
    assert PasswordHash.of("Gru\u0308\u00dfe aus Ko\u0308ln", SALT, QUICK).matches(
        "Gr\u00fc\u00dfe aus K\u00f6ln"
    )


@pytest.mark.parametrize(
    "stored", [None, SecretHash.of("right", SALT), PasswordHash.of("right", SALT, QUICK)]
)
def test_as_much_is_computed_whoever_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, stored: PasswordHash | SecretHash | None
) -> None:
    costs = []
    monkeypatch.setattr(password_hash, "_NO_PASSWORD", PasswordHash.of("", SALT, QUICK))
    digest = password_hash._digest
    monkeypatch.setattr(
        password_hash, "_digest", lambda text, salt, cost: costs.append(cost) or digest(text, salt, cost)
    )
    assert matches(stored, "right") is (stored is not None)
    assert not matches(stored, "wrong")
    assert costs == [QUICK, QUICK]
