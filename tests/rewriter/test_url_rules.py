import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.report import Reason
from rewriter.url_rules import (
    Destination,
    HostList,
    destination,
    read_url,
    shows_foreign_url,
)


class TestReadUrl:
    @pytest.mark.parametrize(
        ("value", "url"),
        [
            (" \r\nhttps://e/lo\r\nng ", "https://e/long"),
            ("\x00\x1fhttps://e/\t", "https://e/"),
            ("ht\ntps://e/", "https://e/"),
        ],
    )
    def test_drops_what_a_browser_drops(self, value: str, url: str) -> None:
        assert read_url(value) == url

    @pytest.mark.parametrize("value", ["https://e/a b", "https://e/\x0bx", "\xa0https://e/", "https://e/é"])
    def test_keeps_all_else(self, value: str) -> None:
        assert read_url(value) == value


class TestDestination:
    @pytest.mark.parametrize(
        ("url", "host"),
        [
            ("https://e/", "e"),
            ("HTTPS://Shop.Example./x", "shop.example"),
            ("http://shop.example", "shop.example"),
            ("https://shop.example?q=a&b", "shop.example"),
            ("https://shop.example#top", "shop.example"),
            ("https://under_score.shop.example/", "under_score.shop.example"),
            ("https://shop.example:8443/x", "shop.example"),
            ("https://[2001:db8::1]:80/x", "[2001:db8::1]"),
            ("https://f/share?u=1&href=http://g/", "f"),
            ("https://e/{id}/[x]", "e"),
            ('https://e/"<>\\^`', "e"),
        ],
    )
    def test_leaves_ascii_as_it_is(self, url: str, host: str) -> None:
        assert destination(url, utf8=False) == Destination(url, host)

    @pytest.mark.parametrize(
        ("url", "in_ascii"),
        [
            ("https://e/café", "https://e/caf%C3%A9"),
            ("https://e/a b", "https://e/a%20b"),
            ("https://e/100%/é", "https://e/100%/%C3%A9"),
            ("https://e/?q=é&amp=1", "https://e/?q=%C3%A9&amp=1"),
            ("https://e/#é", "https://e/#%C3%A9"),
            ("https://müller.example:81/x", "https://xn--mller-kva.example:81/x"),
            ("https://Straße.example", "https://xn--strae-oqa.example"),
        ],
    )
    def test_spells_the_rest_in_ascii(self, url: str, in_ascii: str) -> None:
        found = destination(url, utf8=True)
        assert isinstance(found, Destination)
        assert found.url == in_ascii

    def test_a_path_is_utf8_in_every_charset(self) -> None:
        assert destination("https://e/é", utf8=False) == Destination("https://e/%C3%A9", "e")

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("", Reason.NOT_ABSOLUTE),
            ("#top", Reason.NOT_ABSOLUTE),
            ("//e/x", Reason.NOT_ABSOLUTE),
            ("/x?u=https://e/", Reason.NOT_ABSOLUTE),
            ("e.example", Reason.NOT_ABSOLUTE),
            ("http://", Reason.NOT_ABSOLUTE),
            ("mailto:a@e", Reason.NOT_HTTP),
            ("tel:+123", Reason.NOT_HTTP),
            ("cid:x", Reason.NOT_HTTP),
            ("data:text/html,https://e/", Reason.NOT_HTTP),
            ("javascript:open('https://e/')", Reason.NOT_HTTP),
            ("https:e/x", Reason.UNUSUAL_ADDRESS),
            ("https:/e/x", Reason.UNUSUAL_ADDRESS),
            ("https:///e/x", Reason.UNUSUAL_ADDRESS),
            ("https:\\\\e\\x", Reason.UNUSUAL_ADDRESS),
            ("https://user@e/", Reason.UNUSUAL_ADDRESS),
            ("https://good.example\\@evil.example/", Reason.UNUSUAL_ADDRESS),
            ("https://e%2ex/", Reason.UNUSUAL_ADDRESS),
            ("https://e:port/", Reason.UNUSUAL_ADDRESS),
            ("https://e f/", Reason.UNUSUAL_ADDRESS),
            ("https://é..example/", Reason.UNUSUAL_ADDRESS),
            (f"https://{'é' * 254}/", Reason.UNUSUAL_ADDRESS),
            ("https://e/?<!--", Reason.UNUSUAL_ADDRESS),
            ("https://e/-->", Reason.UNUSUAL_ADDRESS),
            ("https://e/#--!>", Reason.UNUSUAL_ADDRESS),
            ("https://e/\x0b", Reason.UNDECODABLE),
            ("https://e/\ufffd", Reason.UNDECODABLE),
            (f"https://e/{chr(0xDC80)}", Reason.UNDECODABLE),
            ("https://e/\x85", Reason.UNDECODABLE),
        ],
    )
    def test_says_why_not(self, url: str, reason: Reason) -> None:
        assert destination(url, utf8=True) is reason

    @pytest.mark.parametrize("url", ["https://e/<b>", "https://e/--x>", "https://e/<!-", "https://e/>--"])
    def test_what_only_looks_like_the_end_of_a_comment(self, url: str) -> None:
        assert destination(url, utf8=True) == Destination(url, "e")

    def test_a_query_beyond_ascii_depends_on_the_charset(self) -> None:
        assert destination("https://e/?q=é", utf8=False) is Reason.NON_ASCII_QUERY

    @given(st.text() | st.text().map("https://e/".__add__) | st.text().map("https://".__add__))
    def test_what_it_returns_can_stand_in_a_location_header(self, url: str) -> None:
        found = destination(read_url(url), utf8=True)
        if isinstance(found, Destination):
            assert found.url.isascii()
            assert found.url.isprintable()
            assert " " not in found.url
            assert destination(found.url, utf8=False) == found


class TestPlaceholder:
    @pytest.mark.parametrize(
        "url",
        [
            "{{url}}",
            "https://e/{% x %}",
            "*|UNSUB|*",
            "https://e/[[x]]",
            "<%= url %>",
            "https://e/${id}",
            "https://e/%%id%%",
            "https://e/u/%recipient.id%",
            "https://e/?to=%unsubscribe_url%&x=%20",
            "https://e/?a=1%20&b=*|X|*#c",
            "https://é.example/{{x}}",
        ],
    )
    def test_finds_it(self, url: str) -> None:
        assert destination(url, utf8=True) is Reason.PLACEHOLDER

    @pytest.mark.parametrize(
        "url",
        [
            "https://e/{a}[b]",
            "https://e/%25%20",
            "https://e/a*b|c$d<e",
            "%%",
            "%% a%%",
            "https://e/?q=50%+of%41%",
            "https://e/%ad%20%e",
        ],
    )
    def test_sees_none(self, url: str) -> None:
        assert destination(url, utf8=True) is not Reason.PLACEHOLDER


class TestHostList:
    def test_holds_names_and_wildcards(self) -> None:
        hosts = HostList(["Shop.Example", "*.bank.example"])
        assert "shop.example" in hosts
        assert "www.bank.example" in hosts
        assert "a.b.bank.example" in hosts

    def test_holds_nothing_else(self) -> None:
        hosts = HostList(["shop.example", "*.bank.example"])
        assert "www.shop.example" not in hosts
        assert "bank.example" not in hosts
        assert "notbank.example" not in hosts

    def test_is_true_when_it_holds_anything(self) -> None:
        assert HostList(["*.e"])
        assert not HostList([])


class TestVisibleUrl:
    @pytest.mark.parametrize(
        "text",
        [
            "https://shop.ex/x",
            " HTTP://shop.ex",
            "www.shop.ex",
            "(www.shop.ex)",
            "https://shop.ex.evil.example",
            "https://notclick.ex",
            "https://m\xfcller.ex/",
            "https://click.ex@evil.example/",
        ],
    )
    def test_is_foreign(self, text: str) -> None:
        assert shows_foreign_url(text, "click.ex")

    @pytest.mark.parametrize(
        "text",
        [
            "https://click.ex/x",
            "WWW.Click.ex",
            "https://www.click.ex,",
            "Shop at https://shop.ex",
            "shop.ex",
            "",
        ],
    )
    def test_is_none_or_our_own(self, text: str) -> None:
        assert not shows_foreign_url(text, "click.ex")

    def test_is_foreign_wherever_no_site_is_known(self) -> None:
        assert shows_foreign_url("www.click.ex", "")
