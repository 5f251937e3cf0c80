"""The hosts that tracking domains point to, as the world sees them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from domains.addresses import is_public
from domains.check import Check
from domains.dns_answer import DnsAnswer
from domains.evidence import CaaAnswer, CaaStatus, Evidence, ProbeAnswer, Reached
from domains.names import host_name
from service.checkup.finding import Finding, fail, ok, warn
from service.checkup.own_host import as_tracking_domain
from service.domain_checks.check import domain_check
from service.errors import OperatorError
from service.key_file import load_key_ring
from service.settings import Settings

SUBJECT = "domains"


def look_at_targets(settings: Settings, _: int) -> Iterator[Finding]:
    """Look at all of them at the same time."""
    targets = settings.domains.cname_targets
    if not targets:
        yield warn(SUBJECT, "no CNAME target is set", "set domains.cname_targets to add tracking domains")
        return
    try:
        ring = load_key_ring(settings.keys)
        check = domain_check(settings, lambda: ring)
    except OperatorError as error:
        yield fail(SUBJECT, f"the CNAME targets cannot be looked at: {error}", "mend that first")
        return
    with ThreadPoolExecutor(len(targets)) as pool:
        for found in pool.map(partial(_look, check, settings), targets):
            yield from found


def _look(check: Check, settings: Settings, target: str) -> list[Finding]:
    evidence = check.look_at(as_tracking_domain(host_name(target)), lambda _: None)
    if not evidence.dns.addresses:
        return [_no_address(target, evidence.dns)]
    listed = ", ".join(evidence.dns.addresses)
    return [
        ok(SUBJECT, f"target {target} has the addresses {listed}"),
        *_private(target, evidence, settings),
        *_caa(target, evidence.caa, settings.domains.certificate_authority),
        *_reached(target, evidence.http),
    ]


def _no_address(target: str, answer: DnsAnswer) -> Finding:
    detail = f": {answer.detail}" if answer.detail else ""
    message = f"target {target} has no address{detail}"
    return fail(SUBJECT, message, "create an A record for it: links lead there")


def _private(target: str, evidence: Evidence, settings: Settings) -> Iterator[Finding]:
    private = [each for each in evidence.dns.addresses if not is_public(each)]
    if private and not settings.domains.allow_private_addresses:
        message = f"target {target} has addresses that the world cannot reach: {', '.join(private)}"
        yield warn(SUBJECT, message, "give it public ones alone, unless all readers are in your network")


def _caa(target: str, answer: CaaAnswer, authority: str) -> Iterator[Finding]:
    """A CAA record of the target counts for all that point to it: look-ups follow the CNAME [RFC 8659 3]."""
    if answer.status is CaaStatus.FORBIDDEN:
        message = f"the CAA records of {answer.found_at} keep {authority} from issuing for {target}"
        yield warn(SUBJECT, message, f'add this record at {answer.found_at}: CAA 0 issue "{authority}"')
    elif answer.status is CaaStatus.UNKNOWN:
        message = f"the CAA records of {target} could not be had: {answer.detail}"
        yield warn(SUBJECT, message, "an authority takes that for a no; mend its DNS servers")


def _reached(target: str, answer: ProbeAnswer) -> Iterator[Finding]:
    if answer.reached is Reached.OURS:
        yield ok(SUBJECT, f"http://{target} reaches this installation")
    elif answer.reached is Reached.OTHER:
        message = f"http://{target} reaches another server: {answer.detail}"
        yield fail(
            SUBJECT, message, "let its addresses lead here; machines of one installation share one key ring"
        )
    elif answer.reached is Reached.NOBODY:
        message = f"nobody answers at http://{target}: {answer.detail}"
        remedy = "start `waypost serve` and open the port; some routers let no machine reach itself"
        yield warn(SUBJECT, message, remedy)
