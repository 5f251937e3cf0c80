"""`/sending-domains`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from accounts.model import Project
from domains.claims import ProofNeeded
from domains.errors import InvalidName, UnknownDomain
from domains.model import State
from domains.sending_domains import SendingDomainDetails
from domains.tracking_domains import TrackingDomains
from web.sparkpost.bodies import Body
from web.sparkpost.callers import Reader, Writer, subaccount_of
from web.sparkpost.names import Address, named, no_domain
from web.sparkpost.refusals import Refusal, nothing_to_change, results
from web.sparkpost.statuses import sending_status

router = APIRouter(prefix="/sending-domains")

_WORDS: Final = {"true": True, "false": False}


class SendingDomainIn(Body):
    """A sending domain to add."""

    domain: str = Field(max_length=300)
    tracking_domain: str = Field(default="", max_length=300)


class SendingDomainChange(Body):
    """What to change. The empty text unlinks."""

    tracking_domain: str = Field(default="", max_length=300)


class Verification(Body):
    """The proofs by mail that SparkPost has beside DNS."""

    postmaster_at_verify: bool = False
    abuse_at_verify: bool = False
    verification_mailbox_verify: bool = False
    postmaster_at_token: str = ""
    abuse_at_token: str = ""
    verification_mailbox_token: str = ""


@router.post("")
def create(caller: Writer, body: SendingDomainIn) -> Response:
    """Add one, linked to a tracking domain where that is said."""
    project = caller.project()
    senders = caller.use.sending_domains(project.name)
    if body.tracking_domain:  # before anything is added
        _refuse_unregistered(caller.use.tracking_domains(project.name), body.tracking_domain)
    try:
        added = senders.add(body.domain)
    except InvalidName as error:
        raise no_domain(HTTPStatus.UNPROCESSABLE_ENTITY, body.domain, error) from None
    except ProofNeeded as error:
        taken = "Domain in use by another account"
        raise Refusal(HTTPStatus.BAD_REQUEST, str(error), message=taken, code="7004") from None
    if body.tracking_domain:
        senders.link(added.name, body.tracking_domain)
    return results({"message": "Successfully Created domain.", "domain": added.name})


@router.get("")
def list_all(caller: Reader, request: Request) -> Response:
    """List all of the project's, by name; any field of the status is a filter."""
    project = caller.project()
    found = caller.use.sending_domains(project.name).all_details()
    shown = [{"domain": each.domain.name} | _out(project, each) for each in found]
    return results([each for each in shown if _matches(each, request.query_params)])


@router.get("/{domain}")
def show(caller: Reader, domain: Address) -> Response:
    """Show one, all but its name, which SparkPost leaves out too."""
    project = caller.project()
    return results(_out(project, caller.use.sending_domains(project.name).details(named(domain))))


@router.put("/{domain}")
def change(caller: Writer, domain: Address, body: SendingDomainChange) -> Response:
    """Link it to a tracking domain, or to none."""
    project = caller.project()
    senders = caller.use.sending_domains(project.name)
    name = senders.show(named(domain)).name
    if not body.model_fields_set:
        raise nothing_to_change("send tracking_domain; nothing else can be changed")
    if body.tracking_domain:
        _refuse_unregistered(caller.use.tracking_domains(project.name), body.tracking_domain)
        senders.link(name, body.tracking_domain)
    else:
        senders.unlink(name)
    return results({"message": "Successfully Updated Domain.", "domain": name})


@router.delete("/{domain}", status_code=204)
def delete(caller: Writer, domain: Address) -> None:
    """Remove it. Links in mail already sent live on."""
    caller.sending_domains().remove(named(domain))


@router.post("/{domain}/verify")
def verify(caller: Writer, domain: Address, body: Verification | None = None) -> Response:
    """Look for the TXT record that proves it, whichever proof by DNS is asked for."""
    if body is not None and any(body.model_dump().values()):
        raise Refusal(HTTPStatus.BAD_REQUEST, "no mailbox proves a domain here; create its TXT record")
    senders = caller.sending_domains()
    found = senders.verify(named(domain))
    try:
        status = sending_status(senders.details(found.name))
    except UnknownDomain:  # another project's, claimed by this one and not proven yet
        raise UnknownDomain(found.seen.message) from None
    if not status["ownership_verified"]:
        status["dns"] = {"txt_record": found.seen.record.value, "txt_error": found.seen.message}
    return results(status)


def _refuse_unregistered(domains: TrackingDomains, name: str) -> None:
    try:
        registered = domains.show(name).domain.state is not State.RETIRED
    except (InvalidName, UnknownDomain):
        registered = False
    if not registered:
        description = f"Tracking domain '{name}' is not a registered tracking domain"
        raise Refusal(HTTPStatus.BAD_REQUEST, description)


def _matches(shown: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    fields = {**shown["status"], "is_default_bounce_domain": shown["is_default_bounce_domain"]}
    return all(
        value == _WORDS.get(wanted[name], wanted[name]) for name, value in fields.items() if name in wanted
    )


def _out(project: Project, details: SendingDomainDetails) -> dict[str, Any]:
    domain = details.domain
    linked = {"tracking_domain": domain.tracking_domain} if domain.tracking_domain else {}
    return {
        **linked,
        "status": sending_status(details),
        "shared_with_subaccounts": False,
        "is_default_bounce_domain": False,
        "creation_time": domain.created_at.isoformat(),
        **subaccount_of(project),
    }
