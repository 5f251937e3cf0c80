"""Asks as clients of SparkPost do."""

import contextlib
import http.client
import json
from dataclasses import dataclass, field
from typing import Any

from tests.web.api_server import Answer, Api

PREFIX = "/compat/sparkpost/api/v1"
TRACKING, SENDING = "/tracking-domains", "/sending-domains"


@dataclass(slots=True, kw_only=True)
class Client:
    """`headers` go with every request; the bare key is among them."""

    api: Api
    headers: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str
    ) -> Answer:
        """Send `body` as JSON, or `raw` as it is. An underscore in a header's name is a hyphen."""
        octets = raw if raw is not None else None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} | self.headers
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.api.port, timeout=30)) as client:
            client.request(method, PREFIX + path, octets, sent)
            response = client.getresponse()
            read = response.read()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=found, body=json.loads(read) if read else None)

    def results(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return what is in the answer of a 200."""
        answer = self.ask(method, path, body, **headers)
        assert (answer.status, [*answer.body]) == (200, ["results"]), answer
        return answer.body["results"]

    def error(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str]]:
        """Return the status of a refusal, and its only error."""
        answer = self.ask(method, path, body, **headers)
        assert answer.headers["content-type"] == "application/json", answer
        assert [*answer.body] == ["errors"], answer
        [error] = answer.body["errors"]
        return answer.status, error


def client_of(api: Api) -> Client:
    """Return a client with the key of `api`."""
    return Client(api=api, headers={"Authorization": api.token})
