import asyncio
import errno
import json
import os
import stat
from pathlib import Path

import pytest

from relay.envelope import Recipient, Sender
from relay.replies import Reply
from relay.upstream.directory_upstream import DirectoryUpstream
from tests.relay.harness import MESSAGE, RunningRelay, without_received


def store(directory: Path, content: bytes = MESSAGE, name: str = "1") -> Reply:
    async def scene() -> Reply:
        _, transaction = await DirectoryUpstream(directory).open(
            Sender(mailbox="a@b.example", parameters=("RET=FULL",))
        )
        await transaction.recipient(Recipient(mailbox="é@d.example", parameters=("NOTIFY=NEVER",)))
        await transaction.recipient(Recipient(mailbox="e@f.example"))
        return await transaction.message(content, name=name)

    return asyncio.run(scene())


def test_a_message_and_its_envelope_exactly(tmp_path: Path) -> None:
    content = MESSAGE + bytes(range(256)) + b"\r\n.\r\n"
    reply = store(tmp_path / "deep" / "outbox", content)
    outbox = tmp_path / "deep" / "outbox"
    assert reply.line() == "250 2.0.0 Ok: stored as 1.eml"
    assert (outbox / "1.eml").read_bytes() == content
    assert json.loads((outbox / "1.json").read_text(encoding="utf-8")) == {
        "sender": "a@b.example",
        "parameters": ["RET=FULL"],
        "recipients": [
            {"address": "é@d.example", "parameters": ["NOTIFY=NEVER"]},
            {"address": "e@f.example", "parameters": []},
        ],
    }
    assert sorted(path.name for path in outbox.iterdir()) == ["1.eml", "1.json"]


def test_nobody_else_reads_the_mail(tmp_path: Path) -> None:
    store(tmp_path / "outbox")
    assert stat.S_IMODE((tmp_path / "outbox").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "outbox" / "1.eml").stat().st_mode) == 0o600


@pytest.mark.parametrize("written", [0, 1], ids=["envelope", "message"])
def test_a_full_disk_is_452_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    real, calls = os.fsync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 1 + 2 * written:  # each file is synced, and then its folder
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    assert store(tmp_path).line() == "452 4.3.1 Cannot store the message, try again later"
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert store(tmp_path).accepted


def test_a_folder_that_cannot_be_is_452(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert store(tmp_path / "file").code == 452


def test_through_the_relay(tmp_path: Path) -> None:
    async def scene() -> None:
        async with RunningRelay(DirectoryUpstream(tmp_path)) as relay:
            client = await relay.ready()
            reply = await client.deliver()
            name = reply.rpartition("=")[2]
            assert reply == f"250 2.0.0 Ok: stored as {name}.eml waypost={name}"
            assert without_received((tmp_path / f"{name}.eml").read_bytes()) == MESSAGE
            await client.envelope("x@y.example")
            await client.say("RSET")

    asyncio.run(scene())
    assert len(list(tmp_path.iterdir())) == 2
