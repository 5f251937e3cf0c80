"""What each command of a client does, whatever carries the dialogue."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, ClassVar, Protocol

from relay.data_reader import MessageTooLarge, read_message
from relay.ehlo import ehlo_lines, offer
from relay.envelope import Client, Recipient, Sender, Submission
from relay.esmtp_parameters import mail_parameters, rcpt_parameters
from relay.mail_log import log_refusal
from relay.metrics import Phase, RelayMetrics
from relay.paths import forward_path, reverse_path
from relay.replies import Refused, Reply
from relay.settings import RelaySettings
from relay.transaction import Transaction
from relay.upstream.port import Capabilities, Upstream

_log = logging.getLogger("waypost.relay")

MAX_UNKNOWN_COMMANDS = 5  # then it is no mail client: a browser led here, for one
LOCAL = "local"  # the address of a client on a Unix socket
OWN_FAULT = Reply(451, "4.3.0", "Something went wrong here, try again later")
_OK = Reply(250, "2.0.0", "Ok")
_PHASES = {b"MAIL": Phase.MAIL, b"RCPT": Phase.RCPT, b"DATA": Phase.MESSAGE}


class Host(Protocol):
    """What all dialogues share. Implemented by `relay.server.Relay`."""

    @property
    def settings(self) -> RelaySettings: ...

    @property
    def upstream(self) -> Upstream: ...

    @property
    def metrics(self) -> RelayMetrics: ...

    def new_transaction(self) -> Transaction: ...

    async def deliver(self, submission: Submission, transaction: Transaction) -> Reply:
        """Send it on, to the end even where the caller is cancelled."""

    def count_fault(self) -> None:
        """Count a fault of ours that a client was told about."""


class Dialogue:
    """The state of one connection: who speaks, what was offered, the transaction that is open.

    `address` is the client's IP address; "" on a Unix socket, whose permissions say who may relay.
    """

    commands: ClassVar[Mapping[bytes, Callable[[Any, str], Awaitable[Reply | None]]]]

    def __init__(
        self, host: Host, address: str, reader: asyncio.StreamReader, say: Callable[[bytes], Awaitable[None]]
    ) -> None:
        self._host = host
        plain = _plain_address(address) if address else None
        self._client = Client(address=str(plain or LOCAL), helo="", extended=False)
        self._may_relay = plain is None or any(plain in network for network in host.settings.networks)
        self._reader = reader
        self._say = say
        self._offered: Capabilities | None = None  # None before EHLO, and after HELO
        self._transaction: Transaction | None = None
        self._unknown_commands = 0
        self.past_data = False  # from 354 until the last reply: what must not be cut off

    async def obey(self, line: bytes) -> Reply | None:
        """Obey one command line without its line ending; None where it is answered already.

        A reply of 221 or 421 ends the dialogue. Raises ConnectionError and asyncio.IncompleteReadError where
        the client is gone.
        """
        word, _, argument = line.partition(b" ")
        verb = word.upper()
        reply = await self._obey(self.commands.get(verb, Dialogue._unknown), argument)
        if reply is not None and (phase := _PHASES.get(verb)):
            self._host.metrics.replied(phase, reply.code)
        return reply

    async def _obey(
        self, command: Callable[[Any, str], Awaitable[Reply | None]], argument: bytes
    ) -> Reply | None:
        try:
            return await command(self, argument.decode().strip(" "))
        except Refused as refused:
            return refused.reply
        except UnicodeDecodeError:
            return Reply(500, "5.5.2", "The line is not UTF-8")
        except (ConnectionError, asyncio.IncompleteReadError):
            raise
        except Exception:  # noqa: BLE001 - it must not bounce mail, and its text is not for the client
            _log.exception("a command of %s failed", self._client.address)
            self._host.count_fault()
            return self._transaction.poison(OWN_FAULT) if self._transaction else OWN_FAULT

    def end(self) -> None:
        """The client is gone, or sent away."""
        if self._transaction is not None:
            self._transaction.abort()

    async def _unknown(self, argument: str) -> Reply:
        self._unknown_commands += 1
        if self._unknown_commands >= MAX_UNKNOWN_COMMANDS:
            return Reply(421, "4.7.0", "Too many unknown commands")
        return Reply(500, "5.5.1", "Unknown command")

    async def _ehlo(self, argument: str) -> None:
        await self._greeted(argument, extended=True)
        settings = self._host.settings
        self._offered = offer(settings.max_message_size, await self._host.upstream.capabilities())
        await self._say(ehlo_lines(settings.hostname, self._offered))

    async def _helo(self, argument: str) -> Reply:
        await self._greeted(argument, extended=False)
        self._offered = None
        return Reply(250, "", self._host.settings.hostname)

    async def _greeted(self, helo: str, *, extended: bool) -> None:
        if not helo:
            raise Refused(501, "5.5.4", "Say who you are")
        await self._abandon()
        self._client = Client(address=self._client.address, helo=helo, extended=extended)

    async def _mail(self, argument: str) -> Reply:
        if not self._client.helo:
            raise Refused(503, "5.5.1", "Say EHLO first")
        if self._transaction is not None and not self._transaction.lost:
            raise Refused(503, "5.5.1", "A transaction is open already")
        sender = self._sender(argument)
        self._transaction = transaction = self._host.new_transaction()
        reply = await transaction.mail(sender)
        if not reply.accepted:
            log_refusal(reply, id=transaction.id, client=self._client.address, sender=sender.mailbox)
            if not transaction.lost:
                self._transaction = None
        return reply

    def _sender(self, argument: str) -> Sender:
        mailbox, rest = reverse_path(argument)
        self._check_may_relay(mailbox)
        parameters = mail_parameters(rest, self._offered)
        if parameters.size > self._size_limit:
            raise Refused(552, "5.3.4", f"The message is larger than {self._size_limit} octets")
        _check_ascii(mailbox, utf8=parameters.utf8)
        return Sender(
            mailbox=mailbox, parameters=parameters.passed_on, size=parameters.size, utf8=parameters.utf8
        )

    def _check_may_relay(self, mailbox: str) -> None:
        if not self._may_relay:
            denied = Refused(550, "5.7.1", "Relaying denied")
            log_refusal(denied.reply, client=self._client.address, sender=mailbox)
            raise denied

    @property
    def _size_limit(self) -> int:
        return (self._offered and self._offered.size) or self._host.settings.max_message_size

    async def _rcpt(self, argument: str) -> Reply:
        transaction = self._open_transaction()
        mailbox, rest = forward_path(argument)
        parameters = rcpt_parameters(rest, self._offered)
        _check_ascii(mailbox, utf8=transaction.sender.utf8)
        if len(transaction.recipients) >= self._host.settings.max_recipients:
            raise Refused(452, "4.5.3", "Too many recipients, send the others after these")
        reply = await transaction.rcpt(Recipient(mailbox=mailbox, parameters=parameters))
        if not reply.accepted:
            log_refusal(
                reply,
                id=transaction.id,
                client=self._client.address,
                sender=transaction.sender.mailbox,
                recipient=mailbox,
            )
        return reply

    async def _data(self, argument: str) -> Reply | None:
        transaction = self._open_transaction()
        _check_no_argument(argument)
        if refusal := transaction.data_refusal():
            return refusal
        self.past_data = True
        try:
            await self._say(b"354 End data with <CR><LF>.<CR><LF>\r\n")
            return await self._take_message(transaction)
        finally:
            self.past_data = False

    async def _take_message(self, transaction: Transaction) -> Reply | None:
        limit = self._size_limit
        try:
            content = await read_message(self._reader, limit=limit, patience=self._host.settings.data_timeout)
        except MessageTooLarge:
            await self._abandon()
            return Reply(552, "5.3.4", f"The message is larger than {limit} octets")
        except TimeoutError:
            return Reply(421, "4.4.2", "The message stopped coming")
        self._transaction = None
        submission = Submission(
            id=transaction.id,
            at=transaction.at,
            client=self._client,
            sender=transaction.sender,
            recipients=tuple(transaction.recipients),
            content=content,
        )
        return await self._deliver(submission, transaction)

    async def _deliver(self, submission: Submission, transaction: Transaction) -> Reply | None:
        """Answer the final dot; None where it is answered already, as LMTP does for each recipient."""
        return await self._host.deliver(submission, transaction)

    async def _rset(self, argument: str) -> Reply:
        _check_no_argument(argument)
        await self._abandon()
        return _OK

    async def _noop(self, argument: str) -> Reply:
        return _OK

    async def _vrfy(self, argument: str) -> Reply:
        return Reply(252, "2.5.2", "Send it and see")  # RFC 5321 section 3.5.3

    async def _help(self, argument: str) -> Reply:
        return Reply(214, "2.0.0", "See RFC 5321")

    async def _quit(self, argument: str) -> Reply:
        _check_no_argument(argument)
        await self._abandon()
        return Reply(221, "2.0.0", "Bye")

    def _open_transaction(self) -> Transaction:
        if self._transaction is None:
            raise Refused(503, "5.5.1", "Need MAIL first")
        return self._transaction

    async def _abandon(self) -> None:
        """End the transaction before the answer, so that the next MAIL finds its connection free."""
        if self._transaction is not None:
            transaction, self._transaction = self._transaction, None
            await transaction.abandon()


Dialogue.commands = {
    b"EHLO": Dialogue._ehlo,
    b"HELO": Dialogue._helo,
    b"MAIL": Dialogue._mail,
    b"RCPT": Dialogue._rcpt,
    b"DATA": Dialogue._data,
    b"RSET": Dialogue._rset,
    b"NOOP": Dialogue._noop,
    b"VRFY": Dialogue._vrfy,
    b"HELP": Dialogue._help,
    b"QUIT": Dialogue._quit,
}


def _plain_address(address: str) -> IPv4Address | IPv6Address:
    """Return an IPv4 address as such where it came over a socket for both families."""
    parsed = ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def _check_ascii(mailbox: str, *, utf8: bool) -> None:
    if not utf8 and not mailbox.isascii():
        raise Refused(553, "5.6.7", "This address needs SMTPUTF8")  # RFC 6531 section 3.5


def _check_no_argument(argument: str) -> None:
    if argument:
        raise Refused(501, "5.5.4", "This command takes no argument")
