"""Edits on one HTML part: the values of its links, and the open pixel. Nothing is serialised again."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from rewriter import html_positions, pixel
from rewriter.attribute_values import new_value, read_value, value_span
from rewriter.charsets import codec_for
from rewriter.conditional_comments import UnclearComment, links_for_outlook
from rewriter.escape_masking import mask_escapes
from rewriter.html_page import Page, agree
from rewriter.html_positions import SourceLink
from rewriter.line_limits import Breakable
from rewriter.link_attributes import NO_MARKS, LinkMarks, link_marks
from rewriter.link_edits import DecidedLink, settle, settle_around
from rewriter.link_table import FoundLink, LinkTable
from rewriter.part_edits import LineLimit, PartEdits
from rewriter.policy import Limits, PixelPlace, Policy
from rewriter.report import Edit, LinkReport, PixelReport, Reason
from rewriter.url_rules import read_url


def edit_html(
    source: bytes,
    *,
    charset: str,
    policy: Policy,
    table: LinkTable,
    part: str,
    want_pixel: bool,
    pixel_url: Callable[[], str],
    lines: LineLimit | None,
) -> PartEdits:
    """Return the edits on `source`, a decoded text/html part in an ASCII-compatible charset or ISO-2022.

    `pixel_url` is called only where the pixel is put in. `lines` is for parts that go out as they are. Where
    the part is left alone, `reason` says why, for the pixel as well.
    """
    codec = codec_for(charset) or "ascii"
    page = _read(source, codec, policy.limits)
    if isinstance(page, Reason):
        return PartEdits(reason=page, pixel=PixelReport(part=part, reason=page) if want_pixel else None)
    html = _HtmlPart(
        source=source,
        page=page,
        comments=html_positions.comments(page.document),
        codec=codec,
        part=part,
        table=table,
        lines=lines,
    )
    decided = [html.decide(link) for link in html.links(policy.limits)]
    reports, edits = settle(source, decided, lines)
    if not want_pixel:
        return PartEdits(edits=tuple(edits), links=reports)
    size = len(source) + sum(len(edit.replacement) - (edit.end - edit.start) for edit in edits)
    report, inserted = html.insert_pixel(policy.pixel_place, size, pixel_url)
    if inserted:
        if lines and any(link.reason is Reason.LINE_TOO_LONG for link in reports):
            reports, edits = settle_around(source, decided, lines, inserted.start)
        edits = sorted([*edits, inserted], key=lambda edit: edit.start)
    return PartEdits(edits=tuple(edits), links=reports, pixel=report)


def _read(source: bytes, codec: str, limits: Limits) -> Page | Reason:
    if len(source) > limits.html_size:
        return Reason.PART_TOO_LARGE
    masked = mask_escapes(source, codec)
    if masked is None:
        return Reason.UNCLEAR_ESCAPES
    return agree(html_positions.view_of(masked), limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class _HtmlPart:
    """One part that both engines read alike."""

    source: bytes
    page: Page
    comments: list[str]
    codec: str
    part: str
    table: LinkTable
    lines: LineLimit | None

    def links(self, limits: Limits) -> list[SourceLink | UnclearComment]:
        """Return all links in the order of the source, those for Outlook among them."""
        links = [*html_positions.locate(self.page.links)]
        for_outlook = links_for_outlook(self.page.view, self.comments, limits)
        return sorted([*links, *for_outlook], key=attrgetter("start"))

    def decide(self, link: SourceLink | UnclearComment) -> DecidedLink:
        """Ask the table about one link."""
        if isinstance(link, UnclearComment):
            return self._left(link.line, "", Reason.UNCLEAR_COMMENT)
        value = link.href if link.href.isascii() else self._value(link, "href")
        if value is None:
            return self._left(link.line, link.href, Reason.UNDECODABLE)
        marks = link_marks(link.attributes, lambda name: self._value(link, name) or "")
        url = read_url(value)
        found = FoundLink(
            url,
            utf8=self.codec == "utf-8",
            shown=link.element,
            name=marks.name,
            path=marks.path,
            opted_out=marks.opted_out,
            in_html=True,
        )
        decision = self.table.decide(found)
        if isinstance(decision, Reason):
            return self._left(link.line, url, decision, marks)
        report = LinkReport(
            part=self.part,
            line=link.line,
            url=url,
            reason=None,
            number=decision.number,
            name=marks.name,
            tags=marks.tags,
        )
        return DecidedLink(report, self._edit(link, decision.tracked_url))

    def insert_pixel(
        self, where: PixelPlace, size: int, pixel_url: Callable[[], str]
    ) -> tuple[PixelReport, Edit | None]:
        """Return where the pixel goes and the edit that puts it there, or why it does not."""
        if pixel.is_present(self.page.document, self.table):
            return self._no_pixel(Reason.PIXEL_PRESENT), None
        spot = pixel.place(self.page.view, self.page.document, self.comments, where, size)
        if spot is None:
            return self._no_pixel(Reason.NO_PLACE), None
        tag = pixel.pixel_tag(pixel_url())
        if self.lines:
            if len(tag) > self.lines.length:
                return self._no_pixel(Reason.LINE_TOO_LONG), None
            tag = pixel.on_own_line(tag, self.source, spot.offset, self.lines)
        return PixelReport(part=self.part, line=spot.line), Edit(spot.offset, spot.offset, tag)

    def _value(self, link: SourceLink, name: str) -> str | None:
        span = link.attributes[name]
        where = (link.base + span.start_offset, link.base + span.end_offset)
        parsed = link.href if name == "href" else link.element.attr(name) or ""
        return read_value(parsed, self.source, self.page.view, where, self.codec)

    def _left(self, line: int, url: str, reason: Reason, marks: LinkMarks = NO_MARKS) -> DecidedLink:
        report = LinkReport(
            part=self.part, line=line, url=url, reason=reason, name=marks.name, tags=marks.tags
        )
        return DecidedLink(report)

    def _edit(self, link: SourceLink, tracked_url: str) -> Breakable:
        start, end = value_span(self.page.view, link.start, link.end)
        value = new_value(tracked_url, quoted=end < link.end)
        return Breakable(Edit(start, end, value), (link.start, link.end))

    def _no_pixel(self, reason: Reason) -> PixelReport:
        return PixelReport(part=self.part, reason=reason)
