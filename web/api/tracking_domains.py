"""`/tracking-domains`. One is addressed by its id, which a new name does not change, or by its name."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from domains.dns_records import CnameRecord
from domains.errors import InvalidName, UnknownDomain
from domains.evidence_format import to_json
from domains.history import Cause, Change
from domains.model import Https, State, TrackingDomain
from domains.names import display, host_name
from domains.tracking_domains import DomainSettings, TrackingDomains
from web.api import PREFIX
from web.api.bodies import Body
from web.api.callers import Caller, Reader, Writer
from web.api.dns_records import DnsRecordOut, record_out
from web.api.pages import Cursor, Limit, Page, Search, is_number, number_of, page_read
from web.api.problems import FieldError, Problem
from web.api.resource import Resource
from web.api.turns import Turn

router = APIRouter(prefix="/tracking-domains", tags=["tracking domains"], route_class=Resource)

Address = Annotated[
    str, Path(max_length=300, description="its id or its name", examples=["track.example.com"])
]
_HTTPS = Field(description="auto: https once it was seen to work; require: https alone; off: http alone")


class TrackingDomainIn(Body):
    """A tracking domain to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "track.example.com"}]})

    name: str = Field(max_length=300)
    target: str | None = Field(default=None, max_length=300, description="one of domains.cname_targets")
    https: Annotated[Https, Field(strict=False), _HTTPS] = Https.AUTO


class TrackingDomainChange(Body):
    """What to change; what is left out stays. Another name or target starts over as pending."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"https": "require"}]})

    name: str = Field(default="", max_length=300, min_length=1)
    target: str = Field(default="", max_length=300, min_length=1)
    https: Annotated[Https, Field(strict=False), _HTTPS] = Https.AUTO
    default: Literal[True] = Field(default=True, description="make it the project's default")


class TrackingDomainOut(BaseModel):
    """A tracking domain, with the record that makes it work."""

    id: int
    name: str = Field(description="as DNS has it")
    display: str = Field(description="as people read it")
    state: State
    default: bool
    https: Https
    https_seen: bool
    target: str
    diagnosis: str = Field(description="what the last check found, in plain words; empty before the first")
    record: DnsRecordOut
    created_at: datetime
    checked_at: datetime | None
    next_check_at: datetime | None
    verified_at: datetime | None = Field(description="when it was first verified")


class TrackingDomainDetailsOut(TrackingDomainOut):
    """With what uses it, and what the last check saw."""

    senders: list[str]
    evidence: dict[str, Any] | None


class RemovalOut(BaseModel):
    """What became of it."""

    name: str
    retired: bool = Field(description="links in mail already sent work on")
    unlinked: list[str]


class HistoryEntryOut(BaseModel):
    """A change of a tracking domain."""

    at: datetime
    cause: Cause
    before: State | None
    after: State | None
    detail: str


@router.post("", status_code=201, responses={409: {}})
def add(caller: Writer, body: TrackingDomainIn, response: Response) -> TrackingDomainDetailsOut:
    """Add a tracking domain. The answer has the CNAME record to create."""
    domains = _domains(caller)
    added = domains.add(body.name, target=body.target, https=body.https)
    response.headers["Location"] = f"{PREFIX}/tracking-domains/{added.id}"
    return _details(domains, added.name)


@router.get("")
def list_all(
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    search: Search = "",
    state: State | None = None,
    retired: Annotated[bool, Query(description="removed ones too, whose links live on")] = False,
) -> Page[TrackingDomainOut]:
    """List the tracking domains by name."""
    domains = _domains(caller)
    return page_read(
        lambda behind, most: domains.page(
            behind=behind, limit=most, search=search, state=state, retired=retired
        ),
        key=lambda each: each.name,
        show=_out,
        cursor=cursor,
        limit=limit,
    )


@router.get("/{domain}")
def show(caller: Reader, domain: Address) -> TrackingDomainDetailsOut:
    """Show one, a removed one too, with its DNS record and the sending domains that use it."""
    domains = _domains(caller)
    return _details(domains, name_of(domains, domain))


@router.patch("/{domain}", responses={409: {}})
def change(caller: Writer, domain: Address, body: TrackingDomainChange) -> TrackingDomainDetailsOut:
    """Rename it, change its target or use of HTTPS, make it the default."""
    domains = _domains(caller)
    name = name_of(domains, domain)
    wanted = body.model_fields_set
    if "default" in wanted and len(wanted) > 1:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid_request",
            "ask for default alone: another name or target would have to be verified first",
            errors=[FieldError(pointer="#/default", detail="goes with nothing else")],
        )
    settings = DomainSettings()
    if "name" in wanted:
        settings["name"] = body.name
    if "target" in wanted:
        settings["target"] = body.target
    if "https" in wanted:
        settings["https"] = body.https
    if settings:
        name = domains.change(name, settings).name
    if "default" in wanted:
        domains.set_default(name)
    return _details(domains, name)


@router.delete("/{domain}", responses={409: {}})
def remove(
    caller: Writer,
    domain: Address,
    force: Annotated[bool, Query(description="unlink its sending domains too")] = False,
) -> RemovalOut:
    """Remove it; refused while sending domains are linked to it. Links in mail already sent live on."""
    domains = _domains(caller)
    removal = domains.remove(name_of(domains, domain), force=force)
    return RemovalOut(name=removal.name, retired=removal.retired, unlinked=list(removal.unlinked))


@router.post("/{domain}/verify", responses={409: {}})
def verify(caller: Writer, domain: Address, turn: Turn) -> TrackingDomainDetailsOut:
    """Check its DNS now. Takes seconds; the answer has the diagnosis."""
    domains = _domains(caller)
    name = name_of(domains, domain)
    domains.verify(name)
    return _details(domains, name)


@router.get("/{domain}/history")
def history(
    caller: Reader, domain: Address, limit: Limit = 50, cursor: Cursor = None
) -> Page[HistoryEntryOut]:
    """Show what happened to it, a removed one too, the oldest first."""
    domains = _domains(caller)
    found = domains.history(name_of(domains, domain), beyond=number_of(cursor), limit=limit + 1)
    shown = found[:limit]
    more = len(found) > limit
    return Page(data=list(map(_entry, shown)), next=str(shown[-1].number) if more else None)


def _domains(caller: Caller) -> TrackingDomains:
    return caller.use.tracking_domains(caller.project.name)


def name_of(domains: TrackingDomains, address: str) -> str:
    """Return the name of the one that a path names. Raises `UnknownDomain`."""
    if is_number(address):
        return domains.numbered(int(address)).name
    try:
        return host_name(address)
    except InvalidName:
        raise UnknownDomain("no tracking domain has this name; the list shows them") from None


def _details(domains: TrackingDomains, name: str) -> TrackingDomainDetailsOut:
    details = domains.show(name)
    return TrackingDomainDetailsOut(
        **_out(details.domain).model_dump(),
        senders=list(details.senders),
        evidence=to_json(details.evidence) if details.evidence else None,
    )


def _out(domain: TrackingDomain) -> TrackingDomainOut:
    return TrackingDomainOut(
        id=domain.id,
        name=domain.name,
        display=display(domain.name),
        state=domain.state,
        default=domain.is_default,
        https=domain.https,
        https_seen=domain.https_seen,
        target=domain.target,
        diagnosis=domain.diagnosis,
        record=record_out(CnameRecord(name=domain.name, target=domain.target)),
        created_at=domain.created_at,
        checked_at=domain.checked_at,
        next_check_at=domain.next_check_at,
        verified_at=domain.verified_at,
    )


def _entry(change: Change) -> HistoryEntryOut:
    return HistoryEntryOut(
        at=change.at, cause=change.cause, before=change.before, after=change.after, detail=change.detail
    )
