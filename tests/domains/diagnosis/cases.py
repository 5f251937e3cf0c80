"""Every case that a diagnosis is given for: a title, and what the check saw."""

from dataclasses import replace
from typing import Any

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import CaaAnswer, CaaStatus, Evidence, HstsPolicy, ProbeAnswer, Reached
from domains.model import TrackingDomain
from tests.domains.builders import NOW, tracking_domain

HOST = "track.example.com"
TARGET = "links.waypost.test"
TARGETS = (TARGET, "links-eu.waypost.test")
OURS = ("192.0.2.10", "2001:db8::10")
OTHERS = ("198.51.100.7",)
CLOUDFLARE = ("104.16.1.1", "2606:4700::6810:101")
DOMAIN = tracking_domain(HOST, target=TARGET)
ROOT = tracking_domain("example.com", target=TARGET)


def dns(status: DnsStatus, *chain: str, host: str = HOST, **fields: Any) -> Evidence:
    """Return what a check saw that got no further than DNS."""
    fields = {"addresses": OURS} | fields
    answer = DnsAnswer(host=host, status=status, chain=chain, **fields)
    return Evidence(at=NOW, dns=answer, target_addresses=OURS)


def foreign(answer: str, **fields: Any) -> ProbeAnswer:
    """Return what a probe saw of somebody else's server."""
    address = OURS[0]
    return ProbeAnswer(reached=Reached.OTHER, address=address, detail=f"{address} answers {answer}", **fields)


FOUND, ADDRESSES, BROKEN = DnsStatus.FOUND, DnsStatus.ADDRESS_ONLY, DnsStatus.BROKEN
ANSWERED = ProbeAnswer(reached=Reached.OURS, address=OURS[0], status=200)
SILENT = ProbeAnswer(reached=Reached.NOBODY, detail=f"{OURS[0]} port 80 did not answer in time")
NO_HTTPS = ProbeAnswer(reached=Reached.NOBODY, detail=f"{OURS[0]} port 443 refused the connection")
UNTRUSTED = ProbeAnswer(reached=Reached.UNTRUSTED, detail=f"{OURS[0]}: its certificate is for another name")
PRIVATE = ProbeAnswer(reached=Reached.NOT_ALLOWED, detail="there is no public address (10.0.0.1)")
REDIRECT = foreign(f"301 and leads on to https://{HOST}", status=301, server="cloudflare")

GOOD = replace(dns(FOUND, TARGET), http=ANSWERED, https=NO_HTTPS)
UNANSWERED = "the DNS server 192.0.2.53 answered SERVFAIL"
FORBIDS = CaaAnswer(
    status=CaaStatus.FORBIDDEN,
    authority="letsencrypt.org",
    found_at="example.com",
    records=('0 issue "ca.example.net"',),
    detail="only ca.example.net may issue",
)

CASES: dict[str, dict[str, tuple[TrackingDomain, Evidence]]] = {
    "The record is missing or wrong": {
        "No record": (
            DOMAIN,
            dns(DnsStatus.NO_RECORD, addresses=(), asked="ns1.example.com (192.0.2.53)"),
        ),
        "Another target": (DOMAIN, dns(FOUND, "other.example.net", addresses=OTHERS)),
        "Another target, by a chain": (
            DOMAIN,
            dns(FOUND, "a.example.net", "b.example.net", addresses=OTHERS),
        ),
        "A target that does not exist": (DOMAIN, dns(FOUND, "links.waypost.tset", addresses=())),
        "The target of another region": (DOMAIN, dns(FOUND, "links-eu.waypost.test")),
        "The last dot is missing": (DOMAIN, dns(FOUND, f"{TARGET}.example.com", addresses=())),
        "A root domain without a record": (
            ROOT,
            dns(DnsStatus.NO_RECORD, host="example.com", addresses=()),
        ),
        "A root domain with other addresses": (ROOT, dns(ADDRESSES, host="example.com", addresses=OTHERS)),
        "Addresses in place of the CNAME": (DOMAIN, dns(ADDRESSES, addresses=OTHERS)),
        "Some addresses are ours": (DOMAIN, dns(ADDRESSES, addresses=(OURS[0], *OTHERS))),
        "A forgotten AAAA record": (DOMAIN, dns(ADDRESSES, addresses=(OURS[0], "2001:db8:1::7"))),
        "Addresses beside the CNAME": (DOMAIN, dns(FOUND, TARGET, beside=("A", "MX"))),
        "Cloudflare's proxy": (DOMAIN, dns(ADDRESSES, addresses=CLOUDFLARE)),
        "Several CNAME records": (
            DOMAIN,
            dns(
                BROKEN,
                addresses=(),
                detail=f"{HOST} has 2 CNAME records ({TARGET}, other.test), but a name can have only one",
            ),
        ),
        "A loop": (
            DOMAIN,
            dns(
                BROKEN,
                "a.example.net",
                HOST,
                addresses=(),
                detail=f"the CNAME records lead in a circle at {HOST}",
            ),
        ),
        "An endless chain": (
            DOMAIN,
            dns(BROKEN, addresses=(), detail="there are more than 8 CNAME records in a row"),
        ),
    },
    "Nobody knows yet": {
        "DNS servers fail": (DOMAIN, dns(DnsStatus.UNKNOWN, addresses=(), detail=UNANSWERED)),
        "The addresses cannot be compared": (DOMAIN, replace(dns(ADDRESSES), target_addresses=())),
    },
    "The record is right": {
        "All is well": (DOMAIN, GOOD),
        "By way of another name": (
            DOMAIN,
            replace(GOOD, dns=dns(FOUND, "a.example.net", TARGET, "lb.waypost.test").dns),
        ),
        "A flattened CNAME": (DOMAIN, replace(GOOD, dns=dns(ADDRESSES).dns)),
        "A proxy of the customer's own": (
            DOMAIN,
            replace(dns(ADDRESSES, addresses=CLOUDFLARE), http=REDIRECT, https=ANSWERED),
        ),
        "The DNS servers disagree": (
            DOMAIN,
            replace(
                GOOD,
                dns=dns(FOUND, TARGET, disagreement="ns2.example.com has no such record").dns,
            ),
        ),
        "Other records beside the CNAME": (DOMAIN, replace(GOOD, dns=dns(FOUND, TARGET, beside=("MX",)).dns)),
        "The rest of the chain was not answered": (
            DOMAIN,
            dns(DnsStatus.UNKNOWN, TARGET, addresses=(), detail=UNANSWERED),
        ),
    },
    "The record is right, and links do not open": {
        "The target has no address": (DOMAIN, dns(FOUND, TARGET, addresses=())),
        "Nobody answers": (DOMAIN, replace(GOOD, http=SILENT)),
        "Another web server answers": (
            DOMAIN,
            replace(GOOD, http=foreign("404", status=404, server="nginx")),
        ),
        "Another web server answers over https": (DOMAIN, replace(GOOD, https=foreign("200", status=200))),
        "The addresses are private": (DOMAIN, replace(GOOD, http=PRIVATE, https=PRIVATE)),
        "The certificate is not trusted": (DOMAIN, replace(GOOD, https=UNTRUSTED)),
        "CAA forbids a certificate": (DOMAIN, replace(GOOD, caa=FORBIDS)),
        "The CAA records cannot be had": (
            DOMAIN,
            replace(GOOD, caa=CaaAnswer(status=CaaStatus.UNKNOWN, detail=UNANSWERED)),
        ),
        "HSTS of a parent": (
            DOMAIN,
            replace(GOOD, hsts=(HstsPolicy(host="example.com", max_age=31536000, include_subdomains=True),)),
        ),
        "HSTS of the domain itself": (
            DOMAIN,
            replace(GOOD, https=UNTRUSTED, hsts=(HstsPolicy(host=HOST, max_age=31536000),)),
        ),
        "HSTS of the top-level domain": (
            tracking_domain("track.example.app", target=TARGET),
            replace(GOOD, hsts=(HstsPolicy(host="app", max_age=31536000, include_subdomains=True),)),
        ),
    },
}
