"""The API on a real port, inside the test process, and a client for it."""

import contextlib
import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from accounts.lockout import Lockout, LockoutRule
from service.database import open_unattended
from service.listening import bind_tcp
from service.settings_file import load_settings
from tests.admin.conftest import Run

PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`body` is the JSON, None where there is none."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        """That of a problem."""
        assert self.headers["content-type"] == "application/problem+json", self
        assert self.body["status"] == self.status
        return str(self.body["code"])


@dataclass(slots=True, kw_only=True)
class Api:
    """Asks as whoever has `token`. `run` is the command line of the same installation."""

    port: int
    run: Run
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def key(self, scope: str = "admin", project: str | None = None) -> "Api":
        """Return the same with a key of its own; for the whole installation where no project is given."""
        whose = ("--all-projects",) if project is None else ("--project", project)
        made = json.loads(self.run("apikey", "add", "--scope", scope, "--json", *whose).output)
        return Api(port=self.port, run=self.run, token=made["key"])

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        media: str = "application/json",
    ) -> Answer:
        """Send `body` as JSON, or `raw` as it is."""
        octets = raw if raw is not None else None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": media} if octets is not None else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as client:
            client.request(method, PREFIX + path, octets, headers | self.headers)
            response = client.getresponse()
            read = response.read()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=found, body=json.loads(read) if read else None)

    def get(self, path: str) -> Any:
        """Return the body of a 200."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.body

    def post(self, path: str, body: Any = None, status: int = 201) -> Any:
        """Return the body of the answer, which has this status."""
        answer = self.ask("POST", path, body)
        assert answer.status == status, answer
        return answer.body


@contextlib.contextmanager
def served(run: Run, *trusted: str) -> Iterator[Api]:
    """Serve the installation in the current folder, behind proxies on networks that are trusted."""
    from service.web.door import ApiDoor
    from web.app import build_web
    from web.server import WebServer

    settings = load_settings(Path("waypost.toml"), {})
    with open_unattended(settings) as engine:
        app = build_web(
            ApiDoor(settings, engine),
            Lockout(LockoutRule(), time.monotonic),
            tuple(map(ip_network, trusted)),
        )
        sock = bind_tcp("127.0.0.1", 0, setting="web.listen")
        server = WebServer(app, sock)
        port = sock.getsockname()[1]
        server.start()
        try:
            yield Api(port=port, run=run)
        finally:
            server.stop()
