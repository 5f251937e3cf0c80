import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.errors import KeyUnreadable
from links.key_ring import KeyRing
from tests.certificates.builders import HOST, OTHER, key_seal

RING = KeyRing.first(b"k" * 32, 0)
ROTATED = RING.rotate(b"n" * 32, 1, 1)
KEY = b"-----BEGIN PRIVATE KEY-----"


@given(owner=st.text(min_size=1), key=st.binary(max_size=500))
def test_what_was_sealed_opens_for_its_owner(owner: str, key: bytes) -> None:
    seal = key_seal()
    assert seal.open(owner, seal.seal(owner, key)) == key


def test_the_sealed_form_shows_nothing() -> None:
    assert KEY not in key_seal().seal(HOST, KEY)


def test_it_opens_for_nobody_else() -> None:
    sealed = key_seal().seal(HOST, KEY)
    with pytest.raises(KeyUnreadable, match=f"of {OTHER} is damaged, or was sealed for another"):
        key_seal().open(OTHER, sealed)


@given(position=st.integers(2, 54), bit=st.integers(0, 7))
def test_a_changed_bit_is_seen(position: int, bit: int) -> None:
    sealed = bytearray(key_seal().seal(HOST, KEY))
    sealed[position] ^= 1 << bit
    with pytest.raises(KeyUnreadable):
        key_seal().open(HOST, bytes(sealed))


@given(st.binary(max_size=40))
def test_what_was_never_sealed_is_unreadable(octets: bytes) -> None:
    with pytest.raises(KeyUnreadable):
        key_seal().open(HOST, octets)


def test_after_a_rotation_the_old_key_opens_and_the_new_one_seals() -> None:
    old, new = key_seal(RING), key_seal(ROTATED)
    sealed = old.seal(HOST, KEY)
    assert new.open(HOST, sealed) == KEY
    assert new.opens(sealed)
    assert not new.is_current(sealed)
    assert new.is_current(new.seal(HOST, KEY))


def test_after_a_revocation_it_is_gone() -> None:
    sealed, revoked = key_seal(RING).seal(HOST, KEY), key_seal(ROTATED.revoke(1))
    assert not revoked.opens(sealed)
    with pytest.raises(KeyUnreadable, match="sealed with key 1, which is gone"):
        revoked.open(HOST, sealed)
