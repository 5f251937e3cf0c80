from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.errors import (
    DomainError,
    InvalidName,
    InvalidShare,
    NameTaken,
    NoTarget,
    NotVerified,
    StillLinked,
    StoreUnavailable,
    UnknownDomain,
)
from domains.model import State
from domains.registry import Registry
from rewriter.policy import Mode
from tests.domains.builders import NOW, PROJECT
from tests.domains.memory_store import MemoryStore

TARGET, SECOND_TARGET = "links.waypost.test", "eu.waypost.test"
TRACK, OTHER = "track.example.com", "click.example.com"


class FakeDns:
    """Answers from `chains`; a host that is not there has no record. `during` runs within each look-up."""

    def __init__(self) -> None:
        self.chains: dict[str, tuple[str, ...]] = {}
        self.fault = ""
        self.during: Callable[[], object] = lambda: None

    def look_up(self, host: str) -> DnsAnswer:
        self.during()
        if self.fault:
            return DnsAnswer(host=host, status=DnsStatus.UNKNOWN, detail=self.fault)
        chain = self.chains.get(host, ())
        return DnsAnswer(host=host, status=DnsStatus.FOUND if chain else DnsStatus.NO_RECORD, chain=chain)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def dns() -> FakeDns:
    return FakeDns()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry(store: MemoryStore, dns: FakeDns, clock: Clock) -> Registry:
    return Registry(store=store, resolver=dns, targets=(TARGET, SECOND_TARGET), clock=clock, project=PROJECT)


@pytest.fixture
def verified(registry: Registry, dns: FakeDns) -> Registry:
    """A registry with `TRACK` verified."""
    registry.add_tracking_domain(TRACK)
    dns.chains[TRACK] = (TARGET,)
    registry.verify_tracking_domain(TRACK)
    return registry


class TestAddTrackingDomain:
    def test_it_is_pending_with_the_first_target(self, registry: Registry) -> None:
        added = registry.add_tracking_domain("Track.Example.com.")
        assert (added.name, added.target, added.state) == (TRACK, TARGET, State.PENDING)
        assert added.created_at == NOW
        assert registry.tracking_domains() == [added]

    def test_the_target_can_be_chosen(self, registry: Registry) -> None:
        assert registry.add_tracking_domain(TRACK, target="EU.waypost.test").target == SECOND_TARGET

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
        registry: Registry,
        name: str,
        target: str | None,
        error: type[DomainError],
        sentence: str,
    ) -> None:
        with pytest.raises(error, match=sentence):
            registry.add_tracking_domain(name, target=target)
        assert registry.tracking_domains() == []

    @pytest.mark.parametrize("again", [TRACK, "TRACK.example.com", "track.example.com."])
    def test_a_name_is_taken_in_any_spelling(self, registry: Registry, again: str) -> None:
        registry.add_tracking_domain(TRACK)
        with pytest.raises(NameTaken, match=r"already \(pending\)"):
            registry.add_tracking_domain(again)

    def test_a_name_of_another_project_is_taken_even_when_retired(
        self, registry: Registry, store: MemoryStore
    ) -> None:
        store.add_tracking_domain(project=2, name=TRACK, target=TARGET, created_at=NOW)
        store.retire_tracking_domain(TRACK)
        with pytest.raises(NameTaken):
            registry.add_tracking_domain(TRACK)

    def test_without_a_configured_target_there_is_nothing_to_point_to(
        self, store: MemoryStore, dns: FakeDns, clock: Clock
    ) -> None:
        registry = Registry(store=store, resolver=dns, targets=(), clock=clock, project=PROJECT)
        with pytest.raises(NoTarget, match=r"set domains.cname_targets"):
            registry.add_tracking_domain(TRACK)

    def test_a_retired_name_comes_back_as_pending(self, verified: Registry) -> None:
        verified.remove_tracking_domain(TRACK)
        back = verified.add_tracking_domain(TRACK, target=SECOND_TARGET)
        assert (back.state, back.target, back.diagnosis) == (State.PENDING, SECOND_TARGET, "")
        assert (back.checked_at, back.verified_at) == (None, NOW)
        assert verified.tracking_domains() == [back]


class TestShowTrackingDomain:
    def test_it_holds_the_record_and_the_senders(self, registry: Registry) -> None:
        registry.add_tracking_domain(TRACK)
        registry.add_sending_domain("example.com")
        registry.add_sending_domain("example.org")
        registry.link("example.com", TRACK)
        details = registry.show_tracking_domain("TRACK.example.com")
        assert str(details.record) == "track.example.com. CNAME links.waypost.test."
        assert details.senders == ("example.com",)

    def test_a_retired_one_can_be_seen(self, verified: Registry) -> None:
        verified.remove_tracking_domain(TRACK)
        assert verified.show_tracking_domain(TRACK).domain.state is State.RETIRED

    def test_one_of_another_project_cannot(self, registry: Registry, store: MemoryStore) -> None:
        store.add_tracking_domain(project=2, name=TRACK, target=TARGET, created_at=NOW)
        with pytest.raises(UnknownDomain):
            registry.show_tracking_domain(TRACK)


class TestVerify:
    def test_a_record_that_points_here_verifies(
        self, registry: Registry, dns: FakeDns, store: MemoryStore
    ) -> None:
        registry.add_tracking_domain(TRACK)
        dns.chains[TRACK] = ("edge.example.net", TARGET)
        judged = registry.verify_tracking_domain("Track.example.com")
        assert (judged.state, judged.verified_at) == (State.VERIFIED, NOW)
        assert store.find_tracking_domain(TRACK) == judged

    def test_a_missing_record_is_told_and_stored(self, registry: Registry, store: MemoryStore) -> None:
        registry.add_tracking_domain(TRACK)
        judged = registry.verify_tracking_domain(TRACK)
        assert judged.state is State.PENDING
        assert "track.example.com. CNAME links.waypost.test." in judged.diagnosis
        assert store.find_tracking_domain(TRACK) == judged

    def test_the_target_is_the_domains_own(self, registry: Registry, dns: FakeDns) -> None:
        registry.add_tracking_domain(TRACK, target=SECOND_TARGET)
        dns.chains[TRACK] = (TARGET,)
        assert registry.verify_tracking_domain(TRACK).state is State.PENDING

    def test_a_lost_record_fails_and_comes_back(self, verified: Registry, dns: FakeDns, clock: Clock) -> None:
        del dns.chains[TRACK]
        clock.now += timedelta(days=1)
        assert verified.verify_tracking_domain(TRACK).state is State.FAILED
        dns.chains[TRACK] = (TARGET,)
        back = verified.verify_tracking_domain(TRACK)
        assert (back.state, back.verified_at, back.checked_at) == (State.VERIFIED, NOW, clock.now)

    def test_a_fault_of_dns_takes_nothing_down(self, verified: Registry, dns: FakeDns) -> None:
        dns.fault = "the DNS server 192.0.2.53 answered SERVFAIL"
        judged = verified.verify_tracking_domain(TRACK)
        assert judged.state is State.VERIFIED
        assert "SERVFAIL" in judged.diagnosis

    def test_the_first_verified_becomes_the_default(
        self, registry: Registry, dns: FakeDns, store: MemoryStore
    ) -> None:
        for name in (TRACK, OTHER):
            registry.add_tracking_domain(name)
        dns.chains[OTHER] = (TARGET,)
        assert not registry.verify_tracking_domain(TRACK).is_default
        assert registry.verify_tracking_domain(OTHER).is_default
        dns.chains[TRACK] = (TARGET,)
        assert not registry.verify_tracking_domain(TRACK).is_default
        assert [each.name for each in store.tracking_domains() if each.is_default] == [OTHER]

    def test_a_default_of_another_project_is_no_default_here(
        self, registry: Registry, dns: FakeDns, store: MemoryStore
    ) -> None:
        store.add_tracking_domain(project=2, name=OTHER, target=TARGET, created_at=NOW)
        store.make_default(OTHER)
        registry.add_tracking_domain(TRACK)
        dns.chains[TRACK] = (TARGET,)
        assert registry.verify_tracking_domain(TRACK).is_default

    def test_a_default_lost_to_a_crash_is_made_up_for(self, verified: Registry, store: MemoryStore) -> None:
        domain = store.find_tracking_domain(TRACK)
        assert domain is not None
        store.delete_tracking_domain(TRACK)
        store.add_tracking_domain(project=domain.project, name=TRACK, target=TARGET, created_at=NOW)
        assert verified.verify_tracking_domain(TRACK).is_default

    def test_what_was_removed_during_the_look_up_stays_removed(
        self, verified: Registry, dns: FakeDns, store: MemoryStore
    ) -> None:
        dns.during = lambda: store.retire_tracking_domain(TRACK)
        with pytest.raises(UnknownDomain):
            verified.verify_tracking_domain(TRACK)
        assert verified.show_tracking_domain(TRACK).domain.state is State.RETIRED


class TestSetDefault:
    def test_a_verified_one_takes_the_place(self, verified: Registry, dns: FakeDns) -> None:
        verified.add_tracking_domain(OTHER)
        dns.chains[OTHER] = (TARGET,)
        verified.verify_tracking_domain(OTHER)
        for _ in range(2):
            assert verified.set_default(OTHER).is_default
        assert [each.name for each in verified.tracking_domains() if each.is_default] == [OTHER]

    def test_one_that_is_not_verified_is_refused(self, verified: Registry) -> None:
        verified.add_tracking_domain(OTHER)
        with pytest.raises(NotVerified, match="is pending; verify it"):
            verified.set_default(OTHER)
        assert [each.name for each in verified.tracking_domains() if each.is_default] == [TRACK]


class TestRemoveTrackingDomain:
    def test_one_never_verified_is_deleted(self, registry: Registry, store: MemoryStore) -> None:
        registry.add_tracking_domain(TRACK)
        assert not registry.remove_tracking_domain(TRACK).retired
        assert store.find_tracking_domain(TRACK) is None

    def test_one_once_verified_is_retired(self, verified: Registry, dns: FakeDns) -> None:
        del dns.chains[TRACK]
        verified.verify_tracking_domain(TRACK)
        assert verified.remove_tracking_domain(TRACK).retired
        assert verified.tracking_domains() == []
        (kept,) = verified.tracking_domains(retired=True)
        assert (kept.state, kept.is_default) == (State.RETIRED, False)

    def test_one_that_came_back_is_retired_again(self, verified: Registry) -> None:
        verified.remove_tracking_domain(TRACK)
        verified.add_tracking_domain(TRACK)
        assert verified.remove_tracking_domain(TRACK).retired

    def test_one_in_use_is_refused_naming_its_senders(self, verified: Registry) -> None:
        for sender in ("bücher.de", "example.com"):
            verified.add_sending_domain(sender)
            verified.link(sender, TRACK)
        with pytest.raises(StillLinked, match=r"is linked to example.com, bücher.de; unlink first"):
            verified.remove_tracking_domain(TRACK)
        assert verified.show_tracking_domain(TRACK).domain.state is State.VERIFIED

    def test_force_unlinks(self, verified: Registry) -> None:
        verified.add_sending_domain("example.com")
        verified.link("example.com", TRACK)
        assert verified.remove_tracking_domain(TRACK, force=True).unlinked == ("example.com",)
        assert verified.show_sending_domain("example.com").tracking_domain is None

    def test_the_next_verified_becomes_the_default(self, verified: Registry, dns: FakeDns) -> None:
        verified.remove_tracking_domain(TRACK)
        verified.add_tracking_domain(OTHER)
        dns.chains[OTHER] = (TARGET,)
        assert verified.verify_tracking_domain(OTHER).is_default


@pytest.mark.parametrize(
    "use",
    [
        Registry.verify_tracking_domain,
        Registry.set_default,
        Registry.remove_tracking_domain,
        lambda registry, name: registry.link("example.com", name),
    ],
    ids=["verify", "default", "remove", "link"],
)
class TestDomainsThatAreNotThere:
    def test_an_unknown_one(self, registry: Registry, use: Callable[[Registry, str], object]) -> None:
        registry.add_sending_domain("example.com")
        with pytest.raises(UnknownDomain, match=r"no tracking domain is called bücher.example.com; add it"):
            use(registry, "Bücher.example.com")

    def test_a_retired_one(self, verified: Registry, use: Callable[[Registry, str], object]) -> None:
        verified.add_sending_domain("example.com")
        verified.remove_tracking_domain(TRACK)
        with pytest.raises(UnknownDomain, match="was removed; add it again first"):
            use(verified, TRACK)


class TestSendingDomains:
    def test_add_list_show(self, registry: Registry) -> None:
        added = registry.add_sending_domain("Example.COM")
        assert (added.name, added.tracking_domain) == ("example.com", None)
        assert registry.sending_domains() == [added]
        assert registry.show_sending_domain("example.com.") == added

    def test_those_of_other_projects_are_not_seen(self, registry: Registry, store: MemoryStore) -> None:
        store.add_sending_domain(project=2, name="example.com", created_at=NOW)
        assert registry.sending_domains() == []
        with pytest.raises(UnknownDomain):
            registry.show_sending_domain("example.com")
        with pytest.raises(NameTaken):
            registry.add_sending_domain("example.com")

    def test_how_far_it_has_gone_live(self, registry: Registry) -> None:
        registry.add_sending_domain("example.com")
        changed = registry.change_sending_domain("EXAMPLE.com", {"tracking": Mode.ON, "share": 10})
        assert (changed.tracking, changed.share) == (Mode.ON, 10)
        assert registry.show_sending_domain("example.com") == changed
        wider = registry.change_sending_domain("example.com", {"share": 100})
        assert (wider.tracking, wider.share) == (Mode.ON, 100)
        assert registry.change_sending_domain("example.com", {"tracking": None}).tracking is None

    @pytest.mark.parametrize("share", [-1, 101])
    def test_a_share_that_is_no_per_cent_is_refused(self, registry: Registry, share: int) -> None:
        before = registry.add_sending_domain("example.com")
        with pytest.raises(InvalidShare, match="from 0 to 100"):
            registry.change_sending_domain("example.com", {"share": share})
        assert registry.show_sending_domain("example.com") == before

    def test_another_projects_sending_domain_is_not_changed(self, registry: Registry) -> None:
        with pytest.raises(UnknownDomain):
            registry.change_sending_domain("example.com", {"share": 1})

    def test_linking_to_a_verified_one_needs_no_note(self, verified: Registry) -> None:
        verified.add_sending_domain("example.com")
        result = verified.link("EXAMPLE.com", "TRACK.example.com")
        assert (result.domain.tracking_domain, result.note) == (TRACK, "")
        assert verified.show_sending_domain("example.com") == result.domain

    def test_linking_to_a_pending_one_is_allowed_with_a_note(self, registry: Registry) -> None:
        registry.add_tracking_domain(TRACK)
        registry.add_sending_domain("example.com")
        assert registry.link("example.com", TRACK).note == (
            "track.example.com is pending; mail uses it once it is verified"
        )

    def test_a_new_link_replaces_the_old_one(self, verified: Registry) -> None:
        verified.add_tracking_domain(OTHER)
        verified.add_sending_domain("example.com")
        verified.link("example.com", TRACK)
        verified.link("example.com", OTHER)
        assert verified.show_tracking_domain(TRACK).senders == ()
        assert verified.show_tracking_domain(OTHER).senders == ("example.com",)

    def test_unlinking_twice_is_as_good_as_once(self, verified: Registry) -> None:
        verified.add_sending_domain("example.com")
        verified.link("example.com", TRACK)
        for _ in range(2):
            assert verified.unlink("example.com").tracking_domain is None
        assert verified.show_sending_domain("example.com").tracking_domain is None

    def test_remove(self, registry: Registry) -> None:
        registry.add_sending_domain("example.com")
        registry.remove_sending_domain("Example.com")
        assert registry.sending_domains() == []

    @pytest.mark.parametrize(
        "use",
        [
            Registry.show_sending_domain,
            Registry.unlink,
            Registry.remove_sending_domain,
            lambda registry, name: registry.link(name, TRACK),
        ],
        ids=["show", "unlink", "remove", "link"],
    )
    def test_an_unknown_one(self, verified: Registry, use: Callable[[Registry, str], object]) -> None:
        with pytest.raises(UnknownDomain, match=r"no sending domain is called example.org; add it first"):
            use(verified, "example.org")


def test_a_database_away_is_told_as_such(registry: Registry, store: MemoryStore) -> None:
    store.available = False
    with pytest.raises(StoreUnavailable):
        registry.add_tracking_domain(TRACK)
