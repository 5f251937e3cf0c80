"""The parser on ClientHellos that OpenSSL makes, that are built by hand, and that nobody would send."""

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tracker.tls.hello_invariants import check_hello
from tracker.tls.alerts import Alert, Refused
from tracker.tls.client_hello import ClientHello, Incomplete, NotTls, parse_client_hello

HOST = "click.shop.example"


def vector(size: int, *content: bytes) -> bytes:
    joined = b"".join(content)
    return len(joined).to_bytes(size, "big") + joined


def extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2, "big") + vector(2, content)


def server_name(*names: bytes, kind: int = 0) -> bytes:
    return extension(0, vector(2, *(bytes((kind,)) + vector(2, name) for name in names)))


def alpn(*protocols: bytes) -> bytes:
    return extension(16, vector(2, *(vector(1, protocol) for protocol in protocols)))


def message(*extensions: bytes, version: int = 0x0303, tail: bytes = b"", bare: bool = False) -> bytes:
    fields = (
        version.to_bytes(2, "big") + bytes(32) + vector(1, bytes(32)) + vector(2, b"\x13\x01") + b"\x01\0"
    )
    return b"\x01" + vector(3, fields if bare else fields + vector(2, *extensions) + tail)


def records(handshake: bytes, *, size: int = 2**14) -> bytes:
    pieces = [handshake[at : at + size] for at in range(0, len(handshake), size)]
    return b"".join(b"\x16\x03\x01" + vector(2, piece) for piece in pieces)


def hello(*extensions: bytes) -> bytes:
    return records(message(*extensions))


def of_openssl(host: str | None, *protocols: str) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if protocols:
        context.set_alpn_protocols(protocols)
    outgoing = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=host).do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("host", [HOST, "xn--bcher-kva.example", "localhost", None])
@pytest.mark.parametrize("protocols", [(), ("h2", "http/1.1")])
def test_what_openssl_sends(host: str | None, protocols: tuple[str, ...]) -> None:
    wanted = ClientHello(server_name=host, protocols=tuple(one.encode() for one in protocols))
    assert parse_client_hello(of_openssl(host, *protocols)) == wanted


@pytest.mark.parametrize(
    ("sent", "server_name_", "protocols"),
    [
        (hello(server_name(b"Click.Shop.Example")), HOST, ()),
        (hello(server_name(b"click.shop.example.")), HOST, ()),
        (hello(server_name(b"under_score.example")), "under_score.example", ()),
        (hello(), None, ()),
        (records(message(bare=True)), None, ()),  # before extensions
        (hello(alpn(b"h2")), None, (b"h2",)),
        (
            hello(extension(0x0A0A, b""), server_name(b"a.example"), extension(21, bytes(3000))),
            "a.example",
            (),
        ),
        (hello(server_name(b"a.example")) + b"\x17\x03\x03\x00\x05early", "a.example", ()),
    ],
)
def test_what_is_read(sent: bytes, server_name_: str | None, protocols: tuple[bytes, ...]) -> None:
    assert parse_client_hello(sent) == ClientHello(server_name=server_name_, protocols=protocols)


@pytest.mark.parametrize(
    ("sent", "alert"),
    [
        (hello(server_name(b"a.example"), server_name(b"a.example")), Alert.ILLEGAL_PARAMETER),
        (hello(server_name(b"a.example", b"b.example")), Alert.ILLEGAL_PARAMETER),
        (hello(server_name()), Alert.DECODE_ERROR),
        (hello(server_name(b"a.example", kind=1)), Alert.DECODE_ERROR),
        (hello(extension(0, b"")), Alert.DECODE_ERROR),
        (hello(extension(0, vector(2, b"\0" + vector(2, b"a")) + b"x")), Alert.DECODE_ERROR),
        (hello(server_name(b"")), Alert.UNRECOGNIZED_NAME),
        (hello(server_name(b"a" * 254)), Alert.UNRECOGNIZED_NAME),
        (hello(server_name("bücher.example".encode())), Alert.UNRECOGNIZED_NAME),
        (hello(server_name(b"a.example\0.b.example")), Alert.UNRECOGNIZED_NAME),
        (hello(server_name(b"2001:db8::1")), Alert.UNRECOGNIZED_NAME),
        (hello(alpn()), Alert.DECODE_ERROR),
        (hello(alpn(b"")), Alert.DECODE_ERROR),
        (hello(extension(16, vector(2, vector(1, b"h2")) + b"x")), Alert.DECODE_ERROR),
        (hello(b"\0"), Alert.DECODE_ERROR),
        (records(message(tail=b"x")), Alert.DECODE_ERROR),
        (records(b"\x01" + vector(3, b"\x03\x03")), Alert.DECODE_ERROR),
        (records(message(version=0x0302)), Alert.PROTOCOL_VERSION),
        (records(b"\x02\0\0\0"), Alert.UNEXPECTED_MESSAGE),
        (records(message())[:10] + b"", None),
        (records(message(), size=10)[:15] + b"\x17\x03\x03\x00\x01x", Alert.UNEXPECTED_MESSAGE),
        (records(message(), size=1)[: 6 * 64], Alert.ILLEGAL_PARAMETER),
        (records(b"\x01\x00\x40\x00"), Alert.ILLEGAL_PARAMETER),
        (b"\x16\x03\x01\x40\x00\x01", Alert.ILLEGAL_PARAMETER),
        (b"\x16\x03\x01\x40\x00" + message(), Alert.ILLEGAL_PARAMETER),  # whole, and more to come
        (b"\x16\x03\x01\x40\x01", Alert.RECORD_OVERFLOW),
        (b"\x16\x03\x01\x00\x00", Alert.DECODE_ERROR),
        (b"\x16\x04", Alert.PROTOCOL_VERSION),
        (b"\x80\x2e\x01\x00\x02", Alert.PROTOCOL_VERSION),
    ],
)
def test_what_is_refused(sent: bytes, alert: Alert | None) -> None:
    if alert is None:
        assert isinstance(parse_client_hello(sent), Incomplete)
        return
    with pytest.raises(Refused) as refused:
        parse_client_hello(sent)
    assert refused.value.alert is alert


@pytest.mark.parametrize(
    "sent", [b"G", b"GET / HTTP/1.1\r\n", b"\r\n\r\n\0\r\nQUIT\n", b"\0", b"\x17\x03\x03"]
)
def test_another_protocol(sent: bytes) -> None:
    with pytest.raises(NotTls):
        parse_client_hello(sent)


def test_the_alert_as_openssl_reads_it() -> None:
    incoming = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, ssl.MemoryBIO(), server_hostname=HOST)
    incoming.write(Alert.UNRECOGNIZED_NAME.record())
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        client.do_handshake()


whole = st.builds(
    lambda host, size, protocols: records(
        message(*(one for one in (server_name(host), alpn(*protocols) if protocols else b"") if one)),
        size=size,
    ),
    st.from_regex(rb"\A[a-z0-9._-]{1,60}\Z"),
    st.integers(8, 500),
    st.lists(st.binary(min_size=1, max_size=10), max_size=3),
)


@given(whole, st.integers(0, 1000))
def test_a_part_says_how_much_is_needed_and_never_too_much(sent: bytes, length: int) -> None:
    part = sent[:length]
    parsed = parse_client_hello(part)
    if len(part) == len(sent):
        assert isinstance(parsed, ClientHello)
    else:
        assert isinstance(parsed, Incomplete)
        assert len(part) < parsed.needed <= len(sent)


@given(whole)
def test_records_change_nothing(sent: bytes) -> None:
    joined, position = b"", 0
    while position < len(sent):
        length = int.from_bytes(sent[position + 3 : position + 5], "big")
        joined += sent[position + 5 : position + 5 + length]
        position += 5 + length
    assert parse_client_hello(sent) == parse_client_hello(records(joined))


@given(
    st.binary(max_size=400) | whole,
    st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=4)), max_size=5),
)
def test_whatever_comes_ends_in_one_of_four_ways(sent: bytes, changes: list[tuple[int, bytes]]) -> None:
    for position, new in changes:
        sent = sent[:position] + new + sent[position + 1 :]
    check_hello(sent)
