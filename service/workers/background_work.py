"""What the processes for background work have in common, from their start to their end.

They are apart from relay and tracker: their threads would take turns with theirs for the interpreter's lock,
and each click would wait for them. What one works with comes over standard input, whose end is the sign to
stop: the parent closed it, or is gone. Signals are for the parent, even where they are sent to the whole
group.
"""

import logging
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from typing import Final, Protocol

from sqlalchemy import Engine

from service.database import open_unattended
from service.errors import OperatorError
from service.logs import configure_logging
from service.workers.messages import BeginWork
from service.workers.numbers import write_numbers

log = logging.getLogger("waypost.service")

NICENESS: Final = 10  # mail and clicks come first where there is not a core for each
STOP_SECONDS: Final = 3.0  # for what is under way at the end; what is left then is due again at once


class BackgroundWork(Protocol):
    """What such a process does."""

    def run(self) -> None:
        """Work until the process is to stop; return once what is under way has ended."""

    def release(self) -> None:
        """Let others do what this process has taken and not done."""


Build = Callable[[BeginWork, Engine, threading.Event], BackgroundWork]
"""Makes the work of what the parent said; the event is set when it is to stop. May raise OperatorError."""


def work(build: Build) -> int:
    """Work until the parent says so, or is gone. Return the exit code."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    begin: BeginWork = pickle.load(sys.stdin.buffer)  # noqa: S301 - the parent wrote it
    configure_logging(begin.settings.log)
    write_numbers(begin.numbers, begin.slot)
    os.nice(NICENESS)
    stopping, ended = threading.Event(), threading.Event()
    try:
        with open_unattended(begin.settings) as engine:
            built = build(begin, engine, stopping)
            threading.Thread(target=_end_in_time, args=(built, stopping, ended), daemon=True).start()
            built.run()
            built.release()
            ended.set()
    except OperatorError as error:
        log.error("%s", error)
        return 1
    return 0


def _end_in_time(built: BackgroundWork, stopping: threading.Event, ended: threading.Event) -> None:
    """End the process with its parent, whatever it is doing."""
    # Not by way of sys.stdin: an exit could not take the lock of a buffer that a thread reads.
    while os.read(sys.stdin.fileno(), 1):
        pass
    stopping.set()
    if not ended.wait(STOP_SECONDS):
        built.release()
        os._exit(0)  # threads cannot be ended, and an exit in order would wait for them
