"""The relay beside its peers, in one run on this machine: smtp-source → relay → smtp-sink.

Every system is up the whole time and each has its turn in each round, so that what else the machine does
hits all alike. A round ends when the sink has the last message: Postfix answers before it has sent on.
CPU time is that of the relay's whole process tree.
"""

import os
import shutil
import smtplib
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from benchmarks import relay_systems
from benchmarks.processes import cpu_seconds, forget_peak, memory, peak_memory
from benchmarks.relay_systems import Sink, System

CONNECTIONS = 10
ROUNDS = 3
PATIENCE = 60.0  # seconds
IDLE = 2_000
SIGN_INS = 200
LARGE = 25 * 1024 * 1024
SENDER, RECIPIENT = "news@shop.example", "reader@there.example"
CONTROL_HEADERS = (
    b"X-Waypost-Track: clicks=on, opens=on\nX-Waypost-Tag: sale\n"
    b'X-MSYS-API: {"options": {"click_tracking": true}, "campaign_id": "summer", "metadata": {"id": "42"}}\n'
)
STYLE = "margin:0 0 12px;font-family:Arial,sans-serif;color:#333"
_LINK = '<a href="https://www.shop.example/p/{}">Look</a>'
PARAGRAPH = f'<p style="{STYLE}">Größe 42 ist wieder da, nur {{}}</p>\n'


@dataclass(frozen=True, slots=True)
class Load:
    """How is sent: by smtp-source, or over TLS by a client of our own."""

    reused: bool = True  # connections
    recipients: int = 1
    messages: int = 1_000
    tls: bool = False
    login: str = ""

    def command(self, port: int, message: Path) -> list[str]:
        """Return what sends it."""
        if self.tls:
            how = "reused" if self.reused else "fresh"
            client = [sys.executable, "-m", "benchmarks.tls_client"]
            return [*client, str(port), str(message), str(self.messages), how, self.login]
        command = ["smtp-source", "-s", str(CONNECTIONS), "-m", str(self.messages), "-F", str(message)]
        command += ["-f", SENDER, "-t", RECIPIENT, "-r", str(self.recipients)]
        return [*command, *(["-d"] if self.reused else []), f"127.0.0.1:{port}"]


@dataclass(frozen=True, slots=True)
class Turn:
    """What was measured in one turn."""

    rate: float  # messages a second
    cpu: float  # milliseconds a message


def main() -> None:
    """Print the tables."""
    if shutil.which("smtp-source") is None:
        sys.exit("the relay's benchmark needs smtp-source and smtp-sink: postfix is not installed")
    if os.geteuid() != 0:
        sys.exit("the relay's benchmark needs root, to start a Postfix of its own")
    sample = sample_message()
    print(f"{len(sample)} octets, 12 links, {CONNECTIONS} connections, medians of {ROUNDS} rounds")
    with tempfile.NamedTemporaryFile() as file, relay_systems.sink() as sink:
        # smtp-source ends each line with CRLF itself.
        file.write(sample.replace(b"\r\n", b"\n"))
        file.flush()
        path = Path(file.name)
        compare(path, sink)
        variants(path, sink)
        with_control_headers(path, sink)
        signing_in(sink)
        idle_connections(sink)
        large_message(sink)


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


def compare(message: Path, sink: Sink) -> None:
    """Throughput and CPU beside the peers, connections reused and not."""
    with ExitStack() as up:
        systems = [System("no relay", sink.port)]
        systems.append(up.enter_context(relay_systems.postfix(sink.port)))
        systems.append(up.enter_context(relay_systems.stock_relay(sink.port)))
        systems.append(up.enter_context(relay_systems.waypost("Waypost, off", sink.port, mode="off")))
        systems.append(up.enter_context(relay_systems.waypost("Waypost, rewriting", sink.port)))
        systems.append(up.enter_context(relay_systems.waypost("… two workers", sink.port, "workers = 2\n")))
        for load in (Load(), Load(reused=False, messages=600)):
            _head("connections reused" if load.reused else "a connection each", systems[1:3])
            _print(take_turns(systems, load, message, sink), systems[1:3])


def variants(message: Path, sink: Sink) -> None:
    """What costs more than the plain case."""
    with ExitStack() as up:
        far = up.enter_context(relay_systems.distant(sink.port, 30))
        near = up.enter_context(relay_systems.waypost("10 recipients", sink.port))
        distant = up.enter_context(relay_systems.waypost("upstream 30 ms away", far))
        stock = up.enter_context(relay_systems.stock_relay(far))
        kept = up.enter_context(relay_systems.waypost("TLS", sink.port, tls=True))
        fresh = System("TLS, a connection each", kept.port, kept.pid)
        _head("rewriting", [stock])
        _print(take_turns([near], Load(recipients=10, messages=500), message, sink), [])
        _print(take_turns([kept], Load(tls=True, messages=500), message, sink), [])
        _print(take_turns([fresh], Load(tls=True, reused=False, messages=500), message, sink), [])
        known = System("… and signed in", kept.port, kept.pid)
        load = Load(tls=True, reused=False, messages=500, login=kept.login)
        _print(take_turns([known], load, message, sink), [])
        _print(take_turns([stock, distant], Load(messages=300), message, sink), [stock])


def signing_in(sink: Sink) -> None:
    """How long a client waits for the answer to AUTH: what it adds to a connection."""
    with relay_systems.waypost("", sink.port, tls=True) as system:
        waits = sorted(_sign_in(system) for _ in range(SIGN_INS))
    typical, slow = waits[SIGN_INS // 2] * 1000, waits[SIGN_INS * 9 // 10] * 1000
    print(f"\nsigning in adds {typical:.2f} ms to a connection, {slow:.2f} ms at the ninth of ten")


def _sign_in(system: System) -> float:
    unchecked = ssl._create_unverified_context()
    with smtplib.SMTP_SSL("127.0.0.1", system.port, timeout=PATIENCE, context=unchecked) as client:
        client.ehlo()
        asked = time.perf_counter()
        code, text = client.docmd("AUTH", f"PLAIN {system.login}")
        waited = time.perf_counter() - asked
    if code != 235:
        raise RuntimeError(text)
    return waited


def with_control_headers(message: Path, sink: Sink) -> None:
    """What it costs to read the wishes of a message, and to tell a known upstream not to track it."""
    with tempfile.NamedTemporaryFile() as file, ExitStack() as up:
        file.write(CONTROL_HEADERS + message.read_bytes())
        file.flush()
        plain = up.enter_context(relay_systems.waypost("no control headers", sink.port))
        read = up.enter_context(relay_systems.waypost("control headers", sink.port))
        told = up.enter_context(
            relay_systems.waypost("… and a known upstream", sink.port, upstream='profile = "sparkpost"\n')
        )
        turns: dict[System, list[Turn]] = {plain: [], read: [], told: []}
        for number in range(1 + ROUNDS):
            for system in turns:
                sent = message if system is plain else Path(file.name)
                turn = _turn(system, Load(messages=500), sent, sink)
                if number:
                    turns[system].append(turn)
        _head("rewriting", [plain])
        _print(turns, [plain])


def take_turns(systems: Sequence[System], load: Load, message: Path, sink: Sink) -> dict[System, list[Turn]]:
    """Return the turns of each system, without a first one that does not count."""
    turns: dict[System, list[Turn]] = {system: [] for system in systems}
    for number in range(1 + ROUNDS):
        for system in systems:
            turn = _turn(system, load, message, sink)
            if number:
                turns[system].append(turn)
    return turns


def _turn(system: System, load: Load, message: Path, sink: Sink) -> Turn:
    expected = sink.count() + load.messages
    cpu = cpu_seconds(system.pid) if system.pid else 0.0
    started = time.perf_counter()
    subprocess.run(load.command(system.port, message), check=True)
    while sink.count() < expected:
        time.sleep(0.005)
        if time.perf_counter() > started + PATIENCE:
            raise TimeoutError(f"{expected - sink.count()} messages through {system.name} did not arrive")
    seconds = time.perf_counter() - started
    used = cpu_seconds(system.pid) - cpu if system.pid else 0.0
    return Turn(load.messages / seconds, used / load.messages * 1000)


def idle_connections(sink: Sink) -> None:
    """What connections cost that were greeted and say nothing."""
    generous = f"max_connections = {2 * IDLE}\nmax_connections_per_address = {2 * IDLE}\n"
    with relay_systems.waypost("", sink.port, generous) as system:
        assert system.pid is not None
        before = memory(system.pid)
        clients = [smtplib.SMTP("127.0.0.1", system.port, timeout=60) for _ in range(IDLE)]
        for client in clients:
            client.ehlo()
        grown = memory(system.pid) - before
        for client in clients:
            client.close()
    print(f"\n{IDLE} idle connections: {grown / 2**20:.0f} MB above {before / 2**20:.0f} MB")


def large_message(sink: Sink) -> None:
    """What a message of 25 MB costs: memory, and how long it holds up another client."""
    content = _large_message()
    with (
        tempfile.NamedTemporaryFile() as file,
        relay_systems.waypost("", sink.port, f"max_message_size = {2 * LARGE}\n") as system,
    ):
        assert system.pid is not None
        file.write(content.replace(b"\r\n", b"\n"))
        file.flush()
        before = forget_peak(system.pid)
        quiet = _longest_wait(system.port, ["sleep", "0.5"])
        command = ["smtp-source", "-s", "1", "-F", file.name, "-f", SENDER, "-t", RECIPIENT]
        waits = [_longest_wait(system.port, [*command, f"127.0.0.1:{system.port}"]) for _ in range(ROUNDS)]
        grown = peak_memory(system.pid) - before
    longest = statistics.median(waits) * 1000
    print(f"a message of {len(content) / 2**20:.0f} MB: {grown / len(content):.1f} times its size in memory;")
    print(f"  another client waits at most {longest:.0f} ms meanwhile, {quiet * 1000:.0f} ms without it")


def _large_message() -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = SENDER, RECIPIENT, "The catalogue"
    message.set_content("".join(PARAGRAPH.format(_LINK.format(n)) for n in range(1_000)), subtype="html")
    message.add_attachment(bytes(LARGE * 57 // 78), maintype="application", subtype="pdf", filename="a.pdf")
    return message.as_bytes()


def _longest_wait(port: int, command: Sequence[str]) -> float:
    """Return the longest time that another client waits for an answer while a command runs, in seconds."""
    longest = 0.0
    with subprocess.Popen(command) as running:
        while running.poll() is None:
            with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
                for _ in range(50):  # the relay sends clients away that say nothing of use for long
                    asked = time.perf_counter()
                    client.noop()
                    longest = max(longest, time.perf_counter() - asked)
                    time.sleep(0.0005)
    return longest


def _head(title: str, peers: Sequence[System]) -> None:
    ratios = "".join(f"  × {peer.name}" for peer in peers)
    print(f"\n{title:28} {'messages/s':>10} {'CPU ms a message':>17}{ratios}")


def _print(turns: dict[System, list[Turn]], peers: Sequence[System]) -> None:
    """Print medians; a ratio is one of turns in the same round."""
    for system, own in turns.items():
        rate = statistics.median(turn.rate for turn in own)
        cpu = statistics.median(turn.cpu for turn in own)
        line = f"{system.name:28} {rate:10,.0f} {f'{cpu:.2f}' if cpu else '-':>17}"
        for peer in peers:
            ratio = statistics.median(a.rate / b.rate for a, b in zip(own, turns[peer], strict=True))
            line += f"{ratio:{len(peer.name) + 4}.2f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
