"""Edits on one plain-text part: the URLs in it (rule 21)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rewriter.charsets import codec_for
from rewriter.escape_masking import mask_escapes
from rewriter.line_limits import Breakable
from rewriter.link_edits import DecidedLink, settle
from rewriter.link_table import FoundLink, LinkTable
from rewriter.part_edits import LineLimit, PartEdits
from rewriter.policy import Policy
from rewriter.report import Edit, LinkReport, Reason

# SparkPost's `https://e/a[[data-msys-clicktrack="0"]]`: said about a link in text, and never to be delivered.
_MARK = r"\[\[data-msys-[^\[\]\r\n]*+\]\]"
_OPTS_OUT = re.compile(r"data-msys-clicktrack=(?:\"0\"|'0'|0)", re.IGNORECASE)

# A quoted line, so that it is passed over, or a URL: all up to white space, a control, `<`, `>` or `"`.
_QUOTED_OR_URL = re.compile(
    r"^[ \t]*+>[^\n]*+"
    r"|(?<![a-z0-9+.-])(?P<url>https?://(?>(?:[^\x00-\x20\"<>\[\x7f]|\[(?!\[data-msys-))+))"
    rf"(?>(?P<mark>(?>(?:{_MARK})+))?)",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)
_MORE_OF_A_URL = re.compile(r"[^\x00-\x20\"<>\x7f.,;:!?'*)\]]")
_FLOWED_LINE_END = re.compile(r" \r?\n")
_TRAILING = ".,;:!?'*"


def edit_text(
    source: bytes,
    *,
    charset: str,
    flowed: bool,
    delsp: bool,
    policy: Policy,
    table: LinkTable,
    part: str,
    lines: LineLimit | None,
) -> PartEdits:
    """Return the edits on `source`, a decoded text/plain part in an ASCII-compatible charset or ISO-2022.

    `flowed` and `delsp` are RFC 3676's. Quoted lines stay, wrapped URLs are never joined. SparkPost's marks
    are removed where they stand behind a URL; that is part of tracking text, and without it nothing changes.
    So a mark holds once: for a second pass nothing tells its link from others, unless a link in the HTML of
    the message opts the same URL out. Nothing that could stay in the text would be invisible to its reader.
    """
    if not (policy.text and policy.clicks):
        return PartEdits(reason=Reason.TEXT_OFF)
    if len(source) > policy.limits.text_size:
        return PartEdits(reason=Reason.PART_TOO_LARGE)
    codec = codec_for(charset) or "ascii"
    masked = mask_escapes(source, codec)
    if masked is None:
        return PartEdits(reason=Reason.UNCLEAR_ESCAPES)
    text = _TextPart(
        view=masked.decode("latin-1"), joins_lines=flowed and delsp, utf8=codec == "utf-8", part=part
    )
    reports, edits = settle(source, text.decide(table), lines)
    return PartEdits(edits=tuple(edits), links=reports)


@dataclass(frozen=True, slots=True, kw_only=True)
class _TextPart:
    """One part, one character for each byte."""

    view: str
    joins_lines: bool  # where a line ends in a space
    utf8: bool
    part: str

    def decide(self, table: LinkTable) -> Iterator[DecidedLink]:
        """Ask the table about each URL."""
        line, counted = 1, 0
        for found in _QUOTED_OR_URL.finditer(self.view):
            if found["url"]:
                line += self.view.count("\n", counted, found.start())
                counted = found.start()
                yield self._decide(found, line, table)

    def _decide(self, found: re.Match[str], line: int, table: LinkTable) -> DecidedLink:
        start, end = found.span("url")
        if self._is_end_unclear(found):
            report = LinkReport(part=self.part, line=line, url=found["url"], reason=Reason.UNCLEAR_END)
            return DecidedLink(report)
        mark = found["mark"]
        if not mark and not self.view.startswith("<", start - 1):
            end = start + len(_without_punctuation(found["url"]))
        url = self.view[start:end]
        opted_out = bool(mark and _OPTS_OUT.search(mark)) or table.was_opted_out(url)
        decision = table.decide(FoundLink(url=url, utf8=self.utf8, opted_out=opted_out))
        if isinstance(decision, Reason):
            report = LinkReport(part=self.part, line=line, url=url, reason=decision)
            return DecidedLink(report, Breakable(Edit(end, found.end(), b"")) if mark else None)
        report = LinkReport(part=self.part, line=line, url=url, reason=None, number=decision.number)
        edit = Edit(start, found.end() if mark else end, decision.tracked_url.encode("ascii"))
        return DecidedLink(report, Breakable(edit))

    def _is_end_unclear(self, found: re.Match[str]) -> bool:
        """Tell whether programs differ on where the URL ends.

        Characters beyond ASCII may belong to the sentence, as in Chinese; `<https://e/lo` goes on in the next
        line; so may a URL before a line end that DelSp=yes removes; and what stands right behind a mark would
        become part of the URL.
        """
        end = found.end()
        return (
            not found["url"].isascii()
            or (self.view.startswith("<", found.start() - 1) and not self.view.startswith(">", end))
            or (self.joins_lines and _FLOWED_LINE_END.match(self.view, end) is not None)
            or self.view.startswith("[[", end)
            or (found["mark"] is not None and _MORE_OF_A_URL.match(self.view, end) is not None)
        )


def _without_punctuation(url: str) -> str:
    """Return `url` without what belongs to the sentence around it, `https://e/A_(b)).` being `https://e/A_(b)`."""
    unopened = {")": url.count(")") - url.count("("), "]": url.count("]") - url.count("[")}
    end = len(url)
    while end:
        last = url[end - 1]
        if unopened.get(last, 0) > 0:
            unopened[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return url[:end]
