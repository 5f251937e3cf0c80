import pytest
from hypothesis import given
from hypothesis import strategies as st

from links import Key, KeyRing, holds_proof, parse_probe_path, probe_path, prove
from tests.links.rings import OTHER_SECRET, key, ring

NONCE = "00112233445566778899aabbccddeeff"
HOST = "track.example.com"
BOTH = ring(key(1), key(2, secret=OTHER_SECRET))


def test_the_proof_never_changes() -> None:
    """Nodes of two releases check each other."""
    expected = "423dcdbc2b9f7b21503726146df8d7e5f76479cbe32cfef999f52c40ec9db03c"
    assert prove(key(), NONCE, HOST) == expected


@pytest.mark.parametrize("sealing", BOTH.keys, ids=lambda each: f"key {each.id}")
def test_each_key_of_the_ring_proves(sealing: Key) -> None:
    answer = f"{prove(sealing, NONCE, HOST)}\n".encode()
    assert holds_proof(BOTH, NONCE, [HOST], answer)


def test_the_proof_may_name_another_of_the_hosts() -> None:
    answer = prove(key(), NONCE, "links.waypost.test").encode()
    assert holds_proof(ring(), NONCE, [HOST, "links.waypost.test"], answer)
    assert not holds_proof(ring(), NONCE, [HOST], answer)


def test_a_foreign_key_proves_nothing() -> None:
    answer = prove(key(2, secret=OTHER_SECRET), NONCE, HOST).encode()
    assert not holds_proof(ring(), NONCE, [HOST], answer)


def test_a_revoked_key_proves_nothing() -> None:
    answer = prove(BOTH.keys[0], NONCE, HOST).encode()
    assert not holds_proof(BOTH.revoke(1), NONCE, [HOST], answer)


def test_the_proof_of_another_nonce_counts_for_nothing() -> None:
    answer = prove(key(), NONCE.replace("0", "1"), HOST).encode()
    assert not holds_proof(ring(), NONCE, [HOST], answer)


@pytest.mark.parametrize("answer", [b"", NONCE.encode(), prove(key(), NONCE, HOST)[:-1].encode()])
def test_other_answers_hold_no_proof(answer: bytes) -> None:
    assert not holds_proof(ring(), NONCE, [HOST], answer)


def test_the_path_of_a_nonce_is_parsed() -> None:
    assert parse_probe_path(probe_path(NONCE)) == NONCE


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/.well-known/waypost-probe/",
        f"/.well-known/waypost-probe/{NONCE[:-1]}",
        f"/.well-known/waypost-probe/{NONCE}0",
        f"/.well-known/waypost-probe/{NONCE.upper()}",
        f"/.well-known/waypost-probe/{NONCE}\n",
        f"/.well-known/waypost-probe/{NONCE}/",
        f"//.well-known/waypost-probe/{NONCE}",
        f"/.well-known/acme-challenge/{NONCE}",
    ],
)
def test_other_paths_ask_for_no_proof(path: str) -> None:
    assert parse_probe_path(path) is None


@given(st.binary(min_size=16, max_size=16), st.text(max_size=60), st.text(max_size=60))
def test_a_proof_holds_for_its_host_alone(nonce: bytes, host: str, other: str) -> None:
    answer = prove(RING_KEY, nonce.hex(), host).encode()
    assert holds_proof(RING, nonce.hex(), [other], answer) == (host == other)


RING_KEY = key()
RING: KeyRing = ring(RING_KEY)
