"""What the relay's benchmark drives: a sink, and relays in front of it, each in processes of its own."""

import json
import os
import re
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
from click.testing import CliRunner

from admin.main import main
from benchmarks.processes import running
from tests.postfix import Postfix
from tests.relay_installation import RelayInstallation
from tests.running import COMMAND, clean_environment, free_port

_COUNT = re.compile(rb"mesg=(\d+)")


@dataclass(frozen=True, slots=True)
class System:
    """Something that takes mail on a port; `pid` is the root of its process tree, None for the bare sink."""

    name: str
    port: int
    pid: int | None = None
    login: str = ""  # what AUTH PLAIN takes, where somebody can sign in


@dataclass(frozen=True, slots=True)
class Sink:
    """smtp-sink, which takes everything."""

    port: int
    counter: Path

    def count(self) -> int:
        """Return how many messages it has taken."""
        with self.counter.open("rb") as file:
            file.seek(max(0, self.counter.stat().st_size - 200))
            found = _COUNT.findall(file.read())
        return int(found[-1]) if found else 0


@contextmanager
def sink() -> Iterator[Sink]:
    """Run smtp-sink."""
    port = free_port()
    with tempfile.NamedTemporaryFile() as counter:
        unprivileged = ["-u", "nobody"] if os.geteuid() == 0 else []
        command = ["smtp-sink", "-c", *unprivileged, f"127.0.0.1:{port}", "512"]
        with running(command, port, stdout=counter):
            yield Sink(port, Path(counter.name))


@contextmanager
def distant(port: int, milliseconds: int) -> Iterator[int]:
    """Run what makes a port distant; return the port to connect to."""
    near = free_port()
    arguments = [str(near), str(port), str(milliseconds)]
    with running([sys.executable, "-m", "benchmarks.distant_server", *arguments], near):
        yield near


@contextmanager
def stock_relay(upstream: int) -> Iterator[System]:
    """Run the relay of `benchmarks.stock_relay`."""
    port = free_port()
    with running([sys.executable, "-m", "benchmarks.stock_relay", str(port), str(upstream)], port) as pid:
        yield System("stock relay", port, pid)


@contextmanager
def postfix(upstream: int) -> Iterator[System]:
    """Run a Postfix that passes everything on unchanged."""
    with Postfix(f"relayhost = [127.0.0.1]:{upstream}\n") as server:
        yield System("Postfix", server.port, server.pid)


@contextmanager
def waypost(
    name: str,
    port: int,
    relay: str = "",
    *,
    upstream: str = "",
    mode: str = "on",
    tls: bool = False,
) -> Iterator[System]:
    """Run a whole Waypost as an operator does, in front of the server on `port`.

    `relay` and `upstream` are lines of those sections of the settings.

    With `tls` its port speaks TLS from the first byte, and clients can sign in.
    """
    with tempfile.TemporaryDirectory() as folder:
        secure = free_port() if tls else None
        installation = RelayInstallation(
            Path(folder),
            port,
            upstream=upstream,
            listen=(f"smtps://127.0.0.1:{secure}",) if tls else (),
            relay=relay + (_certificate(Path(folder)) if tls else ""),
            more=f'mode = "{mode}"\n',
        )
        login = _login(Path(folder)) if tls else ""
        with (
            (Path(folder) / "log").open("wb") as log,
            running(
                [COMMAND, "serve"],
                installation.smtp_port,
                cwd=folder,
                env=clean_environment(),
                stderr=log,
            ) as pid,
        ):
            yield System(name, secure or installation.smtp_port, pid, login)


def _login(folder: Path) -> str:
    """Make a credential that may send as the benchmark does."""
    config = ["--config", str(folder / "waypost.toml")]
    CliRunner().invoke(main, [*config, "sender", "add", "shop.example"], catch_exceptions=False)
    made = CliRunner().invoke(main, [*config, "credential", "add", "--json"], catch_exceptions=False)
    added = json.loads(made.output)
    return b64encode(f"\0{added['username']}\0{added['password']}".encode()).decode()


def _certificate(folder: Path) -> str:
    certificate = trustme.CA(key_type=trustme.KeyType.ECDSA).issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(folder / "tls.pem")
    return 'tls_certificate = "tls.pem"\ntls_key = "tls.pem"\n'
