"""What operators do with webhooks, for commands."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Engine

from accounts.projects import project_named
from events.webhooks.body import trial
from events.webhooks.delivering import Attempt, attempt
from events.webhooks.ports import Post, Seal
from events.webhooks.use_cases import Webhooks
from links import KeyRing
from service.database import open_database
from service.key_file import load_key_ring
from service.settings import Settings
from service.webhooks.wiring import http_post, secret_seal
from storage.account_store import SqlAccountStore
from storage.webhook_store import SqlWebhookStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Sends an event of the kind `test` at once, signed as all others are."""

    webhooks: Webhooks
    seal: Seal
    post: Callable[[], Post]
    project: str | None
    clock: Callable[[], datetime]

    def send(self, webhook: str) -> Attempt:
        """Raises `UnknownWebhook`, `SecretUnreadable`, and OperatorError for a file of authorities."""
        found, now = self.webhooks.find(webhook), self.clock()
        secret, number = self.seal.open(found.id, found.secret), secrets.token_hex(16)
        body = trial(number, self.project, now)
        return attempt(self.post(), found.url, [secret], f"msg_{number[:24]}", body, now)


def webhooks_of(
    settings: Settings, engine: Engine, project: str | None, ring: Callable[[], KeyRing]
) -> Trial:
    """Return what tries the webhooks of a project, or of all projects together. Raises AccountError."""
    seal = secret_seal(ring)
    number = None if project is None else project_named(SqlAccountStore(engine), project).id
    webhooks = Webhooks(
        store=SqlWebhookStore(engine),
        seal=seal,
        project=number,
        plain_http=bool(settings.webhooks.allow_private),
        clock=_now,
        random_bytes=secrets.token_bytes,
    )
    post = partial(http_post, settings.webhooks)  # called where it is needed: it loads the system's roots
    return Trial(webhooks=webhooks, seal=seal, post=post, project=project, clock=_now)


@contextmanager
def open_webhooks(settings: Settings, project: str | None) -> Iterator[tuple[Webhooks, Trial]]:
    """Yield the webhooks of a project, or of all projects together, and what tries them.

    Raises AccountError; OperatorError where the keys cannot be read.
    """
    ring = load_key_ring(settings.keys)
    with open_database(settings) as engine:
        trial = webhooks_of(settings, engine, project, lambda: ring)
        yield trial.webhooks, trial


def _now() -> datetime:
    return datetime.now(UTC)
