"""The outcome for the links of one part: what is reported, and what is edited."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from rewriter.line_limits import Breakable, fit
from rewriter.part_edits import LineLimit
from rewriter.report import Edit, LinkReport, Reason


class DecidedLink(NamedTuple):
    """A link with its report, and the edit where there is one to make."""

    report: LinkReport
    edit: Breakable | None = None


def settle(
    source: bytes, links: Iterable[DecidedLink], lines: LineLimit | None
) -> tuple[tuple[LinkReport, ...], list[Edit]]:
    """Return reports and edits, in the order of `links`, without the edits that a line has no room for."""
    links = tuple(links)
    reports = tuple(link.report for link in links)
    edits = [link.edit for link in links if link.edit]
    if lines is None:
        return reports, [edit.edit for edit in edits]
    fitted = fit(source, edits, lines)
    left_out = {edit.start for edit in fitted.left_out}
    if left_out:
        reports = tuple(
            _left_out(link.report) if _starts(link) in left_out else link.report for link in links
        )
    return reports, fitted.edits


def settle_around(
    source: bytes, links: Sequence[DecidedLink], lines: LineLimit, offset: int
) -> tuple[tuple[LinkReport, ...], list[Edit]]:
    """Settle with a line that ends at `offset`, and another that begins there.

    The pixel stands on a line of its own. That gives room to links beside it, which a second pass would find.
    """
    after = (number for number, link in enumerate(links) if link.edit and link.edit.edit.start >= offset)
    cut = next(after, len(links))
    reports, edits = settle(source[:offset], links[:cut], lines)
    later_reports, later_edits = settle(b"\n" * offset + source[offset:], links[cut:], lines)
    return reports + later_reports, edits + later_edits


def _starts(link: DecidedLink) -> int | None:
    return link.edit.edit.start if link.edit else None


def _left_out(report: LinkReport) -> LinkReport:
    return replace(report, reason=Reason.LINE_TOO_LONG, number=0)
