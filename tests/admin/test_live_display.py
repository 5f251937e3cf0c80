import io
import re
import sys
from collections.abc import Sequence

import pytest

from admin.live_display import AppendedLines, NoDisplay, RedrawnLines, live_display
from domains.sighting import Line


def test_lines_are_appended_once_and_again_where_they_change(capsys: pytest.CaptureFixture[str]) -> None:
    display = AppendedLines()
    for dns in ("no record", "no record", "t.example.net"):
        display.show([Line("DNS", dns), Line("HTTP", "")], "a footer")
    assert capsys.readouterr().out == "DNS:     no record\nDNS:     t.example.net\n"


class Screen:
    """What a terminal shows of text with the two sequences that are used."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows: list[str] = []

    def write(self, text: str) -> None:
        for up, plain in re.findall(r"\x1b\[(\d+)A\x1b\[J|([^\x1b]+)", text):
            if up:
                self.rows = self.rows[: len(self.rows) - int(up)]
            for row in plain.splitlines():
                assert len(row) < self.columns, "the terminal would wrap it"
                self.rows.append(row)


def drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *shown: Sequence[Line]
) -> list[str]:
    monkeypatch.setenv("COLUMNS", "40")
    display, screen = RedrawnLines(), Screen(40)
    screen.write("$ waypost domain verify\n")
    for lines in shown:
        display.show(lines, "Looking")
        screen.write(capsys.readouterr().out)
    return screen.rows


def test_a_terminal_shows_the_newest_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = drawn(
        monkeypatch,
        capsys,
        [Line("DNS", "no record"), Line("verdict", "pending. " + "No DNS record was found. " * 4)],
        [Line("DNS", "t.example.net"), Line("verdict", "")],
    )
    assert rows == ["$ waypost domain verify", "DNS:     t.example.net", "verdict: …", "Looking"]


def test_a_long_line_is_cut_into_rows_and_redrawn_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long = [Line("DNS", "word " * 30)]
    once, twice = drawn(monkeypatch, capsys, long), drawn(monkeypatch, capsys, [Line("DNS", "x")], long)
    assert once == twice
    assert len(once) > 4


def test_a_stranger_s_words_do_not_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    RedrawnLines().show([Line("HTTP", "evil\x1b[2J\r\nserver")])
    assert capsys.readouterr().out == "HTTP:    evil [2J  server\n"


def test_which_display_fits_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(live_display(), AppendedLines)
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(live_display(), RedrawnLines)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(live_display(), AppendedLines)


def test_programs_see_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    NoDisplay().show([Line("DNS", "no record")])
    assert capsys.readouterr().out == ""
