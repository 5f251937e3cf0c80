"""A real certificate authority of the tests' own: Debian's `pebble` and `pebble-challtestsrv`, its DNS
server.

Pebble asks port `http_port` of whatever address the DNS gives, in place of port 80.
"""

import json
import os
import shutil
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any, Final, Self

import trustme

from tests.running import free_port

PATIENCE: Final = 60.0


class Pebble:
    """Started by `with`. `directory` is its URL, `trust_root` the file of the certificate to trust for it.

    Its root and its accounts are new at each start. Raises FileNotFoundError where it is not installed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        http_port: int | None = None,
        bad_nonces: int = 0,
        lifetime_seconds: int | None = None,
        slow: bool = False,
        reuse_authorizations: int = 0,
    ) -> None:
        """`bad_nonces` and `reuse_authorizations` are per cent; `slow` waits before it validates."""
        for program in ("pebble", "pebble-challtestsrv"):
            if shutil.which(program) is None:
                raise FileNotFoundError(f"{program} is not installed: apt-get install pebble")
        self._folder = folder
        self.http_port = http_port or free_port()
        self.port, self._management, self._dns, self._dns_management = (free_port() for _ in range(4))
        self._lifetime = lifetime_seconds
        self._environment = os.environ | {
            "PEBBLE_WFE_NONCEREJECT": str(bad_nonces),
            "PEBBLE_AUTHZREUSE": str(reuse_authorizations),
            "PEBBLE_VA_NOSLEEP": "0" if slow else "1",
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.trust_root = self._write_certificate()
        self._tls = ssl.create_default_context(cafile=self.trust_root)
        self._write_settings()
        try:
            self._start_dns()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        for process in reversed(self._processes):
            _end(process)

    @property
    def directory(self) -> str:
        """Its URL."""
        return f"https://localhost:{self.port}/dir"

    def start(self) -> None:
        """Start it anew: it knows nobody, and has another root."""
        self._start(
            *("pebble", "-config", self._folder / "pebble.json", "-strict"),
            *("-dnsserver", f"127.0.0.1:{self._dns}"),
        )
        _wait_for(lambda: self._get(self.directory), self.log)

    def stop(self) -> None:
        """Stop it; the DNS goes on."""
        _end(self._processes.pop())

    def point(self, host: str, *addresses: str) -> None:
        """Give a host these addresses, 127.0.0.1 where none is named."""
        self._tell_dns("add-a", host=host, addresses=addresses or ("127.0.0.1",))

    def alias(self, host: str, target: str) -> None:
        """Make a host a CNAME."""
        self._tell_dns("set-cname", host=host, target=target)

    def root(self) -> str:
        """Return the certificate, PEM, to trust for what it issues."""
        return self._get(f"https://localhost:{self._management}/roots/0")

    def log(self) -> str:
        """Return all that it and the DNS said so far."""
        return (self._folder / "pebble.log").read_text()

    def orders(self) -> int:
        """Return how many orders it has had since it began, over all its starts."""
        return self.log().count("POST /order-plz")

    def _start(self, *command: object) -> None:
        with (self._folder / "pebble.log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    [str(word) for word in command], stdout=log, stderr=log, env=self._environment
                )
            )

    def _start_dns(self) -> None:
        self._start(
            *("pebble-challtestsrv", "-dns01", f"127.0.0.1:{self._dns}"),
            *("-management", f"127.0.0.1:{self._dns_management}"),
            *("-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv4", "", "-defaultIPv6", ""),
        )
        _wait_for(lambda: self.point("ready.test"), self.log)

    def _tell_dns(self, what: str, **entry: object) -> None:
        url = f"http://127.0.0.1:{self._dns_management}/{what}"
        with urllib.request.urlopen(url, json.dumps(entry).encode(), timeout=PATIENCE):
            pass

    def _get(self, url: str) -> str:
        with urllib.request.urlopen(url, timeout=PATIENCE, context=self._tls) as answer:
            text: str = answer.read().decode()
            return text

    def _write_certificate(self) -> str:
        authority = trustme.CA()
        issued = authority.issue_cert("localhost", "127.0.0.1")
        issued.cert_chain_pems[0].write_to_path(self._folder / "pebble.pem")
        issued.private_key_pem.write_to_path(self._folder / "pebble.key")
        root = self._folder / "pebble-root.pem"
        authority.cert_pem.write_to_path(root)
        return str(root)

    def _write_settings(self) -> None:
        settings: dict[str, Any] = {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{self._management}",
            "certificate": str(self._folder / "pebble.pem"),
            "privateKey": str(self._folder / "pebble.key"),
            "httpPort": self.http_port,
            "tlsPort": free_port(),
        }
        if self._lifetime is not None:
            settings["certificateValidityPeriod"] = self._lifetime
        (self._folder / "pebble.json").write_text(json.dumps({"pebble": settings}))


def _wait_for(ready: Any, log: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            ready()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise AssertionError(log()) from None
            time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(PATIENCE)
