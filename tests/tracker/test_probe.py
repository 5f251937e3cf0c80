"""The tracker's answer to a check of a tracking domain."""

import pytest

from links import KeyRing, holds_proof, probe_path
from tests.tracker.asking import RING, Asking

NONCE = "00112233445566778899aabbccddeeff"
PATH = probe_path(NONCE)


def test_a_probe_gets_a_proof_for_the_host_that_it_names() -> None:
    ask = Asking()
    answer = ask(PATH, headers=[(b"host", b"Track.Example.com.:8080")])
    assert answer.status == 200
    assert answer.header("cache-control") == "no-store"
    assert holds_proof(RING, NONCE, ["track.example.com"], answer.body)
    assert not holds_proof(RING, NONCE, ["other.example.com"], answer.body)
    assert ask.hits == []


def test_it_proves_with_the_key_that_seals() -> None:
    rotated = RING.rotate(bytes(range(1, 33)), now=0, seals_from=0)
    answer = Asking(ring=rotated)(PATH)
    assert holds_proof(rotated, NONCE, ["track.example.com"], answer.body)
    assert holds_proof(rotated.revoke(1), NONCE, ["track.example.com"], answer.body)


def test_another_installation_proves_nothing_to_this_one() -> None:
    other = KeyRing.first(bytes(range(2, 34)), now=0)
    assert not holds_proof(RING, NONCE, ["track.example.com"], Asking(ring=other)(PATH).body)


def test_a_head_request_gets_no_body() -> None:
    answer = Asking()(PATH, method="HEAD")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("path", [PATH[:-1], f"{PATH}0", PATH.upper(), "/.well-known/waypost-probe/"])
def test_anything_else_is_not_found(path: str) -> None:
    assert Asking()(path).status == 404
