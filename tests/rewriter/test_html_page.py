import pytest

from rewriter import html_judge
from rewriter.html_page import Page, agree
from rewriter.policy import Limits
from rewriter.report import Reason

LIMITS = Limits()


@pytest.mark.parametrize(
    "html",
    [
        "<a href=x><area href='y&amp;z'>",
        "<svg><title/></svg><a href=U>",
        "<p><a href=1>x<p>y",
        "<table><a href=1><td><a href=2></table>",
        "<b><a href=k><p></b>x</a>",
        "<a href='x\0y\x0cz'>",
        "<a href><a href=''>",
        "<svg><a xlink:href=V href=U>",
        "",
    ],
)
def test_engines_agree(html: str) -> None:
    assert isinstance(agree(html, LIMITS), Page)


def test_a_part_stays_where_they_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_judge, "link_hrefs", lambda *_: ["x", "y"])
    assert agree("<a href=x>", LIMITS) is Reason.ENGINES_DISAGREE
    assert isinstance(agree("<a href=x><a href=y>", LIMITS), Page)


def test_finding_the_same_link_more_often_is_no_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_judge, "link_hrefs", lambda *_: ["x", "x"])
    assert agree("<a href=x>", LIMITS) is Reason.ENGINES_DISAGREE


def test_the_judge_is_not_asked_about_what_is_too_complex(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: str) -> list[str]:
        raise AssertionError("the judge was asked")

    monkeypatch.setattr(html_judge, "link_hrefs", never)
    assert agree("<div>" * 1_000, LIMITS) is Reason.TOO_COMPLEX


def test_the_judge_sees_what_a_reader_can_click() -> None:
    html = "<a href=b><area href=a><link href=c><template><a href=d></template><a href><noscript><a href=e>"
    assert html_judge.link_hrefs(html) == ["a", "b", "e"]
    assert html_judge.all_hrefs(html) == ["a", "b", "c", "e"]
