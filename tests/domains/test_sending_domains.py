from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domains.errors import InvalidName, InvalidShare, UnknownDomain
from domains.ownership import Proof, Standing
from domains.sending_domains import SendingDomains
from domains.tracking_domains import TrackingDomains
from rewriter.policy import Mode, Overrides, SignedMail
from tests.domains.builders import NOW
from tests.domains.conftest import OTHER, TRACK, Clock, FakeDns
from tests.domains.memory_store import MemoryStore


class TestSendingDomains:
    def test_add_list_show(self, senders: SendingDomains) -> None:
        added = senders.add("Example.COM")
        assert (added.name, added.tracking_domain) == ("example.com", None)
        assert senders.all() == [added]
        assert senders.show("example.com.") == added

    def test_those_of_other_projects_are_not_seen(self, store: MemoryStore, senders: SendingDomains) -> None:
        store.add_sending_domain(project=2, name="example.com", created_at=NOW, token="t")
        assert senders.all() == []
        with pytest.raises(UnknownDomain):
            senders.show("example.com")

    def test_how_far_it_has_gone_live(self, senders: SendingDomains) -> None:
        senders.add("example.com")
        changed = senders.change("EXAMPLE.com", {"tracking": Mode.ON, "share": 10})
        assert (changed.tracking, changed.share) == (Mode.ON, 10)
        assert senders.show("example.com") == changed
        wider = senders.change("example.com", {"share": 100})
        assert (wider.tracking, wider.share) == (Mode.ON, 100)
        assert senders.change("example.com", {"tracking": None}).tracking is None

    @pytest.mark.parametrize("share", [-1, 101])
    def test_a_share_that_is_no_per_cent_is_refused(self, share: int, senders: SendingDomains) -> None:
        before = senders.add("example.com")
        with pytest.raises(InvalidShare, match="from 0 to 100"):
            senders.change("example.com", {"share": share})
        assert senders.show("example.com") == before

    def test_another_projects_sending_domain_is_not_changed(self, senders: SendingDomains) -> None:
        with pytest.raises(UnknownDomain):
            senders.change("example.com", {"share": 1})

    @pytest.mark.usefixtures("verified")
    def test_linking_to_a_verified_one_needs_no_note(self, senders: SendingDomains) -> None:
        senders.add("example.com")
        result = senders.link("EXAMPLE.com", "TRACK.example.com")
        assert (result.domain.tracking_domain, result.note) == (TRACK, "")
        assert senders.show("example.com") == result.domain

    def test_linking_to_a_pending_one_is_allowed_with_a_note(
        self, domains: TrackingDomains, senders: SendingDomains
    ) -> None:
        domains.add(TRACK)
        senders.add("example.com")
        assert senders.link("example.com", TRACK).note == (
            "track.example.com is pending; mail uses it once it is verified"
        )

    def test_a_new_link_replaces_the_old_one(
        self, verified: TrackingDomains, senders: SendingDomains
    ) -> None:
        verified.add(OTHER)
        senders.add("example.com")
        senders.link("example.com", TRACK)
        senders.link("example.com", OTHER)
        assert verified.show(TRACK).senders == ()
        assert verified.show(OTHER).senders == ("example.com",)

    @pytest.mark.usefixtures("verified")
    def test_unlinking_twice_is_as_good_as_once(self, senders: SendingDomains) -> None:
        senders.add("example.com")
        senders.link("example.com", TRACK)
        for _ in range(2):
            assert senders.unlink("example.com").tracking_domain is None
        assert senders.show("example.com").tracking_domain is None

    def test_remove(self, senders: SendingDomains) -> None:
        senders.add("example.com")
        senders.remove("Example.com")
        assert senders.all() == []

    @pytest.mark.parametrize(
        "use",
        [
            SendingDomains.show,
            SendingDomains.unlink,
            SendingDomains.remove,
            lambda senders, name: senders.link(name, TRACK),
        ],
        ids=["show", "unlink", "remove", "link"],
    )
    @pytest.mark.usefixtures("verified")
    def test_an_unknown_one(
        self, senders: SendingDomains, use: Callable[[SendingDomains, str], object]
    ) -> None:
        with pytest.raises(UnknownDomain, match=r"no sending domain is called example.org; add it first"):
            use(senders, "example.org")

    @pytest.mark.usefixtures("domains")
    def test_no_link_to_an_unknown_tracking_domain(self, senders: SendingDomains) -> None:
        senders.add("example.com")
        with pytest.raises(UnknownDomain, match=r"no tracking domain is called bücher.example.com; add it"):
            senders.link("example.com", "Bücher.example.com")

    def test_no_link_to_a_retired_tracking_domain(
        self, verified: TrackingDomains, senders: SendingDomains
    ) -> None:
        senders.add("example.com")
        verified.remove(TRACK)
        with pytest.raises(UnknownDomain, match="was removed; add it again first"):
            senders.link("example.com", TRACK)


RECORD_NAME = "_waypost.example.com"
Of = Callable[[int], SendingDomains]


class TestOwnership:
    def test_each_has_a_token_of_its_own(self, senders: SendingDomains) -> None:
        tokens = {senders.add(name).token for name in ("example.com", "example.org")}
        assert len(tokens) == 2
        assert senders.details("example.com").record.name == RECORD_NAME

    def test_its_record_verifies_it_for_good(
        self, senders: SendingDomains, dns: FakeDns, clock: Clock
    ) -> None:
        senders.add("example.com")
        dns.texts[RECORD_NAME] = ("v=spf1 -all", senders.details("example.com").record.value)
        found = senders.verify("EXAMPLE.com")
        assert (found.verified, found.seen.proof) == (True, Proof.FOUND)
        assert senders.show("example.com").verified_at == NOW
        dns.texts.clear()
        clock.now += timedelta(days=1)
        later = senders.verify("example.com")
        assert (later.verified, later.seen.proof) == (True, Proof.NO_RECORD)
        dns.fault = "no server answered"
        assert senders.verify("example.com").verified
        assert senders.show("example.com").verified_at == NOW

    @pytest.mark.parametrize("values", [(), ("waypost-verify=other",)])
    def test_without_it_nothing_changes(
        self, senders: SendingDomains, dns: FakeDns, values: tuple[str, ...]
    ) -> None:
        before = senders.add("example.com")
        dns.texts[RECORD_NAME] = values
        found = senders.verify("example.com")
        assert not found.verified
        assert str(found.seen.record) in found.seen.message
        assert senders.show("example.com") == before

    def test_a_fault_of_dns_changes_nothing(self, senders: SendingDomains, dns: FakeDns) -> None:
        before = senders.add("example.com")
        dns.fault = "no server answered"
        found = senders.verify("example.com")
        assert (found.verified, found.seen.proof) == (False, Proof.UNANSWERED)
        assert "no server answered" in found.seen.message
        assert senders.show("example.com") == before

    def test_one_that_is_taken_while_dns_is_asked(
        self, store: MemoryStore, senders: SendingDomains, dns: FakeDns
    ) -> None:
        record = senders.details(senders.add("example.com").name).record
        dns.texts[RECORD_NAME] = (record.value,)
        dns.during = lambda: senders.remove("example.com")
        with pytest.raises(UnknownDomain):
            senders.verify("example.com")
        assert store.sending_domains() == []

    def test_a_page_goes_on_behind_a_name(self, senders_of: Of) -> None:
        mine, theirs = senders_of(1), senders_of(2)
        theirs.add("example.com")
        for letter in "abc":
            mine.add(f"{letter}.example.com")
        names = ["a.example.com", "b.example.com", "c.example.com"]
        page = mine.page(limit=2)
        assert page == mine.all_details()[:2] == [mine.details(name) for name in names[:2]]
        assert {each.ownership.standing for each in page} == {Standing.DISPUTED}
        assert [each.domain.name for each in mine.page(limit=2, behind=names[1])] == names[2:]
        assert [each.domain.name for each in mine.page(limit=9, search="B.")] == names[1:2]
        assert (mine.counts().all, theirs.counts().all, mine.counts().verified) == (3, 1, 0)

    def test_whose_they_are(self, senders_of: Of, dns: FakeDns) -> None:
        mine, theirs = senders_of(1), senders_of(2)
        mine.add("example.com")
        theirs.add("news.example.com")
        mine.add("shop.example.com")
        [there] = theirs.all_details()
        assert (there.ownership.standing, there.carries_link) == (Standing.DISPUTED, False)
        assert there == theirs.details("news.example.com")
        dns.texts[RECORD_NAME] = (mine.details("example.com").record.value,)
        mine.verify("example.com")
        assert [each.ownership.standing for each in mine.all_details()] == [
            Standing.VERIFIED,
            Standing.COVERED,
        ]

    @pytest.mark.usefixtures("verified")
    def test_a_link_of_one_that_does_not_count_has_a_note(self, senders_of: Of) -> None:
        senders_of(2).add("example.com")
        senders = senders_of(1)
        senders.add("news.example.com")
        assert senders.link("news.example.com", TRACK).note == (
            "news.example.com is disputed; mail uses it once it is verified"
        )


class TestRules:
    def test_what_is_named_is_set_and_the_rest_stays(self, senders: SendingDomains) -> None:
        senders.add("example.com")
        senders.change("example.com", {}, {"clicks": False, "signed_mail": SignedMail.TRACK})
        changed = senders.change("example.com", {}, {"clicks": None, "opens": False})
        assert changed.rules == Overrides(opens=False, signed_mail=SignedMail.TRACK)
        assert senders.show("example.com") == changed

    def test_hosts_are_kept_in_stored_form(self, senders: SendingDomains) -> None:
        senders.add("example.com")
        changed = senders.change(
            "example.com",
            {},
            {"excluded_hosts": ("*.Bücher.example.", "a.example", "A.example"), "allowed_destinations": ()},
        )
        assert changed.rules.excluded_hosts == ("*.xn--bcher-kva.example", "a.example")
        assert changed.rules.allowed_destinations == ()

    @pytest.mark.parametrize("host", ["*", "a.*.example", "https://a.example", "", "localhost", "10.0.0.1"])
    @pytest.mark.parametrize("rule", ["excluded_hosts", "allowed_destinations"])
    def test_no_host(self, senders: SendingDomains, host: str, rule: str) -> None:
        before = senders.add("example.com")
        rules: Any = {rule: ("fine.example", host)}
        with pytest.raises(InvalidName):
            senders.change("example.com", {}, rules)
        assert senders.show("example.com") == before
