"""Opens what is stored of people, and looks where only an operator may delete."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from events.forgetting import ForgettingStore, Person
from events.shipping import DAMAGED_SUFFIX
from service.database import open_database
from service.settings import Settings
from storage.forgetting import SqlForgettingStore


@contextmanager
def open_forgetting(settings: Settings) -> Iterator[ForgettingStore]:
    """Yield the store of what is known of people."""
    with open_database(settings) as engine:
        yield SqlForgettingStore(engine)


def damaged_about(directory: Path, person: Person) -> list[Path]:
    """Return the files with damaged lines of this machine's journal in which the address stands."""
    spellings = [each.lower().encode("utf-8", "surrogateescape") for each in person.spellings()]
    files = sorted(directory.glob(f"*{DAMAGED_SUFFIX}"))
    return [file for file in files if any(each in file.read_bytes().lower() for each in spellings)]
