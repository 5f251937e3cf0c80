"""The upstream that is a folder: each accepted message a `.eml`, its envelope beside it as `.json`.

For trying things out, and for tests. Nobody delivers from there.
"""

import asyncio
import json
import logging
import os
import tempfile
from pathlib import Path

from relay.envelope import Recipient, Sender
from relay.replies import Reply
from relay.upstream.port import Capabilities

_log = logging.getLogger("waypost.relay")

_EVERYTHING = Capabilities(size=0, eight_bit=True, utf8=True, dsn=True, enhanced_codes=True)


class DirectoryUpstream:
    """The `Upstream` that writes files into `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def capabilities(self) -> Capabilities:
        return _EVERYTHING

    async def open(self, sender: Sender) -> tuple[Reply, "DirectoryTransaction"]:
        return Reply(250, "2.1.0", "Ok"), DirectoryTransaction(self._directory, sender)

    async def close(self) -> None:
        """Nothing is open."""


class DirectoryTransaction:
    """An `UpstreamTransaction` that ends in two files."""

    def __init__(self, directory: Path, sender: Sender) -> None:
        self._directory = directory
        self._sender = sender
        self._recipients: list[Recipient] = []
        self.server = "folder"
        self.eight_bit = True
        self.replayed = False

    async def recipient(self, recipient: Recipient) -> Reply:
        self._recipients.append(recipient)
        return Reply(250, "2.1.5", "Ok")

    async def message(self, content: bytes, *, name: str) -> Reply:
        """Answers 452 where the files cannot be written; neither is there then."""
        try:
            await asyncio.to_thread(self._store, content, name)
        except OSError as error:
            _log.error("cannot write to %s: %s", self._directory, error.strerror)
            return Reply(452, "4.3.1", "Cannot store the message, try again later")
        return Reply(250, "2.0.0", f"Ok: stored as {name}.eml")

    async def abandon(self) -> None:
        """Nothing was kept yet."""

    def abort(self) -> None:
        """Nothing was kept yet."""

    def _store(self, content: bytes, name: str) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        envelope = self._directory / f"{name}.json"
        _write(envelope, self._envelope())
        try:
            _write(self._directory / f"{name}.eml", content)
        except OSError:
            envelope.unlink()
            raise

    def _envelope(self) -> bytes:
        described = {
            "sender": self._sender.mailbox,
            "parameters": self._sender.parameters,
            "recipients": [
                {"address": recipient.mailbox, "parameters": recipient.parameters}
                for recipient in self._recipients
            ],
        }
        return (json.dumps(described, indent=2, ensure_ascii=False) + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    """Write a whole file or none: readable under its name only once it is on the disk."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            temporary.rename(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    """A rename is safe from a loss of power only once its directory is."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
