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


class TestFinds:
    @pytest.mark.parametrize("name", ["a", "area", "v:rect", "v:roundrect", "V:Shape"])
    def test_what_can_be_clicked(self, name: str) -> None:
        assert sources(f'<p><!--[if mso]><{name} x href="U"><![endif]--></p>') == ['href="U"']

    @pytest.mark.parametrize(
        "condition", ["[if mso]", "[if gte mso 9]", "[if (gte mso 9)|(IE)]", "[IF !mso]", "[if\tIE]"]
    )
    def test_every_condition(self, condition: str) -> None:
        assert sources(f"<!--{condition}><a href=U><![ENDIF]-->") == ["href=U"]

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

    def test_a_comment_whose_double_is_none(self) -> None:
        comment = "<!--[if mso]><a href=U><![endif]-->"
        unclear = found(f"<p>\n{comment}<script>'{comment}'</script>")
        assert [(type(each), each.line) for each in unclear] == [(UnclearComment, 2)] * 2

    def test_any_comment_beside_one_that_is_none(self) -> None:
        comment = "<!--[if mso]><a href={}><![endif]-->"
        unclear = found(comment.format("U") + "<h" + comment.format("V"))
        assert [type(each) for each in unclear] == [UnclearComment] * 2

    def test_a_body_on_which_the_engines_differ(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(conditional_comments, "agree_for_outlook", lambda *_: Reason.TOO_COMPLEX)
        [unclear] = found("<!--[if mso]><a href=U><![endif]-->")
        assert unclear == UnclearComment(0, 1)

    def test_more_than_there_is_memory_for(self) -> None:
        links = found("<!--[if mso]><a href=U><![endif]-->" * 510)
        assert [type(link) for link in links] == [SourceLink] * 500 + [UnclearComment] * 10
