"""The links of one message: which are tracked, under which number, and which were opted out."""

from functools import lru_cache
from typing import NamedTuple, Protocol

from rewriter.policy import Links, Policy, VisibleUrl
from rewriter.report import Reason
from rewriter.url_rules import Destination, HostList, destination, shows_foreign_url


class HasText(Protocol):
    """Holds the text of a link; it is asked only where the answer may matter."""

    @property
    def text(self) -> str:
        """Return what a reader sees."""


class FoundLink(NamedTuple):
    """A link as a part has it. `url` is what a browser reads: decoded, stripped."""

    url: str
    utf8: bool  # whether the part is in UTF-8
    shown: HasText | None = None  # what the reader sees; None where the URL stands for itself
    name: str = ""
    path: str = ""  # that the tracked URL shall have
    opted_out: bool = False
    in_html: bool = False


class TrackedLink(NamedTuple):
    """One distinct (URL, name, path) of the message (rule 9)."""

    number: int  # the place of its first occurrence among all links of the message, from 1
    tracked_url: str  # ASCII


_host_list = lru_cache(maxsize=1_000)(HostList)


class LinkTable:
    """Decides about every link of one message, HTML parts first, then text parts (rules 5 to 10)."""

    def __init__(self, policy: Policy, links: Links, list_unsubscribe: frozenset[str]) -> None:
        self._policy = policy
        self._links = links
        self._excluded = _host_list(policy.excluded_hosts)
        self._allowed = _host_list(policy.allowed_destinations)
        read = (destination(url, utf8=True) for url in list_unsubscribe)
        self._list_unsubscribe = frozenset(found.url for found in read if isinstance(found, Destination))
        self._tracked: dict[tuple[str, str, str], TrackedLink] = {}
        self._opted_out: set[str] = set()
        self._seen = 0

    def is_tracked(self, url: str) -> bool:
        """Tell whether `url` is one of our own tracked URLs already."""
        return self._links.is_tracked(url)

    def decide(self, link: FoundLink) -> TrackedLink | Reason:
        """Return the tracked link that takes the place of `link`, or why it stays.

        The limit counts links that stay too: those of a message rewritten before stay, and it must not
        make room for others.
        """
        self._seen += 1
        found = destination(link.url, utf8=link.utf8)
        if isinstance(found, Reason):
            return found
        if link.opted_out:
            self._opted_out.add(found.url)
        return self._refusal(link, found) or self._track(found.url, link)

    def was_opted_out(self, url: str) -> bool:
        """Tell whether some link to `url` was opted out so far: it holds for the text part too (rule 10)."""
        found = destination(url, utf8=True)
        return isinstance(found, Destination) and found.url in self._opted_out

    def _refusal(self, link: FoundLink, found: Destination) -> Reason | None:
        policy = self._policy
        if not policy.clicks or (link.in_html and not policy.html):
            return Reason.CLICKS_OFF
        if self._links.is_tracked(found.url):
            return Reason.ALREADY_TRACKED
        if link.opted_out:
            return Reason.OPTED_OUT
        if found.url in self._list_unsubscribe:
            return Reason.LIST_UNSUBSCRIBE
        if found.host in self._excluded:
            return Reason.EXCLUDED_HOST
        if self._allowed and found.host not in self._allowed:
            return Reason.NOT_ALLOWED
        shown = link.shown if policy.visible_url is VisibleUrl.SKIP_FOREIGN else None
        if shown is not None and shows_foreign_url(shown.text, policy.tracking_site):
            return Reason.VISIBLE_URL
        return Reason.TOO_MANY_LINKS if self._seen > policy.limits.links else None

    def _track(self, url: str, link: FoundLink) -> TrackedLink | Reason:
        distinct = (url, link.name, link.path)
        tracked = self._tracked.get(distinct)
        if tracked is None:
            # Numbers count links that stay, too: were they smaller the second time, so could the tracked URL
            # be, and a link might fit then that was too long or had no room in its line the first time.
            tracked_url = self._links.click(url, self._seen, link.path)
            if tracked_url is None:
                return Reason.URL_TOO_LONG
            tracked = TrackedLink(self._seen, tracked_url)
            self._tracked[distinct] = tracked
        return tracked
