"""Opens what stands on the database, for commands and for `serve`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Engine

from domains.dns_lookup import Resolver
from domains.names import host_name
from domains.registry import Registry
from events.ports import EventStore
from service.errors import OperatorError
from service.settings import Settings
from storage.domain_store import SqlDomainStore
from storage.engine import DatabaseUnavailable, open_engine
from storage.event_store import SqlEventStore


@contextmanager
def open_database(settings: Settings) -> Iterator[Engine]:
    """Yield an engine. Raises OperatorError for a URL that cannot be used."""
    try:
        engine = open_engine(settings.database.url)
    except DatabaseUnavailable as error:
        raise OperatorError(str(error)) from None
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def open_registry(settings: Settings) -> Iterator[Registry]:
    """Yield the use cases of tracking and sending domains."""
    with open_database(settings) as engine:
        yield Registry(
            store=SqlDomainStore(engine),
            resolver=resolver(settings),
            targets=tuple(map(host_name, settings.domains.cname_targets)),
            clock=lambda: datetime.now(UTC),
        )


@contextmanager
def open_event_store(settings: Settings) -> Iterator[EventStore]:
    """Yield the store of events."""
    with open_database(settings) as engine:
        yield SqlEventStore(engine)


def resolver(settings: Settings) -> Resolver:
    """Return the resolver that the settings describe."""
    section = settings.domains
    return Resolver(section.nameservers, section.nameserver_port, lifetime=section.dns_seconds)
