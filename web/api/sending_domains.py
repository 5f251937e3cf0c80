"""`/sending-domains`. One is addressed by its name, which never changes."""

from datetime import datetime
from typing import Annotated, Final, cast

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from domains.errors import InvalidName, UnknownDomain
from domains.model import ALL, State
from domains.names import display, host_name
from domains.ownership import Proof, Standing
from domains.sender_rules import RuleSettings
from domains.sending_domains import SenderSettings, SendingDomainDetails, SendingDomains
from links.recipients import RecipientTracking
from rewriter.policy import Mode, Overrides, SignedMail, VisibleUrl
from web.api import PREFIX
from web.api.bodies import Body
from web.api.callers import Caller, Reader, Writer
from web.api.dns_records import DnsRecordOut, record_out
from web.api.pages import Cursor, Limit, Page, Search, page_read
from web.api.resource import Resource
from web.api.turns import Turn

router = APIRouter(prefix="/sending-domains", tags=["sending domains"], route_class=Resource)

Address = Annotated[str, Path(max_length=300, description="its name", examples=["example.com"])]
_LINK = Field(default=None, max_length=300, description="its tracking domain; null: the project's default")


class SendingDomainIn(Body):
    """A sending domain to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "example.com"}]})

    name: str = Field(max_length=300)
    tracking_domain: str | None = _LINK


Hosts = Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=1000)]


class Rules(Body):
    """What holds for its mail alone; null: what the settings say."""

    clicks: bool | None = Field(default=None, description="links in HTML")
    opens: bool | None = Field(default=None, description="the open pixel")
    text: bool | None = Field(default=None, description="links in plain text")
    excluded_hosts: Hosts | None = Field(
        default=None, description="links to these stay: a.example, *.a.example"
    )
    allowed_destinations: Hosts | None = Field(
        default=None, description="only links to these are tracked: a.example, *.a.example"
    )
    visible_url: Annotated[VisibleUrl, Field(strict=False)] | None = Field(
        default=None, description="links whose text is a URL of another site"
    )
    signed_mail: Annotated[SignedMail, Field(strict=False)] | None = Field(
        default=None, description="mail with a DKIM or ARC signature"
    )


class SendingDomainChange(Body):
    """What to change; what is left out stays."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"tracking": "observe", "share": 10},
                {"recipients": "none", "rules": {"excluded_hosts": ["*.bank.example"], "text": None}},
            ]
        }
    )

    tracking_domain: str | None = _LINK
    tracking: Annotated[Mode, Field(strict=False)] | None = Field(
        default=None, description="of its mail; null: what the project says"
    )
    share: int = Field(default=ALL, ge=0, le=ALL, description="per cent of its mail that is tracked")
    recipients: Annotated[RecipientTracking, Field(strict=False)] | None = Field(
        default=None, description="whether a click is a person's; null: what the project says"
    )
    rules: Rules = Field(default=Rules(), description="those that are named change")


class SendingDomainOut(BaseModel):
    """A sending domain, whose it is, and the record that proves it."""

    name: str = Field(description="as DNS has it")
    display: str = Field(description="as people read it")
    tracking_domain: str | None
    tracking: Mode | None
    share: int
    recipients: RecipientTracking | None
    rules: Rules
    ownership: Standing
    carries_link: bool = Field(description="whether its link to a tracking domain counts")
    record: DnsRecordOut
    created_at: datetime
    verified_at: datetime | None


class VerificationOut(BaseModel):
    """What was seen of its record."""

    name: str
    verified: bool
    seen: Proof
    message: str = Field(description="in plain words")
    record: DnsRecordOut


@router.post("", status_code=201, responses={409: {}})
def add(caller: Writer, body: SendingDomainIn, response: Response) -> SendingDomainOut:
    """Add a sending domain. The answer has the TXT record that proves it."""
    senders = _senders(caller)
    _check_link(caller, body.tracking_domain)
    added = senders.add(body.name)
    if body.tracking_domain is not None:
        senders.link(added.name, body.tracking_domain)
    response.headers["Location"] = f"{PREFIX}/sending-domains/{added.name}"
    return _out(senders.details(added.name))


@router.get("")
def list_all(
    caller: Reader, limit: Limit = 50, cursor: Cursor = None, search: Search = ""
) -> Page[SendingDomainOut]:
    """List the sending domains by name."""
    senders = _senders(caller)
    return page_read(
        lambda behind, most: senders.page(behind=behind, limit=most, search=search),
        key=lambda each: each.domain.name,
        show=_out,
        cursor=cursor,
        limit=limit,
    )


@router.get("/{domain}")
def show(caller: Reader, domain: Address) -> SendingDomainOut:
    """Show one, with the record that proves it."""
    return _out(_senders(caller).details(_name(domain)))


@router.patch("/{domain}")
def change(caller: Writer, domain: Address, body: SendingDomainChange) -> SendingDomainOut:
    """Link it to a tracking domain or to none, and set how far it has gone live."""
    senders, name = _senders(caller), _name(domain)
    wanted = body.model_fields_set
    _check_link(caller, body.tracking_domain)
    if wanted - {"tracking_domain"}:
        settings = {each: getattr(body, each) for each in wanted & _SETTINGS}
        senders.change(name, cast(SenderSettings, settings), _said(body.rules))
    if "tracking_domain" in wanted:
        if body.tracking_domain is None:
            senders.unlink(name)
        else:
            senders.link(name, body.tracking_domain)
    return _out(senders.details(name))


@router.delete("/{domain}", status_code=204)
def remove(caller: Writer, domain: Address) -> None:
    """Remove it. Links in mail already sent live on."""
    _senders(caller).remove(_name(domain))


@router.post("/{domain}/verify", responses={409: {}})
def verify(caller: Writer, domain: Address, turn: Turn) -> VerificationOut:
    """Look for its record now; what is verified stays so. Takes seconds."""
    found = _senders(caller).verify(_name(domain))
    return VerificationOut(
        name=found.name,
        verified=found.verified,
        seen=found.seen.proof,
        message=found.seen.message,
        record=record_out(found.seen.record),
    )


_SETTINGS: Final = frozenset(SenderSettings.__annotations__)


def _check_link(caller: Caller, tracking_domain: str | None) -> None:
    """Refuse a link that cannot be before anything is changed. Raises `UnknownDomain`."""
    if tracking_domain is None:
        return
    tracking = caller.use.tracking_domains(caller.project.name).show(tracking_domain).domain
    if tracking.state is State.RETIRED:
        raise UnknownDomain(f"{display(tracking.name)} was removed; add it again first")


def _said(rules: Rules) -> RuleSettings:
    said = {each: getattr(rules, each) for each in rules.model_fields_set}
    return cast(
        RuleSettings, {name: tuple(each) if isinstance(each, list) else each for name, each in said.items()}
    )


def _senders(caller: Caller) -> SendingDomains:
    return caller.use.sending_domains(caller.project.name)


def _name(address: str) -> str:
    try:
        return host_name(address)
    except InvalidName:
        raise UnknownDomain("no sending domain has this name; the list shows them") from None


def _out(details: SendingDomainDetails) -> SendingDomainOut:
    domain = details.domain
    return SendingDomainOut(
        name=domain.name,
        display=display(domain.name),
        tracking_domain=domain.tracking_domain,
        tracking=domain.tracking,
        share=domain.share,
        recipients=domain.recipients,
        rules=_rules(domain.rules),
        ownership=details.ownership.standing,
        carries_link=details.carries_link,
        record=record_out(details.record),
        created_at=domain.created_at,
        verified_at=domain.verified_at,
    )


def _rules(rules: Overrides) -> Rules:
    return Rules(
        clicks=rules.clicks,
        opens=rules.opens,
        text=rules.text,
        excluded_hosts=_listed(rules.excluded_hosts),
        allowed_destinations=_listed(rules.allowed_destinations),
        visible_url=rules.visible_url,
        signed_mail=rules.signed_mail,
    )


def _listed(hosts: tuple[str, ...] | None) -> list[str] | None:
    return None if hosts is None else list(hosts)
