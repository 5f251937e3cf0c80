"""What would happen to a message, without sending it."""

import email
import email.policy
from dataclasses import dataclass, replace
from difflib import unified_diff
from urllib.parse import urlsplit

from sqlalchemy import Engine

from accounts.directory import AccountDirectory
from accounts.errors import StoreUnavailable as AccountsUnavailable
from accounts.model import DEFAULT_PROJECT_NAME
from domains.directory import Directory
from domains.errors import InvalidName, StoreUnavailable
from domains.names import normalised
from links.key_ring import KeyRing
from links.message_links import MessageLinks
from relay.control.header_edits import without_own
from relay.control.header_fields import control_fields
from relay.control.reader import Problem, read_control
from relay.control.routing import with_route
from relay.data_reader import with_crlf
from relay.envelope import LOCAL, Client, Sender, Submission
from relay.message_headers import read_headers
from relay.pipeline import make_policy
from relay.plan import Untracked, make_plan
from rewriter import Result, rewrite
from service.database import open_database
from service.errors import OperatorError
from service.key_file import load_key_ring, new_secret
from service.live.accounts import LiveAccounts
from service.live.domains import LiveDirectory
from service.settings import Settings
from service.upstream_wiring import system_default
from service.wiring import directory_builder, networks, tracking_settings
from storage.account_store import SqlAccountStore
from storage.domain_store import SqlDomainStore

MESSAGE = "0" * 24
STAND_IN = "https://track.example.com"
ENVELOPE = Sender(mailbox="sender@preview.invalid")
CLIENT = Client(address=LOCAL, helo="preview", extended=True)

Known = tuple[Directory, AccountDirectory]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`untracked` says why the message would go out as it came; the result shows its links all the same.

    They are on a stand-in where there is no tracking domain.
    """

    base: str
    sending_domain: str  # its own or a parent; the domain of the sender where it is none
    untracked: Untracked | None
    problems: tuple[Problem, ...]  # control headers that were not understood
    original: bytes  # without our control headers
    result: Result


def preview_message(
    settings: Settings,
    message: bytes,
    now: int,
    base: str | None = None,
    *,
    project: str = DEFAULT_PROJECT_NAME,
    sender: str | None = None,
    known: Known | None = None,
) -> Preview:
    """Rewrite `message` as the relay would for a project, on `base` where it is given. `now` in milliseconds.

    `sender` is a domain that takes the place of the one in From; `known` are domains and accounts, read from
    the database where they are not given. The links lead nowhere: else whoever may look could make links on
    a tracking domain. Raises OperatorError, InvalidName.
    """
    whole = with_crlf(message)
    fields = control_fields(whole)
    original = without_own(whole, fields)
    tracking, (directory, accounts) = tracking_settings(settings), known or _snapshots(settings)
    client = _client(accounts, project)
    headers = read_headers(original)
    asked = with_route(read_control(fields), client, accounts)
    plan = make_plan(
        headers if sender is None else replace(headers, from_domains=(normalised(sender),)),
        Submission(id=MESSAGE, at=now, client=client, sender=ENVELOPE, recipients=(), content=original),
        settings=tracking,
        directory=directory,
        project=accounts.project(client.project),
        switched_off=settings.tracking.switch.exists(),
    )
    shown = plan.base or STAND_IN if base is None else _base(base)
    links = MessageLinks(
        base=shown,
        project=client.project,
        message=MESSAGE,
        recipient=None,
        key=KeyRing.first(new_secret(), now).sealing(now),
        ring=_key_ring(settings, now),
    )
    policy = make_policy(tracking, urlsplit(shown).hostname or "", asked.wishes, plan.rules)
    return Preview(
        base=shown,
        sending_domain=plan.sending_domain,
        untracked=plan.untracked,
        problems=asked.problems,
        original=original,
        result=rewrite(original, policy, links),
    )


def _base(text: str) -> str:
    """Return what links can be on. Raises InvalidName."""
    try:
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname and parts.netloc.isascii():
            return f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        pass
    raise InvalidName(f"links cannot be on {text!r}; write https://track.example.com")


def _client(accounts: AccountDirectory, project: str) -> Client:
    """Return a client of the project; without a database there is only `default`."""
    known = accounts.project_named(project)
    if known is None and project != DEFAULT_PROJECT_NAME:
        raise OperatorError(f"no project is called {project!r}; the list of projects shows them")
    return CLIENT if known is None else replace(CLIENT, project=known.id)


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


def known_on(settings: Settings, engine: Engine) -> Known:
    """Return domains and accounts. Raises `StoreUnavailable`, of domains or of accounts."""
    directory = LiveDirectory(SqlDomainStore(engine), directory_builder(settings)).current
    accounts = LiveAccounts(SqlAccountStore(engine), networks(settings.relay.networks)).current
    return directory, accounts


def _snapshots(settings: Settings) -> Known:
    """Return domains and accounts; without a database there are none, and the defaults hold."""
    try:
        with open_database(settings) as engine:
            return known_on(settings, engine)
    except (OperatorError, StoreUnavailable, AccountsUnavailable):
        nobody = AccountDirectory.build([], [], [])
        return Directory.build([], [], system_default=system_default(settings)), nobody


def _key_ring(settings: Settings, now: int) -> KeyRing:
    """Return the ring; without one a throwaway ring, whose links open nowhere."""
    try:
        return load_key_ring(settings.keys)
    except OperatorError:
        return KeyRing.first(new_secret(), now)
