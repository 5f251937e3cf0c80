"""Ten thousand handshakes over five hundred names: memory stays what it was."""

import gc
import os
import ssl
import time
from pathlib import Path

import pytest

from tests.tracker.serving import everything
from tests.tracker.tls.certified import Certified, client, secure
from tracker.tls import Contexts

NAMES = tuple(f"click.shop{number}.example" for number in range(500))
HANDSHAKES = 10_000
WARM = 3_000
MAX_GROWTH = 6 * 2**20  # octets; a context lost with each handshake would be 160 MB


def resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def request(host: str) -> bytes:
    return f"GET /robots.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()


@pytest.mark.long
@pytest.mark.parametrize(
    ("kept", "version"),
    [(1_000, ssl.TLSVersion.TLSv1_2), (100, ssl.TLSVersion.TLSv1_3)],
    ids=["all contexts kept, TLS 1.2", "most made anew, TLS 1.3"],
)
def test_memory_is_flat(kept: int, version: ssl.TLSVersion) -> None:
    certified = Certified(*NAMES)
    certified.contexts = Contexts(monotonic=time.monotonic, most=kept)
    context = client(version)
    with secure(certified) as tracker:
        before = 0
        for number in range(HANDSHAKES):
            host = NAMES[number % len(NAMES)]
            with tracker.handshake(host, context) as connection:
                connection.sendall(request(host))
                assert everything(connection).startswith(b"HTTP/1.1 200 ")
            if number == WARM:
                before = resident()
        assert tracker.counted() == {"done": HANDSHAKES}
        assert resident() - before < MAX_GROWTH
