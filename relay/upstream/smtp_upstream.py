"""The upstream over SMTP: `smtp://`, `smtp+starttls://`, `smtps://`."""

from collections.abc import Callable

from relay.envelope import Recipient, Sender
from relay.replies import Reply
from relay.upstream.connection import Connection, SmtpServer
from relay.upstream.connection_pool import ConnectionPool
from relay.upstream.port import Capabilities, ConnectionLost, UpstreamError

_RETRY_AFTER = 5.0  # seconds; an upstream that is away delays one EHLO, not each
_MAX_GROWTH = 256 * 1024  # octets


def room_for_growth(size: int) -> int:
    """Return how much of a size limit is kept free for what rewriting adds."""
    return min(_MAX_GROWTH, size // 4)


class SmtpUpstream:
    """The `Upstream` that speaks SMTP, on pooled connections."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        pool_size: int,
        idle_limit: float,
        pool_wait: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._server = server
        self._monotonic = monotonic
        self._capabilities: Capabilities | None = None
        self._ask_again = 0.0
        self._pool = ConnectionPool(
            self._connect, size=pool_size, idle_limit=idle_limit, wait=pool_wait, monotonic=monotonic
        )

    async def capabilities(self) -> Capabilities | None:
        """As last seen: each new connection refreshes them."""
        if self._capabilities is None and self._monotonic() >= self._ask_again:
            self._ask_again = self._monotonic() + _RETRY_AFTER
            try:
                self._pool.release(await self._pool.acquire())
            except UpstreamError:
                return None  # MAIL will meet the same error, and say it
        return self._capabilities

    async def open(self, sender: Sender) -> tuple[Reply, "SmtpTransaction | None"]:
        """Say MAIL; once more on a fresh connection where a pooled one turns out to be dead."""
        connection = await self._pool.acquire()
        if connection.used:
            reply = await self._mail_on_used(connection, sender)
            if reply is not None:
                return self._opened(connection, reply)
            connection = await self._pool.replace(connection)
        return self._opened(connection, await self._mail(connection, sender))

    async def close(self) -> None:
        self._pool.close()

    async def _connect(self) -> Connection:
        connection = await Connection.open(self._server)
        self._capabilities = connection.capabilities
        return connection

    async def _mail_on_used(self, connection: Connection, sender: Sender) -> Reply | None:
        """Return None where the connection is dead: closed by the server since, or saying 421 now."""
        try:
            reply = await connection.command(*_mail(sender, connection.capabilities))
        except ConnectionLost:
            return None
        except BaseException:
            self._pool.release(connection)
            raise
        return None if reply.code == 421 else reply

    async def _mail(self, connection: Connection, sender: Sender) -> Reply:
        connection.used = True
        try:
            return await connection.command(*_mail(sender, connection.capabilities))
        except BaseException:
            self._pool.release(connection)
            raise

    def _opened(self, connection: Connection, reply: Reply) -> tuple[Reply, "SmtpTransaction | None"]:
        if reply.accepted:
            return reply, SmtpTransaction(connection, self._pool)
        if reply.code < 400:
            connection.close()
        self._pool.release(connection)
        if reply.code < 400:
            raise ConnectionLost(f"reply {reply.line()} to MAIL")
        return reply, None


class SmtpTransaction:
    """An `UpstreamTransaction` that holds one connection until it ends."""

    def __init__(self, connection: Connection, pool: ConnectionPool) -> None:
        self._connection = connection
        self._pool = pool
        self._ended = False

    async def recipient(self, recipient: Recipient) -> Reply:
        reply = await self._connection.command(
            b"RCPT", *_words(b"TO:", recipient.mailbox, recipient.parameters)
        )
        if 300 <= reply.code <= 399:
            raise ConnectionLost(f"reply {reply.line()} to RCPT")
        return reply

    async def message(self, content: bytes, *, name: str) -> Reply:
        try:
            return await self._connection.data(content)
        finally:
            self._end()

    async def abandon(self) -> None:
        if self._ended:
            return
        try:
            reply = await self._connection.command(b"RSET")
            if not reply.accepted:
                self._connection.close()
        except UpstreamError:
            pass  # the connection is gone, and the transaction with it
        finally:
            self._end()

    def abort(self) -> None:
        self._connection.close()
        self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._pool.release(self._connection)


def _mail(sender: Sender, capabilities: Capabilities) -> tuple[bytes, ...]:
    words = _words(b"FROM:", sender.mailbox, sender.parameters)
    if sender.size and capabilities.size is not None:
        words = (*words, b"SIZE=%d" % (sender.size + room_for_growth(sender.size)))
    return (b"MAIL", *words)


def _words(keyword: bytes, mailbox: str, parameters: tuple[str, ...]) -> tuple[bytes, ...]:
    return (keyword + b"<" + mailbox.encode() + b">", *(written.encode() for written in parameters))
