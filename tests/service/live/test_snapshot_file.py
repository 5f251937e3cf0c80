import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.live import snapshot_file
from service.live.snapshot import NONCE_BYTES, Snapshot, SnapshotError, seal_snapshot
from service.live.snapshot_file import SnapshotFile, read_snapshot
from tests.service.live.snapshots import NOW, RING

PATIENCE = 30.0

WRITER = """
import sys
from pathlib import Path
from service.live.snapshot_file import SnapshotFile
file = SnapshotFile(Path(sys.argv[1]))
assert file.claim()
texts = [Path(name).read_bytes() for name in sys.argv[2:]]
print("writing", flush=True)
while True:
    for text in texts:
        file.write(text)
"""


def sealed(text: bytes) -> bytes:
    snapshot = Snapshot(written_at=NOW, sections={"text": text})
    return seal_snapshot(snapshot, RING.sealing(NOW), bytes(NONCE_BYTES))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var/snapshot"


def test_what_was_written_is_read(path: Path) -> None:
    file = SnapshotFile(path)
    assert file.claim()
    for text in (b"first", b"second"):
        file.write(sealed(text))
        snapshot = read_snapshot(path, RING)
        assert snapshot is not None
        assert snapshot.sections == {"text": text}
    file.release()


def test_nobody_else_can_read_it(path: Path) -> None:
    file = SnapshotFile(path)
    file.claim()
    file.write(sealed(b"text"))
    file.release()
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}


def test_one_writes_at_a_time(path: Path) -> None:
    first, second = SnapshotFile(path), SnapshotFile(path)
    assert first.claim()
    assert not second.claim()
    assert first.claim()
    first.release()
    assert second.claim()
    second.release()


def test_none_is_no_fault(path: Path) -> None:
    assert read_snapshot(path, RING) is None


def test_a_file_that_cannot_be_read_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(SnapshotError, match="cannot be read: Is a directory"):
        read_snapshot(path, RING)


def test_a_file_that_is_too_large_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    path.write_bytes(sealed(b"text"))
    monkeypatch.setattr(snapshot_file, "MAX_FILE", 10)
    with pytest.raises(SnapshotError, match="too large"):
        read_snapshot(path, RING)


def test_a_link_in_the_place_of_the_draft_is_not_followed(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    file = SnapshotFile(path)
    file.claim()
    path.with_name("snapshot.new").symlink_to(target)
    file.write(sealed(b"text"))
    file.release()
    assert target.read_text() == "precious"
    assert read_snapshot(path, RING) is not None


def test_a_writer_that_is_killed_leaves_a_whole_file_and_no_lock(path: Path, tmp_path: Path) -> None:
    texts = [tmp_path / "a", tmp_path / "b"]
    for text in texts:
        text.write_bytes(sealed(text.name.encode() * 500_000))
    for _ in range(5):
        command = [sys.executable, "-c", WRITER, str(path), *map(str, texts)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "writing\n"
            deadline = time.monotonic() + PATIENCE
            while not path.exists():
                assert time.monotonic() < deadline
            writer.send_signal(signal.SIGKILL)
        snapshot = read_snapshot(path, RING)
        assert snapshot is not None
        assert snapshot.sections["text"][:1] in (b"a", b"b")
    assert len(list(path.parent.iterdir())) <= 3  # the file, its lock and one draft
    file = SnapshotFile(path)
    assert file.claim()
    file.write(sealed(b"text"))
    file.release()
