"""Whether a message is tracked, on which domain, and how far its sender has gone live."""

from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b
from urllib.parse import urlsplit

from accounts.model import Project
from domains.default_host import default_base
from domains.directory import Choice, Directory
from events import report
from links.recipients import RecipientTracking
from relay.envelope import Sender, Submission
from relay.message_headers import MessageHeaders, mailbox_domain
from relay.settings import TrackingSettings
from rewriter.policy import NO_OVERRIDES, Mode, Overrides


class Untracked(StrEnum):
    """Why a message goes out as it came."""

    SWITCHED_OFF = "switched-off"
    OFF = "off"
    NULL_SENDER = "null-sender"
    AUTOMATIC_REPLY = "automatic-reply"
    UNKNOWN_SENDER = "unknown-sender"
    NO_TRACKING_DOMAIN = "no-tracking-domain"
    DECIDED_BEFORE = "decided-before"
    OUTSIDE_SHARE = report.OUTSIDE_SHARE
    TOO_LARGE = "too-large-for-upstream"
    FAULT = "fault"


NOT_OURS = frozenset((Untracked.UNKNOWN_SENDER, Untracked.NO_TRACKING_DOMAIN))
"""Senders that are not set up here yet: the upstream goes on tracking them as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done with a message. `untracked` says why it goes out as it came."""

    sending_domain: str
    mode: Mode = Mode.OFF  # that holds for it
    base: str = ""  # where its links point, or would: https://track.example.com
    rules: Overrides = NO_OVERRIDES  # of its sending domain
    recipients: RecipientTracking = RecipientTracking.NONE  # unless the message itself says
    untracked: Untracked | None = None

    @property
    def host(self) -> str:
        """The host of `base`."""
        return urlsplit(self.base).hostname or ""

    @property
    def examined(self) -> bool:
        """Whether the rewriter looks at it; outside its sender's share it does so as in `observe`."""
        return self.untracked in (None, Untracked.OUTSIDE_SHARE)

    @property
    def silences(self) -> bool:
        """Whether the upstream's own tracking is to be switched off for it."""
        return self.mode is Mode.ON and self.untracked not in NOT_OURS


def make_plan(
    headers: MessageHeaders,
    submission: Submission,
    *,
    settings: TrackingSettings,
    directory: Directory,
    project: Project | None,
    switched_off: bool = False,
) -> Plan:
    """Decide about a message of `project`; None where nothing is known of it but its number."""
    domain = sender_domain(headers, submission.sender)
    choice = directory.choose(submission.client.project, domain)
    plan = Plan(
        sending_domain=choice.sending_domain or domain,
        mode=Mode.OFF if switched_off else mode_of(settings, project, choice),
        base=default_base(choice.base, project.name if project else None),
        rules=choice.rules,
        recipients=recipients_of(settings, project, choice),
    )
    if switched_off:
        return replace(plan, untracked=Untracked.SWITCHED_OFF)
    known = choice.sending_domain is not None or _strangers_tracked(settings, project)
    if why := _untracked(headers, submission.sender, plan, known=known):
        return replace(plan, untracked=why)
    if plan.mode is Mode.ON and not within_share(choice.share, headers.message_id or submission.id):
        return replace(plan, mode=Mode.OBSERVE, untracked=Untracked.OUTSIDE_SHARE)
    return plan


def mode_of(settings: TrackingSettings, project: Project | None, choice: Choice) -> Mode:
    """Return the mode of the nearest level that says something; `off` of the system is over all."""
    if settings.mode is Mode.OFF:
        return Mode.OFF
    return choice.tracking or (project and project.tracking) or settings.mode


def recipients_of(settings: TrackingSettings, project: Project | None, choice: Choice) -> RecipientTracking:
    """Return what the nearest level says of recipients."""
    return choice.recipients or (project and project.privacy.recipients) or settings.recipients


def within_share(share: int, message: str) -> bool:
    """Tell whether a message is among `share` per cent of all, by the hash of its Message-ID.

    So its copies and its second attempts fare alike, and what is inside stays inside as the share grows.
    """
    digest = blake2b(message.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % 100 < share


def sender_domain(headers: MessageHeaders, sender: Sender) -> str:
    """Return the domain whose brand the message carries; "" where the headers contradict each other."""
    domains = set(headers.from_domains)
    if not domains:
        return mailbox_domain(sender.mailbox)
    if len(domains) > 1:
        domains = set(headers.sender_domains)
    return domains.pop() if len(domains) == 1 else ""


def _untracked(headers: MessageHeaders, sender: Sender, plan: Plan, *, known: bool) -> Untracked | None:
    if plan.mode is Mode.OFF:
        return Untracked.OFF
    if not sender.mailbox:
        return Untracked.NULL_SENDER
    if headers.automatic:
        return Untracked.AUTOMATIC_REPLY
    if not known:
        return Untracked.UNKNOWN_SENDER
    if not plan.base:
        return Untracked.NO_TRACKING_DOMAIN
    return Untracked.DECIDED_BEFORE if headers.tracking_decided else None


def _strangers_tracked(settings: TrackingSettings, project: Project | None) -> bool:
    if project is None or project.unknown_senders is None:
        return settings.unknown_senders
    return project.unknown_senders
