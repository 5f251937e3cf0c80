import pytest

from links import Key, KeyRing, KeyRingError
from tests.links.rings import OTHER_SECRET, SECRET, key, ring

MINUTE = 60_000


def test_first_ring_seals_at_once() -> None:
    first = KeyRing.first(SECRET, now=1000)
    assert first.sealing(1000).id == 1


def test_rotated_key_opens_at_once_and_seals_later() -> None:
    rotated = KeyRing.first(SECRET, now=0).rotate(OTHER_SECRET, now=MINUTE, seals_from=2 * MINUTE)
    assert rotated.find(2) is not None
    assert rotated.sealing(2 * MINUTE - 1).id == 1
    assert rotated.sealing(2 * MINUTE).id == 2


def test_newest_is_by_sealing_time_then_by_id() -> None:
    later_id_seals_earlier = ring(
        key(1, seals_from=50),
        key(2, secret=OTHER_SECRET, seals_from=10),
        key(3, secret=b"3" * 32, seals_from=50),
    )
    assert later_id_seals_earlier.sealing(49).id == 2
    assert later_id_seals_earlier.sealing(50).id == 3


def test_before_any_key_may_seal_the_first_of_them_does() -> None:
    assert ring(key(1, seals_from=20), key(2, secret=OTHER_SECRET, seals_from=10)).sealing(0).id == 2


def test_revoking_the_sealing_key_brings_the_next_one_forward() -> None:
    rotated = KeyRing.first(SECRET, now=0).rotate(OTHER_SECRET, now=0, seals_from=MINUTE)
    assert rotated.revoke(1).sealing(1).id == 2


def test_revoked_key_is_gone_but_its_id_stays() -> None:
    revoked = KeyRing.first(SECRET, now=5).rotate(OTHER_SECRET, now=6, seals_from=6).revoke(1)
    assert revoked.find(1) is None
    assert [(one.id, one.revoked, one.secret, one.created_at) for one in revoked.keys] == [
        (1, True, b"", 5),
        (2, False, OTHER_SECRET, 6),
    ]


def test_ids_are_never_used_again() -> None:
    rotated = ring().rotate(OTHER_SECRET, now=0, seals_from=0)
    again = rotated.revoke(2).rotate(b"3" * 32, now=0, seals_from=0)
    assert [one.id for one in again.keys] == [1, 2, 3]


def test_the_only_usable_key_is_not_revoked() -> None:
    with pytest.raises(KeyRingError, match="rotate first"):
        ring().revoke(1)
    rotated = ring().rotate(OTHER_SECRET, now=0, seals_from=0).revoke(2)
    with pytest.raises(KeyRingError, match="rotate first"):
        rotated.revoke(1)


def test_revoking_an_unknown_or_revoked_key_says_so() -> None:
    rotated = ring().rotate(OTHER_SECRET, now=0, seals_from=0).revoke(1)
    with pytest.raises(KeyRingError, match="key 1 is revoked already"):
        rotated.revoke(1)
    with pytest.raises(KeyRingError, match="key 9 does not exist"):
        rotated.revoke(9)


def test_rings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(KeyRingError, match="no usable key"):
        KeyRing(keys=())
    with pytest.raises(KeyRingError, match="no usable key"):
        KeyRing(keys=(Key(id=1, created_at=0, seals_from=0, secret=b"", revoked=True),))
    with pytest.raises(KeyRingError, match="same id"):
        ring(key(1), key(1, secret=OTHER_SECRET))
    with pytest.raises(KeyRingError, match="same secret"):
        ring().rotate(SECRET, now=0, seals_from=0)


@pytest.mark.parametrize("key_id", [0, -1, 65_536])
def test_ids_outside_two_bytes_are_refused(key_id: int) -> None:
    with pytest.raises(KeyRingError, match="between 1 and 65535"):
        key(key_id)


def test_the_last_id_can_be_used_and_none_after_it() -> None:
    last = ring(key(65_535))
    with pytest.raises(KeyRingError, match="65536"):
        last.rotate(OTHER_SECRET, now=0, seals_from=0)


@pytest.mark.parametrize("secret", [b"", b"x" * 31, b"x" * 33])
def test_secrets_of_another_length_are_refused(secret: bytes) -> None:
    with pytest.raises(KeyRingError, match="32 bytes"):
        key(secret=secret)


def test_a_revoked_key_holds_no_secret_and_gives_none() -> None:
    with pytest.raises(KeyRingError, match="no secret"):
        Key(id=1, created_at=0, seals_from=0, secret=SECRET, revoked=True)
    revoked = Key(id=1, created_at=0, seals_from=0, secret=b"", revoked=True)
    with pytest.raises(KeyRingError, match="revoked"):
        revoked.derive(b"anything", 16)
    with pytest.raises(KeyRingError, match="revoked"):
        _ = revoked.token_cipher


def test_derived_bytes_differ_by_purpose_and_by_key() -> None:
    assert key().derive(b"a", 32) == key(7).derive(b"a", 32)
    assert key().derive(b"a", 32) != key().derive(b"b", 32)
    assert key().derive(b"a", 32) != key(secret=OTHER_SECRET).derive(b"a", 32)
    assert len(key().derive(b"a", 7)) == 7


def test_derivation_is_hkdf_sha256_of_rfc_5869() -> None:
    """Worked out with hmac alone: no salt means 32 zero bytes, one block is enough for 32 bytes."""
    import hashlib
    import hmac

    extracted = hmac.digest(bytes(32), SECRET, hashlib.sha256)
    assert key().derive(b"purpose", 32) == hmac.digest(extracted, b"purpose\x01", hashlib.sha256)


def test_representations_hide_the_secret() -> None:
    shown = repr(ring()) + str(ring()) + repr(key())
    assert repr(SECRET)[2:20] not in shown
    assert "secret" not in shown
