import pytest

from rewriter import rewrite
from tests.rewriter.fake_links import FakeLinks
from tests.rewriter.golden import FOLDER, GoldenCase, golden_cases

CASES = pytest.mark.parametrize("case", golden_cases(), ids=lambda case: case.name)


@CASES
def test_gives_the_expected_bytes(case: GoldenCase) -> None:
    assert rewrite(case.before, case.policy, FakeLinks()).message == case.after


@CASES
def test_keeps_line_feeds_alone(case: GoldenCase) -> None:
    before, after = (data.replace(b"\r\n", b"\n") for data in (case.before, case.after))
    assert rewrite(before, case.policy, FakeLinks()).message == after


@CASES
def test_changes_nothing_the_second_time(case: GoldenCase) -> None:
    assert rewrite(case.after, case.policy, FakeLinks()).message == case.after


@CASES
def test_says_why_in_one_line(case: GoldenCase) -> None:
    why = (FOLDER / case.name / "why.txt").read_text("utf-8")
    assert why.count("\n") == 1
    assert why.endswith(".\n")
