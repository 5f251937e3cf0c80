"""HTTPS by itself: a real authority, real DNS, a real server."""

import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dns_server import DnsServer
from tests.integration.https_installation import HttpsInstallation
from tests.integration.test_story import wait_until
from tests.pebble import Pebble
from tests.running import RunningWaypost

HOST = "track.example.com"


@pytest.fixture
def pebble(tmp_path: Path) -> Iterator[Pebble]:
    folder = tmp_path / "pebble"
    folder.mkdir()
    try:
        running = Pebble(folder)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with running:
        yield running


@pytest.fixture
def installation(tmp_path: Path, pebble: Pebble) -> Iterator[HttpsInstallation]:
    folder = tmp_path / "waypost"
    folder.mkdir()
    with DnsServer() as dns:
        yield HttpsInstallation(folder, pebble, dns)


def test_a_verified_domain_gets_a_certificate_and_its_clicks_go_over_https(
    installation: HttpsInstallation,
) -> None:
    with RunningWaypost(installation.folder) as running:
        installation.verify(HOST)
        running.wait_for(
            lambda: any(f"links on {HOST} are https" in line for line in running.log), "no certificate came"
        )
        installation.run("sender", "add", "example.com")

        def is_https() -> bool:
            installation.send()
            return f"https://{HOST}/c/" in installation.last_message()

        wait_until(is_https)
        found = re.search(rf'href="https://{HOST}(/c/[^"]+)"', installation.last_message())
        assert found is not None
        assert installation.curl(HOST, found[1]) == "302 https://shop.example/offer?a=1&b=2"
        wait_until(lambda: "click" in installation.kinds())
        assert installation.pebble.orders() == 1
        with pytest.raises(ssl.SSLError, match="unrecognized"):
            installation.handshake("never.example.com")
