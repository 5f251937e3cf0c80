"""Opening the database, and transactions whose failures are one sentence for the operator."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import Any, Final, Protocol

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from storage import postgresql, sqlite
from storage.auditing import audit
from storage.failures import DatabaseUnavailable, sentence, shown, was_given_up

LOCK_TIMEOUT: Final = 5.0
"""Seconds that a transaction waits for another writer."""

_ATTEMPTS: Final = 3


class Backend(Protocol):
    """What differs between the databases: a module for each."""

    def open_engine(self, url: URL, *, lock_timeout: float, kept: int) -> Engine: ...
    def turn(self, engine: Engine, *, writes: bool) -> AbstractContextManager[None]: ...
    def options(self, *, writes: bool) -> dict[str, Any]: ...
    def let_go(self, engine: Engine) -> None: ...
    def create(self, url: URL) -> None: ...
    def begin_upgrade(self, connection: Connection) -> None: ...
    def wipe(self, engine: Engine) -> bool: ...


_BACKENDS: Final[Mapping[str, Backend]] = {"sqlite": sqlite, "postgresql": postgresql}


def database_url(url: str | URL, password: str | None = None) -> URL:
    """Parse `sqlite:///PATH` or `postgresql://USER@HOST/NAME`; `password` replaces one that stands in it.

    Raises `DatabaseUnavailable`, and never quotes the URL: it may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or parsed.drivername not in _BACKENDS:
        raise DatabaseUnavailable(
            "The database URL cannot be read; write sqlite:///PATH or postgresql://USER@HOST/NAME."
        ) from None
    return parsed if password is None else parsed.set(password=password)


def open_engine(url: str | URL, *, lock_timeout: float = LOCK_TIMEOUT, kept: int = 0) -> Engine:
    """Return an engine; nothing is opened yet. Raises `DatabaseUnavailable` for a URL that cannot be used.

    `kept`: how many connections stay open, for whoever asks all day in so many threads.
    """
    parsed = database_url(url)
    return backend_of(parsed).open_engine(parsed, lock_timeout=lock_timeout, kept=kept)


def let_go(engine: Engine) -> None:
    """Close the kept connections that nobody uses, where an open one keeps something from happening."""
    backend_of(engine.url).let_go(engine)


def backend_of(url: URL) -> Backend:
    """Return the module for the database that the URL names."""
    return _BACKENDS[url.get_backend_name()]


@contextmanager
def transaction(engine: Engine, *, writes: bool, raising: type[Exception]) -> Iterator[Connection]:
    """Run the block in one transaction. A failure of the database is raised as `raising`, in one sentence."""
    together = _together.get()
    if together is not None and not together.is_of(engine):
        together = None
    try:
        if together is None:
            with _begun(engine, writes=writes) as connection:
                yield connection
        elif writes:
            together.end()
            with _begun(engine, writes=True) as connection:
                yield connection
        else:
            with together.reading() as connection:
                yield connection
    except DBAPIError as error:
        raise raising(sentence(error, shown(engine.url))) from error
    except DatabaseUnavailable as error:
        raise error if isinstance(error, raising) else raising(str(error)) from error


@contextmanager
def reading_together(engine: Engine) -> Iterator[None]:
    """Have the transactions in the block that only read be one, of one moment, for this thread.

    A change or a failure ends it: what is read afterwards is of a later moment, and in a transaction again.
    """
    together = _Together(engine)
    token = _together.set(together)
    try:
        yield
    finally:
        _together.reset(token)
        together.end()


class _Together:
    """The transaction of `reading_together`, which begins with the first that is read."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open = ExitStack()
        self._connection: Connection | None = None
        self._readers = 0
        self._over = False

    def is_of(self, engine: Engine) -> bool:
        """Tell whether an engine is this one, with options of its own or not."""
        return engine.dialect is self._engine.dialect

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give the connection."""
        if self._connection is None:
            self._connection = self._open.enter_context(_begun(self._engine, writes=False))
        self._readers += 1
        try:
            yield self._connection
        except DBAPIError:
            self._over = True
            raise
        finally:
            self._readers -= 1
            if self._over:
                self.end()

    def end(self) -> None:
        """End the transaction, once nobody reads in it any more."""
        self._over = self._readers > 0
        if not self._over:
            self._connection = None
            with suppress(DBAPIError):  # what was read was read
                self._open.close()


_together: Final[ContextVar[_Together | None]] = ContextVar("together", default=None)


@contextmanager
def _begun(engine: Engine, *, writes: bool) -> Iterator[Connection]:
    backend = backend_of(engine.url)
    options = backend.options(writes=writes)
    with (
        backend.turn(engine, writes=writes),
        engine.execution_options(**options).begin() as connection,
        audit(connection) if writes else nullcontext(),
    ):
        yield connection


def repeatedly(engine: Engine, work: Callable[[Connection], None], *, raising: type[Exception]) -> None:
    """Do `work` in a transaction, and again where the database gave it up for the sake of another one."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction(engine, writes=True, raising=raising) as connection:
                return work(connection)
        except raising as error:
            if attempt == _ATTEMPTS or not was_given_up(error.__cause__):
                raise
