from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from domains.claims import Claims
from domains.errors import (
    ChangedMeanwhile,
    DomainError,
    InvalidName,
    NameTaken,
    NoTarget,
    NotVerified,
    StillLinked,
    StoreUnavailable,
    UnknownDomain,
)
from domains.evidence import Evidence, Reached
from domains.history import Cause, Change, Step
from domains.model import Https, State
from domains.rules import CheckPolicy
from domains.sending_domains import SendingDomains
from domains.steps import removed
from domains.tracking_domains import DomainSettings, TrackingDomains
from tests.domains.builders import NOW, PROJECT
from tests.domains.conftest import OTHER, SECOND_TARGET, TARGET, TRACK, Clock, FakeCheck, FakeDns
from tests.domains.memory_store import MemoryStore


def retire_in_another_project(store: MemoryStore, name: str) -> None:
    """Add a retired tracking domain that is not ours."""
    added = store.add_tracking_domain(project=2, name=name, target=TARGET, created_at=NOW)
    verified = store.record(Step(before=added, after=replace(added, verified_at=NOW)))
    store.remove_tracking_domain(removed(verified, NOW), unlinking=())


class TestLists:
    def test_a_page_goes_on_behind_a_name(self, domains: TrackingDomains) -> None:
        a, b, c = (domains.add(f"{letter}.example.com") for letter in "abc")
        assert domains.page(limit=2) == [a, b]
        assert domains.page(limit=2, behind=b.name) == [c]
        assert domains.page(limit=2, behind=c.name) == []

    def test_a_page_holds_what_is_searched_for_as_typed(self, domains: TrackingDomains) -> None:
        domains.add(TRACK)
        umlaut = domains.add("klick.müller.example")
        assert domains.page(limit=9, search=" MÜLLER. ") == [umlaut]
        assert domains.page(limit=9, search="Xn--m") == [umlaut]
        assert domains.page(limit=9, search="nothing") == []

    def test_a_page_holds_one_state(self, verified: TrackingDomains) -> None:
        pending = verified.add(OTHER)
        assert verified.page(limit=9, state=State.PENDING) == [pending]
        verified.remove(TRACK)
        assert verified.page(limit=9) == [pending]
        [retired] = verified.page(limit=9, state=State.RETIRED)
        assert verified.page(limit=9, retired=True) == [pending, retired]

    def test_others_are_not_seen(self, domains_of: Callable[[int], TrackingDomains]) -> None:
        theirs = domains_of(2).add(TRACK)
        mine = domains_of(1)
        assert mine.page(limit=9, retired=True) == mine.all(retired=True) == []
        assert set(mine.counts().values()) == {0}
        assert domains_of(2).counts()[State.PENDING] == 1
        with pytest.raises(UnknownDomain, match="has the id"):
            mine.numbered(theirs.id)
        with pytest.raises(UnknownDomain):
            mine.history(TRACK, beyond=0)
        assert domains_of(2).numbered(theirs.id) == theirs


class TestAddTrackingDomain:
    def test_it_is_pending_with_the_first_target(self, domains: TrackingDomains) -> None:
        added = domains.add("Track.Example.com.")
        assert (added.name, added.target, added.state) == (TRACK, TARGET, State.PENDING)
        assert added.created_at == NOW
        assert domains.all() == [added]

    def test_the_target_can_be_chosen(self, domains: TrackingDomains) -> None:
        assert domains.add(TRACK, target="EU.waypost.test").target == SECOND_TARGET

    @pytest.mark.parametrize(
        ("name", "target", "error", "sentence"),
        [
            ("example.com", None, InvalidName, "use a subdomain such as track.example.com"),
            ("https://track.example.com", None, InvalidName, "leave out the scheme"),
            (TARGET, None, InvalidName, "is a CNAME target of ours"),
            ("EU.Waypost.test.", None, InvalidName, "is a CNAME target of ours"),
            (TRACK, "us.waypost.test", InvalidName, "choose one of links.waypost.test, eu.waypost.test"),
        ],
    )
    def test_a_refusal_adds_nothing(
        self,
        domains: TrackingDomains,
        name: str,
        target: str | None,
        error: type[DomainError],
        sentence: str,
    ) -> None:
        with pytest.raises(error, match=sentence):
            domains.add(name, target=target)
        assert domains.all() == []

    @pytest.mark.parametrize("again", [TRACK, "TRACK.example.com", "track.example.com."])
    def test_a_name_is_taken_in_any_spelling(self, domains: TrackingDomains, again: str) -> None:
        domains.add(TRACK)
        with pytest.raises(NameTaken, match=r"already \(pending\)"):
            domains.add(again)

    def test_a_name_of_another_project_is_taken(self, domains: TrackingDomains, store: MemoryStore) -> None:
        store.add_tracking_domain(project=2, name=TRACK, target=TARGET, created_at=NOW)
        with pytest.raises(NameTaken, match=r"already \(pending\)"):
            domains.add(TRACK)

    def test_without_a_configured_target_there_is_nothing_to_point_to(
        self, store: MemoryStore, check: FakeCheck, clock: Clock, claims: Claims
    ) -> None:
        domains = TrackingDomains(
            store=store,
            check=check,
            policy=CheckPolicy(),
            clock=clock,
            jitter=lambda: 0.5,
            announce=print,
            claims=claims,
            project=PROJECT,
        )
        with pytest.raises(NoTarget, match=r"set domains.cname_targets"):
            domains.add(TRACK)

    def test_a_retired_name_comes_back_as_pending(self, verified: TrackingDomains) -> None:
        verified.remove(TRACK)
        back = verified.add(TRACK, target=SECOND_TARGET)
        assert (back.state, back.target, back.diagnosis) == (State.PENDING, SECOND_TARGET, "")
        assert (back.checked_at, back.verified_at) == (None, NOW)
        assert verified.all() == [back]


class TestShowTrackingDomain:
    def test_it_holds_the_record_and_the_senders(
        self, domains: TrackingDomains, senders: SendingDomains
    ) -> None:
        domains.add(TRACK)
        senders.add("example.com")
        senders.add("example.org")
        senders.link("example.com", TRACK)
        details = domains.show("TRACK.example.com")
        assert str(details.record) == "track.example.com. CNAME links.waypost.test."
        assert details.senders == ("example.com",)

    def test_a_retired_one_can_be_seen(self, verified: TrackingDomains) -> None:
        verified.remove(TRACK)
        assert verified.show(TRACK).domain.state is State.RETIRED

    def test_one_of_another_project_cannot(self, domains: TrackingDomains, store: MemoryStore) -> None:
        store.add_tracking_domain(project=2, name=TRACK, target=TARGET, created_at=NOW)
        with pytest.raises(UnknownDomain):
            domains.show(TRACK)


class TestVerify:
    def test_a_record_that_points_here_verifies(
        self, domains: TrackingDomains, dns: FakeDns, store: MemoryStore
    ) -> None:
        domains.add(TRACK)
        dns.chains[TRACK] = ("edge.example.net", TARGET)
        judged = domains.verify("Track.example.com")
        assert (judged.state, judged.verified_at) == (State.VERIFIED, NOW)
        assert store.find_tracking_domain(TRACK) == judged

    def test_a_missing_record_is_told_and_stored(self, domains: TrackingDomains, store: MemoryStore) -> None:
        domains.add(TRACK)
        judged = domains.verify(TRACK)
        assert judged.state is State.PENDING
        assert "track.example.com. CNAME links.waypost.test." in judged.diagnosis
        assert store.find_tracking_domain(TRACK) == judged

    def test_the_target_is_the_domains_own(self, domains: TrackingDomains, dns: FakeDns) -> None:
        domains.add(TRACK, target=SECOND_TARGET)
        dns.chains[TRACK] = (TARGET,)
        assert domains.verify(TRACK).state is State.PENDING

    def test_a_lost_record_fails_and_comes_back(
        self, verified: TrackingDomains, dns: FakeDns, clock: Clock
    ) -> None:
        del dns.chains[TRACK]
        clock.now += timedelta(days=1)
        assert verified.verify(TRACK).state is State.FAILED
        dns.chains[TRACK] = (TARGET,)
        back = verified.verify(TRACK)
        assert (back.state, back.verified_at, back.checked_at) == (State.VERIFIED, NOW, clock.now)

    def test_a_fault_of_dns_takes_nothing_down(self, verified: TrackingDomains, dns: FakeDns) -> None:
        dns.fault = "the DNS server 192.0.2.53 answered SERVFAIL"
        judged = verified.verify(TRACK)
        assert judged.state is State.VERIFIED
        assert "SERVFAIL" in judged.diagnosis

    def test_the_first_verified_becomes_the_default(
        self, domains: TrackingDomains, dns: FakeDns, store: MemoryStore
    ) -> None:
        for name in (TRACK, OTHER):
            domains.add(name)
        dns.chains[OTHER] = (TARGET,)
        assert not domains.verify(TRACK).is_default
        assert domains.verify(OTHER).is_default
        dns.chains[TRACK] = (TARGET,)
        assert not domains.verify(TRACK).is_default
        assert [each.name for each in store.tracking_domains() if each.is_default] == [OTHER]

    def test_a_default_of_another_project_is_no_default_here(
        self, domains: TrackingDomains, dns: FakeDns, store: MemoryStore
    ) -> None:
        store.add_tracking_domain(project=2, name=OTHER, target=TARGET, created_at=NOW)
        store.make_default(OTHER)
        domains.add(TRACK)
        dns.chains[TRACK] = (TARGET,)
        assert domains.verify(TRACK).is_default

    def test_what_was_removed_meanwhile_stays_removed(self, verified: TrackingDomains, dns: FakeDns) -> None:
        dns.during = lambda: verified.remove(TRACK)
        with pytest.raises(UnknownDomain):
            verified.verify(TRACK)
        assert verified.show(TRACK).domain.state is State.RETIRED

    @pytest.mark.parametrize(
        ("settings", "kept"),
        [({"target": SECOND_TARGET}, SECOND_TARGET), ({"name": OTHER}, None)],
        ids=["target", "name"],
    )
    def test_what_was_changed_meanwhile_is_not_judged(
        self, domains: TrackingDomains, dns: FakeDns, settings: DomainSettings, kept: str | None
    ) -> None:
        domains.add(TRACK)
        dns.chains[TRACK] = (TARGET,)
        dns.during = lambda: domains.change(TRACK, settings)
        with pytest.raises((ChangedMeanwhile, UnknownDomain)):
            domains.verify(TRACK)
        (present,) = domains.all()
        assert (present.state, present.target) == (State.PENDING, kept or TARGET)

    def test_it_tells_what_is_seen_and_keeps_it(self, domains: TrackingDomains, clock: Clock) -> None:
        domains.add(TRACK)
        seen: list[Evidence] = []
        domains.verify(TRACK, seen.append)
        assert seen == [domains.show(TRACK).evidence]

    def test_the_next_check_is_scheduled(self, verified: TrackingDomains, clock: Clock) -> None:
        assert verified.show(TRACK).domain.next_check_at == clock.now + timedelta(minutes=1)


class TestChange:
    def test_another_target_starts_over(self, verified: TrackingDomains, clock: Clock) -> None:
        clock.now += timedelta(hours=1)
        changed = verified.change(TRACK, {"target": SECOND_TARGET})
        assert (changed.target, changed.state, changed.diagnosis) == (SECOND_TARGET, State.PENDING, "")
        assert (changed.pending_since, changed.next_check_at) == (clock.now, clock.now)
        assert (changed.verified_at, changed.is_default, changed.checked_at) == (NOW, True, None)
        assert verified.show(TRACK).evidence is None
        assert verified.show(TRACK).domain == changed

    def test_the_use_of_https_leaves_the_state(
        self, verified: TrackingDomains, check: FakeCheck, clock: Clock
    ) -> None:
        check.https = Reached.OURS
        verified.verify(TRACK)
        changed = verified.change(TRACK, {"https": Https.REQUIRE})
        assert (changed.https, changed.state, changed.https_since) == (Https.REQUIRE, State.VERIFIED, NOW)
        assert changed.next_check_at == clock.now

    def test_another_target_forgets_that_https_worked(
        self, verified: TrackingDomains, check: FakeCheck
    ) -> None:
        check.https = Reached.OURS
        assert verified.verify(TRACK).https_since == NOW
        assert verified.change(TRACK, {"target": SECOND_TARGET}).https_since is None

    @pytest.mark.parametrize(
        "settings", [{}, {"target": TARGET, "https": Https.AUTO}, {"name": "TRACK.example.com"}]
    )
    def test_nothing_new_changes_nothing(
        self,
        verified: TrackingDomains,
        store: MemoryStore,
        announced: list[Change],
        settings: DomainSettings,
    ) -> None:
        before = (store.version(), verified.show(TRACK), list(announced))
        verified.change(TRACK, settings)
        assert (store.version(), verified.show(TRACK), announced) == before

    @pytest.mark.parametrize(
        ("settings", "error", "sentence"),
        [
            ({"target": "us.waypost.test"}, InvalidName, "choose one of"),
            ({"name": "example.com"}, InvalidName, "is a root domain"),
            ({"name": TARGET}, InvalidName, "is a CNAME target of ours"),
            ({"name": OTHER}, NameTaken, r"already \(pending\)"),
        ],
    )
    def test_a_refusal_changes_nothing(
        self,
        verified: TrackingDomains,
        store: MemoryStore,
        settings: DomainSettings,
        error: type[DomainError],
        sentence: str,
    ) -> None:
        verified.add(OTHER)
        before = (store.version(), store.tracking_domains())
        with pytest.raises(error, match=sentence):
            verified.change(TRACK, settings)
        assert (store.version(), store.tracking_domains()) == before


class TestRename:
    def test_the_new_name_starts_over_and_the_old_one_lives_on(
        self, verified: TrackingDomains, senders: SendingDomains, clock: Clock
    ) -> None:
        senders.add("example.com")
        senders.link("example.com", TRACK)
        clock.now += timedelta(hours=1)
        renamed = verified.change(TRACK, {"name": "Click.example.com", "https": Https.REQUIRE})
        assert (renamed.name, renamed.state, renamed.verified_at) == (OTHER, State.PENDING, None)
        assert (renamed.https, renamed.target, renamed.is_default) == (Https.REQUIRE, TARGET, True)
        assert (renamed.pending_since, renamed.next_check_at) == (clock.now, clock.now)
        assert verified.all() == [renamed]
        assert verified.show(OTHER).senders == ("example.com",)
        old = verified.show(TRACK).domain
        assert (old.state, old.verified_at, old.is_default) == (State.RETIRED, NOW, False)

    def test_a_name_that_was_never_verified_is_freed(
        self, domains: TrackingDomains, store: MemoryStore
    ) -> None:
        domains.add(TRACK)
        domains.change(TRACK, {"name": OTHER})
        assert store.find_tracking_domain(TRACK) is None

    def test_back_again_the_name_is_still_one_that_was_verified(self, verified: TrackingDomains) -> None:
        verified.change(TRACK, {"name": OTHER})
        back = verified.change(OTHER, {"name": TRACK})
        assert (back.state, back.verified_at) == (State.PENDING, NOW)
        assert verified.remove(TRACK).retired

    def test_a_name_that_another_project_retired_is_taken(
        self, verified: TrackingDomains, store: MemoryStore
    ) -> None:
        retire_in_another_project(store, OTHER)
        with pytest.raises(NameTaken):
            verified.change(TRACK, {"name": OTHER})

    def test_the_history_of_either_name_tells_the_other(self, verified: TrackingDomains) -> None:
        verified.change(TRACK, {"name": OTHER})
        left, arrived = verified.history(TRACK)[-1], verified.history(OTHER)[-1]
        assert (left.cause, left.before, left.after) == (Cause.RENAMED, State.VERIFIED, State.RETIRED)
        assert OTHER in left.detail
        assert (arrived.cause, arrived.before, arrived.after) == (Cause.RENAMED, None, State.PENDING)
        assert TRACK in arrived.detail


class TestHistory:
    def test_each_change_is_kept_and_announced(
        self, verified: TrackingDomains, dns: FakeDns, announced: list[Change]
    ) -> None:
        verified.verify(TRACK)
        del dns.chains[TRACK]
        verified.verify(TRACK)
        verified.change(TRACK, {"target": SECOND_TARGET})
        verified.remove(TRACK)
        verified.add(TRACK)
        entries = verified.history("TRACK.example.com")
        assert entries == announced
        pending, good, failed, retired = State.PENDING, State.VERIFIED, State.FAILED, State.RETIRED
        assert [(each.cause, each.before, each.after) for each in entries] == [
            (Cause.ADDED, None, pending),
            (Cause.VERIFIED_BY_HAND, pending, good),
            (Cause.VERIFIED_BY_HAND, good, failed),
            (Cause.SET, failed, pending),
            (Cause.REMOVED, pending, retired),
            (Cause.REVIVED, retired, pending),
        ]
        assert [each.evidence is not None for each in entries] == [False, True, True, False, False, False]

    def test_that_of_a_deleted_domain_can_be_read(self, domains: TrackingDomains) -> None:
        domains.add(TRACK)
        domains.remove(TRACK)
        assert [each.after for each in domains.history(TRACK)] == [State.PENDING, None]

    def test_a_name_without_one_is_refused(self, domains: TrackingDomains) -> None:
        with pytest.raises(UnknownDomain):
            domains.history(TRACK)

    def test_nothing_is_announced_that_was_not_stored(
        self, verified: TrackingDomains, store: MemoryStore, announced: list[Change]
    ) -> None:
        before = list(announced)
        store.available = False
        with pytest.raises(StoreUnavailable):
            verified.remove(TRACK)
        assert announced == before


class TestSetDefault:
    def test_a_verified_one_takes_the_place(self, verified: TrackingDomains, dns: FakeDns) -> None:
        verified.add(OTHER)
        dns.chains[OTHER] = (TARGET,)
        verified.verify(OTHER)
        for _ in range(2):
            assert verified.set_default(OTHER).is_default
        assert [each.name for each in verified.all() if each.is_default] == [OTHER]

    def test_one_that_is_not_verified_is_refused(self, verified: TrackingDomains) -> None:
        verified.add(OTHER)
        with pytest.raises(NotVerified, match="is pending; verify it"):
            verified.set_default(OTHER)
        assert [each.name for each in verified.all() if each.is_default] == [TRACK]


class TestRemoveTrackingDomain:
    def test_one_never_verified_is_deleted(self, domains: TrackingDomains, store: MemoryStore) -> None:
        domains.add(TRACK)
        assert not domains.remove(TRACK).retired
        assert store.find_tracking_domain(TRACK) is None

    def test_one_once_verified_is_retired(self, verified: TrackingDomains, dns: FakeDns) -> None:
        del dns.chains[TRACK]
        verified.verify(TRACK)
        assert verified.remove(TRACK).retired
        assert verified.all() == []
        (kept,) = verified.all(retired=True)
        assert (kept.state, kept.is_default) == (State.RETIRED, False)

    def test_one_that_came_back_is_retired_again(self, verified: TrackingDomains) -> None:
        verified.remove(TRACK)
        verified.add(TRACK)
        assert verified.remove(TRACK).retired

    def test_one_in_use_is_refused_naming_its_senders(
        self, verified: TrackingDomains, senders: SendingDomains
    ) -> None:
        for sender in ("bücher.de", "example.com"):
            senders.add(sender)
            senders.link(sender, TRACK)
        with pytest.raises(StillLinked, match=r"is linked to example.com, bücher.de; unlink first"):
            verified.remove(TRACK)
        assert verified.show(TRACK).domain.state is State.VERIFIED

    def test_force_unlinks(self, verified: TrackingDomains, senders: SendingDomains) -> None:
        senders.add("example.com")
        senders.link("example.com", TRACK)
        assert verified.remove(TRACK, force=True).unlinked == ("example.com",)
        assert senders.show("example.com").tracking_domain is None

    def test_the_next_verified_becomes_the_default(self, verified: TrackingDomains, dns: FakeDns) -> None:
        verified.remove(TRACK)
        verified.add(OTHER)
        dns.chains[OTHER] = (TARGET,)
        assert verified.verify(OTHER).is_default


@pytest.mark.parametrize(
    "use",
    [TrackingDomains.verify, TrackingDomains.set_default, TrackingDomains.remove],
    ids=["verify", "default", "remove"],
)
class TestDomainsThatAreNotThere:
    def test_an_unknown_one(
        self, domains: TrackingDomains, use: Callable[[TrackingDomains, str], object]
    ) -> None:
        with pytest.raises(UnknownDomain, match=r"no tracking domain is called bücher.example.com; add it"):
            use(domains, "Bücher.example.com")

    def test_a_retired_one(
        self, verified: TrackingDomains, use: Callable[[TrackingDomains, str], object]
    ) -> None:
        verified.remove(TRACK)
        with pytest.raises(UnknownDomain, match="was removed; add it again first"):
            use(verified, TRACK)


def test_a_database_away_is_told_as_such(domains: TrackingDomains, store: MemoryStore) -> None:
    store.available = False
    with pytest.raises(StoreUnavailable):
        domains.add(TRACK)
