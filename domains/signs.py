"""How a tracking domain is, in a word or two for each thing: what a list shows of the last check. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from domains.evidence import Evidence, ProbeAnswer, Reached
from domains.findings import Verdict, find
from domains.model import Https, TrackingDomain


class Light(StrEnum):
    """How good it is."""

    GOOD = "good"
    BAD = "bad"
    WAITING = "waiting"  # nothing definite was seen
    NONE = "none"  # neither good nor bad


@dataclass(frozen=True, slots=True)
class Sign:
    """`words` say it without the light."""

    words: str
    light: Light


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """Of one domain."""

    dns: Sign
    http: Sign
    https: Sign


_NOT_SEEN = Sign("not seen", Light.NONE)
_NOT_CHECKED = Sign("not checked", Light.NONE)
_LIGHTS = {Verdict.GOOD: Light.GOOD, Verdict.BAD: Light.BAD, Verdict.UNKNOWN: Light.WAITING}
_OTHERS = {
    Reached.OTHER: Sign("another server", Light.BAD),
    Reached.NOBODY: Sign("nobody answers", Light.BAD),
    Reached.UNTRUSTED: Sign("not trusted", Light.BAD),
    Reached.NOT_ALLOWED: Sign("private address", Light.BAD),
    Reached.NOT_PROBED: _NOT_SEEN,
}


def signs_of(domain: TrackingDomain, evidence: Evidence | None, targets: Collection[str] = ()) -> Signs:
    """Return them. `evidence` is that of the last check, `targets` all CNAME targets of the installation."""
    if evidence is None:
        return Signs(dns=_NOT_CHECKED, http=_NOT_CHECKED, https=_NOT_CHECKED)
    finding = find(domain, evidence, targets)
    dns = Sign(str(finding), _LIGHTS[finding.verdict])
    if finding.verdict is not Verdict.GOOD:  # who answers elsewhere says nothing about us
        return Signs(dns=dns, http=_NOT_SEEN, https=_NOT_SEEN)
    return Signs(dns=dns, http=_http(evidence), https=_https(domain, evidence.https))


def _http(evidence: Evidence) -> Sign:
    plain, secure = evidence.http, evidence.https.reached is Reached.OURS
    if evidence.hsts and not secure:
        return Sign("forbidden by HSTS", Light.BAD)
    if plain.reached is Reached.OURS:
        return Sign("answers", Light.GOOD)
    if secure and plain.reached is Reached.OTHER and plain.is_redirect:
        return Sign("sent on to HTTPS", Light.GOOD)
    if secure and plain.reached is Reached.NOBODY:
        return Sign("HTTPS alone", Light.NONE)
    return _OTHERS[plain.reached]


def _https(domain: TrackingDomain, answer: ProbeAnswer) -> Sign:
    if domain.https is Https.OFF:
        return Sign("switched off", Light.NONE)
    if answer.reached is Reached.OURS:
        return Sign("works", Light.GOOD)
    if answer.reached is Reached.NOBODY and domain.https is Https.AUTO and not domain.https_seen:
        return Sign("not served", Light.NONE)  # many installations serve http alone
    return _OTHERS[answer.reached]
