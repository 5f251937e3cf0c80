"""HTTPS by itself on two machines with one database: one order, whichever is asked, answered by either."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.dns_server import DnsServer
from tests.integration.https_installation import HttpsInstallation
from tests.integration.test_https import HOST
from tests.integration.test_https import pebble as pebble
from tests.pebble import Pebble
from tests.postgresql import PASSWORD, USER, PostgreSQL
from tests.running import RunningWaypost, free_port

OTHER = "click.example.com"


@pytest.fixture
def machines(
    tmp_path: Path, pebble: Pebble, postgresql: PostgreSQL
) -> Iterator[tuple[HttpsInstallation, HttpsInstallation]]:
    """The authority reaches the first one."""
    postgresql.execute("CREATE DATABASE {}", "https")
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    url = f"postgresql://{USER}@127.0.0.1:{postgresql.port}/https"
    database = f'[database]\nurl = "{url}"\npassword_file = "../password"\n'
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    with DnsServer() as dns:
        one = HttpsInstallation(first, pebble, dns, database)
        (second / "var").mkdir(parents=True)
        shutil.copy(first / "var/keys.json", second / "var/keys.json")
        yield one, HttpsInstallation(second, pebble, dns, database, http_port=free_port())
    postgresql.execute("DROP DATABASE {} WITH (FORCE)", "https")


@pytest.mark.long
def test_one_order_for_handshakes_on_both(machines: tuple[HttpsInstallation, HttpsInstallation]) -> None:
    one, two = machines
    for host in (HOST, OTHER):
        one.verify(host, https="off")  # so that nothing is ordered before somebody comes
    with RunningWaypost(one.folder), RunningWaypost(two.folder), ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda machine: machine.handshake(HOST)["serialNumber"], [one, two] * 4))
        assert len(set(asked)) == 1
        assert one.pebble.orders() == 1
        # Ordered by the second machine, while the authority asks the first.
        assert two.handshake(OTHER)["subjectAltName"] == (("DNS", OTHER),)
        assert one.handshake(OTHER)["serialNumber"] == two.handshake(OTHER)["serialNumber"]
    assert one.pebble.orders() == 2


@pytest.mark.long
def test_both_want_one_for_a_domain_that_was_verified(
    machines: tuple[HttpsInstallation, HttpsInstallation],
) -> None:
    one, two = machines
    with RunningWaypost(one.folder) as running, RunningWaypost(two.folder) as other:
        one.verify(HOST)
        words = f"links on {HOST} are https from now on"
        running.wait_for(lambda: any(words in line for line in running.log + other.log), "none came")
        assert one.handshake(HOST)["serialNumber"] == two.handshake(HOST)["serialNumber"]
    assert one.pebble.orders() == 1
