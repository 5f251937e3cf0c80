"""The first handshake of a verified domain, its order included; and who else waits for that.

A whole `waypost serve`, Pebble as the authority, all on this machine.
"""

import socket
import ssl
import statistics
import tempfile
import threading
import time
from pathlib import Path

from tests.dns_server import DnsServer
from tests.integration.https_installation import HttpsInstallation
from tests.pebble import Pebble
from tests.running import RunningWaypost

HOSTS = 20
LATER = 300
PAUSE_SECONDS = 0.005  # between two handshakes of the host that has its certificate


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        authority, served = Path(folder, "pebble"), Path(folder, "waypost")
        authority.mkdir()
        served.mkdir()
        with Pebble(authority) as pebble, DnsServer() as dns:
            measure(HttpsInstallation(served, pebble, dns))


def measure(installation: HttpsInstallation) -> None:
    """Order for one host after the other, while another host is asked all the time."""
    known, *hosts = [f"track{number}.example.com" for number in range(HOSTS + 1)]
    for host in (known, *hosts):
        installation.verify(host, https="off")  # so that nothing is ordered before a client comes
    with RunningWaypost(installation.folder):
        context = ssl.create_default_context(cadata=installation.pebble.root())
        port = installation.https_port
        handshake(context, port, known)
        alone = [handshake(context, port, known) for _ in range(LATER)]
        firsts: list[float] = []
        orders = threading.Thread(
            target=lambda: firsts.extend(handshake(context, port, host) for host in hosts)
        )
        orders.start()
        meanwhile = []
        while orders.is_alive():
            meanwhile.append(handshake(context, port, known))
            time.sleep(PAUSE_SECONDS)
    print("| handshake, ms | median | 99 of 100 | most |\n|---|---|---|---|")
    show("the first of a verified domain, its order included", firsts)
    show("a later one, alone", alone)
    show("a later one, while other hosts' certificates are ordered", meanwhile)


def handshake(context: ssl.SSLContext, port: int, host: str) -> float:
    """Return the seconds that a new connection and its handshake took."""
    began = time.perf_counter()
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname=host),
    ):
        return time.perf_counter() - began


def show(what: str, seconds: list[float]) -> None:
    """Print a row."""
    ordered = sorted(1000 * each for each in seconds)
    most_of_them = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    print(f"| {what} | {statistics.median(ordered):.1f} | {most_of_them:.1f} | {ordered[-1]:.1f} |")
