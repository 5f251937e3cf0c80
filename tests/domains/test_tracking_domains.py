from collections.abc import Callable
from datetime import timedelta

import pytest

from domains.errors import (
    DomainError,
    InvalidName,
    NameTaken,
    NoTarget,
    NotVerified,
    StillLinked,
    StoreUnavailable,
    UnknownDomain,
)
from domains.model import State
from domains.sending_domains import SendingDomains
from domains.tracking_domains import TrackingDomains
from tests.domains.builders import NOW, PROJECT
from tests.domains.conftest import OTHER, SECOND_TARGET, TARGET, TRACK, Clock, FakeDns
from tests.domains.memory_store import MemoryStore


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

    def test_a_name_of_another_project_is_taken_even_when_retired(
        self, domains: TrackingDomains, store: MemoryStore
    ) -> None:
        store.add_tracking_domain(project=2, name=TRACK, target=TARGET, created_at=NOW)
        store.retire_tracking_domain(TRACK)
        with pytest.raises(NameTaken):
            domains.add(TRACK)

    def test_without_a_configured_target_there_is_nothing_to_point_to(
        self, store: MemoryStore, dns: FakeDns, clock: Clock
    ) -> None:
        domains = TrackingDomains(store=store, resolver=dns, targets=(), clock=clock, project=PROJECT)
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

    def test_a_default_lost_to_a_crash_is_made_up_for(
        self, verified: TrackingDomains, store: MemoryStore
    ) -> None:
        domain = store.find_tracking_domain(TRACK)
        assert domain is not None
        store.delete_tracking_domain(TRACK)
        store.add_tracking_domain(project=domain.project, name=TRACK, target=TARGET, created_at=NOW)
        assert verified.verify(TRACK).is_default

    def test_what_was_removed_during_the_look_up_stays_removed(
        self, verified: TrackingDomains, dns: FakeDns, store: MemoryStore
    ) -> None:
        dns.during = lambda: store.retire_tracking_domain(TRACK)
        with pytest.raises(UnknownDomain):
            verified.verify(TRACK)
        assert verified.show(TRACK).domain.state is State.RETIRED


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
