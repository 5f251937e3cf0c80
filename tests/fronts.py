"""Real HTTPS fronts of the test's own: Caddy, nginx and HAProxy with the files in `deploy/`, on free ports.

Each is started and stopped by `with`, listens on 127.0.0.1 alone, and keeps its files in a folder of its own.
"""

import getpass
import os
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import trustme

from tests.knot import require
from tests.running import free_port

PATIENCE: Final = 60.0
DEPLOY: Final = Path(__file__).parents[1] / "deploy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """Where Waypost is: the ports that `deploy/` calls 8080, 8443 and 8082."""

    http: int
    https: int
    private: int


class Front(ABC):
    """One program. `root` is the file of the certificate to trust for it."""

    program: str
    hosts = ("t.example.net", "*.t.example.net", "track.example.com")  # that it has certificates for

    def __init__(self, folder: Path, tracker: Tracker, authority: trustme.CA) -> None:
        self._program = require(self.program)
        self.folder = folder
        self.tracker = tracker
        self.http_port, self.https_port = free_port(), free_port()
        authority.cert_pem.write_to_path(folder / "root.pem")
        issued = authority.issue_cert(*self.hosts)
        self.chain = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
        self.key = issued.private_key_pem.bytes()

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    @abstractmethod
    def command(self) -> list[str | Path]:
        """Write the files, and return the arguments to start with."""

    def __enter__(self) -> Self:
        arguments = self.command()
        with (self.folder / "front.log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._program, *arguments],
                cwd=self.folder,
                env=os.environ | {"HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder / "data")},
                stdout=log,
                stderr=log,
            )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)

    def log(self) -> str:
        """Return what it said so far."""
        return (self.folder / "front.log").read_text()

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        for port in (self.http_port, self.https_port):
            while not _answers(port):
                assert time.monotonic() < deadline, self.log()
                assert self._process.poll() is None, self.log()
                time.sleep(0.02)

    def _shipped(self, name: str, moved: Mapping[str, str]) -> str:
        """Return a file of `deploy/` with what must differ in a test, and without its lines for IPv6."""
        text = (DEPLOY / name).read_text()
        for shipped, here in moved.items():
            assert shipped in text, f"{name} does not say {shipped!r}"
            text = text.replace(shipped, here)
        return "".join(line for line in text.splitlines(keepends=True) if "[::]" not in line)


class Caddy(Front):
    """Its certificates come from an authority inside it, made when they are needed."""

    program = "caddy"

    @property
    def root(self) -> Path:
        return self.folder / "data/caddy/pki/authorities/local/root.crt"

    def command(self) -> list[str | Path]:
        here = (
            "{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\tdefault_bind 127.0.0.1\n"
            f"\thttp_port {self.http_port}\n\thttps_port {self.https_port}\n"
        )
        moved = {
            "\n{\n": f"\n{here}",
            "127.0.0.1:8082": f"127.0.0.1:{self.tracker.private}",
            "127.0.0.1:8080": f"127.0.0.1:{self.tracker.http}",
        }
        (self.folder / "Caddyfile").write_text(self._shipped("caddy/Caddyfile", moved))
        return ["run", "--config", "Caddyfile", "--adapter", "caddyfile"]

    def certified(self) -> set[str]:
        """Return the hosts that it made certificates for."""
        return {path.stem for path in (self.folder / "data/caddy/certificates").rglob("*.crt")}


class Nginx(Front):
    """`conf.d` as Debian's nginx.conf includes it."""

    program = "nginx"

    def command(self) -> list[str | Path]:
        (self.folder / "chain.pem").write_bytes(self.chain)
        (self.folder / "key.pem").write_bytes(self.key)
        moved = {
            "listen 80 ": f"listen 127.0.0.1:{self.http_port} ",
            "listen 443 ": f"listen 127.0.0.1:{self.https_port} ",
            "127.0.0.1:8080": f"127.0.0.1:{self.tracker.http}",
            "/etc/waypost/tls/fullchain.pem": "chain.pem",
            "/etc/waypost/tls/privkey.pem": "key.pem",
        }
        (self.folder / "waypost.conf").write_text(self._shipped("nginx/waypost.conf", moved))
        moved = {"/var/log/nginx/error.log": "stderr"}
        (self.folder / "waypost-proxy.conf").write_text(self._shipped("nginx/waypost-proxy.conf", moved))
        temporary = "".join(f"{name}_temp_path temp;\n" for name in ("client_body", "proxy", "fastcgi"))
        (self.folder / "nginx.conf").write_text(
            f"daemon off;\nuser {getpass.getuser()} root;\nworker_processes 1;\npid nginx.pid;\n"
            "events {}\n"
            f"http {{\naccess_log off;\n{temporary}uwsgi_temp_path temp;\nscgi_temp_path temp;\n"
            "include waypost.conf;\n}\n"
        )
        return ["-e", "stderr", "-p", f"{self.folder}/", "-c", "nginx.conf"]


class HaProxy(Front):
    """Either of the two ways."""

    program = "haproxy"
    file: str

    def moved(self) -> dict[str, str]:
        return {
            "bind :80\n": f"bind 127.0.0.1:{self.http_port}\n",
            "127.0.0.1:8080": f"127.0.0.1:{self.tracker.http}",
        }

    def command(self) -> list[str | Path]:
        (self.folder / "haproxy.cfg").write_text(self._shipped(f"haproxy/{self.file}", self.moved()))
        return ["-db", "-f", "haproxy.cfg"]


class HaProxyPassingThrough(HaProxy):
    """The tracker has the certificates."""

    file = "passthrough.cfg"

    def moved(self) -> dict[str, str]:
        return super().moved() | {
            "bind :443\n": f"bind 127.0.0.1:{self.https_port}\n",
            "127.0.0.1:8443": f"127.0.0.1:{self.tracker.https}",
        }


class HaProxyTerminating(HaProxy):
    """It has the certificates."""

    file = "terminating.cfg"

    def moved(self) -> dict[str, str]:
        certificates = self.folder / "certificates"
        certificates.mkdir()
        (certificates / "all.pem").write_bytes(self.chain + self.key)
        return super().moved() | {
            "bind :443 ": f"bind 127.0.0.1:{self.https_port} ",
            "/etc/haproxy/waypost/": f"{certificates}/",
        }


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
