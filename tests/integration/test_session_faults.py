"""A client that means no good, in front of a running Waypost with a real upstream behind it."""

import re
import resource
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import trustme

from tests.relay_installation import RelayInstallation
from tests.running import RunningWaypost, UpstreamInThread, free_port
from tests.smtp_upstream import ScriptedUpstream

MEBIBYTE = 1024 * 1024
REPLY = re.compile(rb"(?:\d{3}-[^\n]*\r\n)*\d{3} [^\n]*\r\n")
TRACE = re.compile(rb"Received: .*\r\n(?:[ \t].*\r\n)*")

# https://sec-consult.com/blog/detail/smtp-smuggling-spoofing-e-mails-worldwide/
FAKE_ENDS = (
    *(b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n.\r", b"\r\r\n.\r\r\n"),
    *(b"\r\n.\x0b\r\n", b"\r\n. \r\n"),
)


class Raw:
    """A client that says bytes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._rest = b""

    def say(self, said: bytes) -> str:
        """Say it, and return the next reply; "" where the connection ended."""
        self.socket.sendall(said)
        return self.reply()

    def reply(self) -> str:
        while not (found := REPLY.match(self._rest)):
            try:
                more = self.socket.recv(65_536)
            except ConnectionResetError:
                more = b""
            if not more:
                return ""
            self._rest += more
        self._rest = self._rest[found.end() :]
        return found[0].decode("ascii")

    def ready(self) -> "Raw":
        assert self.reply().startswith("220")
        assert self.say(b"EHLO client.test\r\n").startswith("250")
        return self

    def in_data(self) -> "Raw":
        """Say an envelope and DATA."""
        for line, code in (
            (b"MAIL FROM:<a@sender.test>\r\n", "250"),
            (b"RCPT TO:<b@there.test>\r\n", "250"),
            (b"DATA\r\n", "354"),
        ):
            assert self.say(line).startswith(code)
        return self


class Running:
    """A Waypost, the upstream behind it, and who connects."""

    def __init__(self, waypost: RunningWaypost, upstream: ScriptedUpstream, port: int) -> None:
        self.waypost, self.upstream, self.port = waypost, upstream, port
        self._clients = ExitStack()

    def client(self, port: int | None = None) -> Raw:
        client = Raw(port or self.port)
        self._clients.callback(client.socket.close)
        return client

    def memory(self) -> float:
        """Return the most memory that the process ever held, in MiB."""
        return self._status("VmHWM")

    def memory_now(self) -> float:
        return self._status("VmRSS")

    def forget(self) -> None:
        """End all clients."""
        self._clients.close()
        self.upstream.transactions.clear()

    def _status(self, field: str) -> float:
        status = Path(f"/proc/{self.waypost.process.pid}/status").read_text()
        found = re.search(rf"{field}:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1024


@contextmanager
def running(folder: Path, relay: str = "", listen: tuple[str, ...] = ()) -> Iterator[Running]:
    with UpstreamInThread(ScriptedUpstream()) as upstream:
        installation = RelayInstallation(folder, upstream.port, relay=relay, listen=listen)
        with RunningWaypost(folder) as waypost:
            started = Running(waypost, upstream, installation.smtp_port)
            try:
                yield started
            finally:
                started.forget()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One whose messages have a mebibyte at most."""
    with running(tmp_path_factory.mktemp("waypost"), f"max_message_size = {MEBIBYTE}") as started:
        yield started


@pytest.fixture
def relay(small: Running) -> Iterator[Running]:
    yield small
    small.forget()


@pytest.mark.parametrize("fake", FAKE_ENDS)
def test_01_a_fake_end_of_data_gives_one_message(relay: Running, fake: bytes) -> None:
    client = relay.client().ready().in_data()
    smuggled = b"MAIL FROM:<evil@x.test>\r\nRCPT TO:<v@x.test>\r\nDATA\r\nSubject: evil\r\n\r\nx\r\n"
    assert client.say(b"Subject: x\r\n\r\nx" + fake + smuggled + b".\r\n").startswith("250")
    assert client.say(b"NOOP\r\n").startswith("250")
    assert len(relay.upstream.transactions) == 1
    raw = relay.upstream.transactions[0].raw
    assert raw.count(b"\r\n") == raw.count(b"\r") == raw.count(b"\n")
    assert b"\r\n.\r\n" not in raw
    assert b"Subject: evil" in raw


def test_01_a_nul_ends_no_line(relay: Running) -> None:
    client = relay.client().ready().in_data()
    assert client.say(b"x\r\n\0.\r\nx\r\n.\0\r\n.\r\n").startswith("554 5.6.0")
    assert client.say(b"NOOP\r\n").startswith("250")
    assert relay.upstream.taken == []


def test_02_two_hundred_mebibytes_without_a_line_ending(relay: Running) -> None:
    client = relay.client().ready().in_data()
    before = relay.memory()
    for _ in range(200):
        client.socket.sendall(b"x" * MEBIBYTE)
    assert client.say(b"\r\n.\r\n").startswith("552 5.3.4")
    assert relay.memory() - before < 16
    assert client.say(b"NOOP\r\n").startswith("250")


def test_06_a_client_gone_behind_the_dot_is_delivered_once(relay: Running) -> None:
    client = relay.client().ready().in_data()
    logged = relayed(relay)
    client.socket.sendall(b"Subject: x\r\n\r\nx\r\n.\r\n")
    client.socket.close()
    relay.waypost.wait_for(lambda: relayed(relay) == logged + 1, "the outcome was not logged")
    other = relay.client().ready().in_data()
    assert other.say(b"Subject: y\r\n\r\ny\r\n.\r\n").startswith("250")
    assert len(relay.upstream.taken) == 2


def relayed(relay: Running) -> int:
    return sum("waypost.mail" in line and " relayed " in line for line in relay.waypost.log)


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        (b"=?utf-8?q?a=40evil.test?=@ok.test", "=?utf-8?q?a=40evil.test?=@ok.test"),
        (b'"quoted \\"@, local"@ok.test', '"quoted \\"@, local"@ok.test'),
        (b"@one.test,@two.test:a@ok.test", "a@ok.test"),
        (b"a+b=c@ok.test", "a+b=c@ok.test"),
        (b"a@[192.0.2.1]", "a@[192.0.2.1]"),
        (b"a@b@ok.test", ""),
        (b"a,b@ok.test", ""),
        (b"a b@ok.test", ""),
        (b"a@ok.test\rRCPT TO:<x@y.test", ""),
        (b"a@ok.test\0", ""),
        (b"a@ok.test>\tSIZE=1<", ""),
        (b"", ""),
    ],
)
def test_11_an_address_arrives_exactly_or_not_at_all(relay: Running, path: bytes, seen: str) -> None:
    client = relay.client().ready()
    assert client.say(b"MAIL FROM:<a@sender.test>\r\n").startswith("250")
    reply = client.say(b"RCPT TO:<" + path + b">\r\n")
    if seen:
        assert reply.startswith("250")
        assert relay.upstream.transactions[0].recipients == [f"<{seen}>"]
    else:
        assert reply[:3] in ("501", "553"), reply
        assert relay.upstream.transactions == [] or relay.upstream.transactions[0].recipients == []
        assert not any("x@y.test" in command for command in relay.upstream.commands)


def test_10_two_thousand_idle_clients_cost_little_and_hold_up_nobody(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 5_000:
        pytest.skip(f"only {hard} files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (5_000, hard))
    try:
        with running(tmp_path, "max_connections = 2002\nmax_connections_per_address = 2002") as relay:
            relay.client().ready()
            before = relay.memory_now()
            for _ in range(2_000):
                relay.client().ready()
            assert relay.memory_now() - before < 64
            assert relay.client().ready().in_data().say(b"x\r\n.\r\n").startswith("250")
            assert relay.client().reply().startswith("421 4.7.0 Too many connections")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_10_too_many_connections_of_one_address(tmp_path: Path) -> None:
    with running(tmp_path, "max_connections_per_address = 2") as relay:
        first, _ = relay.client().ready(), relay.client().ready()
        assert relay.client().reply().startswith("421 4.7.0 Too many connections")
        told = "from 127.0.0.1 was refused: 2 are open"
        relay.waypost.wait_for(lambda: any(told in line for line in relay.waypost.log), "it tells nothing")
        assert first.say(b"QUIT\r\n").startswith("221")
        relay.waypost.wait_for(
            lambda: relay.client().reply().startswith("220"), "the place of the first was not free again"
        )


def test_12_no_open_relay(tmp_path: Path) -> None:
    with running(tmp_path, 'networks = ["192.0.2.0/24"]') as relay:
        client = relay.client().ready()
        assert client.say(b"MAIL FROM:<a@sender.test>\r\n").startswith("550 5.7.1")
        assert client.say(b"RCPT TO:<b@there.test>\r\n").startswith("503")
        assert client.say(b"DATA\r\n").startswith("503")
        assert relay.upstream.transactions == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cert.pem, key.pem and ca.pem."""
    folder = tmp_path_factory.mktemp("certificate")
    authority = trustme.CA()
    issued = authority.issue_cert("waypost.test")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return folder


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_12_openssl_agrees_on_both_ways_to_tls(tmp_path: Path, certificate: Path) -> None:
    files = f'tls_certificate = "{certificate}/cert.pem"\ntls_key = "{certificate}/key.pem"'
    implicit = free_port()
    with running(tmp_path, files, (f"smtps://127.0.0.1:{implicit}",)) as relay:
        for port, starttls in ((relay.port, ["-starttls", "smtp"]), (implicit, [])):
            for version in ("-tls1_2", "-tls1_3"):
                said = s_client(port, certificate, version, *starttls)
                assert "Verification: OK" in said or "Verify return code: 0" in said, said
                assert "221 2.0.0" in said
        refused = s_client(implicit, certificate, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
        assert "221 2.0.0" not in refused


def s_client(port: int, certificate: Path, *options: str) -> str:
    """Return what OpenSSL's client printed; it says QUIT."""
    done = subprocess.run(
        [
            *("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", certificate / "ca.pem"),
            *("-verify_hostname", "waypost.test", "-crlf", "-ign_eof", *options),
        ],
        input="QUIT\n",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.stdout + done.stderr
