"""What each command of a client does, whatever carries the dialogue."""

import asyncio
import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from connections.addresses import plain_address
from relay.admission import Standing
from relay.authentication import read_login
from relay.conduct import Conduct
from relay.data_reader import Message, MessageTooLarge, NoRoom, read_message
from relay.dialogue_port import ConnectionOver, Host, Wire
from relay.ehlo import ehlo_lines, offer
from relay.envelope import LOCAL, Client, Recipient, Sender, Submission
from relay.esmtp_parameters import mail_parameters, rcpt_parameters
from relay.listener import Listener, Tls
from relay.mail_log import log_refusal, who
from relay.message_budget import Claim
from relay.metrics import Phase
from relay.paths import forward_path, reverse_path
from relay.replies import Refused, Reply
from relay.settings import BareNewlines
from relay.transaction import Transaction
from relay.upstream.port import Capabilities

_log = logging.getLogger("waypost.relay")

OWN_FAULT = Reply(451, "4.3.0", "Something went wrong here, try again later")
_CANNOT_CHECK = Reply(454, "4.7.0", "Cannot check that now, try again later")
NO_ROOM = Reply(452, "4.3.1", "Too much mail is under way, try again later")
_BEFORE_TLS = frozenset((b"NOOP", b"EHLO", b"LHLO", b"STARTTLS", b"QUIT"))  # RFC 3207 section 4
_IDLE = frozenset((b"EHLO", b"HELO", b"LHLO", b"NOOP", b"RSET", b"VRFY", b"HELP"))
_OK = Reply(250, "2.0.0", "Ok")
_PHASES = {b"MAIL": Phase.MAIL, b"RCPT": Phase.RCPT, b"DATA": Phase.MESSAGE}


class Dialogue:
    """The state of one connection: who speaks, what was offered, the transaction that is open.

    `address` is the client's IP address; "" on a Unix socket, whose permissions say who may relay.
    """

    protocol: ClassVar[str] = "ESMTP"  # as the greeting says it
    commands: ClassVar[Mapping[bytes, Callable[[Any, str], Awaitable[Reply | None]]]]

    def __init__(self, host: Host, listener: Listener, address: str, wire: Wire) -> None:
        self._host = host
        self._listener = listener
        self._wire = wire
        shown = str(plain_address(address)) if address else LOCAL
        self._client = Client(address=shown, helo="", extended=False, lmtp=listener.lmtp, tls=wire.tls)
        self._standing = Standing(host.admission, address, tls=listener.tls is not Tls.OFF)
        self._conduct = Conduct(host.settings)
        self._offered: Capabilities | None = None  # None before EHLO, and after HELO
        self._transaction: Transaction | None = None
        self._mail_said = False  # what follows a refused MAIL in one pipeline is no error of the client's
        self.past_data = False  # from 354 until the last reply: what must not be cut off

    async def obey(self, line: bytes) -> Reply | None:
        """Obey one command line without its line ending; None where it is answered already.

        A closing reply ends the dialogue. Raises what the wire raises: the client is gone then.
        """
        word, _, argument = line.partition(b" ")
        verb = word.upper()
        reply = await self._obey(verb, argument)
        if reply is not None and (phase := _PHASES.get(verb)):
            self._host.metrics.replied(phase, reply.code)
        return reply

    async def _obey(self, verb: bytes, argument: bytes) -> Reply | None:
        try:
            if refusal := self._refusal(verb):
                return refusal
            return await self.commands[verb](self, argument.decode().strip(" "))
        except Refused as refused:
            if not refused.reply.permanent or (self._mail_said and verb in (b"RCPT", b"DATA")):
                return refused.reply
            return await self._conduct.error(refused.reply)
        except UnicodeDecodeError:
            return await self._conduct.error(Reply(500, "5.5.2", "The line is not UTF-8"))
        except (ConnectionError, asyncio.IncompleteReadError, ConnectionOver):
            raise
        except Exception:  # noqa: BLE001 - it must not bounce mail, and its text is not for the client
            _log.exception("a command of %s failed", self._client.address)
            self._host.count_fault()
            if verb == b"AUTH":
                return _CANNOT_CHECK
            return self._transaction.poison(OWN_FAULT) if self._transaction else OWN_FAULT

    def end(self) -> None:
        """The client is gone, or sent away."""
        if self._transaction is not None:
            self._transaction.abort()

    def _refusal(self, verb: bytes) -> Reply | None:
        """Return why a command is not obeyed, whatever it says."""
        if verb not in self.commands:
            return self._conduct.unknown_command()
        if self._listener.tls is Tls.REQUIRED and not self._client.tls and verb not in _BEFORE_TLS:
            return Reply(530, "5.7.0", "Say STARTTLS first")
        return self._conduct.idle_command() if verb in _IDLE else None

    async def _starttls(self, argument: str) -> None:
        _check_no_argument(argument)
        if self._listener.tls is Tls.OFF:
            raise Refused(502, "5.5.1", "TLS is not offered here")
        if self._client.tls:
            raise Refused(503, "5.5.1", "TLS is spoken already")
        await self._abandon()
        await self._wire.start_tls(Reply(220, "2.0.0", "Go ahead"))
        # Whatever was said before may have been said by somebody in between [RFC 3207 section 4.2].
        self._client = replace(self._client, helo="", extended=False, tls=self._wire.tls)
        self._offered = None

    async def _ehlo(self, argument: str) -> None:
        await self._greeted(argument, extended=True)
        self._offered = await self._offer()
        starttls = self._listener.tls in (Tls.OFFERED, Tls.REQUIRED) and not self._client.tls
        hostname, auth = self._host.settings.hostname, self._auth_offered
        await self._wire.say(ehlo_lines(hostname, self._offered, starttls=starttls, auth=auth))

    async def _offer(self) -> Capabilities:
        """Who may still sign in can turn out to be any project's."""
        project = None if self._auth_offered else self._standing.project
        return offer(self._host.settings.max_message_size, await self._host.capabilities(project))

    @property
    def _auth_offered(self) -> bool:
        return bool(self._client.tls) and self._standing.can_sign_in

    async def _auth(self, argument: str) -> Reply:
        if not self._client.extended:
            raise Refused(503, "5.5.1", "Say EHLO first")
        if not self._client.tls:
            raise Refused(538, "5.7.11", "Say STARTTLS first: the password would be sent in clear")
        if self._standing.signed_in:
            raise Refused(503, "5.5.1", "You are signed in already")
        if self._transaction is not None:
            raise Refused(503, "5.5.1", "A transaction is open")  # RFC 4954 section 4
        self._standing.check_not_locked()
        self._standing.sign_in(await read_login(argument, self._ask))
        return Reply(235, "2.7.0", "Welcome")

    async def _ask(self, challenge: bytes) -> bytes:
        await self._wire.say(b"334 %s\r\n" % b64encode(challenge))
        line = await self._wire.read_line()
        if isinstance(line, Reply):
            raise Refused(line.code, line.enhanced, line.text)
        return line

    async def _helo(self, argument: str) -> Reply:
        await self._greeted(argument, extended=False)
        self._offered = None
        return Reply(250, "", self._host.settings.hostname)

    async def _greeted(self, helo: str, *, extended: bool) -> None:
        if not helo:
            raise Refused(501, "5.5.4", "Say who you are")
        await self._abandon()
        self._client = replace(self._client, helo=helo, extended=extended)

    async def _mail(self, argument: str) -> Reply:
        if not self._client.helo:
            raise Refused(503, "5.5.1", "Say EHLO first")
        if self._transaction is not None and not self._transaction.lost:
            raise Refused(503, "5.5.1", "A transaction is open already")
        self._mail_said = True
        sender = self._sender(argument)
        if not self._host.budget.has_room(sender.size):
            return NO_ROOM
        self._standing.take_message()
        self._transaction = transaction = self._begin()
        reply = await transaction.mail(sender)
        if not reply.accepted:
            log_refusal(reply, id=transaction.id, **who(self._client), sender=sender.mailbox)
            if not transaction.lost:
                self._transaction = None
        return reply

    def _begin(self) -> Transaction:
        return self._host.new_transaction(self._client.project)

    def _sender(self, argument: str) -> Sender:
        mailbox, rest = reverse_path(argument)
        self._admit(mailbox)
        parameters = mail_parameters(rest, self._offered)
        if parameters.size > self._size_limit:
            raise _too_large(self._size_limit)
        _check_ascii(mailbox, utf8=parameters.utf8)
        return Sender(
            mailbox=mailbox, parameters=parameters.passed_on, size=parameters.size, utf8=parameters.utf8
        )

    def _admit(self, mailbox: str) -> None:
        """Know whose mail it is, and that it may send from there."""
        try:
            self._client = self._standing.admitted(self._client)
            self._host.admission.check_sender(self._client, mailbox)
        except Refused as denied:
            log_refusal(denied.reply, **who(self._client), sender=mailbox)
            raise

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
        self._standing.take_recipient()
        reply = await transaction.rcpt(Recipient(mailbox=mailbox, parameters=parameters))
        if not reply.accepted:
            log_refusal(
                reply,
                id=transaction.id,
                **who(self._client),
                sender=transaction.sender.mailbox,
                recipient=mailbox,
            )
        return reply

    async def _data(self, argument: str) -> Reply | None:
        transaction = self._open_transaction()
        _check_no_argument(argument)
        if refusal := transaction.data_refusal():
            return refusal
        claim = self._host.budget.claim()
        if not claim.cover(transaction.sender.size):
            return NO_ROOM
        self.past_data = True
        try:
            self._wire.expect_message()
            await self._wire.say(b"354 End data with <CR><LF>.<CR><LF>\r\n")
            return await self._take_message(transaction, claim)
        finally:
            self.past_data = False

    async def _take_message(self, transaction: Transaction, claim: Claim) -> Reply | None:
        """Read the message, and answer its final dot."""
        try:
            message = await read_message(self._wire, limit=self._size_limit, reserve=claim.cover)
            refusal = self._message_refusal(message)
        except MessageTooLarge:
            refusal = _too_large(self._size_limit).reply
        except NoRoom:
            refusal = NO_ROOM
        except BaseException:
            claim.release()
            raise
        if refusal is not None:
            claim.release()
            log_refusal(
                refusal,
                id=transaction.id,
                **who(self._client),
                sender=transaction.sender.mailbox,
                recipients=len(transaction.recipients),
            )
            await self._abandon()
            return refusal
        self._transaction, self._mail_said = None, False
        submission = Submission(
            id=transaction.id,
            at=transaction.at,
            client=self._client,
            sender=transaction.sender,
            recipients=tuple(transaction.recipients),
            content=message.content,
        )
        return await self._deliver(submission, transaction, claim)

    def _message_refusal(self, message: Message) -> Reply | None:
        if message.nul:
            return Reply(554, "5.6.0", "The message has a NUL in it")  # RFC 5322 section 4 forbids it
        setting = self._host.settings.bare_newlines
        if setting is BareNewlines.AUTO:
            setting = BareNewlines.REFUSE if self._standing.listed is None else BareNewlines.NORMALISE
        if message.bare_newlines and setting is BareNewlines.REFUSE:
            return Reply(521, "5.5.2", "The message has a CR or LF alone in it")
        return None

    async def _deliver(self, submission: Submission, transaction: Transaction, claim: Claim) -> Reply | None:
        """Answer the final dot; None where it is answered already, as LMTP does for each recipient."""
        reply = await self._host.deliver(submission, transaction, claim)
        if reply.accepted:
            self._message_was_taken(submission)
        return reply

    def _message_was_taken(self, submission: Submission) -> None:
        if self._wire.at_end:
            self._host.unheard(submission)
        self._conduct.message_taken()
        self._wire.message_taken()

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
        self._mail_said = False
        if self._transaction is not None:
            transaction, self._transaction = self._transaction, None
            await transaction.abandon()


Dialogue.commands = {
    b"EHLO": Dialogue._ehlo,
    b"HELO": Dialogue._helo,
    b"MAIL": Dialogue._mail,
    b"RCPT": Dialogue._rcpt,
    b"DATA": Dialogue._data,
    b"STARTTLS": Dialogue._starttls,
    b"AUTH": Dialogue._auth,
    b"RSET": Dialogue._rset,
    b"NOOP": Dialogue._noop,
    b"VRFY": Dialogue._vrfy,
    b"HELP": Dialogue._help,
    b"QUIT": Dialogue._quit,
}


def _too_large(limit: int) -> Refused:
    return Refused(552, "5.3.4", f"The message is larger than {limit} octets")  # RFC 1870 section 6


def _check_ascii(mailbox: str, *, utf8: bool) -> None:
    if not utf8 and not mailbox.isascii():
        raise Refused(553, "5.6.7", "This address needs SMTPUTF8")  # RFC 6531 section 3.5


def _check_no_argument(argument: str) -> None:
    if argument:
        raise Refused(501, "5.5.4", "This command takes no argument")
