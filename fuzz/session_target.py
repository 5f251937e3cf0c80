"""What is tried on one input of the session's fuzzer, and the inputs that it starts from."""

from collections.abc import Iterator

from tests.relay.session_invariants import check_session

_BEGIN = b"EHLO x\r\nMAIL FROM:<a@b.ex>\r\nRCPT TO:<c@d.ex>\r\n"
_SAID = (
    _BEGIN + b"DATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n",
    _BEGIN + b'RCPT TO:<"a b"@[192.0.2.1]> NOTIFY=NEVER\r\nDATA\r\nx\n.\r\nx\r\n.\r\n' + _BEGIN,
    b"HELO x\r\nMAIL FROM:<>\r\nRSET\r\nNOOP\r\nVRFY x\r\n",
)


def try_one(said: bytes) -> None:
    """Raises AssertionError where an invariant does not hold."""
    check_session(said)


def seeds() -> Iterator[bytes]:
    """Yield what a client may say, to upstreams of several moods."""
    for mood in (0, 0b101, 0b1001_0110, 0b11_1111):
        for said in _SAID:
            yield bytes((mood, 255)) + said
