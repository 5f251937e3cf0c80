"""What is told of a check, put together from what DNS, CAA, the probes and HSTS showed."""

from collections.abc import Collection
from dataclasses import dataclass

from domains.diagnosis.dns_words import DnsWords, words
from domains.diagnosis.web_words import caa_note, dns_notes, hsts_notes, probe_notes
from domains.dns_records import CnameRecord
from domains.evidence import Evidence
from domains.findings import Verdict, find
from domains.model import TrackingDomain


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Sentences for the operator and the customer. Names are A-labels, as in DNS and its tools.

    `record` is the one to create, None where there is nothing to create. `traps` are what often goes wrong
    on the way; `notes` are what else the check saw.
    """

    headline: str
    seen: str = ""
    expected: str = ""
    action: str = ""
    record: CnameRecord | None = None
    traps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def explain(domain: TrackingDomain, evidence: Evidence, targets: Collection[str] = ()) -> Diagnosis:
    """Return all that there is to say. `targets` are all CNAME targets of the installation."""
    finding = find(domain, evidence, targets)
    told: DnsWords = words(finding, domain, evidence)
    record = CnameRecord(name=domain.name, target=domain.target) if told.create else None
    return Diagnosis(
        headline=told.headline,
        seen=told.seen,
        expected=f"A CNAME record that leads from {domain.name} to {domain.target}." if record else "",
        action=told.action,
        record=record,
        traps=traps_of(record) if record else (),
        notes=_notes(domain, evidence, finding.verdict),
    )


def diagnose(domain: TrackingDomain, evidence: Evidence, targets: Collection[str] = ()) -> str:
    """Return the diagnosis as one paragraph, the record as a zone file has it."""
    told = explain(domain, evidence, targets)
    record = f"The record: {told.record}" if told.record else ""
    return " ".join(filter(None, (told.headline, told.seen, told.action, record, *told.notes)))


def in_full(told: Diagnosis) -> str:
    """Return it in lines, the record as the form of a DNS provider asks for it."""
    parts = (("Seen", told.seen), ("Expected", told.expected), ("To do", told.action))
    lines = [told.headline, *(f"{label}: {text}" for label, text in parts if text)]
    if told.record:
        fields = told.record.fields()
        width = max(len(label) for label, _ in fields) + 1
        lines += ["", *(f"  {label + ':':<{width}} {value}" for label, value in fields), ""]
    lines += [f"Note: {each}" for each in told.notes]
    lines += [f"Mind: {each}" for each in told.traps]
    return "\n".join(lines)


def _notes(domain: TrackingDomain, evidence: Evidence, verdict: Verdict) -> tuple[str, ...]:
    """While DNS leads elsewhere, who answers there says nothing; a CAA record can be mended beforehand."""
    if verdict is not Verdict.GOOD:
        return caa_note(domain, evidence)
    return (
        *dns_notes(domain, evidence),
        *probe_notes(domain, evidence),
        *hsts_notes(domain, evidence),
        *caa_note(domain, evidence),
    )


def traps_of(record: CnameRecord) -> tuple[str, ...]:
    """Return what often goes wrong where this record is created."""
    return (
        f"Most forms add the zone to the name by themselves: enter {record.host}, not {record.name}.",
        f"Some forms add the zone to the value too: there, write it with a dot at its end: {record.target}.",
        f"A name with a CNAME record can have no other records: delete what else there is at {record.name}.",
        "Where the form offers a proxy (Cloudflare: the orange cloud), switch it off for this record.",
    )
