import re

import pytest

from rewriter import html_judge, pixel
from rewriter.link_table import LinkTable
from rewriter.part_edits import LineLimit, PartEdits
from rewriter.policy import Limits, Policy, VisibleUrl
from rewriter.report import PixelReport, Reason
from tests.rewriter.fake_links import BASE, FakeLinks
from tests.rewriter.parts import CLICKS, edited_html, tracked

NOT_LINKS = """<html ping="https://e/"><head><base href="https://e/"><link href="https://e/">
<title><a href="https://e/"></title><style>a{background:url(https://e/)}<a href="https://e/"></style>
<script>'<a href="https://e/">'</script></head><body background="https://e/">
<!-- <a href="https://e/"> --><img src="https://e/" longdesc="https://e/"><form action="https://e/">
<textarea><a href="https://e/"></textarea><template><a href="https://e/"></template>
<svg xmlns="https://e/"><use href="https://e/"/><a xlink:href="https://e/"></a></svg><q cite="https://e/">
<a ping="https://e/" data-href="https://e/" title='href="https://e/"'>x</a></body></html>"""


class TestTracks:
    @pytest.mark.parametrize(
        ("before", "url"),
        [
            ("<A\r\n HREF = '_' Title=x >", "https://e/?a=1&amp;b=2"),
            ('<a href="_">', "https://e/?a=1&copy=2&reg;=3&#38;x"),
            ('<a href="_">', "https://e/?q=&amp;lt;"),
            ("<a href=_>", "https://e/a/"),
            ('<p don\'t><a title="a>b" href="_">', "https://e/"),
            ('<a href="_">', " \r\nhttps://e/lo\r\nng "),
            ("<![if !mso]><a href=_>x</a><![endif]>", "https://e/"),
            ('<a href="_">', "https://f/share?u=1&href=http://g/"),
            ("<svg><title/></svg><a href=_>", "https://e/"),
            ("<noscript><a href='_'></noscript>", "https://e/"),
            ('<base href="https://b/"><area href="_">', "https://e/"),
            ("<svg><a href='_'>", "https://e/"),
            ("<a/href='_'/>", "https://e/"),
            ('<a title="x"href="_"class=y>', "https://e/"),
            ("<a href='_' href='https://second/'>", "https://e/"),
            ("<a href=_ href>", "https://e/?a=b"),
            ("<table><a href='_'><tr><td>", "https://e/"),
            ("<p><a href='_'>one<p>two", "https://e/"),
        ],
    )
    def test_the_value_and_nothing_else(self, before: str, url: str) -> None:
        edited = edited_html(before.replace("_", url))
        [stored] = edited.stored
        assert edited.output.decode() == before.replace("_", tracked(1, stored).decode())

    def test_an_unquoted_value_stays_so_where_it_may(self) -> None:
        class PlainLinks(FakeLinks):
            def click(self, url: str, number: int, path: str = "") -> str | None:
                return f"{BASE}/c/{number}"

        table = LinkTable(CLICKS, PlainLinks(), frozenset())
        assert edited_html("<a href=https://e/a/>", table=table).output == f"<a href={BASE}/c/1>".encode()

    @pytest.mark.parametrize(
        ("value", "stored"),
        [
            ("https://e/?a=1&amp;b=2", "https://e/?a=1&b=2"),
            ("https://e/?a=1&copy=2&reg;=3&#38;x", "https://e/?a=1&copy=2%C2%AE=3&x"),
            ("https://e/?q=&amp;lt;", "https://e/?q=&lt;"),
            (" \r\nhttps://e/lo\r\nng ", "https://e/long"),
            ("https://e/a b", "https://e/a%20b"),
            ("https://müller.example/é", "https://xn--mller-kva.example/%C3%A9"),
        ],
    )
    def test_the_url_that_a_browser_reads(self, value: str, stored: str) -> None:
        assert edited_html(f'<a href="{value}">').stored == [stored]

    def test_values_in_the_charset_of_the_part(self) -> None:
        edited = edited_html('<a href="https://e/é"><a href="https://e/&eacute;x">', charset="iso-8859-1")
        assert edited.stored == ["https://e/%C3%A9", "https://e/%C3%A9x"]

    def test_between_japanese_bytes(self) -> None:
        html = '<p title="あぜ"><a href="https://e/">あ</a>'
        edited = edited_html(html, charset="iso-2022-jp")
        assert edited.output == html.encode("iso-2022-jp").replace(b"https://e/", tracked(1, "https://e/"))

    def test_an_outlook_button_and_its_fallback_alike(self) -> None:
        html = '<!--[if mso]><v:roundrect href="U" x><![endif]--><![if !mso]><a href="U">x</a><![endif]>'
        edited = edited_html(html.replace("U", "https://e/"))
        assert edited.output == html.encode().replace(b"U", tracked(1, "https://e/"))
        assert [link.number for link in edited.part.links] == [1, 1]

    def test_in_the_order_of_the_source(self) -> None:
        html = "<!--[if mso]><a href=https://e/1><![endif]--><table><tr><td><a href=https://e/2></td></tr>"
        edited = edited_html(html + "<a href=https://e/3></table>")
        assert edited.stored == ["https://e/1", "https://e/2", "https://e/3"]

    def test_quotes_where_the_value_needs_them(self) -> None:
        class QueryLinks(FakeLinks):
            def click(self, url: str, number: int, path: str = "") -> str | None:
                return f"{BASE}/?t={number}&x=1"

        table = LinkTable(CLICKS, QueryLinks(), frozenset())
        edited = edited_html("<a href=https://e/><a href='https://f/'>", table=table)
        new = f"{BASE}/?t=1&amp;x=1", f"{BASE}/?t=2&amp;x=1"
        assert edited.output.decode() == f"<a href=\"{new[0]}\"><a href='{new[1]}'>"

    def test_with_a_visible_url_on_our_own_site(self) -> None:
        html = '<a href="https://shop.ex/x">https://shop.ex/x</a>'
        edited = edited_html(html, Policy(opens=False, tracking_site="shop.ex"))
        assert edited.output.endswith(b'">https://shop.ex/x</a>')
        assert edited.reasons == [None]


class TestPaths:
    def test_of_an_app_link_come_before_the_token_and_the_attribute_stays(self) -> None:
        attribute = b' data-waypost-sublink="promo/sale"'
        edited = edited_html(b'<a href="https://e/x"' + attribute + b">")
        url = tracked(1, "https://e/x").replace(b"/c/", b"/c/promo/sale/")
        assert edited.output == b'<a href="%b"' % url + attribute + b">"

    def test_that_a_url_cannot_hold_change_nothing_else(self) -> None:
        edited = edited_html(b'<a href="https://e/x" data-waypost-sublink="a b">')
        assert edited.output == b'<a href="%b" data-waypost-sublink="a b">' % tracked(1, "https://e/x")


class TestLeavesAlone:
    def test_what_is_no_link(self) -> None:
        edited = edited_html(NOT_LINKS)
        assert edited.output == NOT_LINKS.encode()
        assert edited.part.links == ()

    @pytest.mark.parametrize(
        ("html", "reason"),
        [
            ('<table>{{#each r}}<tr><td><a href="{{url}}">', Reason.PLACEHOLDER),
            ('<a href="#top">', Reason.NOT_ABSOLUTE),
            ('<a href="">', Reason.NOT_ABSOLUTE),
            ("<a href>", Reason.NOT_ABSOLUTE),
            ('<a href="//e/x">', Reason.NOT_ABSOLUTE),
            ('<a href="mailto:a@e?body=https://e/">', Reason.NOT_HTTP),
            (f'<a href="{BASE}/c/1">', Reason.ALREADY_TRACKED),
            ('<a href="https://e/" clicktracking=off>', Reason.OPTED_OUT),
            ('<a href="https://e/" data-msys-clicktrack="0">', Reason.OPTED_OUT),
            ('<a href="https://e/">https://e/</a>', Reason.VISIBLE_URL),
            ('<a href="https://e/"><b>www.</b>e.example</a>', Reason.VISIBLE_URL),
            ('<a href="https://user@e/">', Reason.UNUSUAL_ADDRESS),
            ('<a href="https://e/\0">', Reason.UNDECODABLE),
            ('<script>"<!--[if a]><a href=U><![endif]-->"</script><!--[if a]><a href=U><![endif]-->', None),
        ],
    )
    def test_links_for_a_reason(self, html: str, reason: Reason | None) -> None:
        edited = edited_html(html)
        assert edited.output == html.encode()
        assert set(edited.reasons) == {reason or Reason.UNCLEAR_COMMENT}

    def test_only_the_value_that_cannot_be_decoded(self) -> None:
        edited = edited_html(b'<a href="https://e/caf\xe9"><a href="https://e/x">')
        assert edited.reasons == [Reason.UNDECODABLE, None]
        assert edited.output == b'<a href="https://e/caf\xe9"><a href="%b">' % tracked(1, "https://e/x")

    def test_a_query_beyond_ascii_outside_utf8(self) -> None:
        assert edited_html('<a href="https://e/?é">', charset="iso-8859-1").reasons == [
            Reason.NON_ASCII_QUERY
        ]

    def test_values_beyond_ascii_in_an_unknown_charset(self) -> None:
        part = edited_html('<a href="https://e/é"><a href="https://e/">')
        assert part.reasons == [None, None]
        data = '<a href="https://e/é"><a href="https://e/">'.encode()
        assert edited_html(data, charset="x-nobody-knows").reasons == [Reason.UNDECODABLE, None]

    @pytest.mark.parametrize(
        ("html", "charset", "limits", "reason"),
        [
            ("<a href=https://e/>", "utf-8", Limits(html_size=10), Reason.PART_TOO_LARGE),
            ("<div>" * 500, "utf-8", Limits(), Reason.TOO_COMPLEX),
            ("\x1b$B<a href=https://e/>", "iso-2022-jp", Limits(), Reason.UNCLEAR_ESCAPES),
        ],
    )
    def test_the_whole_part(self, html: str, charset: str, limits: Limits, reason: Reason) -> None:
        edited = edited_html(html.encode(), Policy(limits=limits), charset=charset)
        assert edited.part == PartEdits(reason=reason, pixel=PixelReport(part="1", reason=reason))

    def test_the_whole_part_where_the_engines_differ(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(html_judge, "link_hrefs", lambda *_: [])
        edited = edited_html("<a href=https://e/>", Policy())
        assert edited.part.reason is Reason.ENGINES_DISAGREE
        assert edited.part.edits == ()


class TestReports:
    def test_place_name_and_tags(self) -> None:
        html = (
            '<p>\r\n<a\r\nhref=" https://e/&amp; " data-waypost-name="Gr&uuml;n é" ses:tags="a:b;c:d">'
            '<a href="https://f/" data-msys-linkname="x">'
        )
        first, second = edited_html(html).part.links
        assert (first.part, first.line, first.url, first.number) == ("1", 3, "https://e/&", 1)
        assert (first.name, first.tags) == ("Grün é", ("a:b", "c:d"))
        assert (second.line, second.name, second.tags, second.number) == (3, "x", (), 2)

    def test_attributes_in_conditional_comments(self) -> None:
        html = '<p>x</p>\n<!--[if mso]>\n<v:rect href="https://e/" data-waypost-name="é"><![endif]-->'
        [link] = edited_html(html).part.links
        assert (link.line, link.name) == (3, "é")


class TestOptOuts:
    def test_hold_for_that_link_alone_in_html(self) -> None:
        edited = edited_html('<a href="https://e/" data-waypost="off">x</a><a href="https://e/">y</a>')
        assert edited.reasons == [Reason.OPTED_OUT, None]
        assert edited.table.was_opted_out("https://e/")


class TestPixel:
    def test_is_put_in_beside_the_links(self) -> None:
        edited = edited_html("<body>\n<a href='https://e/'>x</a>\n</body>", Policy())
        assert re.fullmatch(
            rb"<body>\n<a href='[^']+'>x</a>\n<img src=\"[^\"]+/o/pixel\" [^>]+></body>", edited.output
        )
        assert edited.part.pixel == PixelReport(part="1", line=3)

    @pytest.mark.parametrize(
        ("html", "reason"),
        [
            (f'<img src="{BASE}/o/x" width="1" height="1">', Reason.PIXEL_PRESENT),
            ("<p>x<!-- </body>", Reason.NO_PLACE),
        ],
    )
    def test_is_not_put_in_for_a_reason(self, html: str, reason: Reason) -> None:
        edited = edited_html(html, Policy())
        assert edited.output == html.encode()
        assert edited.part.pixel == PixelReport(part="1", reason=reason)

    @pytest.mark.parametrize(("growth", "place"), [(1, b"<body><img "), (0, b"</p><img ")])
    def test_goes_to_the_top_of_a_page_that_its_links_make_too_long(self, growth: int, place: bytes) -> None:
        link = '<a href="https://e/">x</a>'
        room = pixel.GMAIL_CLIPS_AT + growth - len(edited_html(f"<body><p>{link}</p></body>").output)
        html = f"<body><p>{link}{'y' * room}</p></body>"
        assert len(html) < pixel.GMAIL_CLIPS_AT
        assert place in edited_html(html, Policy()).output

    def test_has_no_place_the_second_time_either(self) -> None:
        html = (
            "<body>" + '<a href="https://e/">x</a>' * 5 + "y" * (pixel.GMAIL_CLIPS_AT - 250) + "<!-- no end"
        )
        once = edited_html(html, Policy())
        assert len(html) < pixel.GMAIL_CLIPS_AT < len(once.output)
        assert edited_html(once.output, Policy()).output == once.output

    def test_is_not_spoken_of_where_none_is_wanted(self) -> None:
        assert edited_html("<p>").part.pixel is None

    def test_has_its_own_line_in_a_part_that_goes_out_as_it_is(self) -> None:
        edited = edited_html("<p>x</p></body>\r\n", Policy(), lines=LineLimit(b"\r\n"))
        assert re.fullmatch(rb"<p>x</p>\r\n<img [^>]+>\r\n</body>\r\n", edited.output)

    def test_is_not_put_in_where_it_fits_no_line(self) -> None:
        edited = edited_html("<p>x</p>", Policy(), lines=LineLimit(b"\r\n", 100))
        assert edited.part.pixel == PixelReport(part="1", reason=Reason.LINE_TOO_LONG)


class TestLines:
    LIMIT = LineLimit(b"\r\n", 80)

    @pytest.mark.parametrize(
        ("text", "after", "reason"),
        [
            ("x" * 900, "<!-- {{waypost:pixel}} -->" + "y" * 30, None),
            ("x" * 940, "", None),
            ("x" * 944, "", Reason.LINE_TOO_LONG),
        ],
    )
    def test_have_the_room_that_the_pixel_makes(self, text: str, after: str, reason: Reason | None) -> None:
        html = f'<body><a href="https://e/">{text}</a>{after}</body>'
        once = edited_html(html, Policy(), lines=LineLimit(b"\r\n"))
        assert once.reasons == [reason]
        assert max(map(len, once.output.split(b"\r\n"))) <= 998
        assert edited_html(once.output, Policy(), lines=LineLimit(b"\r\n")).output == once.output

    def test_are_broken_between_attributes(self) -> None:
        html = f'<a class="{"x" * 40}" href="https://e/" title="y">'
        edited = edited_html(html, lines=self.LIMIT)
        assert edited.output.decode() == (
            f'<a class="{"x" * 40}"\r\nhref="{tracked(1, "https://e/").decode()}" title="y">'
        )

    def test_are_broken_in_conditional_comments(self) -> None:
        html = f'<!--[if mso]><v:rect class="{"x" * 15}" href="https://e/"><![endif]-->'
        edited = edited_html(html, lines=self.LIMIT)
        assert b'x"\r\nhref="' in edited.output

    def test_that_cannot_be_broken_keep_their_link(self) -> None:
        html = f'<a href="https://e/{"x" * 40}">'
        edited = edited_html(html, lines=self.LIMIT)
        assert edited.output == html.encode()
        [link] = edited.part.links
        assert (link.reason, link.number) == (Reason.LINE_TOO_LONG, 0)


def test_visible_urls_are_tracked_where_the_policy_says_so() -> None:
    policy = Policy(opens=False, visible_url=VisibleUrl.TRACK)
    assert edited_html('<a href="https://e/">https://e/</a>', policy).reasons == [None]
