from collections.abc import Callable

import pytest

from domains.errors import InvalidShare, NameTaken, UnknownDomain
from domains.sending_domains import SendingDomains
from domains.tracking_domains import TrackingDomains
from rewriter.policy import Mode
from tests.domains.builders import NOW
from tests.domains.conftest import OTHER, TRACK
from tests.domains.memory_store import MemoryStore


class TestSendingDomains:
    def test_add_list_show(self, senders: SendingDomains) -> None:
        added = senders.add("Example.COM")
        assert (added.name, added.tracking_domain) == ("example.com", None)
        assert senders.all() == [added]
        assert senders.show("example.com.") == added

    def test_those_of_other_projects_are_not_seen(self, store: MemoryStore, senders: SendingDomains) -> None:
        store.add_sending_domain(project=2, name="example.com", created_at=NOW)
        assert senders.all() == []
        with pytest.raises(UnknownDomain):
            senders.show("example.com")
        with pytest.raises(NameTaken):
            senders.add("example.com")

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
