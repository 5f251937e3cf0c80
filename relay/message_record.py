"""The record of a message, kept before its final dot goes to the upstream."""

from events.model import MessageRecord, Recipient
from events.redaction import redacted_record
from links.recipients import RecipientTracking
from relay.envelope import Submission
from relay.message_headers import MessageHeaders
from relay.pipeline import Prepared


def message_record(
    submission: Submission, headers: MessageHeaders, prepared: Prepared, reference: str | None
) -> MessageRecord:
    """Return what the tokens of the message mean, and what an operator may ask about it."""
    plan, asked = prepared.plan, prepared.asked
    addresses = [recipient.mailbox for recipient in submission.recipients]
    record = MessageRecord(
        id=submission.id,
        at=submission.at,
        project=submission.client.project,
        sender=submission.sender.mailbox,
        message_id=headers.message_id,
        sending_domain=plan.sending_domain,
        tracking_domain=prepared.tracking_domain,
        key=prepared.key,
        mode=plan.mode,
        untracked=plan.untracked or "",
        size=len(submission.content),
        recipients=tuple(Recipient(address=address, reference=reference) for address in addresses),
        links=prepared.links,
        pixel=prepared.pixel,
        left_alone=dict(prepared.left_alone),
        tags=asked.wishes.tags,
        metadata=dict(asked.wishes.metadata),
        problems=tuple(map(str, asked.problems)),
        recipient_tracking=prepared.recipients,
    )
    if prepared.recipients is RecipientTracking.NONE:
        return redacted_record(record, addresses)
    return record
