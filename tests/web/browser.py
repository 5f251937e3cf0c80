"""What a browser without a script does with the dashboard: cookies, forms, redirects."""

import contextlib
import http.client
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.web.api_server import Api


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An answer."""

    status: int
    headers: list[tuple[str, str]]
    html: str

    def header(self, name: str) -> str:
        """Return the only one of this name, "" where there is none."""
        values = [value for each, value in self.headers if each.lower() == name.lower()]
        assert len(values) <= 1, values
        return values[0] if values else ""

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        assert self.status == 303, self
        return self.header("location")

    @property
    def text(self) -> str:
        """What is read, with single blanks."""
        reader = _Text()
        reader.feed(self.html)
        return " ".join(" ".join(reader.pieces).split())

    @property
    def form_token(self) -> str:
        """That of its forms, all the same."""
        reader = _Text()
        reader.feed(self.html)
        [token] = reader.tokens
        return token


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.tokens: set[str] = set()

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("name") == "csrf":
            self.tokens.add(given["value"] or "")


@dataclass(slots=True, kw_only=True)
class Browser:
    """Keeps cookies, follows nothing by itself."""

    port: int
    address: str = "127.0.0.1"  # of its own
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Shown:
        """Send, and keep the cookies of the answer."""
        sent = {**self.headers, **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=30, source_address=(self.address, 0)
        )
        with contextlib.closing(connection) as client:
            client.request(method, path, body, sent)
            response = client.getresponse()
            read = response.read().decode()
        found = response.getheaders()
        for name, value in found:
            if name.lower() == "set-cookie":
                self._keep(value)
        return Shown(status=response.status, headers=found, html=read)

    def get(self, path: str) -> Shown:
        """Show a page, which is there."""
        shown = self.ask("GET", path)
        assert shown.status == 200, shown
        return shown

    def send(self, path: str, fields: dict[str, str]) -> Shown:
        """Send a form as it is given."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, urlencode(fields).encode(), kind)

    def submit(self, page: str, path: str, fields: dict[str, str]) -> Shown:
        """Send a form of a page, with its token."""
        return self.send(path, {"csrf": self.get(page).form_token, **fields})

    def _keep(self, set_cookie: str) -> None:
        for name, morsel in SimpleCookie(set_cookie).items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value


def signed_in(api: Api, scope: str = "admin", project: str | None = None) -> Browser:
    """Return the browser of somebody who signed in with a key of this scope."""
    browser = Browser(port=api.port)
    key = api.key(scope, project).token
    shown = browser.submit("/sign-in", "/sign-in", {"key": key})
    assert shown.location == "/", shown
    return browser
