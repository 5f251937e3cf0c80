from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.relay.session_invariants import check_session

LINES = [
    *(b"EHLO x\r\n", b"HELO x\r\n", b"MAIL FROM:<a@b.example>\r\n", b"MAIL FROM:<> SIZE=9999\r\n"),
    *(b"MAIL FROM:<a@b.example> BODY=8BITMIME SMTPUTF8 RET=HDRS\r\n", b"RCPT TO:<c@d.example>\r\n"),
    *(b"RCPT TO:<@x,@y:c@d.example> NOTIFY=NEVER\r\n", b'RCPT TO:<"a b"@d.example>\r\n', b"DATA\r\n"),
    *(b"RSET\r\n", b"NOOP\r\n", b"QUIT\r\n", b"STARTTLS\r\n", b".\r\n", b"\r\n.\r\n", b"x\r\n", b"\r\n"),
    *(
        b"Subject: x\r\n\r\nhello\r\n.\r\n",
        b"x" * 3_000,
        b"\n",
        b"\r",
        b"\0",
        b".",
        b"\xff",
        b"<",
        b"PROXY x\r\n",
    ),
]
WHOLE = b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nx\r\n.\r\n"


@given(
    st.integers(0, 255),
    st.integers(1, 255),
    st.lists(st.one_of(st.sampled_from(LINES), st.binary(max_size=6), st.just(WHOLE)), max_size=14),
)
@example(0, 255, [WHOLE, WHOLE])
@settings(max_examples=300)
def test_whatever_a_client_says(mood: int, step: int, said: list[bytes]) -> None:
    check_session(bytes((mood, step)) + b"".join(said))


def test_a_whole_message_is_really_taken() -> None:
    assert len(check_session(b"\0\xff" + WHOLE + WHOLE).taken) == 2
