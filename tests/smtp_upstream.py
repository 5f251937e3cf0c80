"""A scripted SMTP server for tests: a real asyncio server on an ephemeral port of 127.0.0.1.

    async with ScriptedUpstream() as upstream:
        upstream.answer("RCPT", "550 5.1.1 unknown", "250 2.1.5 ok")   # the next two RCPTs
        upstream.answer("end", SILENCE)                                # after the final dot
        … talk to something that relays to upstream.port …
        upstream.transactions[0].content

Phases are `connect`, the commands (`EHLO`, `MAIL`, `RCPT`, `DATA`, `BDAT`, `RSET`, `QUIT`, `AUTH`), `early`
(behind the 354, before the message came) and `end`. A phase without a script is answered as a good server
would, a command out of order with 503. Bytes go out as they are, text gets its CRLF.
"""

import asyncio
import socket
import ssl
import struct
from collections import defaultdict, deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Act:
    """Something other than a reply."""

    name: str


SILENCE = Act("silence")  # nothing is said, and the connection stays open
DROP = Act("drop")  # the connection is closed without a word
RESET = Act("reset")  # … and with a TCP reset

Answer = str | bytes | Act

EXTENSIONS = ("PIPELINING", "SIZE 50000000", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")

_GOOD = {
    "connect": "220 upstream.test ESMTP",
    "HELO": "250 upstream.test",
    "MAIL": "250 2.1.0 sender ok",
    "RCPT": "250 2.1.5 recipient ok",
    "DATA": "354 go ahead",
    "end": "250 2.0.0 taken",
    "STARTTLS": "220 2.0.0 go ahead",
    "RSET": "250 2.0.0 ok",
    "NOOP": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
    "AUTH": "235 2.7.0 welcome",
}


@dataclass(slots=True)
class SeenTransaction:
    """What one client said from MAIL on: arguments exactly as they came, the message unstuffed."""

    connection: int
    mail: str
    recipients: list[str] = field(default_factory=list)  # every RCPT, refused ones too
    accepted: list[str] = field(default_factory=list)
    content: bytes | None = None  # None until the final dot came
    raw: bytes = b""  # as it came over the wire, without the final dot
    reply: str = ""  # what was answered to it


class ScriptedUpstream:
    """The server. `tls` is a server's context; with `implicit_tls` it is spoken from the first byte."""

    def __init__(
        self,
        *,
        extensions: tuple[str, ...] = EXTENSIONS,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
    ) -> None:
        self.extensions = extensions
        self.transactions: list[SeenTransaction] = []
        self.commands: list[str] = []  # every line, of all connections
        self.connections = 0  # so far
        self.open = 0  # now
        self.port = 0
        self.paused_before_end = asyncio.Event()  # set once a message is in and its answer is held back
        self._gate: asyncio.Event | None = None
        self._tls = tls
        self._implicit_tls = implicit_tls
        self._scripts: dict[str, deque[Answer]] = defaultdict(deque)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def answer(self, phase: str, *answers: Answer) -> None:
        """Answer the next times that `phase` comes, in this order."""
        self._scripts[phase].extend(answers)

    def forget_answers(self) -> None:
        """Answer everything as a good server again."""
        self._scripts.clear()

    def answer_for(self, mailbox: str, phase: str, *answers: Answer) -> None:
        """Answer the next times that `phase`, `RCPT` or `end`, comes for one recipient, in this order."""
        self._scripts[f"{phase} <{mailbox}>"].extend(answers)

    def hold_end(self) -> asyncio.Event:
        """Hold back the answer to each message until the event that is returned is set."""
        self._gate = asyncio.Event()
        return self._gate

    def drop_all(self) -> None:
        """Close every connection, as a restart does."""
        for writer in list(self._writers):
            writer.close()

    def say_to_all(self, line: str) -> None:
        """Say a line that nobody asked for on every connection, and close it."""
        for writer in list(self._writers):
            writer.write(f"{line}\r\n".encode())
            writer.close()

    @property
    def taken(self) -> list[SeenTransaction]:
        """Those whose message was answered with a 2xx."""
        return [seen for seen in self.transactions if seen.reply.startswith("2")]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=2**26, ssl=self._tls if self._implicit_tls else None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop listening and drop everything; entering again listens on the same port."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.connections += 1
        self.open += 1
        try:
            await _Conversation(self, reader, writer, self.connections).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.close()

    def has_script(self, phase: str) -> bool:
        """Tell whether an answer was given for the next time of a phase."""
        return bool(self._scripts[phase])

    def scripted(self, phase: str, recipient: str = "") -> Answer:
        """Return the next answer of a phase, for a recipient where it has one of its own."""
        if own := self._scripts.get(f"{phase} {recipient.partition(' ')[0]}"):
            return own.popleft()
        if self._scripts[phase]:
            return self._scripts[phase].popleft()
        if phase == "EHLO":
            lines = ["upstream.test", *self.extensions]
            return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])
        return _GOOD.get(phase, "502 5.5.1 what?")

    async def gate(self) -> None:
        """Wait while answers to messages are held back."""
        if self._gate is not None:
            self.paused_before_end.set()
            await self._gate.wait()

    @property
    def tls(self) -> ssl.SSLContext | None:
        """The context of STARTTLS."""
        return self._tls


class _Conversation:
    """One connection."""

    def __init__(
        self,
        upstream: ScriptedUpstream,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        number: int,
    ) -> None:
        self._upstream = upstream
        self._reader = reader
        self._writer = writer
        self._number = number
        self._current: SeenTransaction | None = None
        self._open = False  # a transaction: MAIL was accepted, and neither the message nor RSET came

    async def run(self) -> None:
        going = await self._play("connect")
        while going:
            line = (await self._reader.readuntil(b"\r\n"))[:-2].decode("utf-8", "surrogateescape")
            self._upstream.commands.append(line)
            going = await self._obey(line)

    async def _obey(self, line: str) -> bool:
        verb = line.partition(" ")[0].upper()
        if verb == "STARTTLS" and self._upstream.tls is not None:
            going = await self._play(verb)
            if going:
                await self._writer.start_tls(self._upstream.tls)
            return going
        if verb == "BDAT":
            return await self._take_chunk(line)
        answer = self._upstream.scripted(verb, line[len("RCPT TO:") :] if verb == "RCPT" else "")
        if self._open == (verb == "MAIL") and verb in ("MAIL", "RCPT", "DATA") and answer == _GOOD[verb]:
            answer = "503 5.5.1 bad sequence of commands"
        if verb == "MAIL":
            self._current = SeenTransaction(connection=self._number, mail=line[len("MAIL FROM:") :])
            self._upstream.transactions.append(self._current)
        if verb in ("MAIL", "RSET", "EHLO", "HELO"):
            self._open = verb == "MAIL" and isinstance(answer, str) and answer.startswith("2")
        if verb == "RCPT" and self._current is not None:
            self._note_recipient(line[len("RCPT TO:") :], answer)
        going = await self._give(answer)
        if going and verb == "DATA" and isinstance(answer, str) and answer.startswith("354"):
            return await self._take_message()
        return going and verb != "QUIT"

    def _note_recipient(self, recipient: str, answer: Answer) -> None:
        assert self._current is not None
        self._current.recipients.append(recipient)
        if isinstance(answer, str) and answer.startswith("2"):
            self._current.accepted.append(recipient)

    async def _take_message(self) -> bool:
        if self._upstream.has_script("early"):
            return await self._play("early")
        raw = b""
        while not (raw == b".\r\n" or raw.endswith(b"\r\n.\r\n")):
            raw += await self._reader.readuntil(b"\r\n")
        return await self._end(raw[:-3], (b"\r\n" + raw[:-3]).replace(b"\r\n.", b"\r\n")[2:])

    async def _take_chunk(self, line: str) -> bool:
        """Take a message in one chunk; what the script has for `BDAT` is said before its octets are read."""
        if self._upstream.has_script("BDAT"):
            return await self._play("BDAT")
        _, size, _ = line.split(" ")  # BDAT SIZE LAST
        content = await self._reader.readexactly(int(size))
        return await self._end(content, content)

    async def _end(self, raw: bytes, content: bytes) -> bool:
        assert self._current is not None
        self._open = False
        self._current.raw = raw
        self._current.content = content
        await self._upstream.gate()
        answer = self._upstream.scripted("end", "".join(self._current.recipients[-1:]))
        self._current.reply = answer if isinstance(answer, str) else ""
        return await self._give(answer)

    async def _play(self, phase: str) -> bool:
        return await self._give(self._upstream.scripted(phase))

    async def _give(self, answer: Answer) -> bool:
        """Give the answer; return whether the connection goes on."""
        if answer is SILENCE:
            await self._reader.read()  # until the other side has had enough
            return False
        if answer is RESET:
            reset(self._writer)
            return False
        if isinstance(answer, Act):
            return False
        await self._say(answer)
        return not (isinstance(answer, str) and answer.startswith("421"))

    async def _say(self, answer: str | bytes) -> None:
        self._writer.write(answer if isinstance(answer, bytes) else answer.encode() + b"\r\n")
        await self._writer.drain()


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with a TCP reset: what SO_LINGER without any time does."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
