"""`waypost serve` with workers: how connections spread, who dies, what a signal does."""

import contextlib
import json
import os
import signal
import smtplib
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from relay.message_budget import COST
from tests.counting_sink import CountingSink
from tests.load import Load
from tests.relay_installation import RelayInstallation
from tests.running import RunningWaypost, waypost

PATIENCE = 60.0
PAGE = (
    b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
    b'<p><a href="https://shop.example/a">A</a> <a href="https://other.example/b">B</a></p>\r\n.\r\n'
)
MEBIBYTE = 1024 * 1024
LARGE = b"\r\n" + (b"0123456789abcde" * 5 + b"\r\n") * (24 * MEBIBYTE // 77) + b".\r\n"


def wait_until(happened: Callable[[], object], complaint: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.02)


def workers(running: RunningWaypost) -> list[int]:
    """Return the process ids of the workers."""
    process = running.process.pid
    return [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def serving(client: smtplib.SMTP, among: list[int]) -> int:
    """Return which of the processes holds the server's end of the connection: /proc knows its inode."""
    assert client.sock is not None
    port = client.sock.getsockname()[1]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[2].rpartition(":")[2], 16) == port and fields[9] != "0":
            return next(pid for pid in among if f"socket:[{fields[9]}]" in open_files(pid))
    raise AssertionError("no such connection")


def open_files(process: int) -> set[str]:
    found = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found.add(str(descriptor.readlink()))
    return found


def peak_memory(process: int) -> int:
    """Return the largest resident size so far, in bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


def connect(port: int) -> smtplib.SMTP:
    client = smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE)
    client.ehlo("client.test")
    return client


def envelope(client: smtplib.SMTP) -> None:
    assert client.mail("news@sender.test")[0] == 250
    assert client.rcpt("reader@there.test")[0] == 250


def send(client: smtplib.SMTP, number: int = 1) -> tuple[int, bytes]:
    message = f"From: news@sender.test\r\nX-Number: {number}\r\n".encode() + PAGE.removesuffix(b".\r\n")
    return client.data(message)


def install(folder: Path, sink: CountingSink, *, count: int, relay: str = "") -> int:
    """Write settings, and return the port."""
    installation = RelayInstallation(folder, sink.port, relay=f"workers = {count}\n{relay}")
    return installation.smtp_port


@pytest.mark.long
def test_four_long_connections_on_two_workers_never_end_on_one(tmp_path: Path) -> None:
    with CountingSink() as sink:
        port = install(tmp_path, sink, count=2)
        with RunningWaypost(tmp_path) as running:
            both = workers(running)
            for _ in range(10):
                clients = [connect(port) for _ in range(4)]
                spread = Counter(serving(client, both) for client in clients)
                assert sorted(spread.values()) == [2, 2]
                for client in clients:
                    client.quit()


@pytest.mark.long
def test_a_worker_that_is_killed_is_replaced_and_what_it_acknowledged_is_there(tmp_path: Path) -> None:
    with CountingSink() as sink:
        port = install(tmp_path, sink, count=2)
        with RunningWaypost(tmp_path) as running:
            before = workers(running)
            with Load(port, PAGE, count=4) as load:
                wait_until(lambda: len(load.acknowledged) > 20, "nothing is relayed")
                os.kill(before[0], signal.SIGKILL)
                wait_until(
                    lambda: len(workers(running)) == 2 and workers(running) != before, "nobody replaces it"
                )
                some = len(load.acknowledged)
                wait_until(lambda: len(load.acknowledged) > some + 20, "it went on without us")
                load.stop()
            assert any("died (SIGKILL)" in line for line in running.log)
            assert load.acknowledged <= set(sink.taken)
            assert sink.taken.total() - len(sink.taken) <= 4
            running.stop()
    assert relayed(tmp_path) >= len(load.acknowledged)


@pytest.mark.long
def test_a_worker_starts_while_the_database_is_away(tmp_path: Path) -> None:
    database = tmp_path / "var/waypost.db"
    with CountingSink() as sink:
        port = install(tmp_path, sink, count=2)
        with RunningWaypost(tmp_path) as running:
            database.rename(tmp_path / "away.db")
            killed = workers(running)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            with Load(port, PAGE, count=2) as load:
                wait_until(lambda: len(load.acknowledged) > 10, "no worker starts")
                load.stop()
            assert not set(killed) & set(workers(running))
            (tmp_path / "away.db").rename(database)
            running.stop()
    assert relayed(tmp_path) == len(sink.taken)


def relayed(folder: Path) -> int:
    listed = waypost(folder, "events", "list", "--kind", "relayed", "--limit", "100000", "--json")
    return len({event["message"] for event in json.loads(listed.stdout)})


@pytest.mark.parametrize("count", [1, pytest.param(2, marks=pytest.mark.long)])
def test_new_settings_hold_for_new_sessions_and_drop_none(tmp_path: Path, count: int) -> None:
    with CountingSink() as sink:
        port = install(tmp_path, sink, count=count)
        with RunningWaypost(tmp_path) as running:
            old = connect(port)
            envelope(old)
            reload(running, 'excluded_hosts = ["shop.example"]')
            running.wait_for(lambda: "settings reloaded" in running.log[-1], "it does not reload")
            assert send(old, 1)[0] == 250
            envelope(old)
            assert send(old, 2)[0] == 250  # the old session goes on as it began
            new = connect(port)
            envelope(new)
            assert send(new, 3)[0] == 250
            running.wait_for(lambda: len(tracked(running)) == 3, "it does not log")
            assert tracked(running) == ["2", "2", "1"]
            old.quit()
            if count > 1:
                wait_until(lambda: len(workers(running)) == count, "the old workers stay without clients")
            new.quit()


def reload(running: RunningWaypost, tracking: str) -> None:
    path = running.folder / "waypost.toml"
    path.write_text(path.read_text().replace("[tracking]\n", f"[tracking]\n{tracking}\n"))
    running.process.send_signal(signal.SIGHUP)


def tracked(running: RunningWaypost) -> list[str]:
    """Return how many links each message had tracked."""
    lines = [line for line in running.log if " relayed " in line]
    return [line.partition(" links=")[2].partition(" ")[0] for line in lines]


@pytest.mark.parametrize("count", [1, pytest.param(2, marks=pytest.mark.long)])
def test_new_settings_that_are_wrong_change_nothing(tmp_path: Path, count: int) -> None:
    with CountingSink() as sink:
        port = install(tmp_path, sink, count=count)
        with RunningWaypost(tmp_path) as running:
            before = workers(running)
            reload(running, "click = false")
            told = "the settings stay as they were: waypost.toml: tracking: unknown key click; did you mean"
            running.wait_for(lambda: any(told in line for line in running.log), "it tells nothing")
            assert workers(running) == before
            client = connect(port)
            envelope(client)
            assert send(client)[0] == 250
            client.quit()


def test_what_needs_a_restart_is_named(tmp_path: Path) -> None:
    with CountingSink() as sink:
        install(tmp_path, sink, count=1)
        with RunningWaypost(tmp_path) as running:
            path = running.folder / "waypost.toml"
            path.write_text(path.read_text().replace("workers = 1", "workers = 3"))
            running.process.send_signal(signal.SIGHUP)
            told = "changed, but needs a restart: relay.workers"
            running.wait_for(lambda: any(told in line for line in running.log), "it tells nothing")


@pytest.mark.long
def test_a_second_signal_hurries(tmp_path: Path) -> None:
    with CountingSink() as sink:
        port = install(tmp_path, sink, count=2, relay="stop_seconds = 600")
        with RunningWaypost(tmp_path) as running:
            client = connect(port)
            envelope(client)
            client.putcmd("DATA")
            assert client.getreply()[0] == 354
            running.process.send_signal(signal.SIGTERM)
            running.wait_for(lambda: any("stopping" in line for line in running.log), "it does not stop")
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(PATIENCE) == 0
            assert client.getreply()[0] == 421
            client.close()


@pytest.mark.long
@pytest.mark.parametrize("count", [1, 2])
def test_15_a_stop_under_twice_the_capacity_with_large_messages_loses_nothing(
    tmp_path: Path, count: int
) -> None:
    budget, clients = 220 * MEBIBYTE, 4 * count
    with CountingSink() as sink:
        port = install(tmp_path, sink, count=count, relay=f"max_bytes_in_flight = {budget}")
        with RunningWaypost(tmp_path) as running:
            processes = [running.process.pid, *workers(running)]
            idle = sum(map(peak_memory, processes))
            with Load(port, LARGE, count=clients) as load:
                wait_until(lambda: len(load.acknowledged) >= 3, "nothing is relayed")
                peak = sum(map(peak_memory, processes))
                running.process.send_signal(signal.SIGTERM)
                assert running.process.wait(60) == 0
                load.give_up()
    assert load.acknowledged <= set(sink.taken)
    assert sink.taken.total() - len(load.acknowledged) <= clients
    assert all(reply.startswith(b"4") for reply in load.refusals)
    beyond = count * COST * len(LARGE)  # each process lets one message pass the bound
    assert peak - idle < budget + beyond + 50 * MEBIBYTE < clients * COST * len(LARGE)


def kill_everything(folder: Path, kills: int) -> None:
    """Kill the parent under load and start it again, `kills` times; its workers end with it."""
    with CountingSink() as sink:
        port = install(folder, sink, count=2)
        with Load(port, PAGE, count=4) as load:
            for _ in range(kills):
                with RunningWaypost(folder) as running:
                    some = len(load.acknowledged) + 20
                    wait_until(lambda some=some: len(load.acknowledged) > some, "nothing is relayed")
                    running.kill()
            with RunningWaypost(folder) as running:
                load.stop()
                running.stop()
        assert load.acknowledged <= set(sink.taken)
        assert sink.taken.total() - len(sink.taken) <= kills * 4
    assert relayed(folder) >= len(load.acknowledged)


@pytest.mark.long
def test_07_killing_everything_twenty_times_loses_nothing(tmp_path: Path) -> None:
    kill_everything(tmp_path, kills=20)
