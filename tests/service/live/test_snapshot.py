import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from links import KeyRing
from service.live import snapshot as form
from service.live.snapshot import NONCE_BYTES, Snapshot, SnapshotError, open_snapshot, seal_snapshot
from tests.service.live.snapshots import NOW, RING

NONCE = bytes(range(NONCE_BYTES))
FULL = Snapshot(written_at=NOW, sections={"domains": b"[1, 2, 3]" * 20, "certificates": b"", "x": b"\0\xff"})
SEALED = seal_snapshot(FULL, RING.sealing(NOW), NONCE)
HEADER = 40  # octets

NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=255)


@given(
    st.integers(0, 2**64 - 1),
    st.dictionaries(NAMES, st.binary(max_size=300), max_size=5),
    st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES),
)
def test_it_opens_to_what_was_sealed(written_at: int, sections: dict[str, bytes], nonce: bytes) -> None:
    snapshot = Snapshot(written_at=written_at, sections=sections)
    assert open_snapshot(seal_snapshot(snapshot, RING.sealing(NOW), nonce), RING) == snapshot


def test_every_flipped_bit_is_noticed() -> None:
    for place in range(len(SEALED)):
        for bit in range(8):
            changed = bytearray(SEALED)
            changed[place] ^= 1 << bit
            with pytest.raises(SnapshotError):
                open_snapshot(bytes(changed), RING)


def test_every_cut_and_addition_is_noticed() -> None:
    for length in range(len(SEALED)):
        with pytest.raises(SnapshotError):
            open_snapshot(SEALED[:length], RING)
    with pytest.raises(SnapshotError):
        open_snapshot(SEALED + b"\0", RING)


@given(st.binary(max_size=200))
def test_whatever_somebody_wrote_is_refused(octets: bytes) -> None:
    for text in (octets, SEALED[:HEADER] + octets):
        with pytest.raises(SnapshotError):
            open_snapshot(text, RING)


def test_nothing_can_be_read_in_it() -> None:
    plain = Snapshot(written_at=NOW, sections={"accounts": b"customer.example"})
    sealed = seal_snapshot(plain, RING.sealing(NOW), NONCE)
    assert b"customer" not in sealed
    assert b"accounts" not in sealed


def test_it_is_sealed_anew_each_time() -> None:
    other = seal_snapshot(FULL, RING.sealing(NOW), bytes(NONCE_BYTES))
    assert other[HEADER:] != SEALED[HEADER:]


def test_any_live_key_of_the_ring_opens_it_and_a_revoked_one_does_not() -> None:
    rotated = RING.rotate(bytes(range(1, 33)), now=NOW, seals_from=NOW)
    assert rotated.sealing(NOW).id == 2
    assert open_snapshot(SEALED, rotated) == FULL
    with pytest.raises(SnapshotError, match="key 1, which sealed it, is not in the ring"):
        open_snapshot(SEALED, rotated.revoke(1))


def test_of_another_installation_it_is_refused() -> None:
    with pytest.raises(SnapshotError, match="of another installation"):
        open_snapshot(SEALED, KeyRing.first(bytes(range(1, 33)), now=0))


def test_of_another_version_it_is_named_so() -> None:
    newer = SEALED[:16] + struct.pack(">H", 2) + SEALED[18:]
    with pytest.raises(SnapshotError, match="another version of Waypost"):
        open_snapshot(newer, RING)


def sealed_octets(plain: bytes) -> bytes:
    """Seal what no program of ours would."""
    key = RING.sealing(NOW)
    header = form._HEADER.pack(form._MAGIC, form._VERSION, key.id, NOW, NONCE)
    return header + form._cipher(key).encrypt(NONCE, plain, header)


@pytest.mark.parametrize(
    "plain",
    [
        b"no zlib",
        zlib.compress(b"\x03ab"),
        zlib.compress(b"\x02ab\0\0\0\x09short"),
        zlib.compress(b"\x02\xff\xff\0\0\0\0"),
        zlib.compress(b"\x02ab\0\0\0\0")[:-1],
    ],
)
def test_what_cannot_be_taken_apart_is_refused(plain: bytes) -> None:
    with pytest.raises(SnapshotError):
        open_snapshot(sealed_octets(plain), RING)


def test_its_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seal_snapshot(Snapshot(written_at=NOW, sections={"x": bytes(10_000)}), RING.sealing(NOW), NONCE)
    monkeypatch.setattr(form, "MAX_SECTIONS", 5_000)
    with pytest.raises(SnapshotError, match="too large"):
        open_snapshot(sealed, RING)
    with pytest.raises(SnapshotError, match="too large"):
        seal_snapshot(Snapshot(written_at=NOW, sections={"x": bytes(10_000)}), RING.sealing(NOW), NONCE)
    monkeypatch.setattr(form, "MAX_FILE", 50)
    with pytest.raises(SnapshotError, match="too large"):
        seal_snapshot(FULL, RING.sealing(NOW), NONCE)
