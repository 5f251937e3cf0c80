"""Judges whether a certificate authority may issue for a host [RFC 8659]. Pure: the caller asks."""

import re
from dataclasses import dataclass
from typing import cast

import dns.rdata
from dns.rdtypes.ANY.CAA import CAA

from domains.dns_answer import Unanswered
from domains.evidence import CaaAnswer, CaaStatus
from domains.lookup.cname_chain import end_of_chain
from domains.lookup.reply import Ask

CRITICAL = 128
KNOWN_TAGS = {"issue", "issuewild", "iodef", "issuemail"}  # RFC 8659; RFC 9495
RESTRICTIONS = ("accounturi", "validationmethods")  # RFC 8657


@dataclass(frozen=True, slots=True, kw_only=True)
class _Property:
    critical: bool
    tag: str
    value: str

    @property
    def issuer(self) -> str:
        """The authority that an issue property names, "" where it names none [RFC 8659, 4.2]."""
        return self.value.partition(";")[0].strip(" \t").lower()

    @property
    def restrictions(self) -> tuple[str, ...]:
        parameters = self.value.split(";")[1:]
        names = [re.split("[= \t]", parameter.strip(" \t"))[0].lower() for parameter in parameters]
        return tuple(name for name in RESTRICTIONS if name in names)


def caa_for(host: str, authority: str, ask: Ask) -> CaaAnswer:
    """Climb from the host to the first name that has CAA records, and judge those [RFC 8659, 3].

    A CNAME is followed at each name, but the parents of what it leads to are not looked at.
    """
    name = host
    try:
        while name:
            if records := ask(end_of_chain(name, ask), "CAA").values:
                return judge(name, records, authority)
            name = name.partition(".")[2]
    except Unanswered as fault:
        return CaaAnswer(status=CaaStatus.UNKNOWN, detail=str(fault))
    return CaaAnswer(status=CaaStatus.ALLOWED)


def judge(found_at: str, records: tuple[str, ...], authority: str) -> CaaAnswer:
    """Judge the records of one name, as a zone file has them."""

    def judged(status: CaaStatus, detail: str = "") -> CaaAnswer:
        return CaaAnswer(status=status, found_at=found_at, records=records, detail=detail)

    properties = [_property(record) for record in records]
    for each in properties:
        if each.critical and each.tag not in KNOWN_TAGS:
            return judged(CaaStatus.FORBIDDEN, f"the critical property {each.tag!r} forbids all authorities")
    issue = [each for each in properties if each.tag == "issue"]  # issuewild is about wildcards alone
    if not issue:
        return judged(CaaStatus.ALLOWED)
    ours = [each for each in issue if each.issuer == authority.lower()]
    if not ours:
        named = ", ".join(sorted({each.issuer for each in issue if each.issuer}))
        return judged(CaaStatus.FORBIDDEN, f"only {named} may issue" if named else "no authority may issue")
    restrictions = min((each.restrictions for each in ours), key=len)
    return judged(CaaStatus.ALLOWED, f"restricted by {' and '.join(restrictions)}" if restrictions else "")


def _property(record: str) -> _Property:
    parsed = cast(CAA, dns.rdata.from_text("IN", "CAA", record))
    return _Property(
        critical=bool(parsed.flags & CRITICAL),
        tag=parsed.tag.decode("ascii", "backslashreplace").lower(),
        value=parsed.value.decode("utf-8", "backslashreplace"),
    )
