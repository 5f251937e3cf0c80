"""The tracker in two worker processes: over HTTP and HTTPS, when one is killed, and when all are stopped."""

import os
import signal
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme

from links import parse_key_ring
from tests.integration.https_installation import HttpsInstallation
from tests.integration.test_https import HOST, installation, logged, pebble
from tests.integration.test_journal_counts import Tracked, assert_each_once, paths
from tests.integration.test_monitoring import Monitored
from tests.integration.test_own_certificate import status
from tests.integration.test_processes import workers
from tests.running import PATIENCE, RunningWaypost, free_port, waypost

__all__ = ["installation", "pebble"]

TWO = {"WAYPOST_TRACKER__WORKERS": "2"}


def died(running: RunningWaypost) -> int:
    return sum("tracker worker" in line and "died (SIGKILL)" in line for line in running.log)


def kill_one(running: RunningWaypost) -> None:
    """Kill one of two workers, and wait until there are two again."""
    victim, other = workers(running)
    os.kill(victim, signal.SIGKILL)
    running.wait_for(lambda: len({*workers(running)} - {victim}) == 2, "nobody replaces it")
    assert other in workers(running)


def test_two_workers_answer_over_http_and_https_and_add_up(tmp_path: Path) -> None:
    authority, port = trustme.CA(), free_port()
    issued = authority.issue_cert("t.example.net")
    (tmp_path / "cert.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    (tmp_path / "key.pem").write_bytes(issued.private_key_pem.bytes())
    assert waypost(tmp_path, "init", "--demo").returncode == 0
    click, *_ = paths(parse_key_ring((tmp_path / "var/keys.json").read_text()))
    tls = {"LISTEN": f"127.0.0.1:{port}", "CERTIFICATE": "cert.pem", "KEY": "key.pem"}
    with Monitored(
        tmp_path, **TWO, **{f"WAYPOST_TLS__{name}": value for name, value in tls.items()}
    ) as running:
        assert running.metric("tracker_workers") == len(workers(running)) == 2
        assert [running.get(click).status for _ in range(20)] == [302] * 20
        assert [status(port, authority, "t.example.net", "t.example.net") for _ in range(4)] == [200] * 4
        with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
            status(port, authority, "other.example", "other.example")
        assert running.metric("tracker_requests_total", kind="click", outcome="answered") == 20
        assert running.metric("tls_handshakes_total", outcome="done") == 4
        assert running.metric("tls_handshakes_total", outcome="unknown_name") == 1
        assert running.ask("/readyz") == (200, "ready\n")


@pytest.mark.long
def test_workers_start_and_answer_while_the_database_is_away(tmp_path: Path) -> None:
    assert waypost(tmp_path, "init", "--demo").returncode == 0
    click, *_ = paths(parse_key_ring((tmp_path / "var/keys.json").read_text()))
    database = tmp_path / "var/waypost.db"
    with Monitored(tmp_path, **TWO) as running:
        assert waypost(tmp_path, "links", "block", "--host", "shop.example").returncode == 0
        running.wait_for(
            lambda: logged(running, "blocked: host shop.example") == 3, "not all know of the block"
        )
        database.rename(tmp_path / "away.db")
        for victim in workers(running):
            os.kill(victim, signal.SIGKILL)
        running.wait_for(lambda: running.metric("tracker_workers") == 0, "they do not die")
        assert running.ask("/readyz") == (503, "no tracker worker runs\n")
        with socket.create_connection(("127.0.0.1", running.http_port), PATIENCE) as client:
            client.sendall(f"GET {click} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            # It waits in the kernel until there is a worker, and that has the block from the parent.
            assert client.recv(100).startswith(b"HTTP/1.1 410 ")
        assert running.metric("worker_deaths_total", of="tracker") == 2
        running.wait_for(lambda: running.ask("/readyz")[0] == 200, "it is never ready again")
        (tmp_path / "away.db").rename(database)


def kill_workers_under_load(tracked: Tracked, kills: int) -> None:
    """Kill workers, and at last the parent; then a stop in the midst of the load."""
    arguments = ("--only", "tracker", "--only", "background")
    with tracked.load() as load:
        with RunningWaypost(tracked.folder, *arguments, **TWO) as running:
            for _ in range(kills):
                some = len(load.answered) + 100
                running.wait_for(lambda some=some: len(load.answered) > some, "nothing is answered")
                kill_one(running)
            assert died(running) == kills
            running.kill()
        with RunningWaypost(tracked.folder, *arguments, **TWO) as running:
            some = len(load.answered) + 100
            running.wait_for(lambda: len(load.answered) > some, "the next one does not answer")
            assert running.stop() == 0
            load.stop()
    tracked.ship_all()
    assert_each_once(tracked, load, kills + 2)


@pytest.fixture
def tracked(tmp_path: Path) -> Tracked:
    return Tracked(tmp_path, f"sqlite:///{tmp_path}/var/waypost.db")


@pytest.mark.long
def test_killed_workers_lose_and_double_nothing(tracked: Tracked) -> None:
    kill_workers_under_load(tracked, kills=8)
    tracked.dispose()


@pytest.mark.long
def test_a_stop_answers_what_was_asked(tmp_path: Path) -> None:
    assert waypost(tmp_path, "init", "--demo").returncode == 0
    with Monitored(tmp_path, **TWO) as running:
        pids = workers(running)
        with ThreadPoolExecutor(8) as pool:
            answers = [pool.submit(running.get, "/healthz") for _ in range(40)]
            time.sleep(0.05)
            assert running.stop() == 0
            served = [answer.result().status for answer in answers if answer.exception() is None]
        assert served
        assert served == [200] * len(served)
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.long
def test_clients_of_both_workers_share_one_order(installation: HttpsInstallation) -> None:
    installation.verify(HOST, https="off")  # so that nothing is ordered before somebody comes
    with RunningWaypost(installation.folder, **TWO) as running, ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: installation.handshake(HOST)["serialNumber"], range(16)))
        assert len(set(found)) == 1
        assert logged(running, "certificate for") == 1
        assert installation.curl(HOST, "/healthz").startswith("200")
        for host in ("never.example.com", "example.com"):
            with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
                installation.handshake(host)
    assert installation.pebble.orders() == 1
