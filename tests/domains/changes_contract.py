"""What every store must tell of changes, as tests to inherit: enough to bring entries up to date."""

from collections.abc import Callable
from typing import Any

import pytest

from domains.directory_entries import DomainEntries, SendingEntry, TrackingEntry, patched
from domains.model import TrackingDomain
from domains.ports import DomainStore
from tests.domains.store_contract import (
    BYSTANDER,
    CHANGES,
    OTHER,
    REFUSALS,
    SENDER,
    TRACK,
    add_sending,
    add_tracking,
    remove,
    renaming,
    tracking,
    verify,
)

Change = Callable[[DomainStore], object]


def rename_other(store: DomainStore, name: str = "renamed.example.com") -> TrackingDomain:
    """Rename the default, which has a sender and is retired."""
    return store.rename_tracking_domain(*renaming(tracking(store, OTHER), name))


def rename_back(store: DomainStore) -> None:
    """The retired domain gives way."""
    store.rename_tracking_domain(*renaming(rename_other(store), OTHER))


def remove_and_add_again(store: DomainStore) -> None:
    """Of one name, within what is told at once."""
    store.delete_sending_domain(SENDER)
    add_sending(store, SENDER, project=2)


ALL_CHANGES: dict[str, Change] = CHANGES | {
    "nothing": lambda store: None,
    "rename with a sender": rename_other,
    "rename and rename back": rename_back,
    "remove with a sender": lambda store: remove(store, OTHER, unlinking=("linked.example",)),
    "remove and add again": remove_and_add_again,
    "several": lambda store: (verify(store), rename_other(store), add_tracking(store, "new.example.com")),
}


def by_name(entries: DomainEntries) -> tuple[dict[str, TrackingEntry], dict[str, SendingEntry]]:
    return {each.name: each for each in entries.tracking}, {each.name: each for each in entries.sending}


def brought_up_to_date(store: DomainStore, version: int, entries: DomainEntries) -> tuple[Any, Any]:
    """Return the entries of that version with what changed since."""
    changes = store.changes_since(version)
    assert changes is not None
    assert changes.version == store.version()
    tracking, sending = by_name(entries)
    return patched(tracking, changes.tracking), patched(sending, changes.sending)


class DomainChangesContract:
    """Inherit, and give the fixture `store` an empty one."""

    @pytest.fixture
    def store(self) -> DomainStore:
        raise AssertionError("the inheriting class gives the fixture `store`")

    @pytest.fixture
    def filled(self, store: DomainStore) -> DomainStore:
        """A store with two domains that are not linked, and a verified default that is."""
        for name in (TRACK, OTHER, BYSTANDER):
            add_tracking(store, name)
        for name in (SENDER, "linked.example"):
            add_sending(store, name)
        verify(store, OTHER)
        store.link("linked.example", OTHER)
        return store

    @pytest.mark.parametrize("change", ALL_CHANGES.values(), ids=ALL_CHANGES)
    def test_what_it_tells_brings_entries_up_to_date(self, filled: DomainStore, change: Change) -> None:
        version, entries = filled.version(), filled.entries()
        change(filled)
        assert brought_up_to_date(filled, version, entries) == by_name(filled.entries())

    def test_it_tells_of_what_changed_alone(self, filled: DomainStore) -> None:
        version = filled.version()
        filled.link(SENDER, BYSTANDER)
        changes = filled.changes_since(version)
        assert changes is not None
        assert ([*changes.tracking], [*changes.sending]) == ([], [SENDER])

    def test_what_is_gone_is_told_as_none(self, filled: DomainStore) -> None:
        version = filled.version()
        filled.delete_sending_domain(SENDER)
        changes = filled.changes_since(version)
        assert changes is not None
        assert changes.sending == {SENDER: None}

    def test_of_a_version_to_come_nothing_is_known(self, filled: DomainStore) -> None:
        assert filled.changes_since(filled.version() + 1) is None

    def test_a_refusal_changes_nothing(self, filled: DomainStore) -> None:
        version = filled.version()
        refused, error = REFUSALS["add tracking domain"]
        with pytest.raises(error):
            refused(filled)
        changes = filled.changes_since(version)
        assert changes is not None
        assert changes == (version, {}, {})
