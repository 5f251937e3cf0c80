"""The process that does the scheduled checks of tracking domains: `python -m service.workers.checker`."""

import sys
import threading

from sqlalchemy import Engine

from service.domain_checks.background import DomainChecks
from service.domain_checks.wiring import build_domain_checks
from service.workers.background_work import work
from service.workers.messages import BeginWork


def build(begin: BeginWork, engine: Engine, stopping: threading.Event) -> DomainChecks:
    """Return the checks."""
    return build_domain_checks(begin.settings, engine, begin.owner, stopping)


if __name__ == "__main__":
    sys.exit(work(build))
