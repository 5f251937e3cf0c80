"""HTTPS by itself where things go wrong: the authority, the process, the database; and years later."""

import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certificates.rules import is_leased
from tests.dns_server import DnsServer
from tests.integration.https_installation import HttpsInstallation
from tests.integration.test_https import HOST, told
from tests.integration.test_https import installation as installation
from tests.integration.test_https import pebble as pebble
from tests.integration.test_story import wait_until
from tests.pebble import Pebble
from tests.running import RunningWaypost

CAME = f"certificate for {HOST} by Pebble"


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[HttpsInstallation]:
    """An authority that takes seconds to look at the host."""
    folders = [tmp_path / name for name in ("pebble", "waypost")]
    for folder in folders:
        folder.mkdir()
    try:
        authority = Pebble(folders[0], slow=True)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with authority, DnsServer() as dns:
        yield HttpsInstallation(folders[1], authority, dns, handshake_wait_seconds=0.5)


@pytest.fixture
def short_lived(tmp_path: Path) -> Iterator[HttpsInstallation]:
    """Its certificates last for a minute, and half of all nonces are rejected."""
    folders = [tmp_path / name for name in ("pebble", "waypost")]
    for folder in folders:
        folder.mkdir()
    try:
        authority = Pebble(folders[0], lifetime_seconds=60, bad_nonces=50)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with authority, DnsServer() as dns:
        yield HttpsInstallation(folders[1], authority, dns)


def refuses(installation: HttpsInstallation) -> bool:
    try:
        installation.handshake(HOST)
    except ssl.SSLError:
        return True
    return False


def past() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


@pytest.mark.long
def test_a_removed_domain_past_its_renewal_still_answers_over_https(installation: HttpsInstallation) -> None:
    with RunningWaypost(installation.folder) as running:
        installation.verify(HOST)
        told(running, CAME)
        first = installation.handshake(HOST)["serialNumber"]
        installation.run("domain", "remove", HOST, "--force")
        installation.keep(due_at=past())
        wait_until(lambda: installation.handshake(HOST)["serialNumber"] != first)
        installation.dns.set(HOST, "CNAME", "elsewhere.example.net")
        installation.keep(due_at=past())
        wait_until(lambda: (installation.record().due_at or past()) > datetime.now(UTC))
        assert not refuses(installation)
    assert installation.pebble.orders() == 2


@pytest.mark.long
def test_it_is_renewed_before_it_runs_out(short_lived: HttpsInstallation) -> None:
    with RunningWaypost(short_lived.folder) as running:
        short_lived.verify(HOST)
        told(running, CAME)
        first = short_lived.handshake(HOST)
        # No handshake fails meanwhile.
        wait_until(lambda: short_lived.handshake(HOST)["serialNumber"] != first["serialNumber"])
        assert time.time() < ssl.cert_time_to_seconds(first["notAfter"])


def test_an_authority_that_is_away_and_comes_back(installation: HttpsInstallation) -> None:
    installation.pebble.stop()
    with RunningWaypost(installation.folder) as running:
        installation.verify(HOST)
        told(running, f"no certificate for {HOST}: unreachable")
        with pytest.raises(ssl.SSLError):
            ssl.get_server_certificate(("127.0.0.1", installation.https_port))
        assert installation.ask(HOST, "/") == 200
    assert "cannot be reached" in installation.run("tls", "status", HOST)
    installation.pebble.start()
    installation.keep(due_at=past())
    with RunningWaypost(installation.folder) as running:
        told(running, CAME)
        wait_until(lambda: not refuses(installation))
    assert "active, by Pebble" in installation.run("tls", "status", HOST)


@pytest.mark.long
def test_who_will_not_wait_for_a_slow_authority_finds_the_certificate_later(slow: HttpsInstallation) -> None:
    slow.verify(HOST, https="off")
    with RunningWaypost(slow.folder) as running:
        assert refuses(slow)
        assert slow.ask(HOST, "/") == 200
        told(running, CAME)
        wait_until(lambda: not refuses(slow))
    assert slow.pebble.orders() == 1


@pytest.mark.long
def test_a_process_that_is_killed_in_the_middle_of_an_order(slow: HttpsInstallation) -> None:
    slow.verify(HOST)
    with RunningWaypost(slow.folder) as running:
        running.wait_for(lambda: slow.pebble.orders() == 1, "nothing was ordered")
        running.kill()
    assert is_leased(slow.record(), datetime.now(UTC))
    slow.keep(leased_until=past(), due_at=past())  # three minutes later
    with RunningWaypost(slow.folder) as running:
        told(running, CAME)
        wait_until(lambda: not refuses(slow))
    assert slow.pebble.orders() == 2


@pytest.mark.long
def test_a_start_while_database_and_authority_are_away(installation: HttpsInstallation) -> None:
    snapshot, database = (installation.folder / f"var/{name}" for name in ("snapshot", "waypost.db"))
    installation.verify(HOST)
    with RunningWaypost(installation.folder) as running:
        told(running, CAME)
    snapshot.unlink()
    with RunningWaypost(installation.folder) as running:
        running.wait_for(snapshot.exists, "no snapshot is written")
    database.rename(database.with_name("away.db"))
    with RunningWaypost(installation.folder) as running:
        assert not refuses(installation)
        assert installation.curl(HOST, "/robots.txt").startswith("200")
        assert not any("Traceback" in line for line in running.log)
    assert installation.pebble.orders() == 1
    assert b"PRIVATE KEY" not in snapshot.read_bytes() + database.with_name("away.db").read_bytes()


@pytest.mark.long
def test_a_revoked_certificate_is_replaced_when_somebody_comes(installation: HttpsInstallation) -> None:
    installation.verify(HOST)
    with RunningWaypost(installation.folder) as running:
        told(running, CAME)
        first = installation.handshake(HOST)["serialNumber"]
        installation.run("tls", "revoke", HOST, "--yes")
        wait_until(lambda: installation.handshake(HOST)["serialNumber"] != first)
        again = installation.handshake(HOST)["serialNumber"]
        assert "has a certificate until" in installation.run("tls", "issue", HOST, "--wait")
        wait_until(lambda: installation.handshake(HOST)["serialNumber"] != again)
    assert installation.pebble.orders() == 3
