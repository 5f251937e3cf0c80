import pytest

from rewriter import conditional_comments, html_positions
from rewriter.conditional_comments import UnclearComment, links_for_outlook
from rewriter.html_positions import SourceLink
from rewriter.policy import Limits
from rewriter.report import Reason


def found(html: str) -> list[SourceLink | UnclearComment]:
    comments = html_positions.comments(html_positions.parse(html))
    return links_for_outlook(html, comments, Limits())


def sources(html: str) -> list[str]:
    return [html[link.start : link.end] for link in found(html) if isinstance(link, SourceLink)]


def places(links: list[SourceLink | UnclearComment]) -> list[int]:
    return [link.start for link in links if isinstance(link, SourceLink)]


class TestFinds:
    @pytest.mark.parametrize("name", ["a", "area", "v:rect", "v:roundrect", "V:Shape"])
    def test_what_can_be_clicked(self, name: str) -> None:
        assert sources(f'<p><!--[if mso]><{name} x href="U"><![endif]--></p>') == ['href="U"']

    @pytest.mark.parametrize(
        "condition", ["[if mso]", "[if gte mso 9]", "[if (gte mso 9)|(IE)]", "[IF !mso]", "[if\tIE]"]
    )
    def test_every_condition(self, condition: str) -> None:
        assert sources(f"<!--{condition}><a href=U><![ENDIF]-->") == ["href=U"]

    @pytest.mark.parametrize("end", ["<![endif]-->", "<![endif] -->", "<![endif]\n-->", "<![endif]--->"])
    def test_every_end(self, end: str) -> None:
        assert sources(f"<!--[if mso]><a href=U>{end}") == ["href=U"]

    @pytest.mark.parametrize(
        "body",
        ["<table><tr><td><a href=U>", "<td><a href=U></td></tr></table>", "</td></tr></table><a href=U>"],
    )
    def test_links_in_fragments(self, body: str) -> None:
        assert sources(f"<!--[if mso]>{body}<![endif]-->") == ["href=U"]

    def test_lines_and_offsets_of_the_part(self) -> None:
        html = "<p>\n<!--[if mso]>\n<a href=U><![endif]-->\n<!--[if mso]><i\nx><a\nhref=V><![endif]-->"
        links = [link for link in found(html) if isinstance(link, SourceLink)]
        assert [link.line for link in links] == [3, 6]
        assert [html[link.start : link.end] for link in links] == ["href=U", "href=V"]

    def test_the_same_comment_twice(self) -> None:
        assert len(sources("<!--[if mso]><a href=U><![endif]-->" * 2)) == 2

    def test_a_comment_with_nul(self) -> None:
        assert sources("<!--[if mso]>\0<a href=U><![endif]-->") == ["href=U"]


class TestLeavesAlone:
    @pytest.mark.parametrize(
        "html",
        [
            "<!-- <a href=U> -->",
            "<!-- [if mso]><a href=U><![endif]-->",
            "<!--[if mso]><a href=U>-->",
            "<!--[if mso]><a href=U><![endif]x-->",
            "<!--[if mso><a href=U><![endif]-->",
            "<!--[if mso]><link href=U><x:y href=U><base href=U><v:rect src=U><![endif]-->",
            "<!--[if mso]><!-- <a href=U> --><![endif]-->",
            "<!--[if mso]><style><a href=U></style><![endif]-->",
            "<!--[if !mso]><!--><a href=U><!--<![endif]-->",
            "<!-- x <!--[if mso]><a href=U><![endif]-->",
            "<script>'<!--[if mso]><a href=U><![endif]-->'</script>",
            "<textarea><!--[if mso]><a href=U><![endif]--></textarea>",
            "<p title='<!--[if mso]><a href=U><![endif]-->'>",
            "<!--[if mso]><a href=U><![endif]--",
            "<!--[if mso]><a href=U><![endif]",
        ],
    )
    def test_what_is_no_link_in_a_conditional_comment(self, html: str) -> None:
        assert found(html) == []

    @pytest.mark.parametrize(
        "other",
        [
            "<script>'_'</script>",
            "<textarea>_</textarea>",
            "<p title='_'>",
            "<p_</p>",  # an element of that name, and what is in it shown
            "<p title='<!--[' x='_'>",
            "<!-- x _ -->",
        ],
    )
    def test_the_double_of_a_comment(self, other: str) -> None:
        comment = "<!--[if mso]><a href=U><![endif]-->"
        double = other.replace("_", comment)
        assert places(found(f"{comment}{double}")) == [comment.index("href")]
        assert places(found(f"{double}{comment}")) in ([], [len(double) + comment.index("href")])

    def test_a_double_of_a_comment_that_another_hides(self) -> None:
        comment = '<!--[if mso]><a href="U"><![endif]-->'
        assert {type(each) for each in found(f"<p{comment}<p title='<!--['>{comment}")} == {UnclearComment}
        assert {type(each) for each in found(f"<p{comment}{comment[:-3]}")} == {UnclearComment}

    def test_a_trial_that_would_cost_too_much(self, monkeypatch: pytest.MonkeyPatch) -> None:
        html = "<!--[if mso]><a href=U><![endif]--><script>'<!-- > -->'</script>"
        assert [type(link) for link in found(html)] == [SourceLink]
        monkeypatch.setattr(conditional_comments, "is_too_complex", lambda *_: True)
        assert [type(link) for link in found(html)] == [UnclearComment]

    def test_a_body_on_which_the_engines_differ(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(conditional_comments, "agree_for_outlook", lambda *_: Reason.TOO_COMPLEX)
        [unclear] = found("<!--[if mso]><a href=U><![endif]-->")
        assert unclear == UnclearComment(len("<!--"), 1)

    def test_more_than_there_is_memory_for(self) -> None:
        links = found("<!--[if mso]><a href=U><![endif]-->" * 510)
        assert [type(link) for link in links] == [SourceLink] * 500 + [UnclearComment] * 10
