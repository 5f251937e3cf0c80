"""Lists of values as the sections of a snapshot: JSON lines, first the columns, then rows, a few to a line.

A version with more columns reads an older one's snapshot with its own defaults for these, and passes over
columns that it does not know.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, Final

from service.live.snapshot import SnapshotError

ROWS_IN_A_LINE: Final = 500
"""Half a millisecond to encode; meanwhile json holds the interpreter's lock, and mail and clicks wait."""

REQUIRED: Final = object()
"""Instead of a default: without this column the section cannot be used."""

Row = Sequence[Any]


def encode_table(columns: Iterable[str], rows: Iterable[Row]) -> bytes:
    """Return the section; each row has a value that JSON knows for each column, in their order."""
    lines = [json.dumps(list(columns))]
    remaining = iter(rows)
    while batch := list(islice(remaining, ROWS_IN_A_LINE)):
        lines.append(json.dumps(batch, separators=(",", ":")))
    return "\n".join(lines).encode("ascii")


def decode_table(section: bytes, wanted: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the rows, each with the values of the wanted columns, which stand with their defaults.

    Raises SnapshotError.
    """
    first, *lines = section.split(b"\n")
    try:
        stored = json.loads(first)
        missing = [name for name in wanted if name not in stored]
        if any(wanted[name] is REQUIRED for name in missing):
            raise SnapshotError(f"it lacks {', '.join(missing)}")
        defaults = [wanted[name] for name in missing]
        places = [[*stored, *missing].index(name) for name in wanted]
        picked = itemgetter(*places, 0)  # one more: of one place alone it would make no tuple
        for line in lines:
            for row in json.loads(line):
                yield picked([*row, *defaults])[:-1]
    except (ValueError, TypeError, LookupError):
        raise SnapshotError("a section cannot be read") from None
