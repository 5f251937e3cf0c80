"""A disk that is full, under a `dir:` upstream and under the journal: a real one, of a few hundred KiB."""

import contextlib
import os
import smtplib
import sqlite3
import subprocess
from pathlib import Path

import pytest

from links import parse_key_ring
from tests.integration.test_journal_counts import paths
from tests.integration.test_monitoring import MESSAGE, Monitored
from tests.running import UpstreamInThread, waypost
from tests.smtp_upstream import ScriptedUpstream

# In namespaces of its own anybody may mount; `exec` keeps the process id.
_MOUNT = 'mount -t tmpfs -o size=256k none "$1" && shift && exec "$@"'


def on_small_disk(folder: Path) -> tuple[str, ...]:
    """Return what to put in front of a command for which `folder` is a disk of its own."""
    return ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _MOUNT, "sh", str(folder))


class OnSmallDisk(Monitored):
    """A Waypost for which `disk`, a folder below `var`, is a small disk."""

    def __init__(self, folder: Path, disk: str, **environment: str) -> None:
        assert waypost(folder, "init", "--demo").returncode == 0
        self._disk = folder / "var" / disk
        self._disk.mkdir(exist_ok=True)
        self.before = on_small_disk(self._disk)
        super().__init__(folder, **environment)

    @property
    def disk(self) -> Path:
        """The disk as the process sees it."""
        return Path(f"/proc/{self.process.pid}/root{self._disk}")

    def fill(self) -> None:
        """Leave no octet free."""
        room = os.statvfs(self.disk)
        (self.disk / ".filler").write_bytes(bytes(room.f_bavail * room.f_frsize))
        assert os.statvfs(self.disk).f_bavail == 0

    def free(self) -> None:
        (self.disk / ".filler").unlink()

    def files(self) -> int:
        return len(list(self.disk.iterdir()))

    def reply(self) -> str:
        """Send a message; return the reply to it."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=20) as client:
            client.ehlo("client.test")
            assert client.mail("app@shop.example")[0] == 250
            assert client.rcpt("b@there.example")[0] == 250
            code, text = client.data(MESSAGE)
            return f"{code} {text.decode()}"


@pytest.fixture(autouse=True)
def _mounts_are_allowed(tmp_path: Path) -> None:
    if subprocess.run([*on_small_disk(tmp_path), "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets nobody mount a file system of their own")


def test_08_under_a_folder_as_upstream_it_is_452_until_there_is_room(tmp_path: Path) -> None:
    with OnSmallDisk(tmp_path, "outbox") as running:
        assert running.reply().startswith("250 2.0.0")
        running.fill()
        assert running.reply().startswith("452 4.3.1")
        running.free()
        assert running.files() == 2  # envelope and message of the first, and nothing of the second
        assert running.reply().startswith("250 2.0.0")
        assert running.files() == 4


@pytest.mark.parametrize("workers", ["1", "2"])
def test_08_under_the_journal_replies_stay_and_the_loss_is_counted(tmp_path: Path, workers: str) -> None:
    with UpstreamInThread(ScriptedUpstream()) as upstream:
        upstream.answer("end", "250 2.0.0 taken", "550 5.7.1 no", "450 4.2.0 later")
        url = f"smtp://127.0.0.1:{upstream.port}"
        with OnSmallDisk(
            tmp_path, "journal", WAYPOST_UPSTREAM__URL=url, WAYPOST_RELAY__WORKERS=workers
        ) as running:
            running.fill()
            assert [running.reply()[:9] for _ in range(3)] == ["250 2.0.0", "550 5.7.1", "450 4.2.0"]
            lost = running.metric("faults_total", of="record")
            assert lost == 6  # of each message what its links mean, and how it ended
            running.wait_for(
                lambda: any("cannot be written" in line for line in running.log), "nobody is told"
            )
            running.free()
            assert running.reply().startswith("250")
            assert running.metric("faults_total", of="record") == lost


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.long)])
def test_clicks_go_on_and_those_not_written_down_are_counted(tmp_path: Path, workers: int) -> None:
    with OnSmallDisk(tmp_path, "journal", WAYPOST_TRACKER__WORKERS=str(workers)) as running:
        click, *_, pixel = paths(parse_key_ring((tmp_path / "var/keys.json").read_text()))

        def answers(count: int) -> list[int]:
            return [running.get(path).status for _ in range(count) for path in (click, pixel)]

        def lost() -> float:
            kinds = ("click", "open")
            return sum(running.metric("tracker_requests_total", kind=k, outcome="unrecorded") for k in kinds)

        assert answers(5) == [302, 200] * 5
        assert lost() == 0
        running.fill()
        assert answers(20) == [302, 200] * 20
        assert lost() > 0
        running.wait_for(lambda: any("are being lost" in line for line in running.log), "nobody is told")
        running.free()
        assert answers(5) == [302, 200] * 5
        running.wait_for(
            lambda: any("can be written again" in line for line in running.log), "nobody is told"
        )
        in_all, unrecorded = 60, lost()
    assert 1 <= sum("are being lost" in line for line in running.log) <= workers
    assert hits_in(tmp_path / "var/waypost.db") == in_all - unrecorded


def hits_in(database: Path) -> int:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        (count,) = connection.execute("SELECT count(DISTINCT id) FROM hits").fetchone()
        return int(count)
