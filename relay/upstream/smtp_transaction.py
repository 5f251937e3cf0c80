"""One transaction with an SMTP upstream: what was said in it is kept, so that it can be said again.

Until something was promised to the client, any server may take the place of one that fails: MAIL goes with
the first RCPT, and both to the next connection where this one is dead. Behind that, the envelope is said
again once, where the connection is lost before the message was out, and the message goes on only if every
recipient is accepted again: that is what the client was told.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from relay.envelope import Recipient, Sender
from relay.replies import Reply
from relay.upstream.connection import ChunkingBroken, Silent
from relay.upstream.next_hop import Lease, NextHop
from relay.upstream.port import (
    Capabilities,
    ConnectionLost,
    OutcomeUnknown,
    Unreachable,
    UpstreamError,
    room_for_growth,
)

_SENDER_OK = Reply(250, "2.1.0", "Ok")


class Chooser(Protocol):
    """Finds a connection for a transaction. Implemented by `SmtpUpstream`."""

    @property
    def patience(self) -> float:
        """Seconds that a message may take with its replay."""

    @property
    def eight_bit(self) -> bool:
        """Whether a server takes 8-bit messages."""

    async def lease(self, sender: Sender, *, fresh: bool = False, without: Sequence[NextHop] = ()) -> Lease:
        """Raises Busy, Unreachable."""


class SmtpTransaction:
    """An `UpstreamTransaction` that holds one connection until it ends."""

    def __init__(self, chooser: Chooser, lease: Lease, sender: Sender) -> None:
        self._chooser = chooser
        self._lease: Lease | None = lease
        self._sender = sender
        self._accepted: list[Recipient] = []
        self._mail_said = False
        self._refusal: Reply | None = None  # of MAIL
        self.server = lease.hop.name
        self.replayed = False

    @property
    def eight_bit(self) -> bool:
        """Whether a server takes 8-bit messages; where another one has this message, it may later."""
        return self._chooser.eight_bit

    async def mail(self) -> Reply:
        """Say MAIL, unless it can go with the first recipient."""
        connection = self._held().connection
        if connection.usable and connection.capabilities.pipelining:
            return _SENDER_OK
        [reply] = await self._begin()
        return reply

    async def recipient(self, recipient: Recipient) -> Reply:
        if self._refusal is not None:
            return self._refusal
        if recipient.parameters and not self._held().connection.capabilities.dsn:
            raise self._poisoned("the server does not know a parameter of RCPT that the others know")
        if self._mail_said:
            reply = await self._held().connection.command(_rcpt(recipient))
        else:
            reply = (await self._begin(recipient, waited=True))[-1]
        if 300 <= reply.code <= 399:
            raise ConnectionLost(f"reply {reply.line()} to RCPT")
        if reply.accepted:
            self._accepted.append(recipient)
        return reply

    async def message(self, content: bytes, *, name: str) -> Reply:
        try:
            async with asyncio.timeout(self._chooser.patience):
                return await self._send(content)
        except TimeoutError as error:
            late = f"the message was not through within {self._chooser.patience:g} s"
            if self._lease is not None and self._lease.connection.message_out:
                raise OutcomeUnknown(late) from error
            raise ConnectionLost(late) from error
        finally:
            self._end()

    async def abandon(self) -> None:
        if self._lease is None:
            return
        connection = self._lease.connection
        try:
            if self._mail_said and not (await connection.command(b"RSET")).accepted:
                connection.close()
        except UpstreamError:
            pass  # the connection is gone, and the transaction with it
        finally:
            self._end()

    def abort(self) -> None:
        if self._lease is not None:
            if self._mail_said:
                self._lease.connection.close()
            self._end()

    async def _begin(self, *recipients: Recipient, waited: bool = False) -> list[Reply]:
        """Say MAIL, and RCPT with it; return their replies. To another connection where this one is dead.

        The first was used before, or `waited` for the client: that it is dead says nothing of its server, and
        the next is a fresh one to the same.
        """
        failed: list[NextHop] = []
        used = self._held().connection.transactions > 0
        while True:
            lease, stale = self._held(), used or waited
            try:
                replies = await self._say_envelope(lease, recipients)
            except ConnectionLost as error:
                if isinstance(error, Silent) and not stale:
                    lease.hop.failed(f"MAIL: {error}")
                    raise  # the client's patience does not last for another server's
                replies, lost = [], error
            else:
                if replies[0].code != 421:
                    lease.hop.succeeded()
                    return self._begun(replies)
                lost, stale = ConnectionLost(replies[0].line()), used
            if not stale:
                lease.hop.failed(f"MAIL: {lost}")
                failed.append(lease.hop)
            used = waited = False
            if not await self._moved(failed):
                if replies:
                    return replies
                raise lost

    async def _moved(self, failed: Sequence[NextHop]) -> bool:
        """Take another connection in place of a dead one; False where there is no other server."""
        self._end()
        try:
            self._hold(await self._chooser.lease(self._sender, fresh=True, without=failed))
        except Unreachable:
            if failed:
                return False
            raise
        return True

    async def _say_envelope(self, lease: Lease, recipients: Sequence[Recipient]) -> list[Reply]:
        connection = lease.connection
        connection.transactions += 1
        mail = _mail(self._sender, connection.capabilities)
        return await connection.commands(mail, *map(_rcpt, recipients))

    def _begun(self, replies: list[Reply]) -> list[Reply]:
        """Check what MAIL and the first RCPT were answered. Raises ConnectionLost."""
        mail = replies[0]
        if mail.code < 400 and not mail.accepted:
            raise self._poisoned(f"reply {mail.line()} to MAIL")
        if mail.accepted:
            self._mail_said = True
            return replies
        if any(reply.accepted for reply in replies):  # which of the two to believe?
            raise self._poisoned("a recipient was accepted behind a refused sender")
        self._refusal = mail
        self._end()
        return [mail]

    async def _send(self, content: bytes) -> Reply:
        lease = self._held()
        try:
            reply = await self._message_on(lease, content)
            if reply.code != 421 or lease.connection.message_out:
                return reply
        except ChunkingBroken:
            lease.hop.without_chunking()
        except ConnectionLost:
            pass  # once; the second time it is told
        await self._replay()
        return await self._message_on(self._held(), content)

    async def _message_on(self, lease: Lease, content: bytes) -> Reply:
        connection = lease.connection
        if not (connection.capabilities.eight_bit or content.isascii()):  # a fallback that can do less
            raise self._poisoned("the server does not take 8-bit messages")
        return await connection.message(content)

    async def _replay(self) -> None:
        """Say the envelope again on a fresh connection. Raises UpstreamError where that changes it."""
        self.replayed = True
        self._end()
        lease = self._hold(await self._chooser.lease(self._sender, fresh=True))
        replies = await self._say_envelope(lease, self._accepted)
        for reply in replies:
            if not reply.accepted:
                raise self._poisoned(f"said again, the envelope was answered {reply.line()}")
        lease.hop.succeeded()

    def _held(self) -> Lease:
        if self._lease is None:
            raise ConnectionLost("the transaction is over")
        return self._lease

    def _hold(self, lease: Lease) -> Lease:
        self._lease = lease
        self.server = lease.hop.name
        return lease

    def _poisoned(self, cause: str) -> ConnectionLost:
        self._held().connection.close()
        return ConnectionLost(cause)

    def _end(self) -> None:
        if self._lease is not None:
            lease, self._lease = self._lease, None
            lease.release()


def lacks(capabilities: Capabilities, sender: Sender) -> bool:
    """Tell whether a server would refuse a parameter of MAIL that another server let us offer."""
    keywords = {written.partition("=")[0].upper() for written in sender.parameters}
    return bool(
        ("BODY" in keywords and not capabilities.eight_bit)
        or ("SMTPUTF8" in keywords and not capabilities.utf8)
        or (keywords & {"RET", "ENVID"} and not capabilities.dsn)
    )


def _mail(sender: Sender, capabilities: Capabilities) -> bytes:
    line = _path(b"MAIL FROM:", sender.mailbox, sender.parameters)
    if sender.size and capabilities.size is not None:
        return b"%b SIZE=%d" % (line, sender.size + room_for_growth(sender.size))
    return line


def _rcpt(recipient: Recipient) -> bytes:
    return _path(b"RCPT TO:", recipient.mailbox, recipient.parameters)


def _path(keyword: bytes, mailbox: str, parameters: tuple[str, ...]) -> bytes:
    return b" ".join((b"%b<%b>" % (keyword, mailbox.encode()), *(written.encode() for written in parameters)))
