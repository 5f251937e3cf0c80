"""An `EventStore` without a database."""

from collections.abc import Sequence

from events.counting import Dimension, Statistics
from events.message_view import MessageView
from events.model import MessageRecord, Record
from events.ports import Event, EventFilter, Place, StoreUnavailable
from events.report import Tally


class MemoryStore:
    """Keeps records as they come. `away` makes it unavailable; `batches` says how they came."""

    def __init__(self) -> None:
        self.away = False
        self.batches: list[int] = []
        self._records: dict[tuple[type, str], Record] = {}

    @property
    def records(self) -> list[Record]:
        """What it holds, in order of arrival."""
        return list(self._records.values())

    def add(self, records: Sequence[Record]) -> None:
        if self.away:
            raise StoreUnavailable("The database is away.")
        self.batches.append(len(records))
        for record in records:
            self._records.setdefault((type(record), record.id), record)

    def events(self, wanted: EventFilter, beyond: Place | None = None) -> list[Event]:
        raise StoreUnavailable("This store cannot be asked.")

    def events_beyond(self, wanted: EventFilter, beyond: Place | None) -> list[Event]:
        raise StoreUnavailable("This store cannot be asked.")

    def message(self, project: int, message: str) -> MessageView | None:
        raise StoreUnavailable("This store cannot be asked.")

    def statistics(self, by: Dimension | None, wanted: EventFilter) -> list[Statistics]:
        raise StoreUnavailable("This store cannot be asked.")

    def tallies(self, after: int, project: int | None = None) -> list[Tally]:
        raise StoreUnavailable("This store cannot be asked.")

    def copies(self, wanted: EventFilter) -> int:
        raise StoreUnavailable("This store cannot be asked.")

    def links_sealed_by(self, key: int) -> tuple[int, int]:
        sealed = [one for one in self.records if isinstance(one, MessageRecord) and one.key == key]
        return len(sealed), sum(len(one.links) for one in sealed)
