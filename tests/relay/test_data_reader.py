import asyncio
import re
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import data_reader
from relay.data_reader import Message, MessageTooLarge, NoRoom, has_only_crlf, read_message, with_crlf

LIMIT = 10_000


class Pieces:
    """A client that says these pieces, then hangs up."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    async def read_piece(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def give_back(self, rest: bytes) -> None:
        self._pieces.insert(0, rest)

    @property
    def left(self) -> bytes:
        return b"".join(self._pieces)


def read_all(*pieces: bytes, limit: int = LIMIT, room: int = 1_000_000) -> tuple[Message, bytes]:
    """Read a message that comes in these pieces; return it and what is left for the next command."""
    source = Pieces(*filter(None, pieces))
    message = asyncio.run(read_message(source, limit=limit, reserve=lambda size: size <= room))
    return message, source.left


def read(*pieces: bytes, limit: int = LIMIT) -> tuple[bytes, bytes]:
    message, rest = read_all(*pieces, limit=limit)
    return message.content, rest


def test_the_final_dot_is_not_part_of_it() -> None:
    assert read(b"a\r\nb\r\n.\r\n") == (b"a\r\nb\r\n", b"")


def test_an_empty_message() -> None:
    assert read(b".\r\n") == (b"", b"")
    assert read(b"\r\n.\r\n") == (b"\r\n", b"")


def test_dots_are_unstuffed_at_line_starts_only() -> None:
    assert read(b"..a\r\n...\r\nb..c\r\n.d\r\n.\r\n")[0] == b".a\r\n..\r\nb..c\r\nd\r\n"


def test_what_is_pipelined_behind_stays() -> None:
    assert read(b"a\r\n.\r\nMAIL FROM:<x@y>\r\nRCPT") == (b"a\r\n", b"MAIL FROM:<x@y>\r\nRCPT")


# https://sec-consult.com/blog/detail/smtp-smuggling-spoofing-e-mails-worldwide/
@pytest.mark.parametrize(
    "fake",
    [
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r",
        b"\r.\r\n",
        b"\r\n.\r",
        b"\n.\r",
        b"\r\n\x00.\r\n",
        b"\r\n.\x00\r\n",
        b"\r\r\n.\r\r\n",
    ],
)
def test_a_fake_end_does_not_end_it(fake: bytes) -> None:
    message, rest = read(b"before" + fake + b"MAIL FROM:<evil@x>\r\n.\r\n")
    assert rest == b""
    assert message.startswith(b"before")
    assert message.endswith(b"MAIL FROM:<evil@x>\r\n")
    assert has_only_crlf(message)


def test_lone_line_endings_become_crlf() -> None:
    assert read(b"a\nb\rc\r\nd\n\re\r\r\n.\r\n")[0] == b"a\r\nb\r\nc\r\nd\r\n\r\ne\r\n\r\n"


def test_other_bytes_stay() -> None:
    body = bytes(byte for byte in range(256) if byte not in b"\r\n")
    assert read(b"x" + body + b"\r\n.\r\n")[0] == b"x" + body + b"\r\n"


def test_long_lines_stay() -> None:
    line = b"x" * 9_000
    assert read(line + b"\r\n.\r\n")[0] == line + b"\r\n"


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT * 2, LIMIT * 50])
def test_too_much_is_read_to_its_end_and_dropped(size: int) -> None:
    with pytest.raises(MessageTooLarge):
        read(b"x" * (size - 2) + b"\r\n.\r\n")


def test_as_much_as_the_limit_is_taken_however_much_is_stuffed() -> None:
    message = b".\r\n" * (LIMIT // 3)
    stuffed = b"..\r\n" * (LIMIT // 3) + b".\r\n"
    assert read(stuffed, limit=len(message))[0] == message
    with pytest.raises(MessageTooLarge):
        read(stuffed, limit=len(message) - 1)


class Flood:
    """Ten million octets in pieces, and the end; `peak` is what they cost at most."""

    def __init__(self) -> None:
        self.sent = self.peak = 0

    async def read_piece(self) -> bytes:
        self.peak = max(self.peak, tracemalloc.get_traced_memory()[1])
        self.sent += 1
        return b"x" * 10_000 if self.sent <= 1_000 else b"\r\n.\r\n"

    def give_back(self, rest: bytes) -> None:
        assert rest == b""


@pytest.mark.parametrize(("limit", "room", "error"), [(100_000, 10**9, MessageTooLarge), (10**9, 0, NoRoom)])
def test_beyond_the_limit_nothing_is_kept(limit: int, room: int, error: type[Exception]) -> None:
    flood = Flood()
    tracemalloc.start()
    try:
        with pytest.raises(error):
            asyncio.run(read_message(flood, limit=limit, reserve=lambda size: size <= room))
    finally:
        tracemalloc.stop()
    assert flood.peak < 500_000


def test_where_there_is_no_room_it_is_read_to_its_end() -> None:
    source = Pieces(b"x" * 50, b"y\r\n.", b"\r\nQUIT\r\n")
    with pytest.raises(NoRoom):
        asyncio.run(read_message(source, limit=LIMIT, reserve=lambda size: size < 50))
    assert source.left == b"QUIT\r\n"


def test_room_is_asked_for_as_it_comes() -> None:
    sizes: list[int] = []
    source = Pieces(b"a" * 10, b"b" * 10, b"\r\n.\r\n")
    asyncio.run(read_message(source, limit=LIMIT, reserve=lambda size: sizes.append(size) is None))
    assert sizes == [10, 20, 22]


@pytest.mark.parametrize("body", [b"a\r\n", b"a\r\n.\r\n"])
def test_what_is_clean_is_said_to_be(body: bytes) -> None:
    message, _ = read_all(body.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    assert (message.bare_newlines, message.nul) == (False, False)


@pytest.mark.parametrize("bare", [b"\n", b"\r", b"\n\r", b"\r\r\n"])
def test_a_bare_newline_is_told(bare: bytes) -> None:
    assert read_all(b"a" + bare + b"b\r\n.\r\n")[0].bare_newlines


def test_a_nul_is_told() -> None:
    assert read_all(b"a\0b\r\n.\r\n")[0].nul


def test_the_end_is_found_across_pieces_beyond_the_limit() -> None:
    with pytest.raises(MessageTooLarge):
        read(b"x" * 500, b"x\r", b"\n", b".", b"\r", b"\n", limit=100)


def test_a_client_that_hangs_up_sent_no_message() -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        read(b"a\r\n.\r")


pieces_of_mail = st.lists(
    st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"a", b"\r\n.", b"\x00"]), max_size=30
)


def cut(whole: bytes, places: list[int]) -> list[bytes]:
    marks = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[start:end] for start, end in pairwise(marks)]


@given(pieces_of_mail, st.lists(st.integers(0, 1000), max_size=8))
def test_how_it_is_cut_into_pieces_does_not_matter(parts: list[bytes], places: list[int]) -> None:
    whole = b"".join(parts) + b"\r\n.\r\nQUIT\r\n"
    assert read(*cut(whole, places)) == read(whole)


@given(pieces_of_mail)
def test_it_agrees_with_reading_line_by_line(parts: list[bytes]) -> None:
    whole = b"".join(parts) + b"\r\n.\r\n"
    lines: list[bytes] = []
    for line in whole.split(b"\r\n"):
        if line == b".":
            break
        lines.append(line.removeprefix(b"."))
    expected = re.sub(rb"\r\n|\r|\n", b"\r\n", b"".join(line + b"\r\n" for line in lines))
    assert read(whole)[0] == expected


@given(st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b"a"]), max_size=12), st.integers(1, 6))
def test_how_far_one_step_goes_does_not_matter(parts: list[bytes], step: int) -> None:
    message = b"".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data_reader, "_STEP", step)
        assert has_only_crlf(message) is (re.search(rb"\r(?!\n)|(?<!\r)\n", message) is None)


@given(st.binary())
def test_crlf_is_made_once(message: bytes) -> None:
    made = with_crlf(message)
    assert has_only_crlf(made)
    assert with_crlf(made) == made
    assert made.replace(b"\r\n", b"") == message.replace(b"\r", b"").replace(b"\n", b"")
