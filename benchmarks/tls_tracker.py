"""A tracker that serves a hundred names over TLS, for `benchmarks.tls`.

python -m benchmarks.tls_tracker PORT FOLDER-OF-CERTIFICATES
"""

import asyncio
import secrets
import signal
import socket
import ssl
import sys
import tempfile
import time
from pathlib import Path

import uvloop
from prometheus_client import CollectorRegistry

from benchmarks.tracker import RING, milliseconds
from events.journal import Journal
from links.ids import record_id
from service import process_memory
from tracker import OperatorPage, TrackerApp, TrackerServer
from tracker.metrics import TrackerMetrics
from tracker.tls import Contexts, TlsMetrics
from tracker.tls.handshakes import Handshakes

HOSTS = tuple(f"click{number}.example.com" for number in range(100))
LATE = "late.example.com"
ORDER_SECONDS = 2.0


class Folder:
    """Certificates from files; that of LATE takes as long as an order."""

    def __init__(self, directory: Path) -> None:
        self._pem = {host: (directory / f"{host}.pem").read_bytes() for host in (*HOSTS, LATE)}
        self._contexts = Contexts(monotonic=time.monotonic)

    def at_hand(self, host: str | None) -> ssl.SSLContext | None:
        if host not in self._pem or host == LATE:
            return None
        return self._contexts.of(host, lambda: self._pem[host])

    async def obtain(self, host: str) -> ssl.SSLContext | None:
        if host != LATE:
            return None
        await asyncio.sleep(ORDER_SECONDS)
        return self._contexts.of(host, lambda: self._pem[host])


async def serve(port: int, certificates: Folder, directory: Path) -> None:
    journal = Journal(directory, clock=milliseconds, new_suffix=lambda: secrets.token_hex(4))
    app = TrackerApp(
        ring=lambda: RING,
        record=journal.append,
        metrics=TrackerMetrics(CollectorRegistry()),
        clock=milliseconds,
        new_id=lambda: record_id(secrets.token_bytes(16)),
        page=OperatorPage(),
    )
    sock = socket.create_server(("127.0.0.1", port), backlog=2048)
    handshakes = Handshakes(certificates, TlsMetrics(CollectorRegistry()), wait_seconds=10)
    server = TrackerServer(app, [], tls_sockets=[sock], handshakes=handshakes)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await server.start()
    process_memory.settle()
    await stopping.wait()
    await server.stop()
    journal.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as journal_directory:
        uvloop.run(serve(int(sys.argv[1]), Folder(Path(sys.argv[2])), Path(journal_directory)))
