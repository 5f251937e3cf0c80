import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.replies import MAX_LINE, Reply, from_upstream


def test_a_reply_is_one_line() -> None:
    assert Reply(250, "2.1.0", "Ok").encode() == b"250 2.1.0 Ok\r\n"


def test_a_reply_without_enhanced_code_has_none() -> None:
    assert Reply(250, "", "Ok").encode() == b"250 Ok\r\n"


@pytest.mark.parametrize(
    ("code", "text", "line"),
    [
        (550, "5.1.1 no such user", "550 5.1.1 no such user"),
        (550, "no such user", "550 no such user"),
        (550, "5.1.1 first\n5.1.1 second", "550 5.1.1 first second"),
        (550, "5.1.1 first\nsecond", "550 5.1.1 first second"),
        (250, "5.1.1 contradicts", "250 5.1.1 contradicts"),
        (250, "", "250"),
        (250, "2.0.0", "250 2.0.0"),
        (250, "2.0.0–queued", "250 2.0.0?queued"),
        (250, "2.0.0 Ok – queued", "250 2.0.0 Ok ? queued"),
        (250, "2.0.0 a\r\n250 b", "250 2.0.0 a 250 b"),
        (450, "4.2.0 \x00\x1b[31mred", "450 4.2.0 ?[31mred"),
        (450, "4.2.0 \udce9", "450 4.2.0 ?"),
    ],
)
def test_what_the_upstream_says_becomes_one_clean_line(code: int, text: str, line: str) -> None:
    assert from_upstream(code, text).line() == line


@pytest.mark.parametrize("code", [-1, 0, 25, 100, 199, 600, 999])
def test_a_code_that_is_none_is_refused(code: int) -> None:
    with pytest.raises(ValueError, match="reply code"):
        from_upstream(code, "whatever")


@given(st.integers(200, 599), st.text())
def test_every_reply_is_a_line_that_smtp_can_carry(code: int, text: str) -> None:
    for reply in (from_upstream(code, text), from_upstream(code, text).with_id("0" * 24)):
        line = reply.encode()
        assert len(line) <= MAX_LINE
        assert line.startswith(str(code).encode())
        assert line.endswith(b"\r\n")
        assert all(32 <= byte < 127 for byte in line[:-2])


@given(st.integers(200, 599), st.text(min_size=500))
def test_the_id_is_there_however_long_the_text(code: int, text: str) -> None:
    assert from_upstream(code, text).with_id("0" * 24).line().endswith(" waypost=" + "0" * 24)


def test_the_id_comes_last() -> None:
    assert Reply(250, "2.0.0", "Ok").with_id("abc").line() == "250 2.0.0 Ok waypost=abc"


def test_classes() -> None:
    assert Reply(252, "", "").accepted
    assert not Reply(354, "", "").accepted
    assert Reply(554, "", "").permanent
    assert not Reply(451, "", "").permanent
