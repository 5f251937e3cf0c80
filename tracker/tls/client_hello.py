"""Reads what a client wants from the first octets of a TLS connection: a pure function on bytes.

RFC 8446 sections 4.1.2 (ClientHello) and 5.1 (records), RFC 6066 section 3 (server_name), RFC 7301 section
3.1 (ALPN). OpenSSL reads the same octets again and judges all the rest.
"""

import re
from dataclasses import dataclass

from tracker.tls.alerts import Alert, Refused

# In all, record headers too. Browsers with post-quantum key shares send 2 KiB; GREASE and padding add little.
MAX_BYTES = 16 * 1024

# Some clients cut the name in two, to get it past whoever watches. More pieces are work made on purpose: all
# are read again with each that comes.
_MAX_RECORDS = 64

_HANDSHAKE = 22  # type of a record
_CLIENT_HELLO = 1  # type of a handshake message
_TLS_1_2 = b"\x03\x03"
_MAX_FRAGMENT = 2**14
_SERVER_NAME, _ALPN = 0, 16  # extensions
_HOST_NAME = 0  # type of a server name

# Never an address (RFC 6066 section 3), a name in Unicode or with a final dot; names with underscores exist.
_HOST = re.compile(rb"[A-Za-z0-9._-]{1,253}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHello:
    """Of all that it says, what chooses a certificate."""

    server_name: str | None  # lower case; None where the client names none
    protocols: tuple[bytes, ...]  # ALPN; () where it offers none


@dataclass(frozen=True, slots=True)
class Incomplete:
    """More must come; it is not worth looking again before `needed` octets are there in all."""

    needed: int


class NotTls(Exception):
    """It is another protocol."""


def parse_client_hello(data: bytes) -> ClientHello | Incomplete:
    """Return what the first flight of a client says.

    `data` is all that came so far, at most MAX_BYTES. Raises NotTls, and Refused with the alert to send.
    """
    message = b""
    position = 0
    for _ in range(_MAX_RECORDS):
        length = _fragment_length(data, position)
        needed = position + 5 + (length or 0)
        if needed > MAX_BYTES:
            raise Refused(Alert.ILLEGAL_PARAMETER, "the ClientHello is too long")
        message += data[position + 5 : needed]
        size = _message_size(message)
        if size is not None and len(message) >= size:
            return _client_hello(message[4:size])
        if len(data) < needed or length is None:
            return Incomplete(needed)
        position = needed
    raise Refused(Alert.ILLEGAL_PARAMETER, "the ClientHello is in too many pieces")


def _fragment_length(data: bytes, position: int) -> int | None:
    """Return the length that the record there says it has, None where its header is not there yet."""
    header = data[position : position + 5]
    if header and header[0] != _HANDSHAKE:
        if position:
            raise Refused(Alert.UNEXPECTED_MESSAGE, f"a record of type {header[0]}")
        if header[0] & 0x80:  # RFC 8446 appendix D.5: never negotiated
            raise Refused(Alert.PROTOCOL_VERSION, "a ClientHello of SSL 2.0, or none")
        raise NotTls
    if header[1:2] not in (b"", b"\x03"):
        raise Refused(Alert.PROTOCOL_VERSION, f"record of version {header[1]}")
    if len(header) < 5:
        return None
    length = int.from_bytes(header[3:])
    if not length:  # RFC 8446 section 5.1: no empty fragments of handshake messages
        raise Refused(Alert.DECODE_ERROR, "an empty record")
    if length > _MAX_FRAGMENT:
        raise Refused(Alert.RECORD_OVERFLOW, f"a record of {length} octets")
    return length


def _message_size(message: bytes) -> int | None:
    """Return how long the handshake message is, its header too; None where that is not there yet."""
    if message and message[0] != _CLIENT_HELLO:
        raise Refused(Alert.UNEXPECTED_MESSAGE, f"a handshake message of type {message[0]}")
    if len(message) < 4:
        return None
    size = 4 + int.from_bytes(message[1:4])
    if size > MAX_BYTES:
        raise Refused(Alert.ILLEGAL_PARAMETER, "the ClientHello is too long")
    return size


def _client_hello(body: bytes) -> ClientHello:
    # RFC 8446 section 4.2.1: clients that know more than TLS 1.2 still say that they speak it. uvloop would
    # close the connection to older ones without OpenSSL's alert, and they would try again.
    if body[:2] < _TLS_1_2:
        raise Refused(Alert.PROTOCOL_VERSION, "it speaks at most TLS 1.1")
    _, position = _vector(body, 2 + 32, 1)  # behind legacy_version and random: legacy_session_id
    _, position = _vector(body, position, 2)  # cipher_suites
    _, position = _vector(body, position, 1)  # legacy_compression_methods
    if position == len(body):  # before TLS 1.3 a ClientHello may end here
        return ClientHello(server_name=None, protocols=())
    extensions = _extensions(_only_vector(body[position:], 2))
    server_name, alpn = extensions.get(_SERVER_NAME), extensions.get(_ALPN)
    return ClientHello(
        server_name=None if server_name is None else _host(_only_vector(server_name, 2)),
        protocols=() if alpn is None else _protocols(_only_vector(alpn, 2)),
    )


def _extensions(data: bytes) -> dict[int, bytes]:
    """RFC 8446 section 4.2: no more than one of a type."""
    extensions: dict[int, bytes] = {}
    position = 0
    while position < len(data):
        kind = int.from_bytes(data[position : position + 2])
        if kind in extensions:
            raise Refused(Alert.ILLEGAL_PARAMETER, f"extension {kind} twice")
        extensions[kind], position = _vector(data, position + 2, 2)
    return extensions


def _host(names: bytes) -> str:
    host: bytes | None = None
    position = 0
    while position < len(names):
        kind = names[position]
        name, position = _vector(names, position + 1, 2)
        if kind != _HOST_NAME:  # there has never been another
            continue
        if host is not None:
            raise Refused(Alert.ILLEGAL_PARAMETER, "two names of one type")
        host = name
    if host is None:
        raise Refused(Alert.DECODE_ERROR, "no name in server_name")
    if not _HOST.fullmatch(host):
        raise Refused(Alert.UNRECOGNIZED_NAME, "no name of a host")
    return host.decode("ascii").lower().removesuffix(".")


def _protocols(names: bytes) -> tuple[bytes, ...]:
    protocols: list[bytes] = []
    position = 0
    while position < len(names):
        name, position = _vector(names, position, 1)
        protocols.append(name)
    if not all(protocols) or not protocols:
        raise Refused(Alert.DECODE_ERROR, "a protocol without a name, or none")
    return tuple(protocols)


def _vector(data: bytes, position: int, size: int) -> tuple[bytes, int]:
    """Return what stands behind its length of `size` octets, and where it ends (RFC 8446 section 3.4)."""
    start = position + size
    end = start + int.from_bytes(data[position:start])
    if end > len(data) or start > len(data):
        raise Refused(Alert.DECODE_ERROR, "it ends too early")
    return data[start:end], end


def _only_vector(data: bytes, size: int) -> bytes:
    content, end = _vector(data, 0, size)
    if end != len(data):
        raise Refused(Alert.DECODE_ERROR, "more than it says")
    return content
