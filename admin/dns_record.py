"""How a DNS record is shown: as the fields of a provider's form, and as a zone file has it."""

from admin.output import print_json, say
from domains.claims import ProofNeeded
from domains.dns_records import DnsRecord


def record_text(record: DnsRecord) -> str:
    """Return it for people, indented."""
    width = max(len(label) for label, _ in record.fields())
    lines = [f"  {label + ':':<{width + 1}} {value}" for label, value in record.fields()]
    return "\n".join([*lines, "", f"  As a zone file has it: {record}"])


def record_fields(record: DnsRecord) -> dict[str, str]:
    """Return it for programs."""
    return {label.lower(): value for label, value in record.fields()}


def print_proof_needed(needed: ProofNeeded, *, as_json: bool) -> None:
    """Print the record that takes a name over; the caller raises the error itself."""
    if as_json:
        print_json({"proof_needed": record_fields(needed.record)})
    else:
        say(f"{record_text(needed.record)}\n")
