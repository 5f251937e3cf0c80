"""What must hold for every message, however broken: for property tests and for fuzzing."""

from urllib.parse import quote

from rewriter import Edit, Policy, Result, SignedMail, rewrite
from tests.rewriter.fake_links import BASE, FakeLinks

ALL = Policy(text=True, signed_mail=SignedMail.TRACK, tracking_site="shop.ex")
POLICIES = (ALL, Policy(), Policy(clicks=False), Policy(opens=False, text=True))
OFF = Policy(clicks=False, opens=False)


class EvenLinks(FakeLinks):
    """All numbers equally long: else a link left out where the line was full by one byte fits in later."""

    def click(self, url: str, number: int) -> str | None:
        """Return a URL with the number in four digits."""
        return f"{BASE}/c/{number:04}-{quote(url, safe='')}"


def check_all(message: bytes, policy: Policy) -> Result:
    """Rewrite the message and raise AssertionError where something does not hold."""
    assert rewrite(message, OFF, EvenLinks()).message is message
    result = rewrite(message, policy, EvenLinks())
    if result.fault:
        raise AssertionError("a fault inside the rewriter") from result.fault
    assert without_edits(result, message) == message
    check_report(result)
    again = rewrite(result.message, policy, EvenLinks())
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
