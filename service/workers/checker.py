"""The process that does the scheduled checks of tracking domains: `python -m service.workers.checker`.

Apart from relay and tracker: its threads would take turns with theirs for the interpreter's lock, and each
click would wait for them. What it works with comes over standard input, whose end is the sign to stop: the
parent closed it, or is gone. Signals are for the parent, even where they are sent to the whole group.
"""

import logging
import os
import pickle
import signal
import sys
import threading
from typing import Final

from service.database import open_database
from service.domain_checks.background import STOP_SECONDS, DomainChecks
from service.domain_checks.wiring import build_domain_checks
from service.errors import OperatorError
from service.logs import configure_logging
from service.workers.messages import BeginChecks
from service.workers.numbers import write_numbers

log = logging.getLogger("waypost.service")

NICENESS: Final = 10  # mail and clicks come first where there is not a core for each


def main() -> int:
    """Check until the parent says so, or is gone."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    begin: BeginChecks = pickle.load(sys.stdin.buffer)  # noqa: S301 - the parent wrote it
    configure_logging(begin.settings.log)
    write_numbers(begin.numbers, begin.slot)
    os.nice(NICENESS)
    stopping, ended = threading.Event(), threading.Event()
    try:
        with open_database(begin.settings) as engine:
            checks = build_domain_checks(begin.settings, engine, begin.owner, stopping)
            threading.Thread(target=_end_in_time, args=(checks, stopping, ended), daemon=True).start()
            checks.run()
            checks.release()
            ended.set()
    except OperatorError as error:
        log.error("%s", error)
        return 1
    return 0


def _end_in_time(checks: DomainChecks, stopping: threading.Event, ended: threading.Event) -> None:
    """End the process with its parent, whatever a check is doing."""
    # Not by way of sys.stdin: an exit could not take the lock of a buffer that a thread reads.
    while os.read(sys.stdin.fileno(), 1):
        pass
    stopping.set()
    if not ended.wait(STOP_SECONDS):
        checks.release()
        os._exit(0)  # threads cannot be ended, and an exit in order would wait for them


if __name__ == "__main__":
    sys.exit(main())
