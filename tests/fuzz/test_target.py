import pytest

from fuzz import session_target
from fuzz.rewriting import tokens
from fuzz.target import SEEDS, seeds, try_one
from rewriter import Policy
from tests.rewriter.invariants import POLICIES, check_message, check_page


@pytest.mark.parametrize("policy", POLICIES)
def test_every_seed_holds(policy: Policy) -> None:
    for message in seeds():
        try_one(message)
        check_message(message, policy)
        check_page(message, policy)


def test_every_folder_has_seeds() -> None:
    assert [any(folder.rglob("*.eml")) for folder in SEEDS] == [True] * len(SEEDS)


def test_the_dictionary_holds_bytes() -> None:
    assert {b"=\r\n", b"\xff\xfe", b"<a href=", b"|"} - set(tokens()) == {b"|"}


def test_every_seed_of_the_session_holds() -> None:
    for said in session_target.seeds():
        session_target.try_one(said)
