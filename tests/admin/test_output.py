import pytest

from admin.output import print_table, say

# Clears the screen, by ESC and by the one-character CSI.
HOSTILE = "https://e.ex/\x1b[2J\x9b2J"


def test_sentences_hold_no_control_character(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"-a\tb\n+{HOSTILE}")
    assert capsys.readouterr().out == "-a\tb\n+https://e.ex/ [2J 2J\n"


def test_cells_hold_no_control_character_and_no_tab(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["URL"], [[f"{HOSTILE}\t\n"]])
    assert capsys.readouterr().out == "URL\nhttps://e.ex/ [2J 2J  \n"
