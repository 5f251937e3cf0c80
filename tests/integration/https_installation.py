"""A whole installation with a certificate authority of its own, and DNS in which this machine is the
target."""

import http.client
import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from certificates.model import HostRecord
from service.database import open_database
from service.settings_file import load_settings
from storage.certificate_store import SqlCertificateStore
from tests.dns_server import DnsServer
from tests.integration.test_story import Installation
from tests.pebble import Pebble
from tests.running import free_port

TARGET: Final = "t.waypost.test"
PATIENCE: Final = 60.0


class HttpsInstallation(Installation):
    """`pebble` asks `http_port` for challenges; clients reach `https_port`."""

    def __init__(
        self,
        folder: Path,
        pebble: Pebble,
        dns: DnsServer,
        settings: str = "",
        *,
        http_port: int = 0,
        **tls: object,
    ) -> None:
        self.https_port = free_port()
        self.pebble, self.dns = pebble, dns
        dns.add(TARGET, "A", "127.0.0.1")
        section: dict[str, object] = {
            "mode": "acme",
            "listen": [f"127.0.0.1:{self.https_port}"],
            "directory": pebble.directory,
            "trust_root": pebble.trust_root,
            "contact": ["ops@example.com"],
            "terms_agreed": True,
        } | tls
        lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in section.items())
        super().__init__(
            folder,
            f'[tls]\n{lines}\n[domains]\ncname_targets = ["{TARGET}"]\nnameservers = ["127.0.0.1"]\n'
            f"nameserver_port = {dns.port}\nprobe_http_port = 0\nprobe_https_port = 0\n"
            f"background_checks = false\n{settings}",
            http_port=http_port or pebble.http_port,
        )

    def point(self, host: str) -> None:
        """Let a host lead here, for us and for the authority."""
        self.dns.add(host, "CNAME", TARGET)
        self.pebble.point(host)

    def verify(self, host: str, *, https: str = "auto") -> None:
        """Add and verify a tracking domain."""
        self.point(host)
        self.run("domain", "add", host)
        if https != "auto":
            self.run("domain", "update", host, "--https", https)
        self.run("domain", "verify", host)

    def record(self) -> HostRecord:
        """Return what is kept of the one host."""
        with self._store() as store:
            [found] = store.records()
            return found

    def keep(self, **changes: Any) -> None:
        """Change what is kept of it, as if time had passed."""
        with self._store() as store:
            [found] = store.records()
            assert store.put(replace(found, **changes)) is not None

    @contextmanager
    def _store(self) -> Iterator[SqlCertificateStore]:
        with open_database(load_settings(self.folder / "waypost.toml", {})) as engine:
            yield SqlCertificateStore(engine)

    def root(self) -> Path:
        """Return the file to trust for what the authority issues."""
        file = self.folder / "issued-root.pem"
        file.write_text(self.pebble.root())
        return file

    def handshake(self, host: str, port: int = 0) -> dict[str, Any]:
        """Return the certificate that a client gets. Raises ssl.SSLError."""
        context = ssl.create_default_context(cadata=self.pebble.root())
        with (
            socket.create_connection(("127.0.0.1", port or self.https_port), timeout=PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=host) as connection,
        ):
            found = connection.getpeercert()
            assert found is not None
            return dict(found)

    def curl(self, host: str, path: str) -> str:
        """Ask over HTTPS as a reader's program would; return status and Location."""
        done = subprocess.run(
            [
                *("curl", "--silent", "--show-error", "--cacert", self.root()),
                *("--connect-to", f"{host}:443:127.0.0.1:{self.https_port}"),
                *("--output", "/dev/null", "--write-out", "%{http_code} %{redirect_url}"),
                f"https://{host}{path}",
            ],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        return done.stdout

    def ask(self, host: str, path: str) -> int:
        """Return the status that the tracker answers over HTTP."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=PATIENCE)) as client:
            client.request("GET", path, headers={"Host": host})
            return client.getresponse().status
