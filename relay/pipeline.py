"""Which messages are tracked, on which domain, by which rules; and the rewriting of one message."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from domains.directory import Choice, Directory
from domains.names import registrable
from events.model import TrackedLink
from links.key_ring import KeyRing
from links.message_links import MessageLinks
from relay.data_reader import has_only_crlf
from relay.envelope import Sender, Submission
from relay.message_headers import MessageHeaders, mailbox_domain
from relay.settings import TrackingSettings
from rewriter.policy import Links, Mode, Policy
from rewriter.report import LinkReport, Report, Result

Rewrite = Callable[[bytes, Policy, Links], Result]


class Untracked(StrEnum):
    """Why a message goes out as it came."""

    OFF = "off"
    NULL_SENDER = "null-sender"
    AUTOMATIC_REPLY = "automatic-reply"
    UNKNOWN_SENDER = "unknown-sender"
    NO_TRACKING_DOMAIN = "no-tracking-domain"
    TOO_LARGE = "too-large-for-upstream"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done with a message. `base` is "" where it stays untracked, and `untracked` says why."""

    sending_domain: str
    base: str = ""  # https://track.example.com
    untracked: Untracked | None = None

    @property
    def host(self) -> str:
        """The host of `base`."""
        return urlsplit(self.base).hostname or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A message as it goes to the upstream, without our Received header, and what was done to it."""

    content: bytes
    plan: Plan
    key: int = 0  # that sealed its links; 0 where it carries none
    links: tuple[TrackedLink, ...] = ()
    pixel: bool = False
    left_alone: tuple[tuple[str, int], ...] = ()  # reasons and how often
    fault: Exception | None = None  # of the rewriter; the content is the original then

    @property
    def tracking_domain(self) -> str:
        """The host that is written into its links; "" where there are none."""
        return self.plan.host if self.key else ""

    def untouched(self, original: bytes, why: Untracked) -> "Prepared":
        """Return the same message with nothing done to it."""
        plan = Plan(sending_domain=self.plan.sending_domain, untracked=why)
        return Prepared(content=original, plan=plan)


class Pipeline:
    """Prepares messages. `directory` and `ring` return what is current; `rewrite` is the rewriter's."""

    def __init__(
        self,
        settings: TrackingSettings,
        *,
        directory: Callable[[], Directory],
        ring: Callable[[], KeyRing],
        rewrite: Rewrite,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._ring = ring
        self._rewrite = rewrite

    def prepare(self, submission: Submission, headers: MessageHeaders, reference: str | None) -> Prepared:
        """Prepare a message. `reference` is the recipient's; None for a shared copy."""
        plan = make_plan(headers, submission.sender, self._settings, self._directory())
        if plan.untracked:
            return Prepared(content=submission.content, plan=plan)
        ring = self._ring()
        key = ring.sealing(submission.at)
        links = MessageLinks(
            base=plan.base,
            project=submission.client.project,
            message=submission.id,
            recipient=reference,
            key=key,
            ring=ring,
        )
        result = self._rewrite(submission.content, make_policy(self._settings, plan.host), links)
        if result.fault is not None:
            return Prepared(content=submission.content, plan=plan, fault=result.fault)
        sent = self._settings.mode is Mode.ON
        # A line ending of ours could end the message before its end; one that is missing, never.
        if not has_only_crlf(result.message) or not result.message.endswith(b"\r\n"):
            raise ValueError("the rewriter made a lone CR or LF, or lost the last CRLF")
        return Prepared(
            content=result.message if sent else submission.content,
            plan=plan,
            key=key.id if sent and result.edits else 0,
            links=tracked_links(result.report.links),
            pixel=bool(result.report.pixel.part) and result.report.pixel.reason is None,
            left_alone=reasons(result.report),
        )


def make_plan(
    headers: MessageHeaders, sender: Sender, settings: TrackingSettings, directory: Directory
) -> Plan:
    """Decide whether a message is tracked, and where its links point."""
    domain = sender_domain(headers, sender)
    choice = directory.choose(settings.project, domain)
    name = choice.sending_domain or domain
    base = _base(choice, settings)
    if why := _untracked(headers, sender, settings, choice, base):
        return Plan(sending_domain=name, untracked=why)
    return Plan(sending_domain=name, base=base)


def _untracked(
    headers: MessageHeaders, sender: Sender, settings: TrackingSettings, choice: Choice, base: str
) -> Untracked | None:
    if settings.mode is Mode.OFF:
        return Untracked.OFF
    if not sender.mailbox:
        return Untracked.NULL_SENDER
    if headers.automatic:
        return Untracked.AUTOMATIC_REPLY
    if choice.sending_domain is None and not settings.unknown_senders:
        return Untracked.UNKNOWN_SENDER
    return None if base else Untracked.NO_TRACKING_DOMAIN


def sender_domain(headers: MessageHeaders, sender: Sender) -> str:
    """Return the domain whose brand the message carries; "" where the headers contradict each other."""
    domains = set(headers.from_domains)
    if not domains:
        return mailbox_domain(sender.mailbox)
    if len(domains) > 1:
        domains = set(headers.sender_domains)
    return domains.pop() if len(domains) == 1 else ""


def make_policy(settings: TrackingSettings, host: str) -> Policy:
    """Return the rules for messages on a tracking domain."""
    return replace(settings.policy, tracking_site=registrable(host))


def tracked_links(links: Iterable[LinkReport]) -> tuple[TrackedLink, ...]:
    """Return each distinct tracked link once, by number."""
    distinct = {link.number: link for link in links if link.reason is None}
    return tuple(
        TrackedLink(number=number, url=link.url, name=link.name, tags=link.tags)
        for number, link in sorted(distinct.items())
    )


def reasons(report: Report) -> tuple[tuple[str, int], ...]:
    """Count why things were left alone: the message, its parts, its links, the pixel."""
    found = [report.reason, report.pixel.reason]
    found += [part.reason for part in report.parts]
    found += [link.reason for link in report.links]
    return tuple(sorted(Counter(reason.value for reason in found if reason).items()))


def _base(choice: Choice, settings: TrackingSettings) -> str:
    if choice.tracking_domain:
        return f"{settings.scheme}://{choice.tracking_domain}"
    return choice.system_default or ""
