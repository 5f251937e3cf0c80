"""Messages a second, and CPU a message, through the relay on this machine: client → relay → sink.

The relay runs in a process of its own with everything real but the database: rewriter, sealed links, journal.
Its CPU time is its own; messages a second depend on what client and sink take of the same cores.
"""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import cast

import uvloop
from prometheus_client import CollectorRegistry

from domains.directory import Directory
from events.journal import Journal
from links.key_ring import KeyRing
from relay.acceptor import Acceptor
from relay.listener import Listener
from relay.metrics import RelayMetrics
from relay.pipeline import Pipeline
from relay.server import Relay
from relay.settings import RelaySettings, TrackingSettings
from relay.upstream.connection import SmtpServer
from relay.upstream.smtp_upstream import SmtpUpstream
from rewriter.message import rewrite
from rewriter.policy import Mode

CONNECTIONS = 10
MESSAGES = 2_000
SENDER, RECIPIENT = "news@shop.example", "reader@there.example"
STYLE = "margin:0 0 12px;font-family:Arial,sans-serif;color:#333"
PARAGRAPH = f'<p style="{STYLE}">Größe 42 ist wieder da, nur {{}}</p>\n'


def sample_message() -> bytes:
    """Return an HTML message of 19 KB in quoted-printable with 12 links."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = SENDER, RECIPIENT, "Summer sale"
    message["Message-ID"] = "<benchmark@shop.example>"
    blocks = [
        f'<a href="https://www.shop.example/p/{n}?utm_source=news&amp;utm_campaign=summer">Look</a>\n'
        + "".join(PARAGRAPH.format(f"line {n}.{k}") for k in range(12))
        for n in range(12)
    ]
    html = f"<!DOCTYPE html><html><body>{''.join(blocks)}</body></html>"
    message.set_content(html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def main() -> None:
    """Print a table."""
    sample = sample_message()
    tools = "smtp-source and smtp-sink" if _postfix_tools() else "a client and a sink of our own"
    print(f"{len(sample)} bytes, 12 links, {CONNECTIONS} connections, {MESSAGES} messages, {tools}")
    print(f"{'':34} {'messages/s':>10} {'CPU ms a message':>17}")
    for reused in (True, False):
        how = "connections reused" if reused else "a connection each"
        with _sink() as sink:
            print(
                f"{'no relay, ' + how:34} {_drive(sink, sample, reused=reused):10.0f} {'-':>17}", flush=True
            )
            for mode in (Mode.OFF, Mode.ON):
                rate, cpu = _through_relay(sink, sample, mode, reused=reused)
                print(f"{f'rewriting {mode.value}, {how}':34} {rate:10.0f} {cpu:17.2f}", flush=True)


def _through_relay(sink: int, sample: bytes, mode: Mode, *, reused: bool) -> tuple[float, float]:
    with _process("relay", str(sink), mode.value) as (port, relay):
        _drive(port, sample, reused=reused, messages=CONNECTIONS * 10)  # connects, and fills caches
        before = _cpu_seconds(relay.pid)
        rate = _drive(port, sample, reused=reused)
        return rate, (_cpu_seconds(relay.pid) - before) / MESSAGES * 1000


def _drive(port: int, sample: bytes, *, reused: bool, messages: int = MESSAGES) -> float:
    """Send messages; return how many went through in a second."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(sample)
        file.flush()
        if _postfix_tools():
            command = ["smtp-source", "-s", str(CONNECTIONS), "-m", str(messages), "-F", file.name]
            command += ["-f", SENDER, "-t", RECIPIENT, *(["-d"] if reused else []), f"127.0.0.1:{port}"]
        else:
            command = [sys.executable, "-m", "benchmarks.relay", "client", str(port), file.name]
            command += [str(messages), "reused" if reused else "new"]
        started = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    # Our own client says how long it took, without the start of Python.
    return messages / (float(done.stdout) if done.stdout.strip() else time.perf_counter() - started)


@contextmanager
def _sink() -> Iterator[int]:
    if not _postfix_tools():
        with _process("sink") as (port, _):
            yield port
        return
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    sink = subprocess.Popen(["smtp-sink", f"127.0.0.1:{port}", "512"])
    try:
        _await_port(port)
        yield port
    finally:
        sink.terminate()
        sink.wait()


@contextmanager
def _process(*arguments: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Run a part of this module; it says its port first, and ends at SIGTERM."""
    command = [sys.executable, "-m", "benchmarks.relay", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process
        finally:
            process.terminate()


def _postfix_tools() -> bool:
    return bool(shutil.which("smtp-source") and shutil.which("smtp-sink"))


def _await_port(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


def _cpu_seconds(pid: int) -> float:
    """Return what a process has used of the CPU, from Linux' /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _run_relay(sink: int, mode: Mode) -> None:
    ring = KeyRing.first(secrets.token_bytes(32), 0)
    directory = Directory.build([], [], system_default="https://track.shop.example")
    tracking = TrackingSettings(mode=mode, unknown_senders=True)
    with tempfile.TemporaryDirectory() as journal_directory:
        journal = Journal(Path(journal_directory), clock=_now, new_suffix=lambda: secrets.token_hex(4))
        relay = Relay(
            RelaySettings(hostname="relay.example"),
            tracking,
            upstream=SmtpUpstream(
                SmtpServer(host="127.0.0.1", port=sink),
                pool_size=CONNECTIONS * 2,
                idle_limit=60,
                pool_wait=30,
                monotonic=time.monotonic,
            ),
            pipeline=Pipeline(tracking, directory=lambda: directory, ring=lambda: ring, rewrite=rewrite),
            record=journal.append,
            metrics=RelayMetrics(CollectorRegistry()),
            now=_now,
            monotonic=time.monotonic,
            random_bytes=secrets.token_bytes,
        )
        listening = socket.create_server(("127.0.0.1", 0))
        acceptor = Acceptor(relay.adopt, max_connections=1_000, max_per_address=1_000)
        acceptor.start([(listening, Listener())])
        print(listening.getsockname()[1], flush=True)
        await _terminated()
        await acceptor.stop()
        await relay.stop(grace=1)
        journal.close()


async def _run_sink() -> None:
    server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await _terminated()


class _Sink(asyncio.Protocol):
    """Takes everything. Reads no more than it must: it knows commands by their first letter."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self._buffer = b""
        self._in_message = False
        self._transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._buffer:
            end = b"\r\n.\r\n" if self._in_message else b"\r\n"
            line, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            self._transport.write(self._answer(line[:1]))
            if line == b"QUIT":
                self._transport.close()

    def _answer(self, first: bytes) -> bytes:
        if self._in_message:
            self._in_message = False
            return b"250 2.0.0 Ok\r\n"
        if first in b"Dd":
            self._in_message = True
            return b"354 Go\r\n"
        if first in b"Ee":
            return b"250-sink\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"
        return b"250 2.0.0 Ok\r\n"


async def _run_client(port: int, sample: bytes, messages: int, *, reused: bool) -> None:
    started = time.perf_counter()
    await asyncio.gather(
        *(_sessions(port, sample, messages // CONNECTIONS, reused) for _ in range(CONNECTIONS))
    )
    print(time.perf_counter() - started)


async def _sessions(port: int, sample: bytes, messages: int, reused: bool) -> None:
    transaction = [b"MAIL FROM:<%s>\r\n" % SENDER.encode(), b"RCPT TO:<%s>\r\n" % RECIPIENT.encode()]
    transaction += [b"DATA\r\n", sample.replace(b"\r\n.", b"\r\n..") + b".\r\n"]
    for _ in range(1 if reused else messages):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        for said in [b"EHLO client.example\r\n", *transaction * (messages if reused else 1)]:
            writer.write(said)
            while (reply := await reader.readline())[3:4] == b"-":
                pass
            if reply[:1] not in (b"2", b"3"):
                raise RuntimeError(reply)
        writer.write(b"QUIT\r\n")
        await reader.read()
        writer.close()


async def _terminated() -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()


def _now() -> int:
    return time.time_ns() // 1_000_000


def _part(name: str, *arguments: str) -> None:
    match name, arguments:
        case "relay", (sink, mode):
            uvloop.run(_run_relay(int(sink), Mode(mode)))
        case "sink", ():
            uvloop.run(_run_sink())
        case "client", (port, path, messages, how):
            sample = Path(path).read_bytes()
            uvloop.run(_run_client(int(port), sample, int(messages), reused=how == "reused"))


if __name__ == "__main__":
    _part(*sys.argv[1:]) if sys.argv[1:] else main()
