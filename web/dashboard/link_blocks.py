"""Blocked links: the kill switch for mail that is already sent, of all projects."""

from typing import Final

from starlette.responses import Response

from accounts.actors import Scope
from domains.blocking import MAX_REASON
from links.blocks import Block, BlockKind
from web.dashboard.addresses import url
from web.dashboard.choices import one_of
from web.dashboard.pages import Pages
from web.dashboard.visit import Visit
from web.link_blocks import kept_value

pages = Pages()

PAGE: Final = 100
_KINDS: Final = (
    (BlockKind.LINK, "link: a destination, as the events show it"),
    (BlockKind.HOST, "host: shop.example, or *.shop.example for all below it"),
    (BlockKind.MESSAGE, "message: by our id"),
    (BlockKind.PROJECT, "project: all of its links, by its name"),
)


@pages.get("/link-blocks", Scope.ADMIN, installation=True)
def link_blocks(visit: Visit) -> Response:
    """List what is blocked, the newest first."""
    projects = {str(each.id): each.name for each in visit.use.projects().all()}
    asked = visit.query.get("from")
    start = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    blocks = visit.use.link_blocks().all()[::-1]
    end = start + PAGE
    return visit.page(
        "link_blocks.html",
        blocks=[(each, _shown(each, projects)) for each in blocks[start:end]],
        next_page=f"{url('link-blocks')}?from={end}" if len(blocks) > end else "",
        kinds=_KINDS,
        most_reason=MAX_REASON,
    )


@pages.post("/link-blocks", Scope.ADMIN, installation=True, again=link_blocks)
def block(visit: Visit) -> Response:
    """Have clicks answered with a page that says so."""
    form, kind = visit.form, _kind(visit)
    value = kept_value(visit.use, kind, form["value"].strip())
    added = visit.use.link_blocks().block(kind, value, reason=form.get("reason"))
    shown = form["value"].strip() if kind is BlockKind.PROJECT else added.value
    return visit.go_to(url("link-blocks"), said=f"Blocked: {kind} {shown}. It holds within two seconds.")


@pages.post("/link-blocks/unblock", Scope.ADMIN, installation=True, again=link_blocks)
def unblock(visit: Visit) -> Response:
    """Redirect again. A project is named by its number here, since it may be gone."""
    kind = _kind(visit)
    stored = visit.use.link_blocks().unblock(kind, visit.form["value"])
    return visit.go_to(url("link-blocks"), said=f"No longer blocked: {kind} {stored}.")


def _kind(visit: Visit) -> BlockKind:
    return one_of(BlockKind, visit.form["kind"]) or BlockKind.LINK


def _shown(block: Block, projects: dict[str, str]) -> str:
    """Return what is blocked; a project that was removed by its number."""
    if block.kind is not BlockKind.PROJECT:
        return block.value
    return projects.get(block.value, f"number {block.value}")
