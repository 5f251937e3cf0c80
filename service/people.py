"""Opens what is stored of people, and looks where only an operator may delete."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from events.forgetting import Forgetting, ForgettingStore, Forgotten, Person, forget
from events.shipping import DAMAGED_SUFFIX
from links import KeyRing
from service.database import open_database
from service.settings import Settings
from storage.forgetting import SqlForgettingStore

_WIPING_ATTEMPTS: Final = 25  # of 0.2 seconds; whoever reads is mostly done by then


@contextmanager
def open_forgetting(settings: Settings) -> Iterator[ForgettingStore]:
    """Yield the store of what is known of people."""
    with open_database(settings) as engine:
        yield SqlForgettingStore(engine)


def forget_person(
    settings: Settings, store: ForgettingStore, person: Person, ring: KeyRing, now: int
) -> Forgetting:
    """Forget a person up to `now` (milliseconds), in the files of the database too.

    Raises `StoreUnavailable`; it may be interrupted and repeated.
    """
    total = Forgotten()
    for done in forget(store, person, ring, now):
        total = total.plus(done)
    wiped = any(store.wipe() for _ in range(_WIPING_ATTEMPTS))
    damaged = damaged_about(settings.journal.directory, person)
    return Forgetting(forgotten=total, wiped=wiped, damaged=tuple(damaged))


def damaged_about(directory: Path, person: Person) -> list[Path]:
    """Return the files with damaged lines of this machine's journal in which the address stands."""
    spellings = [each.lower().encode("utf-8", "surrogateescape") for each in person.spellings()]
    files = sorted(directory.glob(f"*{DAMAGED_SUFFIX}"))
    return [file for file in files if any(each in file.read_bytes().lower() for each in spellings)]
