"""What must hold for every message and page, however broken: for property tests and for fuzzing."""

import re
from dataclasses import replace
from urllib.parse import unquote

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

from rewriter import Edit, LinkReport, Policy, Result, SignedMail, rewrite
from rewriter.link_table import LinkTable
from rewriter.part_edits import PartEdits
from tests.rewriter.fake_links import BASE, FakeLinks
from tests.rewriter.parts import edited_html

ALL = Policy(text=True, signed_mail=SignedMail.TRACK, tracking_site="shop.ex")
POLICIES = (
    ALL,
    Policy(),
    Policy(clicks=False),
    Policy(opens=False, text=True),
    Policy(html=False, text=True),
)
OFF = Policy(clicks=False, opens=False)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
TRACKED = re.compile(rf"{BASE}/c/(\d+)-")
# A parser that copies the chosen <option> into <selectedcontent> would see more links than the source has.
WITHOUT_COPIES = LexborDocumentOptions.WO_EVENTS.value


def check_message(message: bytes, policy: Policy) -> Result:
    """Rewrite the message and raise AssertionError where something does not hold."""
    assert rewrite(message, OFF, FakeLinks()).message is message
    result = rewrite(message, policy, FakeLinks())
    if result.fault:
        raise AssertionError("a fault inside the rewriter") from result.fault
    assert without_edits(result, message) == message
    check_report(result)
    again = rewrite(result.message, policy, FakeLinks())
    assert again.fault is None
    assert again.message == result.message, "rewriting twice is not rewriting once"
    return result


def without_edits(result: Result, original: bytes) -> bytes:
    """Put the original back behind each edit of the result; the gaps are the result's own."""
    pieces = []
    position = 0
    for edit, offset in zip(result.edits, _offsets(result.edits), strict=True):
        replaced = result.message[offset : offset + len(edit.replacement)]
        assert replaced == edit.replacement
        pieces += [result.message[position:offset], original[edit.start : edit.end]]
        position = offset + len(edit.replacement)
    return b"".join([*pieces, result.message[position:]])


def _offsets(edits: tuple[Edit, ...]) -> list[int]:
    """Return where each replacement begins in the new message; the edits are sorted and apart."""
    offsets: list[int] = []
    shift = end = 0
    for edit in edits:
        assert end <= edit.start <= edit.end
        offsets.append(edit.start + shift)
        shift += len(edit.replacement) - (edit.end - edit.start)
        end = edit.end
    return offsets


def check_report(result: Result) -> None:
    """Check that report and edits speak of the same message."""
    report = result.report
    numbers = [part.part for part in report.parts]
    assert len(set(numbers)) == len(numbers)
    examined = {part.part for part in report.parts if part.reason is None}
    assert {link.part for link in report.links} <= examined
    assert all((link.number > 0) == (link.reason is None) for link in report.links)
    if report.reason:
        assert result.edits == ()
    if report.pixel.reason is None:
        assert report.pixel.part in examined
        assert result.edits


def check_page(html: bytes, policy: Policy) -> None:
    """Edit one page and raise AssertionError where an independent parser sees other changes than reported.

    The parser here reads no charset: pages that are not ASCII are only edited.
    """
    # Links and pixel apart: a link that is left open goes on around an image, as a second element.
    for part in (replace(policy, opens=False), replace(policy, clicks=False)):
        edited = edited_html(html, part, table=LinkTable(part, FakeLinks(), frozenset()))
        if html.isascii() and b"\x1b" not in html:
            _check_seen(_parsed(html), _parsed(edited.output), edited.part)


def _check_seen(before: LexborHTMLParser, after: LexborHTMLParser, part: PartEdits) -> None:
    images = [len(page.css(f'img[src^="{BASE}/o/"]')) for page in (before, after)]
    assert images[1] - images[0] == (part.pixel is not None and part.pixel.reason is None)
    reported = {link.number: link for link in part.links if link.reason is None}
    if images[0] == images[1]:
        seen = _check_hrefs(before, after, reported)
        in_comments = {int(number) for number in TRACKED.findall(_comments(after))}
        assert seen <= reported.keys() <= seen | in_comments


def _parsed(html: bytes) -> LexborHTMLParser:
    return LexborHTMLParser(html.decode("ascii"), options=WITHOUT_COPIES)


def _check_hrefs(
    before: LexborHTMLParser, after: LexborHTMLParser, reported: dict[int, LinkReport]
) -> set[int]:
    """Check that every href is as it was, or leads there; return the numbers of those that do."""
    seen = set()
    pages = [[node.attributes["href"] or "" for node in page.css("[href]")] for page in (before, after)]
    for old, new in zip(*pages, strict=True):
        if old == new:
            continue
        tracked = TRACKED.match(new)
        assert tracked, f"{old!r} became {new!r}"
        number = int(tracked[1])
        destination = unquote(new[tracked.end() :])
        assert reported[number].url == _as_read(old)
        # In a URL to be sent whatever is not ASCII, and white space, is percent-encoded.
        assert unquote(destination) == unquote(_as_read(old)), f"{old!r} leads to {destination!r}"
        seen.add(number)
    return seen


def _as_read(href: str) -> str:
    """Return the URL as a browser reads it (URL standard, section 4.4)."""
    return re.sub(r"[\t\r\n]", "", href.strip("".join(map(chr, range(33)))))


def _comments(page: LexborHTMLParser) -> str:
    return "".join(COMMENT.findall(page.html or ""))
