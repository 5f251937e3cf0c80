"""The step after a client's final dot: prepare, record, send, record how it ended, log.

No fault of ours in tracking or in book-keeping changes what the client is told: the message goes out, as it
came if need be, and the answer is the upstream's.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from events.model import Outcome, Record, Verdict
from events.redaction import Redaction, redaction
from links.ids import RECIPIENT_BYTES, RECORD_BYTES, recipient_reference, record_id
from links.recipients import RecipientTracking
from relay.control.header_edits import without_own
from relay.control.header_fields import control_fields
from relay.envelope import Client, Submission
from relay.mail_log import MailEvent, log_mail, who
from relay.message_headers import MessageHeaders, read_headers
from relay.message_record import message_record
from relay.metrics import Fault, RelayMetrics
from relay.pipeline import Pipeline, Prepared
from relay.plan import Plan, Untracked
from relay.received import protocol_name, received_header
from relay.repeats import Repeats
from relay.replies import Reply
from relay.transaction import Transaction, as_temporary
from relay.upstream.port import Capabilities, OutcomeUnknown, UpstreamError

_log = logging.getLogger("waypost.relay")

MAX_HOPS = 50  # Received fields; RFC 5321 section 6.3 asks for a large number, and Postfix takes this one
MOST_LOGGED = 100  # recipients whose addresses stand in the log line; what collects logs cuts long lines
INLINE_LIMIT = 256 * 1024  # octets; a larger message is rewritten in a thread, not to hold up other clients


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended: what the client is told, and what the upstream said (`code` 0: nothing)."""

    verdict: Verdict
    reply: Reply
    code: int
    said: str


class Delivery:
    """Delivers submissions. `now` returns milliseconds, `monotonic` seconds; `record` is the journal's.

    `on_disk`, where given, is awaited after each record.
    """

    def __init__(
        self,
        *,
        hostname: str,
        pipeline: Pipeline,
        sender_refusal: Callable[[Client, MessageHeaders], Reply | None],
        record: Callable[[Record], object],
        on_disk: Callable[[], Awaitable[bool]] | None = None,
        metrics: RelayMetrics,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._hostname = hostname
        self._pipeline = pipeline
        self._sender_refusal = sender_refusal
        self._record = record
        self._on_disk = on_disk
        self._metrics = metrics
        self._now = now
        self._monotonic = monotonic
        self._random_bytes = random_bytes
        self._repeats = Repeats(monotonic)

    def unheard(self, submission: Submission) -> None:
        """Know that the client was gone before it could hear that the message was taken."""
        self._repeats.remember(submission, read_headers(submission.content).message_id)

    async def deliver(
        self, submission: Submission, transaction: Transaction, upstream: Capabilities
    ) -> Reply:
        """Send it on, and return the last reply to the client. `upstream` is what the next server can do."""
        headers = read_headers(submission.content)
        refusal = self._sender_refusal(submission.client, headers)
        if refusal := refusal or _refusal(submission, headers, eight_bit=transaction.eight_bit):
            await transaction.abandon()
            log_mail(MailEvent.REJECTED, **_known(submission, headers), reply=refusal.line())
            return refusal
        started = self._monotonic()
        reference = self._reference(submission)
        prepared = await self._prepare(submission, headers, reference)
        content = self._received(submission, prepared) + prepared.content
        if upstream.size and len(content) > upstream.size and prepared.content != prepared.original:
            prepared = prepared.untouched(Untracked.TOO_LARGE)
            content = self._received(submission, prepared) + prepared.content
        await self._keep(submission, lambda: message_record(submission, headers, prepared, reference))
        prepared_at = self._monotonic()
        self._metrics.prepared(prepared, size=len(submission.content), seconds=prepared_at - started)
        ending = await self._send(transaction, content)
        sent_in = self._monotonic() - prepared_at
        self._metrics.ended(ending.verdict, seconds=sent_in, replayed=transaction.replayed)
        if repeated := self._repeats.has(submission, headers.message_id):
            self._metrics.repeated()
        if ending.verdict is Verdict.UNKNOWN:
            self._repeats.remember(submission, headers.message_id)
        nameless = prepared.recipients is RecipientTracking.NONE
        said = _without_recipients(submission) if nameless else str
        await self._keep(submission, lambda: self._outcome(submission, ending, said(ending.said)))
        log_mail(
            _event(ending),
            **_known(submission, headers, nameless=nameless),
            **_done(prepared),
            upstream=transaction.upstream,
            replayed=transaction.replayed or None,
            reply=said(ending.reply.line()),
            cause="" if ending.code else said(ending.said),
            possible_duplicate=repeated or None,
            prepare_ms=round((prepared_at - started) * 1000, 1),
            send_ms=round(sent_in * 1000, 1),
            total_ms=self._now() - submission.at,
        )
        return ending.reply.with_id(submission.id)

    async def _prepare(
        self, submission: Submission, headers: MessageHeaders, reference: str | None
    ) -> Prepared:
        """Prepare it; where that fails, whatever the reason, the original goes out without our headers."""
        fields = control_fields(submission.content)
        plain = submission
        if fields:
            plain = replace(submission, content=without_own(submission.content, fields))
        prepare = self._pipeline.prepare
        try:
            if len(plain.content) > INLINE_LIMIT:
                prepared = await asyncio.to_thread(prepare, plain, headers, fields, reference)
            else:
                prepared = prepare(plain, headers, fields, reference)
            fault = prepared.fault
        except Exception as error:  # noqa: BLE001 - a message is never refused because it cannot be tracked
            prepared = Prepared(content=b"", original=plain.content, plan=Plan(sending_domain=""))
            fault = error
        if fault is None:
            return prepared
        self._metrics.failed(Fault.TRACKING)
        _log.error("message %s goes out untracked", submission.id, exc_info=fault)
        return prepared.untouched(Untracked.FAULT)

    async def _send(self, transaction: Transaction, content: bytes) -> Ending:
        try:
            reply = await transaction.send(content)
        except OutcomeUnknown as error:
            ending = Ending(Verdict.UNKNOWN, error.reply, 0, str(error))
        except UpstreamError as error:
            ending = Ending(Verdict.REFUSED, error.reply, 0, str(error))
        except asyncio.CancelledError:
            # This task is the delivery's own: how it ended is to be told, as of all others.
            ending = Ending(Verdict.UNKNOWN, OutcomeUnknown.reply, 0, "stopped while waiting")
        else:
            verdict = Verdict.RELAYED if reply.accepted else Verdict.REFUSED
            ending = Ending(verdict, as_temporary(reply), reply.code, reply.line())
        return ending

    async def _keep(self, submission: Submission, make: Callable[[], Record]) -> None:
        """Record what `make` returns; what fails there is counted and logged, and changes nothing else."""
        try:
            lost = self._record(make()) is False or (self._on_disk is not None and not await self._on_disk())
        except Exception:  # noqa: BLE001 - book-keeping never changes a reply
            lost = True
            _log.exception("a record of message %s is lost", submission.id)
        if lost:
            self._metrics.failed(Fault.RECORD)

    def _reference(self, submission: Submission) -> str | None:
        """Several recipients share one copy, so that its links cannot tell them apart."""
        if len(submission.recipients) > 1:
            return None
        return recipient_reference(self._random_bytes(RECIPIENT_BYTES))

    def _received(self, submission: Submission, prepared: Prepared) -> bytes:
        only = submission.recipients[0].mailbox if len(submission.recipients) == 1 else None
        return received_header(
            client=submission.client,
            hostname=self._hostname,
            protocol=protocol_name(submission.client, utf8=submission.sender.utf8),
            message=submission.id,
            recipient=only,
            decided=prepared.decided,
            at=submission.at,
        )

    def _outcome(self, submission: Submission, ending: Ending, reply: str) -> Outcome:
        return Outcome(
            id=record_id(self._random_bytes(RECORD_BYTES)),
            message=submission.id,
            at=self._now(),
            verdict=ending.verdict,
            code=ending.code,
            reply=reply,
        )


def _refusal(submission: Submission, headers: MessageHeaders, *, eight_bit: bool) -> Reply | None:
    """Refuse what goes round in circles, and what the next server cannot take: nothing is converted."""
    if headers.received >= MAX_HOPS:
        return Reply(554, "5.4.6", "Too many hops: the message goes round in circles")
    if not eight_bit and not submission.content.isascii():
        return Reply(554, "5.6.3", "The next server does not take 8-bit messages")
    return None


def _event(ending: Ending) -> MailEvent:
    if ending.verdict is Verdict.RELAYED:
        return MailEvent.RELAYED
    return MailEvent.REJECTED if ending.reply.permanent else MailEvent.FAILED


def _without_recipients(submission: Submission) -> Redaction:
    return redaction(recipient.mailbox for recipient in submission.recipients)


def _known(submission: Submission, headers: MessageHeaders, *, nameless: bool = False) -> dict[str, object]:
    """Return who sends what to whom; `nameless`: not to whom, nor what would tell."""
    said = _without_recipients(submission) if nameless else str
    to = () if nameless else submission.recipients[:MOST_LOGGED]
    return {
        "id": submission.id,
        "message_id": said(headers.message_id),
        **who(submission.client),
        "sender": said(submission.sender.mailbox) or "<>",
        "recipients": len(submission.recipients),
        "to": tuple(recipient.mailbox for recipient in to),
        "size": len(submission.content),
    }


def _done(prepared: Prepared) -> dict[str, object]:
    return {
        "tracked_on": prepared.tracking_domain,
        "untracked": prepared.plan.untracked,
        "mode": prepared.plan.mode,
        "route": prepared.asked.wishes.route,
        "problems": tuple(map(str, prepared.asked.problems)),
        "links": len(prepared.links),
        "pixel": prepared.pixel,
        "left_alone": dict(prepared.left_alone),
    }
