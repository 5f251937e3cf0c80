"""HTTPS by itself: a real authority, real DNS, a real server."""

import json
import re
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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


def told(running: RunningWaypost, words: str) -> None:
    """Wait for a line of the log."""
    running.wait_for(lambda: any(words in line for line in running.log), f"never told: {words}")


def logged(running: RunningWaypost, words: str) -> int:
    return sum(words in line for line in running.log)


def test_a_verified_domain_gets_a_certificate_and_its_clicks_go_over_https(
    installation: HttpsInstallation,
) -> None:
    with RunningWaypost(installation.folder) as running:
        installation.verify(HOST)
        told(running, f"links on {HOST} are https from now on")
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
    shown = json.loads(installation.run("tls", "status", HOST, "--json"))
    assert (shown["state"], shown["problem"]) == ("active", None)
    assert shown["issuer"].startswith("Pebble Intermediate CA")
    assert "Certificate: active, by Pebble" in installation.run("domain", "show", HOST)
    assert "1 of 1 verified domains have one" in installation.run("check")


def test_names_that_were_never_verified_cost_nothing(installation: HttpsInstallation) -> None:
    installation.point("pending.example.com")
    installation.run("domain", "add", "pending.example.com")
    with RunningWaypost(installation.folder):
        for host in ("pending.example.com", "never.example.com", "example.com"):
            with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
                installation.handshake(host)
        assert installation.ask("any.example", "/.well-known/acme-challenge/made-up") == 404
    assert installation.pebble.orders() == 0
    assert "may have no certificate" in installation.run("tls", "issue", "pending.example.com", code=1)
    assert installation.pebble.orders() == 0


def test_eight_handshakes_at_once_share_one_order(installation: HttpsInstallation) -> None:
    installation.verify(HOST, https="off")  # so that nothing is ordered before somebody comes
    with RunningWaypost(installation.folder) as running, ThreadPoolExecutor(8) as pool:
        began = time.monotonic()
        found = list(pool.map(lambda _: installation.handshake(HOST)["serialNumber"], range(8)))
        print("first handshakes took", time.monotonic() - began)
        assert len(set(found)) == 1
        assert installation.handshake(HOST)["serialNumber"] == found[0]
        assert logged(running, "certificate for") == 1
    assert installation.pebble.orders() == 1
