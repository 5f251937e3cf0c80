import asyncio
import re
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.data_reader import MessageTooLarge, has_only_crlf, read_message, with_crlf

LIMIT = 10_000


def read(*pieces: bytes, limit: int = LIMIT, eof: bool = False) -> tuple[bytes, bytes]:
    """Read a message that comes in these pieces; return it and what is left for the next command."""

    async def feed() -> tuple[bytes, bytes]:
        reader = asyncio.StreamReader()

        async def arrive() -> None:
            for piece in pieces:
                reader.feed_data(piece)
                await asyncio.sleep(0)
            if eof:
                reader.feed_eof()

        arriving = asyncio.create_task(arrive())
        try:
            message = await read_message(reader, limit=limit, patience=5)
        finally:
            await arriving
        reader.feed_eof()
        return message, await reader.read()

    return asyncio.run(feed())


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


def test_beyond_the_limit_nothing_is_kept() -> None:
    async def flood() -> int:
        reader = asyncio.StreamReader()
        reading = asyncio.create_task(read_message(reader, limit=100_000, patience=5))
        tracemalloc.start()
        try:
            for _ in range(1_000):
                reader.feed_data(b"x" * 10_000)
                await asyncio.sleep(0)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            reader.feed_data(b"\r\n.\r\n")
            with pytest.raises(MessageTooLarge):
                await reading

    assert asyncio.run(flood()) < 500_000  # of ten million that came


def test_the_end_is_found_across_pieces_beyond_the_limit() -> None:
    with pytest.raises(MessageTooLarge):
        read(b"x" * 500, b"x\r", b"\n", b".", b"\r", b"\n", limit=100)


def test_a_client_that_hangs_up_sent_no_message() -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        read(b"a\r\n.\r", eof=True)


def test_silence_is_not_waited_out() -> None:
    async def silent() -> None:
        await read_message(asyncio.StreamReader(), limit=LIMIT, patience=0)

    with pytest.raises(TimeoutError):
        asyncio.run(silent())


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


@given(st.binary())
def test_crlf_is_made_once(message: bytes) -> None:
    made = with_crlf(message)
    assert has_only_crlf(made)
    assert with_crlf(made) == made
    assert made.replace(b"\r\n", b"") == message.replace(b"\r", b"").replace(b"\n", b"")
