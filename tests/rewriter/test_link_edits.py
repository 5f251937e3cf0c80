from rewriter.line_limits import Breakable
from rewriter.link_edits import DecidedLink, settle
from rewriter.part_edits import LineLimit
from rewriter.report import Edit, LinkReport, Reason

SOURCE = b"https://a https://b"


def decided(start: int, end: int, number: int) -> DecidedLink:
    report = LinkReport(part="1", line=1, url="u", reason=None, number=number)
    return DecidedLink(report, Breakable(Edit(start, end, b"x" * 15)))


LINKS = [
    decided(0, 9, 1),
    DecidedLink(LinkReport(part="1", line=1, url="v", reason=Reason.OPTED_OUT)),
    decided(10, 19, 2),
]


def test_all_edits_are_made_where_lines_do_not_count() -> None:
    reports, edits = settle(SOURCE, LINKS, None)
    assert reports == tuple(link.report for link in LINKS)
    assert [edit.start for edit in edits] == [0, 10]


def test_a_link_without_room_is_reported_as_such() -> None:
    reports, edits = settle(SOURCE, LINKS, LineLimit(b"\r\n", 25))
    assert [(report.reason, report.number) for report in reports] == [
        (None, 1),
        (Reason.OPTED_OUT, 0),
        (Reason.LINE_TOO_LONG, 0),
    ]
    assert [edit.start for edit in edits] == [0]
