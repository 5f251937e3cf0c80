"""What every `domains.ports.DomainStore` must do, as tests to inherit.

class TestMyStore(DomainStoreContract):
    @pytest.fixture
    def store(self) -> DomainStore: ...
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domains.directory import SendingEntry, TrackingEntry
from domains.errors import NameTaken, UnknownDomain
from domains.model import SendingDomain, State, TrackingDomain
from domains.ports import DomainStore
from rewriter.policy import Mode, Overrides, SignedMail, VisibleUrl

NOW = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PROJECT = 1
TRACK = "track.example.com"
OTHER = "click.example.com"
TARGET = "links.waypost.test"
SENDER = "example.com"
TOKEN = "abc234"

CHANGES: dict[str, Callable[[DomainStore], object]] = {
    "add tracking domain": lambda store: add_tracking(store, "new.example.com"),
    "update": lambda store: store.update_tracking_domain(replace(tracking(store), diagnosis="seen")),
    "make default": lambda store: store.make_default(TRACK),
    "retire": lambda store: store.retire_tracking_domain(TRACK),
    "delete tracking domain": lambda store: store.delete_tracking_domain(TRACK),
    "add sending domain": lambda store: add_sending(store, "new.example.org"),
    "link": lambda store: store.link(SENDER, TRACK),
    "update sending domain": lambda store: store.update_sending_domain(replace(sending(store), share=1)),
    "verify sending domain": lambda store: store.verify_sending_domain(SENDER, TOKEN, NOW),
    "delete sending domain": lambda store: store.delete_sending_domain(SENDER),
}

REFUSALS: dict[str, tuple[Callable[[DomainStore], object], type[Exception]]] = {
    "add tracking domain": (lambda store: add_tracking(store, TRACK), NameTaken),
    "make default": (lambda store: store.make_default("no.example.com"), UnknownDomain),
    "retire": (lambda store: store.retire_tracking_domain("no.example.com"), UnknownDomain),
    "delete tracking domain": (lambda store: store.delete_tracking_domain("no.example.com"), UnknownDomain),
    "add sending domain": (lambda store: add_sending(store, SENDER), NameTaken),
    "link an unknown sender": (lambda store: store.link("no.example.org", TRACK), UnknownDomain),
    "link to an unknown domain": (lambda store: store.link(SENDER, "no.example.com"), UnknownDomain),
    "unlink an unknown sender": (lambda store: store.link("no.example.org", None), UnknownDomain),
    "update an unknown sender": (
        lambda store: store.update_sending_domain(replace(sending(store), name="no.example.org")),
        UnknownDomain,
    ),
    "verify an unknown sender": (
        lambda store: store.verify_sending_domain("no.example.org", TOKEN, NOW),
        UnknownDomain,
    ),
    "verify with another token": (
        lambda store: store.verify_sending_domain(SENDER, "other", NOW),
        UnknownDomain,
    ),
    "delete sending domain": (lambda store: store.delete_sending_domain("no.example.org"), UnknownDomain),
}


def add_tracking(store: DomainStore, name: str = TRACK, project: int = PROJECT) -> TrackingDomain:
    """Add a tracking domain as every test here does."""
    return store.add_tracking_domain(project=project, name=name, target=TARGET, created_at=NOW)


def add_sending(store: DomainStore, name: str = SENDER, project: int = PROJECT) -> object:
    """Add a sending domain as every test here does."""
    return store.add_sending_domain(project=project, name=name, created_at=NOW, token=TOKEN)


def tracking(store: DomainStore, name: str = TRACK) -> TrackingDomain:
    """Return a tracking domain that is there."""
    found = store.find_tracking_domain(name)
    assert found is not None
    return found


def sending(store: DomainStore) -> SendingDomain:
    """Return the sending domain of a filled store."""
    found = store.find_sending_domain(SENDER)
    assert found is not None
    return found


def link_of(store: DomainStore, sender: str = SENDER) -> str | None:
    """Return the link of a sending domain that is there."""
    found = store.find_sending_domain(sender)
    assert found is not None
    return found.tracking_domain


class DomainStoreContract:
    """Inherit, and give the fixture `store` an empty one."""

    @pytest.fixture
    def store(self) -> DomainStore:
        raise AssertionError("the inheriting class gives the fixture `store`")

    @pytest.fixture
    def filled(self, store: DomainStore) -> DomainStore:
        """A store with one tracking domain and one sending domain, not linked."""
        add_tracking(store)
        add_sending(store)
        return store

    def test_an_empty_store_holds_nothing(self, store: DomainStore) -> None:
        assert store.tracking_domains() == []
        assert store.sending_domains() == []
        assert store.find_tracking_domain(TRACK) is None
        assert store.find_sending_domain(SENDER) is None

    def test_a_new_tracking_domain_is_pending(self, store: DomainStore) -> None:
        added = add_tracking(store)
        expected = TrackingDomain(
            id=added.id,
            project=PROJECT,
            name=TRACK,
            target=TARGET,
            state=State.PENDING,
            is_default=False,
            diagnosis="",
            created_at=NOW,
        )
        assert added == expected
        assert store.find_tracking_domain(TRACK) == expected
        assert store.tracking_domains() == [expected]

    def test_a_new_sending_domain_is_not_linked(self, store: DomainStore) -> None:
        added = add_sending(store)
        assert store.find_sending_domain(SENDER) == added
        assert store.sending_domains() == [added]
        assert link_of(store) is None

    def test_lists_are_in_order_of_name(self, store: DomainStore) -> None:
        for name in ("c.example.com", "a.example.com", "b.example.com"):
            add_tracking(store, name)
            add_sending(store, name)
        names = ["a.example.com", "b.example.com", "c.example.com"]
        assert [domain.name for domain in store.tracking_domains()] == names
        assert [domain.name for domain in store.sending_domains()] == names

    def test_the_entries_say_the_same_as_the_lists(self, filled: DomainStore) -> None:
        add_tracking(filled, OTHER)
        filled.update_tracking_domain(replace(tracking(filled), state=State.VERIFIED))
        filled.make_default(TRACK)
        add_sending(filled, "another.example")
        filled.link(SENDER, TRACK)
        filled.update_sending_domain(replace(sending(filled), tracking=Mode.OBSERVE, share=5))
        entries = filled.entries()
        assert set(entries.tracking) == set(map(TrackingEntry.of, filled.tracking_domains()))
        assert set(entries.sending) == set(map(SendingEntry.of, filled.sending_domains()))
        assert {type(entry.state) for entry in entries.tracking} == {State}
        assert {type(entry.is_default) for entry in entries.tracking} == {bool}
        assert {type(entry.tracking) for entry in entries.sending} == {Mode, type(None)}

    def test_names_are_unique_across_projects(self, filled: DomainStore) -> None:
        with pytest.raises(NameTaken):
            add_tracking(filled, TRACK, project=2)
        with pytest.raises(NameTaken):
            add_sending(filled, SENDER, project=2)

    def test_a_name_may_be_both_tracking_and_sending_domain(self, filled: DomainStore) -> None:
        add_sending(filled, TRACK)
        assert filled.find_tracking_domain(TRACK)
        assert filled.find_sending_domain(TRACK)

    def test_update_writes_every_field_it_owns(self, filled: DomainStore) -> None:
        changed = replace(
            tracking(filled),
            target="eu.waypost.test",
            state=State.VERIFIED,
            diagnosis="points to eu.waypost.test – gut",
            checked_at=LATER,
            verified_at=NOW,
        )
        filled.update_tracking_domain(changed)
        assert tracking(filled) == changed

    def test_update_can_take_times_back(self, filled: DomainStore) -> None:
        before = tracking(filled)
        filled.update_tracking_domain(replace(before, checked_at=LATER))
        filled.update_tracking_domain(before)
        assert tracking(filled).checked_at is None

    def test_update_leaves_project_and_default_alone(self, filled: DomainStore) -> None:
        filled.make_default(TRACK)
        filled.update_tracking_domain(replace(tracking(filled), project=7, is_default=False))
        assert tracking(filled).project == PROJECT
        assert tracking(filled).is_default

    def test_update_of_an_unknown_domain_is_refused(self, filled: DomainStore) -> None:
        gone = tracking(filled)
        filled.delete_tracking_domain(TRACK)
        with pytest.raises(UnknownDomain):
            filled.update_tracking_domain(gone)

    def test_a_project_has_one_default(self, filled: DomainStore) -> None:
        add_tracking(filled, OTHER)
        filled.make_default(TRACK)
        filled.make_default(OTHER)
        assert [domain.name for domain in filled.tracking_domains() if domain.is_default] == [OTHER]

    def test_defaults_of_other_projects_stay(self, filled: DomainStore) -> None:
        add_tracking(filled, OTHER, project=2)
        filled.make_default(TRACK)
        filled.make_default(OTHER)
        assert tracking(filled).is_default
        assert tracking(filled, OTHER).is_default

    def test_link_and_unlink(self, filled: DomainStore) -> None:
        filled.link(SENDER, TRACK)
        assert link_of(filled) == TRACK
        filled.link(SENDER, TRACK)
        assert link_of(filled) == TRACK
        filled.link(SENDER, None)
        assert link_of(filled) is None

    def test_deleting_a_tracking_domain_unlinks_its_senders_alone(self, filled: DomainStore) -> None:
        add_tracking(filled, OTHER)
        add_sending(filled, "other.example")
        filled.link(SENDER, TRACK)
        filled.link("other.example", OTHER)
        filled.delete_tracking_domain(TRACK)
        assert filled.find_tracking_domain(TRACK) is None
        assert link_of(filled) is None
        assert link_of(filled, "other.example") == OTHER

    def test_retiring_keeps_the_name_and_nothing_that_mail_uses(self, filled: DomainStore) -> None:
        filled.update_tracking_domain(
            replace(tracking(filled), state=State.VERIFIED, verified_at=NOW, diagnosis="good")
        )
        filled.link(SENDER, TRACK)
        filled.make_default(TRACK)
        before = tracking(filled)
        filled.retire_tracking_domain(TRACK)
        assert tracking(filled) == replace(before, state=State.RETIRED, is_default=False)
        assert link_of(filled) is None

    def test_how_far_a_sending_domain_has_gone_live(self, filled: DomainStore) -> None:
        before = sending(filled)
        assert (before.tracking, before.share) == (None, 100)
        filled.link(SENDER, TRACK)
        filled.update_sending_domain(replace(before, tracking=Mode.OBSERVE, share=10))
        changed = sending(filled)
        assert (changed.tracking, changed.share) == (Mode.OBSERVE, 10)
        assert changed.tracking_domain == TRACK
        filled.update_sending_domain(before)
        assert (sending(filled).tracking, sending(filled).share) == (None, 100)

    def test_the_rules_of_a_sending_domain(self, filled: DomainStore) -> None:
        before = sending(filled)
        assert before.rules == Overrides()
        rules = Overrides(
            clicks=False,
            html=True,
            opens=True,
            excluded_hosts=(),
            allowed_destinations=("*.bücher.example", "shop.example"),
            visible_url=VisibleUrl.TRACK,
            signed_mail=SignedMail.LEAVE,
        )
        filled.update_sending_domain(replace(before, rules=rules))
        assert sending(filled).rules == rules
        filled.update_sending_domain(before)
        assert sending(filled) == before

    def test_verifying_a_sending_domain(self, filled: DomainStore) -> None:
        assert (sending(filled).token, sending(filled).verified_at) == (TOKEN, None)
        filled.verify_sending_domain(SENDER, TOKEN, NOW)
        filled.verify_sending_domain(SENDER, TOKEN, LATER)
        assert sending(filled).verified_at == NOW

    def test_deleting_a_sending_domain_leaves_its_tracking_domain(self, filled: DomainStore) -> None:
        filled.link(SENDER, TRACK)
        filled.delete_sending_domain(SENDER)
        assert filled.find_sending_domain(SENDER) is None
        assert filled.find_tracking_domain(TRACK)

    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_each_change_raises_the_version(
        self, filled: DomainStore, change: Callable[[DomainStore], object]
    ) -> None:
        before = filled.version()
        change(filled)
        assert filled.version() > before

    @pytest.mark.parametrize(("refused", "error"), REFUSALS.values(), ids=REFUSALS)
    def test_a_refusal_changes_nothing(
        self, filled: DomainStore, refused: Callable[[DomainStore], object], error: type[Exception]
    ) -> None:
        before = (filled.version(), filled.tracking_domains(), filled.sending_domains())
        with pytest.raises(error):
            refused(filled)
        assert (filled.version(), filled.tracking_domains(), filled.sending_domains()) == before

    def test_reading_leaves_the_version(self, filled: DomainStore) -> None:
        before = filled.version()
        filled.tracking_domains()
        filled.sending_domains()
        filled.find_tracking_domain(TRACK)
        filled.find_sending_domain(SENDER)
        assert filled.version() == before
