"""The tracker's TLS beside nginx, new connections and kept ones; and who waits for an order.

Both have one worker, in processes of their own, and take turns; the load comes from other processes over
loopback. The tracker opens tokens, writes a journal, and chooses among a hundred certificates by the name
that the client asks for; nginx has one and answers `return 302`. CPU time is the server's own, so that it
holds however busy the machine is: one core serves as many connections a second as fit into a second of it.
"""

import asyncio
import contextlib
import multiprocessing
import socket
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle
from pathlib import Path

import trustme
import uvloop

from benchmarks.processes import cpu_seconds, running
from benchmarks.tls_tracker import HOSTS, LATE, ORDER_SECONDS
from benchmarks.tracker import Client, click_path

ROUNDS = 3
CONNECTIONS = 2_000  # a turn, new ones
REQUESTS = 10_000  # a turn, on kept connections
CLIENTS = 4  # processes
KEPT = 32
PATH = click_path(1)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as servers:
        directory = Path(folder)
        certificate = write_certificates(directory)
        started = {"nginx": servers.enter_context(nginx(directory, certificate))}
        started["tracker"] = servers.enter_context(tracker(directory))
        clients = servers.enter_context(
            ProcessPoolExecutor(CLIENTS, mp_context=multiprocessing.get_context("spawn"))
        )
        table("new connections, TLS 1.3, a request each", started, lambda port: opened(clients, port))
        table("the same, resumed", started, lambda port: opened(clients, port, resumed=True))
        table("the same, TLS 1.2", started, lambda port: opened(clients, port, tls_1_2=True))
        table(f"requests on {KEPT} kept connections", started, asked)
        orders(started["tracker"][0])


def write_certificates(directory: Path) -> Path:
    """Write a key with its certificate for each host; return that of the first."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    for host in (*HOSTS, LATE):
        issued = authority.issue_cert(host, key_type=trustme.KeyType.ECDSA)
        issued.private_key_and_cert_chain_pem.write_to_path(str(directory / f"{host}.pem"))
    return directory / f"{HOSTS[0]}.pem"


@contextlib.contextmanager
def nginx(directory: Path, certificate: Path) -> Iterator[tuple[int, int]]:
    port = free_port()
    settings = directory / "nginx.conf"
    settings.write_text(f"""
        worker_processes 1; daemon off; pid {directory}/nginx.pid; error_log {directory}/nginx.log;
        events {{ worker_connections 1024; }}
        http {{
            access_log off; keepalive_requests 1000000000;
            ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:a:10m;
            server {{
                listen 127.0.0.1:{port} ssl backlog=2048;
                ssl_certificate {certificate}; ssl_certificate_key {certificate};
                location / {{ return 302 https://www.example.com/; }}
            }}
        }}""")
    with running(["nginx", "-p", directory, "-c", settings], port, greets=False) as pid:
        yield port, pid


@contextlib.contextmanager
def tracker(directory: Path) -> Iterator[tuple[int, int]]:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.tls_tracker", str(port), directory]
    with running(command, port, greets=False) as pid:
        yield port, pid


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def table(name: str, servers: dict[str, tuple[int, int]], load: Callable[[int], int]) -> None:
    """Let the servers take turns, and print the medians and the tracker's share of what nginx does."""
    rates: dict[str, list[float]] = {server: [] for server in servers}
    cores: dict[str, list[float]] = {server: [] for server in servers}
    for _ in range(ROUNDS):
        for server, (port, pid) in servers.items():
            cpu, start = cpu_seconds(pid), time.perf_counter()
            done = load(port)
            rates[server].append(done / (time.perf_counter() - start))
            cores[server].append(done / (cpu_seconds(pid) - cpu))
    print(f"{name:44} {'a second':>10} {'of a core':>10} {'CPU µs':>8} {'× nginx':>8}")
    for server in servers:
        share = statistics.median(a / b for a, b in zip(cores[server], cores["nginx"], strict=True))
        core = statistics.median(cores[server])
        wall = statistics.median(rates[server])
        print(f"  {server:42} {wall:10,.0f} {core:10,.0f} {1e6 / core:8.0f} {share:8.2f}")


def opened(clients: ProcessPoolExecutor, port: int, *, resumed: bool = False, tls_1_2: bool = False) -> int:
    each = CONNECTIONS // CLIENTS
    waiting = [
        clients.submit(open_many, port, each, first, resumed=resumed, tls_1_2=tls_1_2)
        for first in range(CLIENTS)
    ]
    return sum(one.result() for one in waiting)


def open_many(port: int, count: int, first: int, *, resumed: bool, tls_1_2: bool) -> int:
    """Open connections one after the other, each with a request; runs in a process of its own."""
    context = client_context()
    if tls_1_2:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    sessions: dict[str, ssl.SSLSession | None] = {}
    for number in range(count):
        host = HOSTS[(first + number * CLIENTS) % len(HOSTS)]
        sock = socket.create_connection(("127.0.0.1", port))
        with context.wrap_socket(sock, server_hostname=host, session=sessions.get(host)) as secure:
            secure.sendall(request(host, b"Connection: close\r\n"))
            received = secure.recv(65536)
            if not received.startswith(b"HTTP/1.1 302 "):
                raise RuntimeError(received)
            if resumed:
                sessions[host] = secure.session
    return count


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # of this machine, and what checking costs is the client's
    return context


def request(host: str, *more: bytes) -> bytes:
    return f"GET {PATH} HTTP/1.1\r\nHost: {host}\r\n".encode() + b"".join(more) + b"\r\n"


def asked(port: int) -> int:
    uvloop.run(ask(port))
    return REQUESTS


async def ask(port: int) -> None:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    budget, context = [REQUESTS], client_context()
    transports = []
    for number in range(KEPT):
        host = HOSTS[number % len(HOSTS)]
        requests = cycle([request(host)])
        transport, _ = await loop.create_connection(
            lambda requests=requests: Client(requests, budget, done),  # type: ignore[misc]
            "127.0.0.1",
            port,
            ssl=context,
            server_hostname=host,
        )
        transports.append(transport)
    await done
    for transport in transports:
        transport.abort()


def orders(port: int) -> None:
    """Print how long other hosts take while the certificate of one is on its way."""
    context = client_context()
    quiet = [once(port, context, HOSTS[number % len(HOSTS)]) for number in range(100)]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
        late = other.submit(once_late, port)
        time.sleep(0.5)
        busy = []
        while not late.done():
            busy.append(once(port, context, HOSTS[len(busy) % len(HOSTS)]))
        print(f"\n{'a handshake and a click, ms':44} {'median':>10} {'most':>10}")
        for name, times in (("alone", quiet), ("while another host is ordered", busy)):
            print(f"  {name:42} {statistics.median(times) * 1e3:10.1f} {max(times) * 1e3:10.1f}")
        print(f"  {'the host that is ordered':42} {late.result() * 1e3:10.1f}")
        print(f"  (its order takes {ORDER_SECONDS} s; {len(busy):,} others meanwhile)")


def once_late(port: int) -> float:
    return once(port, client_context(), LATE)


def once(port: int, context: ssl.SSLContext, host: str) -> float:
    start = time.perf_counter()
    sock = socket.create_connection(("127.0.0.1", port))
    with context.wrap_socket(sock, server_hostname=host) as secure:
        secure.sendall(request(host))
        secure.recv(65536)
        return time.perf_counter() - start


if __name__ == "__main__":
    main()
