"""What is tried on one input of the fuzzer of ClientHellos, and the inputs that it starts from."""

import ssl
from collections.abc import Iterator

from tests.tracker.tls.hello_invariants import check_hello


def try_one(sent: bytes) -> None:
    """Raises AssertionError where an invariant does not hold."""
    check_hello(sent)


def seeds() -> Iterator[bytes]:
    """Yield what OpenSSL sends, in one record and in many."""
    for host in ("click.shop.example", None):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.set_alpn_protocols(["h2", "http/1.1"])
        outgoing = ssl.MemoryBIO()
        try:
            context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=host).do_handshake()
        except ssl.SSLWantReadError:
            hello = outgoing.read()
        yield hello
        pieces = (hello[at : at + 20] for at in range(5, len(hello), 20))
        yield b"".join(b"\x16\x03\x01" + len(piece).to_bytes(2) + piece for piece in pieces)
