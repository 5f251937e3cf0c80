"""Names of other projects, and the records that give them to this one."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domains.claims import ProofNeeded
from domains.dns_records import TxtRecord
from domains.errors import ChangedMeanwhile, NameTaken, UnknownDomain
from domains.history import Cause, Change
from domains.model import Https, State
from domains.ownership import CLAIM_LIFETIME, Kind
from domains.sending_domains import SendingDomains
from domains.tracking_domains import TrackingDomains
from tests.domains.builders import NOW
from tests.domains.conftest import OTHER, SECOND_TARGET, TRACK, Clock, FakeDns
from tests.domains.memory_store import MemoryStore

RECORD_NAME = "_waypost.example.com"
SendersOf = Callable[[int], SendingDomains]
DomainsOf = Callable[[int], TrackingDomains]


class TestSendingDomain:
    @pytest.fixture
    def mine(self, senders_of: SendersOf) -> SendingDomains:
        """Those of a project that has `example.com` without proof."""
        senders = senders_of(1)
        senders.add("example.com")
        senders.change("example.com", {"share": 10})
        return senders

    @pytest.fixture
    def theirs(self, senders_of: SendersOf, mine: SendingDomains) -> SendingDomains:
        """Those of another project, which wants it."""
        return senders_of(2)

    def refused(self, theirs: SendingDomains) -> TxtRecord:
        with pytest.raises(ProofNeeded) as refusal:
            theirs.add("example.com")
        assert str(refusal.value.record) in str(refusal.value)
        return refusal.value.record

    def test_the_first_time_the_record_is_told_and_dns_left_alone(
        self, mine: SendingDomains, theirs: SendingDomains, dns: FakeDns
    ) -> None:
        record = self.refused(theirs)
        assert record != mine.details("example.com").record
        assert dns.asked_for_texts == []
        assert self.refused(theirs) == record
        assert dns.asked_for_texts == [RECORD_NAME]

    @pytest.mark.parametrize("again", ["add", "verify"])
    def test_with_the_record_it_changes_hands(
        self, mine: SendingDomains, theirs: SendingDomains, dns: FakeDns, again: str
    ) -> None:
        dns.texts[RECORD_NAME] = (self.refused(theirs).value,)
        getattr(theirs, again)("example.com")
        taken = theirs.show("example.com")
        assert (taken.verified_at, taken.share, taken.tracking_domain) == (NOW, 100, None)
        assert mine.all() == []
        assert theirs.verify("example.com").verified

    def test_the_record_of_the_one_that_has_it_is_not_enough(
        self, mine: SendingDomains, theirs: SendingDomains, dns: FakeDns
    ) -> None:
        self.refused(theirs)
        dns.texts[RECORD_NAME] = (mine.details("example.com").record.value,)
        self.refused(theirs)
        assert not theirs.verify("example.com").verified
        assert mine.show("example.com").project == 1

    def test_a_fault_of_dns_changes_nothing(
        self, mine: SendingDomains, theirs: SendingDomains, dns: FakeDns
    ) -> None:
        self.refused(theirs)
        dns.fault = "no server answered"
        with pytest.raises(ProofNeeded, match="no server answered"):
            theirs.add("example.com")
        assert not theirs.verify("example.com").verified
        assert mine.show("example.com").share == 10

    def test_a_proven_one_stays(self, mine: SendingDomains, theirs: SendingDomains, dns: FakeDns) -> None:
        record = self.refused(theirs)
        dns.texts[RECORD_NAME] = (mine.details("example.com").record.value, record.value)
        mine.verify("example.com")
        with pytest.raises(NameTaken, match="another project's, verified"):
            theirs.add("example.com")
        with pytest.raises(NameTaken):
            theirs.verify("example.com")

    def test_one_below_a_proven_one_stays(
        self, mine: SendingDomains, theirs: SendingDomains, dns: FakeDns
    ) -> None:
        dns.texts[RECORD_NAME] = (mine.details("example.com").record.value,)
        mine.verify("example.com")
        mine.add("news.example.com")
        with pytest.raises(NameTaken, match="another project's, verified"):
            theirs.add("news.example.com")

    def test_the_token_is_worth_nothing_after_thirty_days(
        self, theirs: SendingDomains, dns: FakeDns, clock: Clock
    ) -> None:
        old = self.refused(theirs)
        dns.texts[RECORD_NAME] = (old.value,)
        clock.now += CLAIM_LIFETIME
        with pytest.raises(UnknownDomain):
            theirs.verify("example.com")
        assert self.refused(theirs) != old

    def test_who_claimed_nothing_verifies_nothing(self, theirs: SendingDomains) -> None:
        with pytest.raises(UnknownDomain):
            theirs.verify("example.com")


class TestTrackingDomain:
    """A host that another project had and removed."""

    PROOF = f"_waypost.{TRACK}"

    @pytest.fixture
    def wanting(self, verified: TrackingDomains, domains_of: DomainsOf) -> TrackingDomains:
        verified.remove(TRACK)
        return domains_of(2)

    def refused(self, wanting: TrackingDomains) -> TxtRecord:
        with pytest.raises(ProofNeeded) as refusal:
            wanting.add(TRACK)
        assert str(refusal.value.record) in str(refusal.value)
        return refusal.value.record

    def test_with_its_record_it_changes_hands(
        self, wanting: TrackingDomains, domains: TrackingDomains, dns: FakeDns, clock: Clock
    ) -> None:
        record = self.refused(wanting)
        assert record.name == self.PROOF
        assert dns.asked_for_texts == []
        dns.texts[self.PROOF] = (record.value,)
        clock.now += timedelta(hours=1)
        taken = wanting.add(TRACK, target=SECOND_TARGET, https=Https.REQUIRE)
        assert (taken.project, taken.state, taken.target) == (2, State.PENDING, SECOND_TARGET)
        assert (taken.https, taken.next_check_at, taken.verified_at) == (Https.REQUIRE, clock.now, NOW)
        assert wanting.all() == [taken]
        assert domains.all(retired=True) == []
        assert wanting.show(TRACK).evidence is None

    def test_the_history_says_so(
        self, wanting: TrackingDomains, dns: FakeDns, announced: list[Change]
    ) -> None:
        dns.texts[self.PROOF] = (self.refused(wanting).value,)
        wanting.add(TRACK)
        [entry] = wanting.history(TRACK)
        assert (entry.cause, entry.before, entry.after) == (Cause.TAKEN_OVER, State.RETIRED, State.PENDING)
        assert announced[-1] == entry

    @pytest.mark.parametrize("values", [(), ("waypost-verify=other",)])
    def test_without_it_nothing_changes(
        self, wanting: TrackingDomains, domains: TrackingDomains, dns: FakeDns, values: tuple[str, ...]
    ) -> None:
        before = domains.all(retired=True)
        record = self.refused(wanting)
        dns.texts[self.PROOF] = values
        assert self.refused(wanting) == record
        dns.fault = "no server answered"
        with pytest.raises(ProofNeeded, match="no server answered"):
            wanting.add(TRACK)
        assert domains.all(retired=True) == before

    def test_one_that_comes_back_meanwhile_stays(
        self, wanting: TrackingDomains, domains: TrackingDomains, dns: FakeDns
    ) -> None:
        dns.texts[self.PROOF] = (self.refused(wanting).value,)
        dns.during = lambda: domains.add(TRACK)
        with pytest.raises(ChangedMeanwhile):
            wanting.add(TRACK)
        assert domains.show(TRACK).domain.state is State.PENDING

    def test_the_claim_is_used_up(
        self, wanting: TrackingDomains, domains: TrackingDomains, dns: FakeDns, store: MemoryStore
    ) -> None:
        dns.texts[self.PROOF] = (self.refused(wanting).value,)
        wanting.add(TRACK)
        assert store.find_claim(2, Kind.TRACKING, TRACK) is None
        wanting.remove(TRACK)
        with pytest.raises(ProofNeeded):
            domains.add(TRACK)

    def test_no_name_is_taken_over_by_renaming(self, wanting: TrackingDomains) -> None:
        wanting.add(OTHER)
        with pytest.raises(NameTaken, match="retired"):
            wanting.change(OTHER, {"name": TRACK})
