"""`waypost keys`: the keys that seal links."""

import time
from datetime import UTC, datetime
from typing import Any

import click

from accounts.audit import Action
from admin.audit_note import note
from admin.invocation import Invocation, pass_invocation
from admin.output import json_option, print_json, print_table, say
from events.ports import StoreUnavailable
from links.key_ring import Key, KeyRing
from service.database import open_event_store
from service.key_file import load_key_ring
from service.key_management import KeyUse, revoke_key, rotate_key, use_of_key
from service.settings import Settings

MILLISECONDS = 1_000


@click.group()
def keys() -> None:
    """The keys that seal links. All live keys open links, one seals new ones."""


@keys.command("list")
@json_option
@pass_invocation
def list_keys(invocation: Invocation, as_json: bool) -> None:
    """List the keys; their secrets are never shown."""
    ring = load_key_ring(invocation.settings().keys)
    rows = [_fields(key, ring, _now()) for key in ring.keys]
    if as_json:
        print_json(rows)
    else:
        print_table(
            ("key", "state", "made", "seals from"), [[str(cell) for cell in row.values()] for row in rows]
        )


@keys.command("rotate")
@click.option(
    "--in",
    "seconds",
    type=click.IntRange(min=0),
    default=60,
    show_default=True,
    help="Seconds until it seals: time for every node to know it.",
)
@pass_invocation
def rotate(invocation: Invocation, seconds: int) -> None:
    """Make a new key. Links of the older ones go on working."""
    now, settings = _now(), invocation.settings()
    key = rotate_key(settings.keys, now, now + seconds * MILLISECONDS)
    note(settings, Action.ADDED, "key of links", str(key.id), after={"seals_from": _when(key.seals_from)})
    say(f"Key {key.id} opens links now and seals new ones in {seconds} seconds. Back the ring up again.")


@keys.command("revoke")
@click.argument("key_id", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def revoke(invocation: Invocation, key_id: int, yes: bool) -> None:
    """Revoke a key that leaked: every link that it sealed is dead from then on."""
    settings = invocation.settings()
    say(_dying(key_id, settings))
    if not yes:
        click.confirm("Revoke it?", abort=True)
    revoke_key(settings.keys, key_id)
    note(settings, Action.REMOVED, "key of links", str(key_id))
    say(f"Key {key_id} is revoked. Running servers see it within seconds.")


def _dying(key_id: int, settings: Settings) -> str:
    try:
        with open_event_store(settings) as store:
            use: KeyUse = use_of_key(store, key_id)
    except StoreUnavailable as error:
        return f"How many links die with key {key_id} cannot be told: {error}"
    return f"With key {key_id} die {use.links} links in {use.messages} messages."


def _fields(key: Key, ring: KeyRing, now: int) -> dict[str, Any]:
    state = "revoked" if key.revoked else "seals" if key == ring.sealing(now) else "opens"
    return {
        "key": key.id,
        "state": state,
        "created_at": _when(key.created_at),
        "seals_from": _when(key.seals_from),
    }


def _when(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / MILLISECONDS, UTC):%Y-%m-%d %H:%M:%S}"


def _now() -> int:
    return time.time_ns() // 1_000_000
