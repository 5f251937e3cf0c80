"""What an upstream may do wrong, and what a client of Waypost hears: never a bounce of our making."""

import json
import shutil
import smtplib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.relay_installation import RelayInstallation
from tests.running import RunningWaypost, UpstreamInThread, free_port
from tests.smtp_upstream import DROP, EXTENSIONS, RESET, SILENCE, ScriptedUpstream

MESSAGE = b"From: news@sender.test\r\nSubject: x\r\n\r\nhello\r\n"
SENDER, RECIPIENT = "news@sender.test", "reader@there.test"
LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 - trustme compares it
CHUNKING = (*EXTENSIONS, "CHUNKING")


class Chain:
    """A client → Waypost → a scripted upstream. The log is JSON, a line a message."""

    def __init__(self, folder: Path, upstream_port: int, upstream: str = "", **environment: str) -> None:
        more = '[log]\nformat = "json"\n'
        self.installation = RelayInstallation(folder, upstream_port, upstream=upstream, more=more)
        self.waypost = RunningWaypost(folder, **environment)

    def send(self) -> tuple[int, str]:
        """Send a message on a new connection; return the reply that decided, its lines joined."""
        with self.client() as client:
            for code, text in self.steps(client):
                if code >= 400:
                    return code, text
            return code, text

    @contextmanager
    def client(self) -> Iterator[smtplib.SMTP]:
        with smtplib.SMTP("127.0.0.1", self.installation.smtp_port, timeout=30) as client:
            client.ehlo()
            yield client

    def steps(self, client: smtplib.SMTP) -> Iterator[tuple[int, str]]:
        for step in (
            lambda: client.mail(SENDER),
            lambda: client.rcpt(RECIPIENT),
            lambda: client.data(MESSAGE),
        ):
            try:
                code, text = step()
            except smtplib.SMTPDataError as error:  # the reply to DATA itself
                code, text = error.smtp_code, error.smtp_error  # type: ignore[assignment]
            yield code, text.decode("ascii")

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return the log's lines of this event so far."""
        lines = [json.loads(line) for line in self.waypost.log if line.startswith("{")]
        return [line for line in lines if line["event"].startswith(event)]

    def expect_logged(self, event: str) -> dict[str, Any]:
        self.waypost.wait_for(lambda: self.logged(event), f"no line {event!r}")
        return self.logged(event)[-1]


@contextmanager
def chain_to(
    folder: Path, upstream: ScriptedUpstream, upstream_settings: str = "", **environment: str
) -> Iterator[Chain]:
    """Run a chain; `{}` in a variable of its environment is the upstream's port."""
    with UpstreamInThread(upstream):
        given = {name: value.format(upstream.port) for name, value in environment.items()}
        chain = Chain(folder, upstream.port, upstream_settings, **given)
        with chain.waypost:
            yield chain


@pytest.fixture(scope="module")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Chain, ScriptedUpstream]]]:
    """A chain for each way to send a message, with its upstream."""
    data, bdat = ScriptedUpstream(), ScriptedUpstream(extensions=CHUNKING)
    with (
        chain_to(tmp_path_factory.mktemp("data"), data) as first,
        chain_to(tmp_path_factory.mktemp("bdat"), bdat) as second,
    ):
        yield {"DATA": (first, data), "BDAT": (second, bdat)}


ANSWERS = [
    ("450 4.2.1 try later", 450, "4.2.1 try later"),
    ("550 5.7.1 no", 550, "5.7.1 no"),
    ("550 no code", 550, "no code"),
    ("421 4.3.2 leaving", 451, "4.3.2 leaving"),
    ("550-5.7.1 first\r\n550 5.7.1 second", 550, "5.7.1 first second"),
    ("450 4.7.1 später – мы".encode(), 450, "4.7.1 sp?ter ? ?"),
    (b"550 5.7.1 caf\xe9", 550, "5.7.1 caf?"),
    ("hello", 451, "4.4.2 "),
    (b"\x00\x01\xff", 451, "4.4.2 "),
    ("999 what", 451, "4.4.2 "),
]


@pytest.mark.parametrize(
    ("way", "phase"),
    [
        ("DATA", "MAIL"),
        ("DATA", "RCPT"),
        ("DATA", "DATA"),
        ("DATA", "end"),
        ("BDAT", "BDAT"),
        ("BDAT", "end"),
    ],
)
@pytest.mark.parametrize(("answer", "code", "text"), ANSWERS)
def test_03_what_the_upstream_says_is_one_clean_line_of_the_same_class(
    chains: dict[str, tuple[Chain, ScriptedUpstream]],
    way: str,
    phase: str,
    answer: str | bytes,
    code: int,
    text: str,
) -> None:
    chain, upstream = chains[way]
    said = answer + b"\r\n" if isinstance(answer, bytes) else answer
    # More than once: what ends a connection before the message was out is tried on another one.
    upstream.answer(phase, *[said] * (3 if code == 451 else 1))
    try:
        chain.waypost.wait_for(lambda: _is_up(chain), "the upstream never came back")
        heard = chain.send()
    finally:
        upstream.forget_answers()
    assert heard[0] == code
    assert heard[1].split(" waypost=")[0].startswith(text)
    assert heard[1].isprintable()


def _is_up(chain: Chain) -> bool:
    """An upstream that failed rests for a second: MAIL shows when it is asked again."""
    with chain.client() as client:
        return client.mail(SENDER)[0] == 250


def test_03_greetings_and_answers_to_ehlo_never_bounce(tmp_path: Path) -> None:
    upstream = ScriptedUpstream()
    upstream.answer("connect", "554 5.7.1 go away", "421 4.3.2 busy", "garbage")
    with chain_to(tmp_path, upstream) as chain:
        heard = []
        for _ in range(40):
            heard.append(chain.send())
            if heard[-1][0] == 250:
                break
            time.sleep(0.2)  # the pause between attempts is real
        assert {code for code, _ in heard} == {451, 250}
        assert all(text.startswith("4.4.1") for code, text in heard if code == 451)
        assert len(chain.logged("upstream")) == 2  # it went, and it is back


@pytest.mark.long
def test_03_smtp_sinks_ways_to_fail(tmp_path: Path) -> None:
    if shutil.which("smtp-sink") is None:
        pytest.skip("smtp-sink of postfix is not installed")
    for number, (option, commands, code) in enumerate(
        [
            *(("-r", command, 450) for command in ("MAIL", ".")),
            *(("-f", command, 500) for command in ("RCPT", ".")),
            *(("-q", command, 451) for command in ("EHLO", "DATA", ".")),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        port = free_port()
        with _sink(option, commands, port):
            chain = Chain(folder, port)
            with chain.waypost:
                assert chain.send()[0] == code, (option, commands)


@contextmanager
def _sink(option: str, commands: str, port: int) -> Iterator[None]:
    # As root it wants another user; a name is refused where it is not needed.
    unprivileged = ["-u", "nobody"] if Path("/proc/self").stat().st_uid == 0 else []
    with subprocess.Popen(["smtp-sink", *unprivileged, option, commands, f"127.0.0.1:{port}", "64"]) as sink:
        try:
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                with closing(socket.socket()) as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.02)
            yield
        finally:
            sink.terminate()


@pytest.mark.parametrize("extensions", [EXTENSIONS, CHUNKING])
def test_05_an_upstream_silent_behind_the_dot(tmp_path: Path, extensions: tuple[str, ...]) -> None:
    upstream = ScriptedUpstream(extensions=extensions)
    upstream.answer("end", SILENCE)
    with chain_to(tmp_path, upstream, upstream_settings="final_reply_seconds = 1") as chain:
        code, text = chain.send()
        assert code == 451
        assert text.startswith("4.4.2 The next server did not say whether it took the message")
        line = chain.expect_logged("failed")
        assert line["cause"] == "the message was not through within 1 s"
        assert line["upstream"] == f"127.0.0.1:{upstream.port}"
        chain.waypost.wait_for(lambda: upstream.open == 0, "the connection was not closed")
        assert chain.send()[0] == 250
        assert chain.expect_logged("relayed")["possible_duplicate"] is True


@pytest.mark.parametrize("end", ["drop_all", "restart"])
def test_13_a_pooled_connection_that_is_gone_costs_nothing(tmp_path: Path, end: str) -> None:
    upstream = ScriptedUpstream()
    with chain_to(tmp_path, upstream) as chain:
        assert chain.send()[0] == 250
        if end == "drop_all":
            in_loop(upstream, upstream.drop_all)
        else:
            upstream.answer("MAIL", "421 4.3.2 restarting")
        assert chain.send()[0] == 250
        assert upstream.connections == 2
        assert not chain.logged("upstream")


@pytest.mark.parametrize("how", [DROP, RESET, "421 4.4.2 idle"])
def test_13_one_retry_before_the_dot_and_451_behind_it(tmp_path: Path, how: Any) -> None:
    upstream = ScriptedUpstream()
    with chain_to(tmp_path, upstream) as chain:
        upstream.answer("DATA", how)
        assert chain.send()[0] == 250
        assert chain.expect_logged("relayed")["replayed"] is True
        assert (upstream.connections, len(upstream.taken)) == (2, 1)
        upstream.answer("DATA", how, how)
        assert chain.send()[0] == 451
        assert len(upstream.taken) == 1


def test_13_an_upstream_that_gives_up_during_a_slow_upload_gets_the_message_all_the_same(
    tmp_path: Path,
) -> None:
    upstream = ScriptedUpstream()
    with chain_to(tmp_path, upstream) as chain, chain.client() as client:
        client.mail(SENDER)
        client.rcpt(RECIPIENT)
        assert client.docmd("DATA")[0] == 354
        client.send(MESSAGE[:30])
        in_loop(upstream, lambda: upstream.say_to_all("421 4.4.2 timeout exceeded"))
        client.send(MESSAGE[30:] + b".\r\n")
        assert client.getreply()[0] == 250
        assert upstream.taken[0].connection == 2
        assert upstream.taken[0].content is not None
        assert upstream.taken[0].content.endswith(MESSAGE)


def test_13_a_fallback_takes_over_and_gives_back(tmp_path: Path) -> None:
    first, second = ScriptedUpstream(), ScriptedUpstream()
    with UpstreamInThread(second):
        fallback = f'[[upstream.fallback]]\nurl = "smtp://127.0.0.1:{second.port}"\n'
        first.answer("connect", "421 4.3.2 busy")
        with chain_to(tmp_path, first, upstream_settings=fallback) as chain:
            assert chain.send()[0] == 250
            assert (len(first.taken), len(second.taken)) == (0, 1)
            assert chain.expect_logged("relayed")["upstream"] == f"127.0.0.1:{second.port}"
            chain.waypost.wait_for(lambda: chain.send()[0] == 250 and first.taken, "it did not give back")
            chain.waypost.wait_for(
                lambda: "can be used again" in chain.expect_logged("upstream")["event"],
                "it does not say that it gave back",
            )


class Certificate:
    """Of a server, and the file with its authority."""

    def __init__(self, folder: Path, name: str, **options: Any) -> None:
        authority = trustme.CA()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name, **options).configure_cert(self.context)
        self.file = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.file)


@pytest.mark.parametrize(
    ("scheme", "wrong"),
    [
        ("smtps", "name"),
        ("smtp+starttls", "nothing"),
        ("smtp+starttls", "authority"),
        ("smtp+starttls", "no starttls"),
        *(
            pytest.param("smtps", wrong, marks=pytest.mark.long)
            for wrong in ("nothing", "authority", "expired")
        ),
        *(pytest.param("smtp+starttls", wrong, marks=pytest.mark.long) for wrong in ("name", "expired")),
    ],
)
def test_13_a_certificate_that_is_not_theirs_gets_no_mail(tmp_path: Path, scheme: str, wrong: str) -> None:
    certificate = Certificate(
        tmp_path,
        "127.0.0.1" if wrong != "name" else "other.example",
        **({"not_after": LONG_AGO} if wrong == "expired" else {}),
    )
    upstream = ScriptedUpstream(
        extensions=EXTENSIONS if wrong == "no starttls" else (*EXTENSIONS, "STARTTLS"),
        tls=certificate.context,
        implicit_tls=scheme == "smtps",
    )
    environment = {"WAYPOST_UPSTREAM__URL": scheme + "://127.0.0.1:{}"}
    if wrong != "authority":
        environment["WAYPOST_UPSTREAM__CA_FILE"] = str(certificate.file)
    with chain_to(tmp_path, upstream, **environment) as chain:
        code, text = chain.send()
        if wrong == "nothing":
            assert code == 250
            assert len(upstream.taken) == 1
        else:
            assert (code, text[:5]) == (451, "4.4.1")
            assert upstream.transactions == []
            said = chain.expect_logged("upstream")["event"]
            assert ("STARTTLS" if wrong == "no starttls" else "certificate is not to be trusted") in said


def test_13_a_login_that_is_refused_is_451_and_shows_no_secret(tmp_path: Path) -> None:
    upstream = ScriptedUpstream(extensions=(*EXTENSIONS, "AUTH PLAIN"))
    upstream.answer("AUTH", *["535 5.7.8 wrong"] * 9)
    with chain_to(tmp_path, upstream, upstream_settings='username = "me"\npassword = "hunter2"') as chain:
        code, text = chain.send()
        assert (code, text[:5]) == (451, "4.4.1")
        assert "the login as me was refused: 535 5.7.8 wrong" in chain.expect_logged("upstream")["event"]
        assert not any("hunter2" in line for line in chain.waypost.log)


def in_loop(upstream: ScriptedUpstream, work: Callable[[], None]) -> None:
    """Do something with the upstream in its own loop, and wait until it is done."""
    done = threading.Event()
    loop = next(iter(upstream._tasks)).get_loop()

    def run() -> None:
        work()
        done.set()

    loop.call_soon_threadsafe(run)
    assert done.wait(10)
