import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tracker.asking import CLICK_PATH, CLICK_TEXT, Asking, read_answer
from tracker.request import MAX_HEAD_BYTES, MAX_HEADERS, MAX_PURPOSE, MAX_USER_AGENT, Refused, read_request

HOST = (b"host", b"track.example.com")


def status(*headers: tuple[bytes, bytes], http_version: str = "1.1") -> int:
    return Asking()(CLICK_PATH, headers=headers, http_version=http_version).status


def test_exactly_one_host() -> None:
    assert status(HOST) == 302
    assert status() == 400
    assert status(HOST, HOST) == 400
    assert status(http_version="1.0") == 302
    assert status(HOST, HOST, http_version="1.0") == 400


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b" ",
        b"a b",
        b"a,b",
        b"user@track.example.com",
        b"track.example.com/path",
        b"track.example.com:port",
        b"track.example.com:123456",
        b"\xc3\xa9.example",
        b"<script>",
        b"[::1",
        b"[evil]",
        b"a" * 254,
    ],
)
def test_hosts_that_are_none_are_refused(host: bytes) -> None:
    assert status((b"host", host)) == 400


def test_heads_are_limited_in_size_and_number() -> None:
    room = MAX_HEAD_BYTES - len(CLICK_PATH) - sum(map(len, HOST)) - 1
    assert status(HOST, (b"x", b"a" * room)) == 302
    assert status(HOST, (b"x", b"a" * (room + 1))) == 431
    assert status(HOST, *[(b"x", b"a")] * (MAX_HEADERS - 1)) == 302
    assert status(HOST, *[(b"x", b"a")] * MAX_HEADERS) == 431


def user_agent(*values: bytes) -> str:
    ask = Asking()
    ask(CLICK_PATH, headers=[HOST, *((b"user-agent", value) for value in values)])
    return ask.hits[0].user_agent


def test_user_agent_is_kept_cut_and_made_harmless() -> None:
    assert user_agent() == ""
    assert user_agent(b"Mozilla/5.0 (X11)") == "Mozilla/5.0 (X11)"
    assert user_agent(b"first", b"second") == "first"
    assert user_agent("Mail für dich".encode()) == "Mail für dich"
    assert user_agent(b"a" * 1000) == "a" * MAX_USER_AGENT
    assert user_agent(b"a\x1b[2J\xc2\x9b31m\xffb\t") == "a\ufffd[2J\ufffd31m\ufffdb\ufffd"


@pytest.mark.parametrize("name", [b"sec-purpose", b"purpose", b"x-purpose", b"x-moz"])
def test_what_fetches_ahead_is_written_down(name: bytes) -> None:
    ask = Asking()
    ask(CLICK_PATH, headers=[HOST, (name, b"prefetch;" + b"\x1b" * 100)])
    ask(CLICK_PATH, headers=[HOST, (b"x-purposes", b"prefetch")])
    assert [hit.purpose for hit in ask.hits] == [("prefetch;" + "\ufffd" * 100)[:MAX_PURPOSE], ""]


def test_requests_do_not_show_their_token() -> None:
    scope = {
        "method": "GET",
        "http_version": "1.1",
        "raw_path": CLICK_PATH.encode(),
        "query_string": b"",
        "headers": [HOST],
        "client": None,
    }
    assert CLICK_TEXT not in repr(read_request(scope, ()))


@given(st.lists(st.tuples(st.sampled_from([b"host", b"user-agent", b"content-length", b"x"]), st.binary())))
def test_headers_are_read_or_refused(headers: list[tuple[bytes, bytes]]) -> None:
    scope = {
        "method": "GET",
        "http_version": "1.1",
        "raw_path": b"/",
        "query_string": b"",
        "headers": headers,
        "client": ("203.0.113.9", 1),
    }
    try:
        request = read_request(scope, ())
    except Refused as refused:
        status = read_answer(refused.response.message()).status
    else:
        status = 200
        assert request.user_agent.isprintable()
        assert request.host.isascii()
    assert status in (200, 400, 431)
