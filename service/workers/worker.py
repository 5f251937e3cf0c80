"""What every worker process begins with.

Started as `python -m service.workers.KIND_worker DESCRIPTOR`; what it works with comes over standard input.
It ends with the parent, whose end it sees on the channel; signals are for the parent, even where a terminal
or a service manager sends them to all processes of the group.
"""

import asyncio
import pickle
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop
from sqlalchemy import Engine

from service.database import open_unattended
from service.errors import OperatorError
from service.logs import configure_logging
from service.workers.messages import Failed
from service.workers.numbers import write_numbers

Work = Callable[[Any, Engine, socket.socket], Coroutine[Any, Any, None]]
"""Given what the parent sent first, the database, and this end of the channel."""


def run_worker(work: Work) -> int:
    """Run until the parent says so, or is gone; return the exit code."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    pair_end = socket.socket(fileno=int(sys.argv[1]))
    begin = pickle.load(sys.stdin.buffer)  # noqa: S301 - the parent wrote it
    configure_logging(begin.settings.log)
    write_numbers(begin.numbers, begin.slot)
    try:
        with (
            open_unattended(begin.settings) as engine,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(work(begin, engine, pair_end))
    except OperatorError as error:
        pair_end.setblocking(True)
        pair_end.send(pickle.dumps(Failed(str(error))))
        return 1
    return 0
