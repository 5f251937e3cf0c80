"""What becomes of one message: its control headers read, its links rewritten, its upstream told."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from accounts.directory import AccountDirectory
from domains.directory import Directory
from domains.names import registrable
from events.model import TrackedLink
from links.key_ring import Key, KeyRing
from links.message_links import MessageLinks
from links.recipients import RecipientTracking
from relay.control.header_edits import silenced
from relay.control.header_fields import HeaderField, control_fields
from relay.control.reader import NO_CONTROL, Control, read_control
from relay.control.routing import with_route
from relay.control.vendors import Profile
from relay.control.wishes import NO_WISHES, Wishes
from relay.data_reader import has_only_crlf
from relay.envelope import Submission
from relay.message_headers import MessageHeaders
from relay.plan import Plan, Untracked, make_plan
from relay.settings import TrackingSettings
from rewriter.policy import NO_OVERRIDES, Links, Mode, Overrides, Policy
from rewriter.report import LinkReport, Report, Result

Rewrite = Callable[[bytes, Policy, Links], Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A message as it goes to the upstream, without our Received header, and what was done to it."""

    content: bytes
    original: bytes  # as it came, without our control headers
    plan: Plan
    asked: Control = NO_CONTROL  # by the message and its route
    key: int = 0  # that sealed its links; 0 where it carries none
    links: tuple[TrackedLink, ...] = ()
    pixel: bool = False
    left_alone: tuple[tuple[str, int], ...] = ()  # reasons and how often
    fault: Exception | None = None  # of the rewriter; the content is the original then

    @property
    def tracking_domain(self) -> str:
        """The host that is written into its links; "" where there are none."""
        return self.plan.host if self.key else ""

    @property
    def recipients(self) -> RecipientTracking:
        """What its tokens and records say of its recipients: its header's word, then its plan's."""
        return self.asked.wishes.recipients or self.plan.recipients

    @property
    def decided(self) -> bool:
        """Whether a Waypost behind this one must leave it alone.

        So it is where tracking was done here, and where the message asked for less: our headers end here.
        """
        done = self.plan.mode is Mode.ON and self.plan.untracked is None
        return done or self.asked.wishes.clicks is False or self.asked.wishes.opens is False

    def untouched(self, why: Untracked) -> "Prepared":
        """Return the same message with nothing done to it."""
        plan = Plan(
            sending_domain=self.plan.sending_domain,
            mode=self.plan.mode,
            recipients=self.plan.recipients,
            untracked=why,
        )
        return Prepared(content=self.original, original=self.original, plan=plan, asked=self.asked)


class Pipeline:
    """Prepares messages.

    `directory`, `accounts` and `ring` return what is current; `rewrite` is the rewriter's; `profile` tells
    for a project whose server its upstream is, `switched_off` whether the operator stopped all rewriting.
    """

    def __init__(
        self,
        settings: TrackingSettings,
        *,
        directory: Callable[[], Directory],
        accounts: Callable[[], AccountDirectory],
        ring: Callable[[], KeyRing],
        rewrite: Rewrite,
        profile: Callable[[int], Profile],
        switched_off: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._accounts = accounts
        self._ring = ring
        self._rewrite = rewrite
        self._profile = profile
        self._switched_off = switched_off

    def prepare(
        self,
        submission: Submission,
        headers: MessageHeaders,
        fields: Iterable[HeaderField],
        reference: str | None,
    ) -> Prepared:
        """Prepare a message without our control headers, which are among its `fields`.

        `reference` is the recipient's; None for a shared copy. It is used where recipients may be tracked.
        """
        accounts = self._accounts()
        asked = with_route(read_control(tuple(fields)), submission.client, accounts)
        plan = make_plan(
            headers,
            submission,
            settings=self._settings,
            directory=self._directory(),
            project=accounts.project(submission.client.project),
            switched_off=self._switched_off(),
        )
        content = submission.content
        prepared = Prepared(content=content, original=content, plan=plan, asked=asked)
        if plan.examined:
            prepared = self._rewritten(prepared, submission, reference)
        return self._silenced(prepared, self._profile(submission.client.project))

    def _rewritten(self, prepared: Prepared, submission: Submission, reference: str | None) -> Prepared:
        plan, ring = prepared.plan, self._ring()
        key = ring.sealing(submission.at)
        named = None if prepared.recipients is RecipientTracking.NONE else reference
        links = _links(plan, submission, named, key, ring)
        policy = make_policy(self._settings, plan.host, prepared.asked.wishes, plan.rules)
        result = self._rewrite(prepared.original, policy, links)
        if result.fault is not None:
            return replace(prepared, fault=result.fault)
        # A line ending of ours could end the message before its end; one that is missing, never.
        changed = result.message != prepared.original
        if changed and not (has_only_crlf(result.message) and result.message.endswith(b"\r\n")):
            raise ValueError("the rewriter made a lone CR or LF, or lost the last CRLF")
        sent = plan.mode is Mode.ON
        return replace(
            prepared,
            content=result.message if sent else prepared.original,
            key=key.id if sent and result.edits else 0,
            links=tracked_links(result.report.links),
            pixel=bool(result.report.pixel.part) and result.report.pixel.reason is None,
            left_alone=reasons(result.report),
        )

    def _silenced(self, prepared: Prepared, profile: Profile) -> Prepared:
        if profile is Profile.NONE or prepared.fault or not prepared.plan.silences:
            return prepared
        content, problems = silenced(prepared.content, control_fields(prepared.content), profile)
        asked = replace(prepared.asked, problems=prepared.asked.problems + problems)
        return replace(prepared, content=content, asked=asked)


def make_policy(
    settings: TrackingSettings, host: str, wishes: Wishes = NO_WISHES, rules: Overrides = NO_OVERRIDES
) -> Policy:
    """Return the rules for a message on a tracking domain.

    The one place where the levels meet, strongest first: the headers of the message and its route, both in
    `wishes`; its sending domain, in `rules`; the settings.
    """
    asked = Overrides(clicks=wishes.clicks, html=wishes.html, text=wishes.text, opens=wishes.opens)
    return replace(asked.over(rules.over(settings.policy)), tracking_site=registrable(host))


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


def _links(
    plan: Plan, submission: Submission, reference: str | None, key: Key, ring: KeyRing
) -> MessageLinks:
    return MessageLinks(
        base=plan.base,
        project=submission.client.project,
        message=submission.id,
        recipient=reference,
        key=key,
        ring=ring,
    )
