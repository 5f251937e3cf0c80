"""Strict-Transport-Security [RFC 6797]: which policies make browsers refuse http links on a host."""

import re
import time
from collections.abc import Callable, Iterable
from threading import Lock

from domains.evidence import HstsPolicy
from domains.model import Scheme
from domains.names import parents_within_registrable
from domains.ports import DnsLookup
from domains.probing.web_client import Unreached, WebClient

CACHE_SECONDS = 600.0  # a batch of checks asks each parent once
MAX_CACHED = 10_000
PRELOADED_MAX_AGE = (
    31_536_000  # the least that hstspreload.org takes; browsers keep the list's entries anyway
)

# Whole top-level domains of Chromium's net/http/transport_security_state_static.json, "gTLDs and eTLDs are
# welcome to preload", and those that Google Registry opened later. Single domains are too many to list, and
# they must send the header as well, so that the probe sees it.
_PRELOADED = frozenset(
    (
        *("android", "app", "bank", "boo", "channel", "chrome", "dad", "day", "dev", "esq", "foo", "gle"),
        *("google", "ing", "insurance", "meme", "mov", "new", "nexus", "page", "phd", "play", "prof"),
        *("rsvp", "youtube", "zip"),
    )
)
_QUOTED = re.compile('^"([^"]*)"$')


def parse_policy(host: str, value: str) -> HstsPolicy | None:
    """Return the policy of a header's value. None where it is invalid, or takes a policy back.

    As in section 6.1: names in any case, each once, values quoted or not, unknown ones ignored.
    """
    directives: dict[str, str] = {}
    for part in filter(None, map(str.strip, value.split(";"))):
        name, _, given = part.partition("=")
        name = name.rstrip().lower()
        if not name or name in directives:
            return None
        directives[name] = _QUOTED.sub(r"\1", given.strip())
    max_age = directives.get("max-age", "")
    if not re.fullmatch("[0-9]{1,15}", max_age) or not int(max_age):
        return None
    return HstsPolicy(host=host, max_age=int(max_age), include_subdomains="includesubdomains" in directives)


def preloaded(host: str) -> HstsPolicy | None:
    """Return the policy that browsers bring along for the host's top-level domain."""
    suffix = host.rpartition(".")[2]
    if suffix not in _PRELOADED:
        return None
    return HstsPolicy(host=suffix, max_age=PRELOADED_MAX_AGE, include_subdomains=True)


class ParentPolicies:
    """The policies that parents of a host hand down to it. Asks each parent once in a while.

    Safe to share between threads; two that need the same parent at the same time both ask it.
    """

    def __init__(
        self, *, lookup: DnsLookup, client: WebClient, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._lookup = lookup
        self._client = client
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, HstsPolicy | None]] = {}
        self._lock = Lock()

    def over(self, host: str) -> Iterable[HstsPolicy]:
        """Yield those of the parents up to the registrable domain, and of a preloaded top-level domain.

        Asking a parent may take some seconds, at each step of the iteration.
        """
        for parent in parents_within_registrable(host):
            policy = self._policy(parent)
            if policy and policy.include_subdomains:
                yield policy
        if policy := preloaded(host):
            yield policy

    def _policy(self, parent: str) -> HstsPolicy | None:
        with self._lock:
            until, policy = self._known.get(parent, (0.0, None))
        if self._monotonic() < until:
            return policy
        policy = self._ask(parent)
        with self._lock:
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            self._known[parent] = (self._monotonic() + CACHE_SECONDS, policy)
        return policy

    def _ask(self, parent: str) -> HstsPolicy | None:
        """Only an answer over a trusted TLS connection counts [section 8.1]."""
        addresses = self._lookup.look_up(parent).addresses
        try:
            answer, _ = self._client.get(Scheme.HTTPS, parent, "/", addresses)
        except Unreached:
            return None
        return parse_policy(parent, answer.header("strict-transport-security"))
