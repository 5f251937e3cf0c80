"""What every `domains.ports.DomainStore` must do, as tests to inherit.

class TestMyStore(DomainStoreContract):
    @pytest.fixture
    def store(self) -> DomainStore: ...
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domains.directory_entries import SendingEntry, TrackingEntry
from domains.dns_answer import DnsAnswer, DnsStatus
from domains.errors import ChangedMeanwhile, NameTaken, UnknownDomain
from domains.evidence import CaaAnswer, CaaStatus, Evidence, HstsPolicy, ProbeAnswer, Reached
from domains.history import Cause, Change, Step
from domains.listing import SenderCounts, SendingFilter, TrackingFilter
from domains.model import Https, SendingDomain, State, TrackingDomain
from domains.ports import DomainStore
from domains.steps import removed, renamed
from links.recipients import RecipientTracking
from rewriter.policy import Mode

NOW = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PROJECT = 1
TRACK = "track.example.com"
OTHER = "click.example.com"
TARGET = "links.waypost.test"
SENDER = "example.com"
TOKEN = "abc234"
BYSTANDER = "bystander.example.com"
DAY = timedelta(days=1)
EVIDENCE = Evidence(
    at=LATER,
    dns=DnsAnswer(host=TRACK, status=DnsStatus.FOUND, chain=(TARGET,), addresses=("192.0.2.1",)),
    caa=CaaAnswer(status=CaaStatus.FORBIDDEN, found_at="example.com", records=('0 issue "ca.test"',)),
    http=ProbeAnswer(reached=Reached.OTHER, status=404, server="nginx\0\ud800"),
    hsts=(HstsPolicy(host="example.com", max_age=1, include_subdomains=True),),
)

CHANGES: dict[str, Callable[[DomainStore], object]] = {
    "add tracking domain": lambda store: add_tracking(store, "new.example.com"),
    "record": lambda store: verify(store),
    "rename": lambda store: rename(store),
    "make default": lambda store: store.make_default(TRACK),
    "remove tracking domain": lambda store: remove(store),
    "add sending domain": lambda store: add_sending(store, "new.example.org"),
    "link": lambda store: store.link(SENDER, TRACK),
    "update sending domain": lambda store: store.update_sending_domain(replace(sending(store), share=1)),
    "verify sending domain": lambda store: store.verify_sending_domain(SENDER, TOKEN, NOW),
    "delete sending domain": lambda store: store.delete_sending_domain(SENDER),
}

REFUSALS: dict[str, tuple[Callable[[DomainStore], object], type[Exception]]] = {
    "add tracking domain": (lambda store: add_tracking(store, TRACK), NameTaken),
    "make default": (lambda store: store.make_default("no.example.com"), UnknownDomain),
    "record what was changed meanwhile": (
        lambda store: store.record(step_to(outdated(store), state=State.VERIFIED)),
        ChangedMeanwhile,
    ),
    "rename what was changed meanwhile": (
        lambda store: store.rename_tracking_domain(*renaming(outdated(store))),
        ChangedMeanwhile,
    ),
    "rename to a name that is taken": (lambda store: rename(store, BYSTANDER), NameTaken),
    "remove what was changed meanwhile": (
        lambda store: store.remove_tracking_domain(removed(outdated(store), LATER), unlinking=()),
        ChangedMeanwhile,
    ),
    "remove with senders that were not named": (lambda store: remove(store, BYSTANDER), ChangedMeanwhile),
    "remove with senders that are not linked": (
        lambda store: store.remove_tracking_domain(removed(tracking(store), LATER), unlinking=(SENDER,)),
        ChangedMeanwhile,
    ),
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


def step_to(domain: TrackingDomain, **changes: Any) -> Step:
    """Return a step with an entry in the history and evidence, as a check makes it."""
    after = replace(domain, **changes)
    change = Change(
        project=domain.project,
        domain=domain.name,
        at=LATER,
        cause=Cause.CHECKED,
        before=domain.state,
        after=after.state,
        detail="seen – gut",
        evidence=EVIDENCE,
    )
    return Step(before=domain, after=after, change=change, evidence=EVIDENCE)


def verify(store: DomainStore, name: str = TRACK) -> TrackingDomain:
    """Make a domain verified."""
    verified = step_to(
        tracking(store, name),
        state=State.VERIFIED,
        checked_at=LATER,
        next_check_at=LATER + DAY,
        verified_at=LATER,
        pending_since=None,
    )
    return store.record(verified)


def renaming(domain: TrackingDomain, name: str = "renamed.example.com") -> tuple[Step, Step]:
    """Return the steps that rename a domain."""
    return renamed(domain, name=name, target=domain.target, https=domain.https, verified_at=None, now=LATER)


def rename(store: DomainStore, name: str = "renamed.example.com") -> TrackingDomain:
    """Rename the domain of a filled store."""
    return store.rename_tracking_domain(*renaming(tracking(store), name))


def remove(store: DomainStore, name: str = TRACK, unlinking: tuple[str, ...] = ()) -> None:
    """Remove a domain."""
    store.remove_tracking_domain(removed(tracking(store, name), LATER), unlinking=unlinking)


def outdated(store: DomainStore) -> TrackingDomain:
    """Return the domain of a filled store as somebody saw it before it was changed."""
    return replace(tracking(store), target="before.waypost.test")


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
        """A store with a tracking domain and a sending domain that are not linked, and two that are."""
        add_tracking(store)
        add_sending(store)
        add_tracking(store, BYSTANDER)
        add_sending(store, "bystander.example")
        store.link("bystander.example", BYSTANDER)
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
            pending_since=NOW,
            next_check_at=NOW,
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

    def test_a_list_holds_what_is_wanted(self, store: DomainStore) -> None:
        add_tracking(store, "a.example.com")
        add_tracking(store, "bx.example.com")
        store.record(step_to(add_tracking(store, "c_x.example.com"), state=State.FAILED))
        remove(store, verify(store, add_tracking(store, "dx.example.com").name).name)
        add_tracking(store, "ex.example.com", project=2)

        def named(**wanted: Any) -> str:
            return " ".join(
                each.name.removesuffix(".example.com")
                for each in store.tracking_domains(TrackingFilter(**wanted))
            )

        assert named() == "a bx c_x dx ex"
        assert named(project=2) == "ex"
        assert named(project=PROJECT, retired=False) == "a bx c_x"
        assert named(state=State.FAILED) == "c_x"
        assert named(state=State.RETIRED) == "dx"
        assert named(search="x.") == "bx c_x dx ex"
        assert named(search="_x") == "c_x"  # no wildcard
        assert named(search="%") == ""
        assert named(behind="bx.example.com", limit=2) == "c_x dx"
        assert named(behind="bx.example.co\0\ud800") == "bx c_x dx ex"
        assert named(behind="f") == ""
        assert named(default=True) == ""
        store.make_default("bx.example.com")
        assert named(default=True) == "bx"

    def test_a_list_of_sending_domains_holds_what_is_wanted(self, store: DomainStore) -> None:
        for name, project in (("a.example", 1), ("b_.example", 1), ("c.example", 2), ("d.example", 1)):
            add_sending(store, name, project)

        def named(**wanted: Any) -> str:
            return " ".join(
                each.name.removesuffix(".example") for each in store.sending_domains(SendingFilter(**wanted))
            )

        assert named() == "a b_ c d"
        assert named(project=PROJECT) == "a b_ d"
        assert named(project=PROJECT, behind="a.example", limit=1) == "b_"
        assert named(search="_.") == "b_"
        assert named(search="d") == "d"

    def test_domains_are_counted_by_project(self, store: DomainStore) -> None:
        assert set(store.count_tracking_domains(PROJECT).values()) == {0}
        assert store.count_sending_domains(PROJECT) == SenderCounts(all=0, verified=0)
        for name in (TRACK, OTHER, BYSTANDER):
            add_tracking(store, name)
        verify(store)
        add_tracking(store, "theirs.example.com", project=2)
        add_sending(store)
        add_sending(store, "another.example")
        add_sending(store, "theirs.example", project=2)
        store.verify_sending_domain(SENDER, TOKEN, NOW)
        assert store.count_tracking_domains(PROJECT) == {
            State.PENDING: 2,
            State.VERIFIED: 1,
            State.FAILED: 0,
            State.RETIRED: 0,
        }
        assert store.count_sending_domains(PROJECT) == SenderCounts(all=2, verified=1)

    def test_a_tracking_domain_is_found_by_its_id(self, filled: DomainStore) -> None:
        domain = tracking(filled)
        assert filled.tracking_domain_numbered(domain.id) == domain
        assert filled.tracking_domain_numbered(10**18 - 1) is None

    def test_sending_domains_are_found_by_many_names(self, filled: DomainStore) -> None:
        names = {SENDER, "bystander.example", *(f"no{number}.example" for number in range(1100))}
        assert {each.name for each in filled.find_sending_domains(names)} == {SENDER, "bystander.example"}
        assert filled.find_sending_domains(()) == []

    def test_the_senders_of_a_tracking_domain(self, filled: DomainStore) -> None:
        filled.link(SENDER, BYSTANDER)
        assert filled.senders_of(BYSTANDER) == ("bystander.example", SENDER)
        assert filled.senders_of(TRACK) == ()

    def test_the_entries_say_the_same_as_the_lists(self, filled: DomainStore) -> None:
        add_tracking(filled, OTHER)
        verify(filled)
        filled.record(step_to(tracking(filled), https=Https.REQUIRE, https_since=LATER))
        add_sending(filled, "another.example")
        filled.link(SENDER, TRACK)
        filled.update_sending_domain(replace(sending(filled), tracking=Mode.OBSERVE, share=5))
        entries = filled.entries()
        assert set(entries.tracking) == set(map(TrackingEntry.of, filled.tracking_domains()))
        assert set(entries.sending) == set(map(SendingEntry.of, filled.sending_domains()))
        assert {type(entry.state) for entry in entries.tracking} == {State}
        assert {type(entry.is_default) for entry in entries.tracking} == {bool}
        assert {type(entry.https) for entry in entries.tracking} == {Https}
        assert {type(entry.https_seen) for entry in entries.tracking} == {bool}
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

    def test_record_writes_every_field_but_the_default(self, filled: DomainStore) -> None:
        step = step_to(
            tracking(filled),
            project=7,
            target="eu.waypost.test",
            state=State.FAILED,
            is_default=True,
            diagnosis="points to eu.waypost.test – gut",
            https=Https.REQUIRE,
            https_since=LATER,
            pending_since=None,
            checked_at=LATER,
            next_check_at=LATER + DAY,
            verified_at=NOW,
            doubts=2,
            unanswered=3,
        )
        assert step.after is not None
        expected = replace(step.after, is_default=False)
        assert filled.record(step) == expected
        assert tracking(filled) == expected
        assert filled.evidence_of([TRACK, "no.example.com"]) == {TRACK: EVIDENCE}

    def test_record_can_take_times_and_evidence_back(self, filled: DomainStore) -> None:
        before = tracking(filled)
        checked = filled.record(step_to(before, checked_at=LATER))
        filled.record(Step(before=checked, after=before))
        assert tracking(filled) == before
        assert filled.evidence_of([TRACK]) == {}

    def test_what_nobody_sees_leaves_the_version(self, filled: DomainStore) -> None:
        before = filled.version()
        filled.record(step_to(tracking(filled), diagnosis="no record", checked_at=LATER, unanswered=1))
        assert filled.version() == before
        filled.record(step_to(tracking(filled), https_since=LATER))
        assert filled.version() > before

    def test_the_first_verified_becomes_the_default(self, filled: DomainStore) -> None:
        add_tracking(filled, OTHER, project=2)
        assert verify(filled, BYSTANDER).is_default
        assert not verify(filled).is_default
        assert verify(filled, OTHER).is_default
        assert [each.name for each in filled.tracking_domains() if each.is_default] == [BYSTANDER, OTHER]

    def test_one_that_stays_verified_does_not_become_the_default(self, filled: DomainStore) -> None:
        verify(filled)
        verify(filled, BYSTANDER)
        remove(filled)
        assert not filled.record(step_to(tracking(filled, BYSTANDER), diagnosis="still good")).is_default

    def test_of_two_checks_of_the_same_moment_one_counts(self, filled: DomainStore) -> None:
        seen = tracking(filled)
        filled.record(step_to(seen, checked_at=LATER))
        with pytest.raises(ChangedMeanwhile):
            filled.record(step_to(seen, state=State.FAILED))

    def test_what_was_removed_does_not_come_back(self, filled: DomainStore) -> None:
        seen = verify(filled)
        remove(filled)
        with pytest.raises(ChangedMeanwhile):
            filled.record(step_to(seen, diagnosis="seen"))
        assert tracking(filled).state is State.RETIRED

    def test_the_history_tells_all_and_outlives_the_domain(self, filled: DomainStore) -> None:
        step = step_to(tracking(filled), diagnosis="no record")
        filled.record(step)
        filled.record(Step(before=tracking(filled), after=tracking(filled)))
        remove(filled)
        first, second, third = filled.history(PROJECT, TRACK)
        assert (first.cause, first.at, first.before, first.after) == (Cause.ADDED, NOW, None, State.PENDING)
        assert second == step.change
        assert (third.cause, third.before, third.after) == (Cause.REMOVED, State.PENDING, None)
        assert filled.history(2, TRACK) == []
        assert filled.history(PROJECT, TRACK, limit=2) == [first, second]
        assert filled.history(PROJECT, TRACK, beyond=first.number, limit=1) == [second]
        assert filled.history(PROJECT, TRACK, beyond=third.number) == []
        assert filled.history(PROJECT, TRACK, newest=True, limit=2) == [third, second]
        assert filled.history(PROJECT, TRACK, newest=True, beyond=second.number) == [first]

    def test_renaming_takes_links_and_default_along(self, filled: DomainStore) -> None:
        verify(filled)
        filled.link(SENDER, TRACK)
        new = rename(filled)
        assert (new.state, new.is_default, new.verified_at) == (State.PENDING, True, None)
        assert tracking(filled, new.name) == new
        assert link_of(filled) == new.name
        old = tracking(filled)
        assert (old.state, old.is_default, old.verified_at) == (State.RETIRED, False, LATER)
        assert old.id != new.id
        assert filled.evidence_of([new.name]) == {}
        assert filled.history(PROJECT, new.name)[-1].cause is Cause.RENAMED
        assert filled.history(PROJECT, TRACK)[-1].after is State.RETIRED

    def test_renaming_what_was_never_verified_frees_the_name(self, filled: DomainStore) -> None:
        rename(filled)
        assert filled.find_tracking_domain(TRACK) is None
        add_tracking(filled)

    def test_renaming_back_takes_the_retired_name(self, filled: DomainStore) -> None:
        verify(filled)
        new = rename(filled)
        filled.rename_tracking_domain(*renaming(new, TRACK))
        assert tracking(filled).id == new.id
        assert filled.find_tracking_domain(new.name) is None

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

    def test_removing_a_tracking_domain_unlinks_its_senders_alone(self, filled: DomainStore) -> None:
        filled.link(SENDER, TRACK)
        remove(filled, unlinking=(SENDER,))
        assert filled.find_tracking_domain(TRACK) is None
        assert link_of(filled) is None
        assert link_of(filled, "bystander.example") == BYSTANDER

    def test_retiring_keeps_the_name_and_nothing_that_mail_uses(self, filled: DomainStore) -> None:
        verify(filled)
        filled.link(SENDER, TRACK)
        before = tracking(filled)
        assert before.is_default
        remove(filled, unlinking=(SENDER,))
        assert tracking(filled) == replace(before, state=State.RETIRED, is_default=False, next_check_at=None)
        assert link_of(filled) is None

    def test_how_far_a_sending_domain_has_gone_live(self, filled: DomainStore) -> None:
        before = sending(filled)
        assert (before.tracking, before.share) == (None, 100)
        filled.link(SENDER, TRACK)
        filled.update_sending_domain(
            replace(before, tracking=Mode.OBSERVE, share=10, recipients=RecipientTracking.NONE)
        )
        changed = sending(filled)
        assert (changed.tracking, changed.share) == (Mode.OBSERVE, 10)
        assert changed.recipients is RecipientTracking.NONE
        assert changed.tracking_domain == TRACK
        filled.update_sending_domain(before)
        assert (sending(filled).tracking, sending(filled).share) == (None, 100)

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
        filled.evidence_of([TRACK])
        filled.history(PROJECT, TRACK)
        filled.senders_of(TRACK)
        filled.count_tracking_domains(PROJECT)
        assert filled.version() == before
