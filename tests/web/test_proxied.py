import asyncio
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.types import Scope

from tests.admin.conftest import Run
from tests.web.api_server import Api, served
from tests.web.browser import Browser
from web.proxied import Proxied

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))
CLIENT = b"198.51.100.7"


def seen(peer: str, *headers: tuple[bytes, bytes], trusted: Any = TRUSTED) -> tuple[str, str]:
    """Return address and scheme as the application sees them."""
    found: list[Scope] = []

    async def application(scope: Scope, *_: Any) -> None:
        found.append(scope)

    scope = {"type": "http", "client": (peer, 1), "scheme": "http", "headers": list(headers)}
    asyncio.run(Proxied(application, trusted)(scope, None, None))  # type: ignore[arg-type]
    [passed] = found
    return passed["client"][0], passed["scheme"]


@pytest.mark.parametrize(
    ("said", "scheme"),
    [
        ([b"https"], "https"),
        ([b"HTTPS "], "https"),
        ([b"http"], "http"),
        ([b"http, https"], "https"),
        ([b"https, http"], "http"),
        ([b"https", b"http"], "http"),
        ([b""], "http"),
        ([b"wss\xff"], "http"),
        ([], "http"),
    ],
)
def test_the_proxy_that_connected_tells_the_scheme(said: list[bytes], scheme: str) -> None:
    headers = [(b"x-forwarded-for", CLIENT), *((b"x-forwarded-proto", each) for each in said)]
    assert seen("10.0.0.1", *headers) == (CLIENT.decode(), scheme)
    assert seen("::ffff:10.0.0.1", *headers) == (CLIENT.decode(), scheme)


def test_nobody_else_is_believed() -> None:
    headers = (b"x-forwarded-for", CLIENT), (b"x-forwarded-proto", b"https")
    assert seen("203.0.113.9", *headers) == ("203.0.113.9", "http")
    assert seen("10.0.0.1", *headers, trusted=()) == ("10.0.0.1", "http")
    # a proxy of ours tells of one that is not: what that says is not believed
    through = b"127.0.0.1, 203.0.113.9"
    assert seen("10.0.0.1", (b"x-forwarded-for", through)) == ("203.0.113.9", "http")


def test_wrong_keys_count_for_the_client_behind_the_proxy(run: Run) -> None:
    def asks(address: str, token: str = "waypost_api_x") -> int:
        headers = {"X-Forwarded-For": f"192.0.2.1, {address}"}
        return Api(port=api.port, run=run, token=token, headers=headers).ask("GET", "/projects").status

    with served(run, "127.0.0.0/8") as api:
        key = api.key().token
        assert [asks("198.51.100.7") for _ in range(11)] == 10 * [401] + [429]
        assert (asks("198.51.100.7", key), asks("198.51.100.8", key), asks("198.51.100.8")) == (429, 200, 401)


def test_the_cookie_is_of_the_clients_scheme(run: Run) -> None:
    with served(run, "127.0.0.0/8") as api:
        browser = Browser(port=api.port, headers={"X-Forwarded-Proto": "https"})
        assert browser.submit("/sign-in", "/sign-in", {"key": api.key().token}).location == "/"
        assert {name for name in browser.cookies if "said" not in name} == {"__Host-waypost"}
        assert browser.get("/p/default").status == 200
