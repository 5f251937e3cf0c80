"""Webhooks: servers that are told what happens, and what came of it.

The pages of a project show those that are told of all projects too, to who acts for the whole installation.
"""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from accounts.actors import Scope
from events.webhooks.endpoint import shown
from events.webhooks.errors import UnknownWebhook
from events.webhooks.model import Delivery, DeliveryState, Kind, Webhook
from events.webhooks.ports import Spot
from events.webhooks.use_cases import GRACE, Webhooks, WithSecret
from web.dashboard.pages import Pages
from web.dashboard.refusal import Refusal
from web.dashboard.visit import Visit

pages = Pages()

PAGE: Final = 25
MOST_LABEL: Final = 200  # characters, as the API has it
GRACES: Final = (
    (f"{int(GRACE.total_seconds())}", "for 24 hours more"),
    (f"{7 * 86_400}", "for 7 days more"),
    ("0", "no more: it leaked"),
)
"""How long a former secret signs too."""


@pages.get("/webhooks")
def webhooks(visit: Visit) -> Response:
    """List them."""
    return visit.page(
        "webhooks.html",
        own=visit.use.webhooks(visit.project.name).all(),
        of_all=visit.use.webhooks(None).all() if visit.everywhere else [],
        shown=shown,
        every_kind=len(Kind),
    )


@pages.get("/webhooks/new", Scope.WRITE)
def new(visit: Visit) -> Response:
    """Ask for one."""
    return visit.page("webhook_new.html", kinds=tuple(Kind), chosen=visit.form.all("kind"))


@pages.post("/webhooks/new", again=new)
def add(visit: Visit) -> Response:
    """Add it, and show its secret this once."""
    whose = None if visit.form.flag("all_projects") and visit.everywhere else visit.project.name
    label = visit.form.get("label").strip()
    if len(label) > MOST_LABEL:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"say what it is for in {MOST_LABEL} characters")
    added = visit.use.webhooks(whose).add(visit.form["url"].strip(), kinds=_kinds(visit), label=label)
    return _secret(visit, added)


@pages.get("/webhooks/{webhook}")
def webhook(visit: Visit) -> Response:
    """Show one, and what was sent to it."""
    use, found = _found(visit)
    state = next((each for each in DeliveryState if each == visit.query.get("state")), None)
    beyond = _spot(visit.query["beyond"]) if visit.query.get("beyond") else None
    sent = use.deliveries(found.id, state=state, limit=PAGE + 1, beyond=beyond)
    older = _older(visit, found, sent[:PAGE][-1], state) if len(sent) > PAGE else ""
    return visit.page(
        "webhook.html",
        webhook=found,
        url_shown=shown(found.url),
        waiting=use.waiting(found.id),
        deliveries=sent[:PAGE],
        failed=bool(use.deliveries(found.id, state=DeliveryState.FAILED, limit=1)),
        states=[("", "all"), *((each.value, each.value) for each in DeliveryState)],
        state=state,
        older=older,
        graces=GRACES,
        every_kind=len(Kind),
    )


@pages.post("/webhooks/{webhook}/test", again=webhook, slow=True)
def test(visit: Visit) -> Response:
    """Send an event of the kind `test` now."""
    _, found = _found(visit)
    attempt = visit.use.try_webhook(_whose(visit, found), found.id)
    if not attempt.delivered:
        raise Refusal(HTTPStatus.CONFLICT, f"the test was not taken: {attempt.detail}")
    return visit.go("webhooks", found.id, said=f"The test was taken: {attempt.detail}")


@pages.post("/webhooks/{webhook}/replay", again=webhook)
def replay(visit: Visit) -> Response:
    """Send deliveries again: those that are named, else all that failed."""
    use, found = _found(visit)
    named = visit.form.all("delivery")
    count = use.replay(found.id, named)
    said = f"{count} deliveries are sent again." + (
        " Resume the webhook: it is paused." if found.paused else ""
    )
    return visit.go("webhooks", found.id, said=said)


@pages.post("/webhooks/{webhook}/pause")
def pause(visit: Visit) -> Response:
    """Send nothing to it until it is resumed."""
    use, found = _found(visit)
    use.pause(found.id)
    return visit.go("webhooks", found.id, said="It is paused; what happens meanwhile waits for it.")


@pages.post("/webhooks/{webhook}/resume")
def resume(visit: Visit) -> Response:
    """Send to it again."""
    use, found = _found(visit)
    use.resume(found.id)
    return visit.go("webhooks", found.id, said="It is told again, first what waited.")


@pages.post("/webhooks/{webhook}/rotate", again=webhook)
def rotate(visit: Visit) -> Response:
    """Give it another secret, and show it this once."""
    use, found = _found(visit)
    grace = visit.form["grace"]
    if grace not in dict(GRACES):
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "choose how long the former secret signs")
    return _secret(visit, use.rotate(found.id, grace=timedelta(seconds=int(grace))))


@pages.get("/webhooks/{webhook}/remove", Scope.WRITE)
def ask_to_remove(visit: Visit) -> Response:
    """Ask first."""
    use, found = _found(visit)
    return visit.page(
        "webhook_remove.html", webhook=found, url_shown=shown(found.url), waiting=use.waiting(found.id)
    )


@pages.post("/webhooks/{webhook}/remove")
def remove(visit: Visit) -> Response:
    """Remove it with all that waits for it."""
    use, found = _found(visit)
    use.remove(found.id)
    return visit.go(
        "webhooks", said=f"The webhook to {shown(found.url)} is removed: it is told nothing more."
    )


def _kinds(visit: Visit) -> list[Kind]:
    """Raises `Refusal`: none would be everything."""
    try:
        return [Kind(each) for each in visit.form.all("kind")]
    except ValueError as error:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"nothing of this kind is told: {error}") from None


def _found(visit: Visit) -> tuple[Webhooks, Webhook]:
    """Raises `UnknownWebhook`."""
    own = visit.use.webhooks(visit.project.name)
    try:
        return own, own.find(visit.path["webhook"])
    except UnknownWebhook:
        if not visit.everywhere:
            raise
    of_all = visit.use.webhooks(None)
    return of_all, of_all.find(visit.path["webhook"])


def _whose(visit: Visit, found: Webhook) -> str | None:
    return None if found.project is None else visit.project.name


def _secret(visit: Visit, made: WithSecret) -> Response:
    return visit.page(
        "webhook_secret.html", webhook=made.webhook, url_shown=shown(made.webhook.url), secret=made.secret
    )


def _older(visit: Visit, found: Webhook, last: Delivery, state: DeliveryState | None) -> str:
    asked = {"beyond": f"{last.created_at.isoformat()}~{last.id}"} | ({"state": state.value} if state else {})
    return f"{visit.at('webhooks', found.id)}?{urlencode(asked)}"


def _spot(text: str) -> Spot:
    """Raises `Refusal`."""
    made, _, number = text.partition("~")
    try:
        return datetime.fromisoformat(made).astimezone(UTC), number
    except (ValueError, OverflowError):
        raise Refusal(HTTPStatus.NOT_FOUND, "no such delivery is here") from None
