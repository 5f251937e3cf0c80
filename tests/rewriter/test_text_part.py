import pytest

from rewriter.part_edits import LineLimit
from rewriter.policy import Limits, Policy
from rewriter.report import Reason
from tests.rewriter.fake_links import BASE
from tests.rewriter.parts import TEXT, edited_html, edited_text, tracked

URL = "https://e/A_(b)"


class TestTracks:
    @pytest.mark.parametrize(
        "text",
        [
            "U",
            "See U.",
            "(U).",
            "<U>",
            "<U>.",
            "[x](U)",
            "[U]",
            "*U*",
            'say "U"',
            "'U',",
            "U\r\nU",
            "U!? or U;",
            "> quoted\r\nU",
            "a > U",
            "<url:U>",
            "日本 U 日本",
        ],
    )
    def test_the_url_and_nothing_else(self, text: str) -> None:
        edited = edited_text(text.replace("U", URL))
        assert edited.output.decode() == text.replace("U", tracked(1, URL).decode())

    @pytest.mark.parametrize(
        ("text", "url"),
        [
            ("https://e/a).", "https://e/a"),
            ("https://e/(a))]", "https://e/(a)"),
            ("https://e/[a]", "https://e/[a]"),
            ("HTTP://E/x...", "HTTP://E/x"),
            ("https://e/?u=https://f/", "https://e/?u=https://f/"),
            ("<https://e/a.>", "https://e/a."),
            ("https://e/a_", "https://e/a_"),
        ],
    )
    def test_what_belongs_to_it(self, text: str, url: str) -> None:
        edited = edited_text(text)
        assert edited.output == text.encode().replace(url.encode(), tracked(1, url))
        assert edited.output.decode() == text.replace(url, tracked(1, url).decode())

    def test_at_the_end_of_a_flowed_line_that_keeps_its_space(self) -> None:
        assert edited_text("https://e/ \r\nx", flowed=True).reasons == [None]
        assert edited_text("https://e/ \r\nx", delsp=True).reasons == [None]

    def test_inside_a_flowed_line(self) -> None:
        assert edited_text("https://e/ x \r\ny", flowed=True, delsp=True).reasons == [None]

    def test_beside_japanese_bytes(self) -> None:
        text = "あ https://e/ ぜ"
        edited = edited_text(text, charset="iso-2022-jp")
        assert edited.output == text.encode("iso-2022-jp").replace(b"https://e/", tracked(1, "https://e/"))

    def test_lines_are_reported(self) -> None:
        edited = edited_text("x\r\n\r\nhttps://e/ https://f/\r\nhttps://g/")
        assert [(link.part, link.line, link.number) for link in edited.part.links] == [
            ("1", 3, 1),
            ("1", 3, 2),
            ("1", 4, 3),
        ]


class TestLeavesAlone:
    @pytest.mark.parametrize(
        ("text", "reasons"),
        [
            ("> https://e/", []),
            (" >> https://e/", []),
            ("xhttps://e/", []),
            ("www.e.example ftp://e/ mailto:a@e", []),
            ("https://", []),
            ("https://.", [Reason.NOT_ABSOLUTE]),
            ("https://e/{{id}}", [Reason.PLACEHOLDER]),
            ("https://e/[[id]]", [Reason.PLACEHOLDER]),
            ("https://a@e/", [Reason.UNUSUAL_ADDRESS]),
            (f"{BASE}/c/1.", [Reason.ALREADY_TRACKED]),
            ("<https://e/lo\r\nng>", [Reason.UNCLEAR_END]),
            ("<https://e/a b>", [Reason.UNCLEAR_END]),
            ("https://e/é", [Reason.UNCLEAR_END]),
            ("見https://e/。次", [Reason.UNCLEAR_END]),
            ("https://e/[[data-msys-clicktrack", [Reason.UNCLEAR_END]),
            ('https://e/[[data-msys-clicktrack="0"]]x', [Reason.UNCLEAR_END]),
        ],
    )
    def test_for_a_reason(self, text: str, reasons: list[Reason]) -> None:
        edited = edited_text(text)
        assert edited.output == text.encode()
        assert edited.reasons == reasons

    @pytest.mark.parametrize("ending", ["\r\n", "\n"])
    def test_a_url_that_delsp_may_join_to_the_next_line(self, ending: str) -> None:
        text = f"https://e/ {ending}x"
        edited = edited_text(text, flowed=True, delsp=True)
        assert edited.output == text.encode()
        assert edited.reasons == [Reason.UNCLEAR_END]

    def test_a_url_that_runs_into_japanese_bytes(self) -> None:
        assert edited_text("https://e/あ", charset="iso-2022-jp").reasons == [Reason.UNCLEAR_END]

    @pytest.mark.parametrize(
        ("policy", "reason"),
        [
            (Policy(), Reason.TEXT_OFF),
            (Policy(text=True, clicks=False), Reason.TEXT_OFF),
            (Policy(text=True, limits=Limits(text_size=5)), Reason.PART_TOO_LARGE),
        ],
    )
    def test_the_whole_part(self, policy: Policy, reason: Reason) -> None:
        edited = edited_text('https://e/[[data-msys-clicktrack="0"]]', policy)
        assert edited.part.reason is reason
        assert edited.part.edits == ()

    def test_the_whole_part_where_escapes_are_unclear(self) -> None:
        assert edited_text(b"\x1b$B https://e/", charset="iso-2022-jp").part.reason is Reason.UNCLEAR_ESCAPES

    def test_a_line_that_would_be_too_long(self) -> None:
        text = f"{'x' * 60} https://e/\r\nhttps://f/\r\n"
        edited = edited_text(text, lines=LineLimit(b"\r\n", 80))
        assert edited.reasons == [Reason.LINE_TOO_LONG, None]
        assert edited.output == text.encode().replace(b"https://f/", tracked(2, "https://f/"))


class TestOptOuts:
    @pytest.mark.parametrize("mark", ['[[data-msys-clicktrack="0"]]', "[[data-msys-clicktrack='0']]"])
    @pytest.mark.parametrize("text", ["See https://e/._ now", "<https://e/_>", "https://e/_."])
    def test_by_a_mark_that_goes(self, text: str, mark: str) -> None:
        edited = edited_text(text.replace("_", mark))
        assert edited.output.decode() == text.replace("_", "")
        assert edited.reasons == [Reason.OPTED_OUT]

    def test_hold_once_since_the_mark_is_gone_then(self) -> None:
        once = edited_text('https://e/[[data-msys-clicktrack="0"]]').output
        assert edited_text(once).reasons == [None]

    def test_are_not_what_other_marks_say(self) -> None:
        edited = edited_text('https://e/[[data-msys-sublink="x"]][[data-msys-clicktrack="1"]]')
        assert edited.output == tracked(1, "https://e/")

    def test_in_html_hold_for_the_text(self) -> None:
        html = edited_html('<a href="https://e/" data-waypost=off>x</a>', TEXT)
        edited = edited_text("https://e/ https://f/", table=html.table)
        assert edited.reasons == [Reason.OPTED_OUT, None]
