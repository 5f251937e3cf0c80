from dataclasses import replace
from typing import Any

import pytest

from events.forgetting import (
    Forgotten,
    InvalidAddress,
    Person,
    about,
    fingerprints,
    forget,
    without_those,
)
from links.key_ring import KeyRing

RING = KeyRing.first(b"k" * 32, now=0).rotate(b"n" * 32, now=0, seals_from=0)
KEY = RING.sealing(0)
ANN = Person(address="Ann@Bücher.example")


class Store:
    """Three steps, and what it was asked."""

    def __init__(self) -> None:
        self.noted: list[tuple[set[int], int]] = []
        self.places: list[str] = []

    def note(self, person: Person, fingerprints: Any, at: int) -> None:
        self.noted.append((set(fingerprints), at))

    def forget_next(self, person: Person, beyond: str) -> tuple[Forgotten, str | None]:
        assert self.noted, "what comes late would be stored"
        self.places.append(beyond)
        return Forgotten(received=1, hits=2), {"": "a", "a": "b"}.get(beyond)

    def about_next(self, person: Person, beyond: str) -> tuple[list[dict[str, Any]], str | None]:
        return [{"beyond": beyond}], {"": "a", "a": "b"}.get(beyond)

    def wipe(self) -> bool:
        return True


def test_to_forget_is_noted_first_with_each_key_and_goes_over_everything() -> None:
    store = Store()
    steps = list(forget(store, ANN, RING, now=7))
    assert store.noted == [({1, 2}, 7)]
    assert store.places == ["", "a", "b"]
    assert sum(step.hits for step in steps) == 6
    assert steps[0].plus(steps[1]) == Forgotten(received=2, hits=4)


def test_a_revoked_key_makes_no_fingerprints() -> None:
    store = Store()
    list(forget(store, ANN, RING.revoke(1), now=7))
    assert store.noted == [({2}, 7)]


def test_all_that_is_stored_is_told() -> None:
    assert [each["beyond"] for each in about(Store(), ANN)] == ["", "a", "b"]


@pytest.mark.parametrize(
    "address", ["", "ann", "@example.net", "ann@", "ann @example.net", "ann@example.net\n"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidAddress):
        Person(address=address)


def test_a_domain_may_be_written_in_its_own_letters_or_in_those_of_ascii() -> None:
    assert set(ANN.spellings()) >= {"Ann@Bücher.example", "Ann@xn--bcher-kva.example"}
    assert "Ann@bücher.example" in replace(ANN, address="Ann@xn--bcher-kva.example").spellings()
    assert Person(address="a@example.net").spellings() == ("a@example.net",)


def test_fingerprints_are_of_the_person_and_of_the_key() -> None:
    made = fingerprints(KEY)
    assert made("Ann@Bücher.example") == made("ann@BÜCHER.example") == made("ann@xn--bcher-kva.example")
    assert made("ann@bücher.example") != made("bob@bücher.example")
    assert made("a@example.net") != fingerprints(RING.keys[0])("a@example.net")
    assert len(made("a@example.net")) == 64
    assert len(made("\udce4@example.net")) == 64


def test_only_addresses_that_are_forgotten_leave_a_text() -> None:
    text = "550 <ann@example.net>: no; bob@example.net, ann@example.net."
    left = without_those(lambda address: address == "ann@example.net", text)
    assert left == "550 <[removed]>: no; bob@example.net, [removed]."
