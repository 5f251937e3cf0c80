import base64
import quopri
import tracemalloc

import pytest

from rewriter import Limits, Policy, Reason, Result, SignedMail, rewrite
from tests.rewriter.fake_links import BASE, FakeLinks
from tests.rewriter.parts import tracked

LINK = b'<a href="https://e.ex/u">x</a>'
HTML = b"Content-Type: text/html; charset=utf-8\r\n"
TEXT = b"Content-Type: text/plain; charset=utf-8\r\n"
CLICKS = Policy(opens=False)


def rewritten(message: bytes, policy: Policy | None = None) -> Result:
    result = rewrite(message, policy or Policy(), FakeLinks())
    assert result.fault is None
    return result


def page(*, header: bytes = b"", body: bytes = LINK) -> bytes:
    return b"From: a@e.ex\r\n" + header + HTML + b"\r\n<html><body>" + body + b"</body></html>\r\n"


def mixed(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return b"Content-Type: multipart/" + kind + b"; boundary=b\r\n\r\n" + body + b"--b--\r\n"


def html_part(body: bytes = LINK, header: bytes = b"") -> bytes:
    return HTML + header + b"\r\n<html><body>" + body + b"</body></html>"


def pixels(message: bytes) -> int:
    return message.count(BASE.encode() + b"/o/")


class TestWhole:
    def test_rewrites_a_page(self) -> None:
        result = rewritten(page())
        assert result.message.count(b"https://click.shop.ex/c/1-") == 1
        assert pixels(result.message) == 1
        assert result.report.reason is None
        assert [(link.part, link.url, link.number) for link in result.report.links] == [
            ("1", "https://e.ex/u", 1)
        ]
        assert result.report.pixel.part == "1"

    @pytest.mark.parametrize(
        ("message", "policy", "reason"),
        [
            (page(), Policy(clicks=False, opens=False), Reason.POLICY_OFF),
            (page(), Policy(clicks=False, opens=False, text=True), Reason.POLICY_OFF),
            (page(), Policy(html=False, opens=False), Reason.POLICY_OFF),
            (page(), Policy(limits=Limits(message_size=50)), Reason.MESSAGE_TOO_LARGE),
            (b"\r\n" + page(), Policy(), Reason.MALFORMED_HEADER),
            (b"", Policy(), Reason.MALFORMED_HEADER),
            (b"no header at all", Policy(), Reason.MALFORMED_HEADER),
            (page(header=b"DKIM-Signature: v=1; d=e.ex\r\n"), Policy(), Reason.DKIM_SIGNED),
            (page(header=b"ARC-Seal: i=1\r\n"), Policy(), Reason.ARC_SEALED),
            (page(header=b"Content-Disposition: attachment\r\n"), Policy(), Reason.ATTACHED),
            (TEXT + b"\r\nhttps://e.ex/u\r\n", Policy(), Reason.TEXT_OFF),
            (
                mixed(b"Content-Type: image/png\r\n\r\nx", TEXT + b"\r\nx"),
                Policy(),
                Reason.NOTHING_TO_REWRITE,
            ),
        ],
    )
    def test_leaves_a_message_alone(self, message: bytes, policy: Policy, reason: Reason) -> None:
        result = rewritten(message, policy)
        assert result.message is message
        assert result.edits == ()
        assert result.report.reason is reason
        assert result.report.pixel.reason is not None

    @pytest.mark.parametrize("header", [b"DKIM-Signature: v=1; d=e.ex\r\n", b"ARC-Seal: i=1\r\n"])
    def test_tracks_signed_mail_where_the_policy_says_so(self, header: bytes) -> None:
        result = rewritten(page(header=header), Policy(signed_mail=SignedMail.TRACK))
        assert len(result.report.links) == 1
        assert result.edits

    def test_a_signature_in_a_part_is_none_of_the_message(self) -> None:
        part = html_part(header=b"DKIM-Signature: v=1; d=e.ex\r\n")
        assert rewritten(mixed(part)).report.reason is None

    def test_takes_an_mbox_line_in_front(self) -> None:
        line = b"From a@e.ex Thu Jan  1 00:00:00 1970\r\n"
        assert rewritten(line + page(), CLICKS).message == line + rewritten(page(), CLICKS).message

    def test_puts_nothing_where_there_is_no_body(self) -> None:
        assert rewritten(HTML).report.reason is Reason.MALFORMED_HEADER
        assert pixels(rewritten(HTML + b"\r\n").message) == 0

    @pytest.mark.parametrize(
        "value",
        [b"<mailto:u@e.ex>, <https://e.ex/\r\n u>", b"https://e.ex/u", b"mailto:u@e.ex, https://e.ex/u"],
    )
    def test_leaves_list_unsubscribe_urls_alone(self, value: bytes) -> None:
        (link,) = rewritten(page(header=b"List-Unsubscribe: " + value + b"\r\n")).report.links
        assert link.reason is Reason.LIST_UNSUBSCRIBE

    @pytest.mark.parametrize("value", [b"<https://e.ex/u/2>", b"See https://e.ex/u <https://e.ex/v>", b""])
    def test_tracks_what_list_unsubscribe_does_not_name(self, value: bytes) -> None:
        (link,) = rewritten(page(header=b"List-Unsubscribe: " + value + b"\r\n")).report.links
        assert link.reason is None

    def test_a_fault_gives_the_original_back(self) -> None:
        class Broken(FakeLinks):
            def click(self, url: str, number: int, path: str = "") -> str | None:
                raise ZeroDivisionError

        message = page()
        result = rewrite(message, Policy(), Broken())
        assert result.message is message
        assert result.report.reason is Reason.INTERNAL_ERROR
        assert isinstance(result.fault, ZeroDivisionError)
        assert (result.edits, result.report.links) == ((), ())


class TestParts:
    @pytest.mark.parametrize("eol", [b"\r\n", b"\n"])
    def test_rewrites_every_transfer_encoding(self, eol: bytes) -> None:
        body = b"<html><body>" + LINK + b"</body></html>" + eol
        for encoding, encoded in {
            b"7bit": body,
            b"quoted-printable": quopri.encodestring(body),
            b"base64": base64.encodebytes(body).replace(b"\n", eol),
        }.items():
            header = HTML.replace(b"\r\n", eol) + b"Content-Transfer-Encoding: " + encoding + eol + eol
            result = rewritten(header + encoded)
            assert result.report.links[0].reason is None, encoding
            assert result.message.startswith(header)

    def test_numbers_links_across_parts_and_shares_them(self) -> None:
        other = LINK.replace(b"/u", b"/v")
        report = rewritten(mixed(html_part(LINK + other), html_part(other))).report
        assert [(link.part, link.number) for link in report.links] == [("1", 1), ("1", 2), ("2", 2)]

    def test_an_opt_out_in_html_holds_for_text_before_it(self) -> None:
        opted_out = b'<a href="https://e.ex/u" data-waypost="off">x</a>'
        message = mixed(
            TEXT + b"\r\nhttps://e.ex/u https://e.ex/v", html_part(opted_out), kind=b"alternative"
        )
        report = rewritten(message, Policy(text=True)).report
        assert [(link.part, link.reason) for link in report.links] == [
            ("1", Reason.OPTED_OUT),
            ("1", None),
            ("2", Reason.OPTED_OUT),
        ]

    @pytest.mark.parametrize(
        ("part", "reason"),
        [
            (html_part(b"-----BEGIN PGP MESSAGE-----\r\n" + LINK), Reason.INLINE_PGP),
            (html_part(b"-----BEGIN PGP SIGNED MESSAGE-----\r\n" + LINK), Reason.INLINE_PGP),
            (html_part(LINK, b"Content-Transfer-Encoding: base64\r\n"), Reason.MALFORMED_ENCODING),
            (HTML + b"\r\n" + LINK.decode().encode("utf-16"), Reason.UNSUPPORTED_CHARSET),
            (html_part(b"<p>" + b"x" * 3000), Reason.PART_TOO_LARGE),
            (TEXT + b"\r\n" + b"x" * 3000, Reason.PART_TOO_LARGE),
            (
                html_part(b"x" * 1500, b"Content-Transfer-Encoding: quoted-printable\r\n"),
                Reason.PART_TOO_LARGE,
            ),
        ],
    )
    def test_leaves_one_part_alone_and_rewrites_the_next(self, part: bytes, reason: Reason) -> None:
        policy = Policy(text=True, limits=Limits(html_size=1000, text_size=1000))
        result = rewritten(mixed(part, html_part()), policy)
        assert [part.reason for part in result.report.parts] == [reason, None]
        assert part in result.message
        assert [link.part for link in result.report.links] == ["2"]
        assert result.report.pixel.part == "2"

    def test_a_part_left_alone_late_reports_no_links(self) -> None:
        body = b'<a href=3D"https://e.ex/==3Du">x</a>'
        result = rewritten(mixed(HTML + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + body))
        assert result.report.parts[0].reason is Reason.MALFORMED_ENCODING
        assert result.report.links == ()

    def test_keeps_long_lines_of_a_7bit_part_within_998(self) -> None:
        attributes = b" ".join(b'a%d="%b"' % (i, b"v" * 50) for i in range(15))
        result = rewritten(page(body=b"<a " + attributes + b' href="https://e.ex/' + b"u" * 60 + b'">x</a>'))
        assert result.report.links[0].reason is None
        assert max(map(len, result.message.split(b"\r\n"))) <= 998


class TestTwice:
    """Nine links before make the number of the last one longer than it would be alone."""

    NINE = b"".join(b"https://e.ex/%d\r\n" % number for number in range(1, 10))
    POLICY = Policy(text=True)

    def message(self, length: int) -> bytes:
        """Return a message whose last line has so many bytes once it is rewritten."""
        url = b"https://e.ex/ten"
        return TEXT + b"\r\n" + self.NINE + b"w" * (length - 1 - len(tracked(10, url.decode()))) + b" " + url

    def test_a_link_without_room_has_none_the_second_time(self) -> None:
        once = rewritten(self.message(999), self.POLICY)
        assert (once.report.links[-1].reason, once.report.links[-1].number) == (Reason.LINE_TOO_LONG, 0)
        assert rewritten(once.message, self.POLICY).message == once.message

    def test_a_link_with_room_is_tracked_once(self) -> None:
        once = rewritten(self.message(998), self.POLICY)
        assert once.report.links[-1].number == 10
        assert rewritten(once.message, self.POLICY).message == once.message

    def test_an_opt_out_in_html_holds_for_a_url_in_text_without_its_mark(self) -> None:
        text = TEXT + b'\r\nhttps://e.ex/u[[data-msys-clicktrack="0"]]\r\n'
        once = rewritten(
            mixed(text, html_part(b'<a href="https://e.ex/u" data-waypost=off>x</a>')), self.POLICY
        )
        assert b"\r\nhttps://e.ex/u\r\n" in once.message
        assert rewritten(once.message, self.POLICY).message == once.message


class TestTextOnly:
    """Postmark's TextOnly: links in plain text, and not those in HTML."""

    POLICY = Policy(html=False, text=True)
    TEXT_PART = TEXT + b"\r\nSee https://e.ex/u\r\n"

    def test_text_is_tracked_and_html_is_not(self) -> None:
        result = rewritten(mixed(self.TEXT_PART, html_part(), kind=b"alternative"), self.POLICY)
        assert [(link.part, link.reason) for link in result.report.links] == [
            ("1", None),
            ("2", Reason.CLICKS_OFF),
        ]
        assert LINK in result.message
        assert result.message.count(b"https://click.shop.ex/c/") == 1
        assert pixels(result.message) == 1

    def test_html_alone_keeps_its_links(self) -> None:
        result = rewritten(page(), self.POLICY)
        assert LINK in result.message
        assert pixels(result.message) == 1

    def test_an_opt_out_in_html_still_holds_for_text(self) -> None:
        opted_out = html_part(b'<a href="https://e.ex/u" data-waypost=off>x</a>')
        result = rewritten(mixed(self.TEXT_PART, opted_out), self.POLICY)
        assert [link.reason for link in result.report.links] == [Reason.OPTED_OUT, Reason.CLICKS_OFF]


class TestPixel:
    def test_off(self) -> None:
        result = rewritten(page(), CLICKS)
        assert pixels(result.message) == 0
        assert result.report.pixel.reason is Reason.OPENS_OFF

    def test_alone(self) -> None:
        result = rewritten(page(), Policy(clicks=False))
        assert pixels(result.message) == 1
        assert [link.reason for link in result.report.links] == [Reason.CLICKS_OFF]

    def test_once_in_the_first_part_shown(self) -> None:
        result = rewritten(mixed(TEXT + b"\r\nx", html_part(), html_part()))
        assert pixels(result.message) == 1
        assert result.report.pixel.part == "2"

    def test_in_the_last_alternative_since_that_is_shown(self) -> None:
        result = rewritten(mixed(TEXT + b"\r\nx", html_part(), html_part(), kind=b"alternative"))
        assert pixels(result.message) == 1
        assert result.report.pixel.part == "3"

    def test_in_the_last_alternative_that_has_html(self) -> None:
        calendar = b"Content-Type: text/calendar\r\n\r\nx"
        result = rewritten(mixed(TEXT + b"\r\nx", html_part(), calendar, kind=b"alternative"))
        assert result.report.pixel.part == "2"

    def test_in_the_next_part_where_the_first_cannot_take_it(self) -> None:
        unterminated = HTML + b'\r\n<p><a href="https://e.ex/'
        result = rewritten(mixed(unterminated, html_part()))
        assert pixels(result.message) == 1
        assert result.report.pixel.part == "2"

    def test_says_why_where_no_part_can_take_it(self) -> None:
        result = rewritten(HTML + b'\r\n<p><a href="https://e.ex/')
        assert (result.report.pixel.part, result.report.pixel.reason) == ("1", Reason.NO_PLACE)

    def test_not_again_where_it_is(self) -> None:
        once = rewritten(mixed(html_part(), html_part())).message
        result = rewritten(once)
        assert result.message == once
        assert result.report.pixel.reason is Reason.PIXEL_PRESENT

    def test_none_without_html(self) -> None:
        result = rewritten(TEXT + b"\r\nhttps://e.ex/u\r\n", Policy(text=True))
        assert result.report.pixel.reason is Reason.NO_HTML_PART
        assert [link.reason for link in result.report.links] == [None]


def test_a_large_attachment_is_copied_once_and_never_decoded() -> None:
    attachment = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 500_000
    message = mixed(html_part(), attachment)
    tracemalloc.start()
    result = rewritten(message)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.edits
    assert peak < 1.5 * len(message)
