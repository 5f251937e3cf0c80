"""DNS records as the API shows them: what to enter where."""

from pydantic import BaseModel, Field

from domains.dns_records import DnsRecord


class DnsRecordOut(BaseModel):
    """A record to create, as the forms of providers ask for it."""

    zone: str = Field(examples=["example.com"])
    name: str = Field(description="relative to the zone", examples=["track"])
    type: str = Field(examples=["CNAME"])
    value: str = Field(examples=["t.example.net"])
    ttl: int = Field(examples=[300])
    zone_file: str = Field(description="the line of a zone file")


def record_out(record: DnsRecord) -> DnsRecordOut:
    """Return it as the API shows it."""
    fields = {label.lower(): value for label, value in record.fields()}
    return DnsRecordOut(
        zone=fields["zone"],
        name=fields["name"],
        type=fields["type"],
        value=fields["value"],
        ttl=int(fields["ttl"]),
        zone_file=str(record),
    )
