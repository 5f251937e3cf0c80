"""What else to say of a domain whose DNS is right: who answers there, what browsers and authorities hold."""

from domains.evidence import CaaStatus, Evidence, HstsPolicy, ProbeAnswer, Reached
from domains.model import TrackingDomain


def dns_notes(domain: TrackingDomain, evidence: Evidence) -> tuple[str, ...]:
    """Return what DNS showed besides a good record."""
    answer = evidence.dns
    notes = []
    if answer.detail and not answer.addresses:
        notes.append(f"Whether an address stands behind it could not be seen: {answer.detail}.")
    if answer.disagreement:
        notes.append(
            f"The DNS servers of the zone disagree: {answer.disagreement}. This settles within minutes of a "
            "change; where it lasts, ask the DNS provider."
        )
    if answer.beside:
        notes.append(
            f"{domain.name} has other records beside its CNAME record ({', '.join(answer.beside)}). DNS "
            "forbids that: delete them, or some readers will not find the name."
        )
    return tuple(notes)


def probe_notes(domain: TrackingDomain, evidence: Evidence) -> tuple[str, ...]:
    """Return what the probes showed, where links would not open or warn.

    That nobody answers over https is no fault by itself: many installations serve http alone.
    """
    notes = []
    if note := _http_note(domain, evidence):
        notes.append(note)
    secure = evidence.https
    if secure.reached is Reached.OTHER and evidence.http.reached is not Reached.OTHER:
        notes.append(f"Another web server answers at https://{domain.name}: {_who(secure)}.")
    if secure.reached is Reached.UNTRUSTED:
        notes.append(
            f"https://{domain.name} cannot be trusted: {secure.detail}. Browsers warn of it, so https links "
            "must wait."
        )
    return tuple(notes)


def _http_note(domain: TrackingDomain, evidence: Evidence) -> str:
    plain = evidence.http
    match plain.reached:
        case Reached.OTHER if evidence.https.reached is not Reached.OURS or not plain.is_redirect:
            return (
                f"Another web server answers at http://{domain.name}: {_who(plain)}. Whoever runs this "
                "installation must see to it that requests for this name reach its tracker."
            )
        case Reached.NOBODY if evidence.https.reached is not Reached.OURS:
            return (
                f"Nobody answers at http://{domain.name}: {plain.detail}. Whoever runs this installation "
                "must open the port to its tracker."
            )
        case Reached.NOT_ALLOWED:
            return f"Readers cannot reach http://{domain.name}: {plain.detail}."
        case _:
            return ""


def hsts_notes(domain: TrackingDomain, evidence: Evidence) -> tuple[str, ...]:
    """Return which policies make browsers open http links as https ones, where https does not work."""
    if evidence.https.reached is Reached.OURS:
        return ()
    return tuple(_hsts_note(domain, policy) for policy in evidence.hsts)


def _hsts_note(domain: TrackingDomain, policy: HstsPolicy) -> str:
    if policy.host == domain.name:
        who, mend = f"{domain.name} itself tells browsers", "stop sending Strict-Transport-Security"
    elif "." not in policy.host:
        who, mend = (
            f"Browsers know of .{policy.host} that they are",
            f"use a name that does not end in .{policy.host}",
        )
    else:
        who, mend = f"{policy.host} tells browsers", "take includeSubDomains out of its policy"
    return (
        f"{who} to use https alone (HSTS): links on {domain.name} open only once it answers over https. "
        f"Serve https on it, or {mend}."
    )


def caa_note(domain: TrackingDomain, evidence: Evidence) -> tuple[str, ...]:
    """Return what keeps the certificate authority from issuing for the domain."""
    caa = evidence.caa
    if caa.status is CaaStatus.FORBIDDEN:
        return (
            f"The CAA records of {caa.found_at} forbid a certificate for {domain.name}: {caa.detail}. For "
            f'https, add this one: {caa.found_at}. CAA 0 issue "{caa.authority}"',
        )
    if caa.status is CaaStatus.UNKNOWN:
        return (
            f"The CAA records of {domain.name} could not be had: {caa.detail}. A certificate authority "
            "takes that for a no.",
        )
    return ()


def _who(answer: ProbeAnswer) -> str:
    return f"{answer.detail} ({answer.server})" if answer.server else answer.detail
