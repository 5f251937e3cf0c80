"""What would happen to a message, without sending it."""

import email
import email.policy
from dataclasses import dataclass, replace
from difflib import unified_diff
from urllib.parse import urlsplit

from domains.directory import Directory
from domains.errors import StoreUnavailable
from links.key_ring import KeyRing
from links.message_links import MessageLinks
from relay.data_reader import with_crlf
from relay.envelope import Sender
from relay.message_headers import read_headers
from relay.pipeline import Untracked, make_plan, make_policy
from rewriter import Result, rewrite
from rewriter.policy import Mode
from service.database import open_database
from service.errors import OperatorError
from service.freshness import LiveDirectory
from service.key_file import load_key_ring, new_secret
from service.settings import Settings
from service.upstream_wiring import system_default
from service.wiring import tracking_settings
from storage.domain_store import SqlDomainStore

MESSAGE = "0" * 24
STAND_IN = "https://track.example.com"
ENVELOPE = Sender(mailbox="sender@preview.invalid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`untracked` says why the message would go out as it came; the result then shows links on a stand-in."""

    base: str
    untracked: Untracked | None
    original: bytes
    result: Result


def preview_message(settings: Settings, message: bytes, now: int, base: str | None = None) -> Preview:
    """Rewrite `message` as the relay would, on `base` where it is given. `now` in milliseconds."""
    original = with_crlf(message)
    tracking = replace(tracking_settings(settings), mode=Mode.ON)
    plan = make_plan(read_headers(original), ENVELOPE, tracking, _directory(settings))
    shown = base or plan.base or system_default(settings) or STAND_IN
    ring = _key_ring(settings, now)
    links = MessageLinks(
        base=shown,
        project=tracking.project,
        message=MESSAGE,
        recipient=None,
        key=ring.sealing(now),
        ring=ring,
    )
    policy = make_policy(tracking, urlsplit(shown).hostname or "")
    off = Untracked.OFF if settings.tracking.mode is Mode.OFF else None
    return Preview(
        base=shown,
        untracked=off or plan.untracked,
        original=original,
        result=rewrite(original, policy, links),
    )


def decoded_difference(preview: Preview) -> str:
    """Return the decoded text parts before and after, as a unified diff."""
    lines: list[str] = []
    for before, after in zip(_texts(preview.original), _texts(preview.result.message), strict=True):
        lines += unified_diff(
            before[1], after[1], f"part {before[0]}", f"part {after[0]}, rewritten", lineterm=""
        )
    return "\n".join(lines)


def _texts(message: bytes) -> list[tuple[int, list[str]]]:
    texts = []
    for number, part in enumerate(email.message_from_bytes(message, policy=email.policy.compat32).walk(), 1):
        payload = part.get_payload(decode=True)
        if part.get_content_maintype() == "text" and isinstance(payload, bytes):
            texts.append((number, payload.decode("utf-8", "replace").splitlines()))
    return texts


def _directory(settings: Settings) -> Directory:
    """Return the domains; without a database there are none, and the defaults hold."""
    try:
        with open_database(settings) as engine:
            return LiveDirectory(SqlDomainStore(engine), system_default(settings)).current
    except (OperatorError, StoreUnavailable):
        return Directory.build([], [], system_default=system_default(settings))


def _key_ring(settings: Settings, now: int) -> KeyRing:
    """Return the ring; without one a throwaway ring, whose links open nowhere."""
    try:
        return load_key_ring(settings.keys)
    except OperatorError:
        return KeyRing.first(new_secret(), now)
