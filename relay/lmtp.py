"""LMTP [RFC 2033]: the same dialogue, with a reply for each recipient behind the final dot.

So each recipient gets a copy of its own, with links of its own, and the upstream's own verdict on it; what
sends to us keeps the queue. MAIL and RCPT are answered here after their syntax: to pass on the upstream's
word at RCPT, each of a hundred recipients would hold a connection to it while the client speaks.
"""

import asyncio
import logging
from dataclasses import replace
from typing import Final

from relay.delivery import INLINE_LIMIT
from relay.dialogue import OWN_FAULT, Dialogue
from relay.envelope import Recipient, Sender, Submission
from relay.mail_log import log_refusal, who
from relay.message_budget import Claim
from relay.metrics import Phase
from relay.replies import Reply
from relay.transaction import Transaction
from relay.upstream.port import Capabilities, ConnectionLost

_log = logging.getLogger("waypost.relay")

PARALLEL: Final = 10  # copies of one message under way at a time; each holds a connection to the upstream
PARALLEL_LARGE: Final = 2  # of one that is rewritten in a thread: what was claimed of memory is for one copy


class LmtpDialogue(Dialogue):
    """One connection of an LMTP client."""

    protocol = "LMTP"

    async def _lhlo(self, argument: str) -> None:
        await self._ehlo(argument)

    async def _offer(self) -> Capabilities:
        """Section 5 of RFC 2033 asks for enhanced codes, whatever the upstream says."""
        return replace(await super()._offer(), enhanced_codes=True)

    def _begin(self) -> Transaction:
        """Return a transaction that only gathers the envelope."""
        own = super()._begin()
        return Transaction(_Gathering(), id=own.id, at=own.at)

    async def _take_message(self, transaction: Transaction, claim: Claim) -> Reply | None:
        """Answer as often as there are recipients, also where the message is refused as a whole."""
        refusal = await super()._take_message(transaction, claim)
        if refusal is not None:
            for _ in transaction.recipients[1:]:
                await self._answer(refusal)
        return refusal  # the last one's

    async def _deliver(self, submission: Submission, transaction: Transaction, claim: Claim) -> None:
        """Answer each recipient in order, as soon as that can be.

        A client that goes away will send the message again to those it has no answer for. So copies that were
        handed on are awaited all the same, and others are not begun.
        """
        free = asyncio.Semaphore(PARALLEL if len(submission.content) <= INLINE_LIMIT else PARALLEL_LARGE)
        shares = claim.split(len(submission.recipients))
        copies = [
            asyncio.create_task(self._send_copy(submission, recipient, shares, free))
            for recipient in submission.recipients
        ]
        unanswered = list(zip(submission.recipients, copies, strict=True))
        try:
            for recipient, copy in list(unanswered):
                # Shielded: a copy that is cancelled alone makes room, and the next one begins.
                reply = await asyncio.shield(copy)
                await self._answer(reply)
                if reply.accepted:
                    self._message_was_taken(replace(submission, recipients=(recipient,)))
                del unanswered[0]
        finally:
            self._give_up(submission, unanswered)
            for share in shares:
                share.release()

    def _give_up(
        self, submission: Submission, unanswered: list[tuple[Recipient, asyncio.Task[Reply]]]
    ) -> None:
        for recipient, copy in unanswered:
            if not copy.cancel() and not copy.cancelled() and copy.result().accepted:
                self._host.unheard(replace(submission, recipients=(recipient,)))

    async def _answer(self, reply: Reply) -> None:
        self._host.metrics.replied(Phase.MESSAGE, reply.code)
        enhanced = reply.enhanced or f"{reply.code // 100}.0.0"
        await self._wire.say(replace(reply, enhanced=enhanced).encode())

    async def _send_copy(
        self, message: Submission, recipient: Recipient, shares: list[Claim], free: asyncio.Semaphore
    ) -> Reply:
        async with free:
            transaction = self._host.new_transaction(message.client.project)
            copy = replace(message, id=transaction.id, recipients=(recipient,))
            if refusal := await self._open(transaction, copy, recipient):
                return refusal.with_id(copy.id)
            return await self._host.deliver(copy, transaction, shares.pop())

    async def _open(self, transaction: Transaction, copy: Submission, recipient: Recipient) -> Reply | None:
        """Begin the upstream's transaction; return why it did not."""
        try:
            reply = await transaction.mail(replace(copy.sender, size=len(copy.content)))
            if reply.accepted:
                reply = await transaction.rcpt(recipient)
        except asyncio.CancelledError:
            transaction.abort()
            raise
        except Exception:  # noqa: BLE001 - one recipient's fault is not the others'
            _log.exception("message %s was not sent", copy.id)
            self._host.count_fault()
            transaction.abort()
            return OWN_FAULT
        if reply.accepted:
            return None
        await transaction.abandon()
        log_refusal(
            reply,
            id=copy.id,
            **who(copy.client),
            sender=copy.sender.mailbox or "<>",
            recipient=recipient.mailbox,
        )
        return reply


LmtpDialogue.commands = {
    b"LHLO": LmtpDialogue._lhlo,
    **{verb: command for verb, command in Dialogue.commands.items() if verb not in (b"EHLO", b"HELO")},
}


class _Gathering:
    """The `Upstream` of a transaction that is only gathered, and its `UpstreamTransaction`."""

    server = ""
    replayed = False
    eight_bit = True

    async def capabilities(self) -> Capabilities | None:
        return None

    async def open(self, sender: Sender) -> "tuple[Reply, _Gathering]":
        return Reply(250, "2.1.0", "Ok"), self

    async def recipient(self, recipient: Recipient) -> Reply:
        return Reply(250, "2.1.5", "Ok")

    async def message(self, content: bytes, *, name: str) -> Reply:
        raise ConnectionLost("a gathered transaction is sent as copies")

    async def abandon(self) -> None:
        """Nothing was begun."""

    def abort(self) -> None:
        """Nothing was begun."""

    async def close(self) -> None:
        """Nothing is open."""
