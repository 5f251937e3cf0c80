"""One transaction of a client, mirrored on the upstream while the client speaks."""

from relay.envelope import Recipient, Sender
from relay.replies import Reply
from relay.upstream.port import Capabilities, ConnectionLost, Upstream, UpstreamError, UpstreamTransaction


class Transaction:
    """MAIL, RCPTs and the message, each answered by the upstream.

    Where the upstream is lost on the way, all that follows is answered 451 until the client begins anew: a
    5xx to DATA behind an accepted RCPT makes clients bounce.
    """

    def __init__(self, upstream: Upstream, *, id: str, at: int) -> None:
        self.id = id
        self.at = at  # milliseconds
        self.sender = Sender(mailbox="")
        self.recipients: list[Recipient] = []  # accepted ones
        self._upstream = upstream
        self._remote: UpstreamTransaction | None = None
        self._lost: Reply | None = None
        self._refusals: list[Reply] = []
        self.upstream = ""  # the server that has it, or had it
        self.replayed = False  # whether the envelope was said again, on another connection

    @property
    def lost(self) -> bool:
        """Whether the upstream was lost; a new MAIL may follow then."""
        return self._lost is not None

    async def capabilities(self) -> Capabilities:
        """Return what the upstream can do."""
        return await self._upstream.capabilities() or Capabilities()

    @property
    def eight_bit(self) -> bool:
        """Whether the upstream takes 8-bit messages."""
        return self._remote is None or self._remote.eight_bit

    async def mail(self, sender: Sender) -> Reply:
        """Answer MAIL. Where the reply is not 2xx there is no transaction, unless it is `lost`."""
        self.sender = sender
        try:
            reply, self._remote = await self._upstream.open(sender)
        except UpstreamError as error:
            return self.poison(error.reply)
        return self._checked(reply)

    async def rcpt(self, recipient: Recipient) -> Reply:
        """Answer RCPT."""
        if self._lost or self._remote is None:
            return self._lost or ConnectionLost.reply
        try:
            reply = self._checked(await self._remote.recipient(recipient))
        except UpstreamError as error:
            return self.poison(error.reply)
        if reply.accepted:
            self.recipients.append(recipient)
        else:
            self._refusals.append(reply)
        return reply

    def data_refusal(self) -> Reply | None:
        """Return why DATA cannot follow; None where it can."""
        if self._lost:
            return self._lost
        if self.recipients:
            return None
        if not self._refusals:
            return Reply(503, "5.5.1", "Need RCPT first")
        # RFC 5321 section 3.3 knows 554 here; but where a later attempt may succeed, it must not bounce.
        if all(reply.permanent for reply in self._refusals):
            return Reply(554, "5.5.1", "No valid recipients")
        return Reply(451, "4.5.1", "No recipient was accepted, try again later")

    async def send(self, content: bytes) -> Reply:
        """Send the message and end the transaction. Raises UpstreamError."""
        if self._remote is None:
            raise ConnectionLost("no transaction is open")
        remote, self._remote = self._remote, None
        try:
            return await remote.message(content, name=self.id)
        finally:
            self.upstream, self.replayed = remote.server, remote.replayed

    async def abandon(self) -> None:
        """End it: the client changed its mind."""
        if self._remote is not None:
            remote, self._remote = self._remote, None
            await remote.abandon()

    def abort(self) -> None:
        """End it at once: the client is gone, or something of ours failed."""
        if self._remote is not None:
            self._remote.abort()
            self._remote = None

    def poison(self, reply: Reply) -> Reply:
        """Answer everything from now on with `reply`; return it."""
        self.abort()
        self._lost = reply
        return reply

    def _checked(self, reply: Reply) -> Reply:
        """The upstream's 421 ends its connection, not ours: the client gets a 451 with the same text."""
        return self.poison(as_temporary(reply)) if reply.code == 421 else reply


def as_temporary(reply: Reply) -> Reply:
    """Return a 421 of the upstream as what it means for our client."""
    return Reply(451, reply.enhanced, reply.text) if reply.code == 421 else reply
