"""Lets people and programs in, and gives them use cases whose changes are written down as theirs."""

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import Engine

from accounts import api_keys, people
from accounts.actors import Actor
from accounts.api_keys import ApiKey
from accounts.errors import NotFound
from accounts.model import DEFAULT_PROJECT_NAME
from accounts.people import Person
from accounts.sessions import Session, Sessions
from certificates.model import HostRecord
from certificates.rules import state_of
from domains.choosing import Choosing
from domains.sending_domains import SendingDomains
from domains.tracking_domains import TrackingDomains
from events import forgetting
from events.webhooks.delivering import Attempt
from events.webhooks.use_cases import Webhooks
from links import KeyRing
from service.certificates.use_cases import certificate_orders
from service.checkup import check_all
from service.domain_use_cases import DomainUseCases
from service.live.key_ring import fresh_ring
from service.people import forget_person
from service.preview import known_on, preview_message
from service.settings import Settings, TlsMode
from service.use_cases import UseCases
from service.web.checkups import Checkups
from service.web.orders import OrderQueue
from service.webhooks.use_cases import Trial, webhooks_of
from service.wiring import directory_builder
from storage.api_key_store import SqlApiKeyStore
from storage.auditing import acting
from storage.certificate_store import SqlCertificateStore
from storage.domain_store import SqlDomainStore
from storage.engine import reading_together
from storage.forgetting import SqlForgettingStore
from storage.person_store import SqlPersonStore
from storage.session_store import SqlSessionStore
from web.ports import CertificateStatus, Checkup, Entry, NoCertificates, Preview, TooManyOrders


class ApiDoor:
    """`web.ports.Door` on an engine."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._domains = DomainUseCases(settings, engine)
        self._orders = OrderQueue()
        self._checkups = Checkups(lambda: check_all(settings, time.time_ns() // 1_000_000), _now)
        self._ring = cache(partial(fresh_ring, settings.keys))  # when it is asked for: most never ask
        self._sessions = Sessions(store=SqlSessionStore(engine), clock=_now, random_bytes=secrets.token_bytes)

    def authenticate(self, token: str) -> Actor | None:
        key = self._key(token)
        return None if key is None else key.actor

    def let_in(self, token: str, project: str | None) -> Entry | None:
        with self.reading():
            actor = self.authenticate(token)
            if actor is None:
                return None
            projects = UseCases(self._settings, self._engine).projects()
            if actor.project is None:
                return Entry(actor=actor, project=projects.find(project or DEFAULT_PROJECT_NAME))
            own = projects.numbered(actor.project)
            if project is not None and project.lower() != own.name:
                raise NotFound(f"no project is called {project!r}; leave it out, and the key's own is meant")
            return Entry(actor=actor, project=own)

    def reading(self) -> AbstractContextManager[None]:
        return reading_together(self._engine)

    def use_cases(self, actor: Actor) -> "ApiUseCases":
        engine = acting(self._engine, actor.name)
        return ApiUseCases(
            self._settings, engine, self._domains.on(engine), self._orders, self._ring, self._checkups
        )

    def sign_in(self, name: str, password: str) -> str | None:
        return self._begun(people.authenticate(SqlPersonStore(self._engine), name, password))

    def sign_in_by_key(self, key: str) -> str | None:
        return self._begun(self._key(key))

    def session(self, token: str) -> Session | None:
        return self._sessions.find(token)

    def sign_out(self, token: str) -> None:
        self._sessions.end(token)

    def _key(self, token: str) -> ApiKey | None:
        return api_keys.authenticate(SqlApiKeyStore(self._engine), token, _now())

    def _begun(self, holder: Person | ApiKey | None) -> str | None:
        if holder is None:
            return None
        try:
            return self._sessions.begin(holder)
        except NotFound:  # changed or ended while it was looked at
            return None


class ApiUseCases(UseCases):
    """`web.ports.UseCases`."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        domains: DomainUseCases,
        orders: OrderQueue,
        ring: Callable[[], Callable[[], KeyRing]],
        checkups: Checkups,
    ) -> None:
        super().__init__(settings, engine)
        self._domains = domains
        self._orders = orders
        self._ring = ring
        self._checkups = checkups

    def tracking_domains(self, project: str) -> TrackingDomains:
        return self._domains.tracking_of(self._project(project).id)

    def sending_domains(self, project: str) -> SendingDomains:
        return self._domains.sending_of(self._project(project).id)

    def checkup(self, *, again: bool = False) -> Checkup | None:
        return self._checkups.newest(again=again)

    def webhooks(self, project: str | None) -> Webhooks:
        return self._trial(project).webhooks

    def try_webhook(self, project: str | None, webhook: str) -> Attempt:
        return self._trial(project).send(webhook)

    def _trial(self, project: str | None) -> Trial:
        return webhooks_of(self._settings, self._engine, project, self._ring())

    def preview(self, project: str, message: bytes, *, base: str | None, sender: str | None) -> Preview:
        known = known_on(self._settings, self._engine)
        found = preview_message(
            self._settings, message, _milliseconds(), base, project=project, sender=sender, known=known
        )
        return Preview(
            base=found.base,
            sending_domain=found.sending_domain,
            untracked=found.untracked,
            problems=tuple(map(str, found.problems)),
            original=found.original,
            result=found.result,
        )

    def about(self, person: forgetting.Person, beyond: str) -> tuple[list[dict[str, Any]], str | None]:
        return SqlForgettingStore(self._engine).about_next(person, beyond)

    def forget(self, person: forgetting.Person) -> forgetting.Forgetting:
        store, ring = SqlForgettingStore(self._engine), self._ring()()
        return forget_person(self._settings, store, person, ring, _milliseconds())

    def choosing(self, project: str) -> Choosing:
        found = self._project(project)
        return Choosing(
            store=SqlDomainStore(self._engine),
            build=directory_builder(self._settings),
            project=found.id,
            sid=found.name,
        )

    def certificates(self, hosts: Collection[str]) -> Mapping[str, CertificateStatus]:
        known, now = SqlCertificateStore(self._engine).find_each(hosts), _now()
        records = {host: known.get(host, HostRecord(host=host)) for host in hosts}
        return {
            host: CertificateStatus(state=state_of(record, now), record=record)
            for host, record in records.items()
        }

    def revoke_certificate(self, host: str) -> None:
        self._check_issuing()
        certificate_orders(self._settings, self._engine).revoke(host)

    def order_certificate(self, host: str) -> None:
        self._check_issuing()
        if not self._orders.put(lambda: certificate_orders(self._settings, self._engine).issue(host)):
            raise TooManyOrders("too many certificates wait to be ordered; try again in a minute")

    def why_no_certificates(self) -> str:
        mode = self._settings.tls.mode
        if mode is TlsMode.ACME:
            return ""
        return f'no certificates are issued here: tls.mode is {mode}; set it to "acme"'

    def _check_issuing(self) -> None:
        """Raises `NoCertificates`."""
        if why := self.why_no_certificates():
            raise NoCertificates(why)


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _now() -> datetime:
    return datetime.now(UTC)
