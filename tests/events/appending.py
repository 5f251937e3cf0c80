"""Appends to a journal as fast as it can, acknowledging each record on standard output, until it is killed.

Run as `python -m tests.events.appending DIRECTORY NAME`; NAME keeps its segments and ids apart.
"""

import os
import sys
import time
from itertools import count
from pathlib import Path

from events.journal import Journal
from tests.events.records import hit


def main() -> None:
    directory, name = sys.argv[1:]
    suffixes = count()
    journal = Journal(
        Path(directory),
        clock=lambda: time.time_ns() // 1_000_000,
        new_suffix=lambda: f"{name}{next(suffixes):06x}",
        max_segment_bytes=20_000,
    )
    for number in count(int(name, 16) << 32):
        record = hit(number)
        if journal.append(record):
            os.write(sys.stdout.fileno(), f"{record.id}\n".encode())


if __name__ == "__main__":
    main()
