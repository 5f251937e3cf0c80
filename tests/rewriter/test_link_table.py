from typing import Any, NamedTuple

import pytest

from rewriter.link_table import FoundLink, LinkTable, TrackedLink
from rewriter.policy import Limits, Policy, VisibleUrl
from rewriter.report import Reason
from tests.rewriter.fake_links import BASE, FakeLinks

URL = "https://shop.example/x"


class Shown(NamedTuple):
    text: str


def table(policy: Policy | None = None, *unsubscribe: str) -> LinkTable:
    return LinkTable(policy or Policy(), FakeLinks(), frozenset(unsubscribe))


def link(url: str = URL, **fields: Any) -> FoundLink:
    return FoundLink(url, True)._replace(**fields)


class TestTracks:
    def test_a_url_of_any_host(self) -> None:
        decision = table().decide(link(name="offer"))
        assert isinstance(decision, TrackedLink)
        assert decision == (1, FakeLinks().click(URL, 1))

    def test_one_tracked_url_for_each_url_and_name(self) -> None:
        links = table()
        decisions = [links.decide(link(**each)) for each in ({}, {"name": "a"}, {}, {"url": URL + "?"})]
        numbers = [each.number for each in decisions if isinstance(each, TrackedLink)]
        assert numbers == [1, 2, 1, 4]

    def test_another_tracked_url_for_another_path(self) -> None:
        links = table()
        decisions = [links.decide(link(path=path)) for path in ("", "promo", "promo")]
        urls = [each.tracked_url for each in decisions if isinstance(each, TrackedLink)]
        assert urls[1] == urls[2] != urls[0]
        assert urls[1].startswith(f"{BASE}/c/promo/2-")

    def test_under_the_same_number_when_those_before_are_tracked_already(self) -> None:
        first, second = table(), table()
        first.decide(link())
        second.decide(link(f"{BASE}/c/1"))
        assert first.decide(link("https://e/")) == second.decide(link("https://e/"))

    def test_what_is_not_excluded(self) -> None:
        assert isinstance(table(Policy(excluded_hosts=("*.shop.example",))).decide(link()), TrackedLink)

    def test_an_allowed_destination(self) -> None:
        assert isinstance(table(Policy(allowed_destinations=("shop.example",))).decide(link()), TrackedLink)

    def test_text_where_html_is_not(self) -> None:
        assert isinstance(table(Policy(html=False)).decide(link()), TrackedLink)

    @pytest.mark.parametrize(
        "policy",
        [Policy(tracking_site="shop.example"), Policy(visible_url=VisibleUrl.TRACK)],
        ids=["own", "policy"],
    )
    def test_visible_urls_that_may_be(self, policy: Policy) -> None:
        assert isinstance(table(policy).decide(link(shown=Shown(URL))), TrackedLink)


class TestLeavesAlone:
    @pytest.mark.parametrize(
        ("policy", "found", "reason"),
        [
            (Policy(clicks=False), link(), Reason.CLICKS_OFF),
            (Policy(html=False), link(in_html=True), Reason.CLICKS_OFF),
            (Policy(), link("https://e/{{id}}"), Reason.PLACEHOLDER),
            (Policy(), link("mailto:a@e"), Reason.NOT_HTTP),
            (Policy(), link(f"{BASE}/c/1"), Reason.ALREADY_TRACKED),
            (Policy(), link(opted_out=True), Reason.OPTED_OUT),
            (Policy(), link("https://shop.example/unsubscribe?é"), Reason.LIST_UNSUBSCRIBE),
            (Policy(excluded_hosts=("shop.example",)), link(), Reason.EXCLUDED_HOST),
            (Policy(excluded_hosts=("*.example",)), link(), Reason.EXCLUDED_HOST),
            (Policy(allowed_destinations=("*.shop.example",)), link(), Reason.NOT_ALLOWED),
            (Policy(tracking_site="click.example"), link(shown=Shown(URL)), Reason.VISIBLE_URL),
            (Policy(limits=Limits(links=0)), link(), Reason.TOO_MANY_LINKS),
        ],
    )
    def test_for_a_reason(self, policy: Policy, found: FoundLink, reason: Reason) -> None:
        links = table(policy, "https://shop.example/unsubscribe?é", "mailto:leave@shop.example")
        assert links.decide(found) is reason

    def test_what_would_be_too_long(self) -> None:
        class ShortLinks(FakeLinks):
            def click(self, url: str, number: int, path: str = "") -> str | None:
                return None if len(url) > 30 else super().click(url, number, path)

        links = LinkTable(Policy(), ShortLinks(), frozenset())
        assert links.decide(link(URL + "x" * 30)) is Reason.URL_TOO_LONG
        first = links.decide(link())
        assert isinstance(first, TrackedLink)
        assert first.number == 2

    def test_links_beyond_the_limit_even_when_those_before_stay(self) -> None:
        links = table(Policy(limits=Limits(links=2)))
        assert links.decide(link(f"{BASE}/c/1")) is Reason.ALREADY_TRACKED
        assert isinstance(links.decide(link()), TrackedLink)
        assert links.decide(link()) is Reason.TOO_MANY_LINKS


class TestOptOuts:
    def test_are_remembered(self) -> None:
        links = table()
        links.decide(link("https://shop.example/é", opted_out=True))
        assert links.was_opted_out("https://shop.example/%C3%A9")

    def test_of_other_urls_are_not(self) -> None:
        links = table()
        links.decide(link())
        assert not links.was_opted_out(URL)
        assert not links.was_opted_out("nothing")


def test_knows_tracked_urls() -> None:
    assert table().is_tracked(f"{BASE}/o/pixel")
    assert not table().is_tracked(URL)
