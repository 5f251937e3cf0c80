"""Which concrete class stands behind each port of the scheduled checks."""

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Engine

from service.domain_changes import log_change
from service.domain_checks.background import DomainChecks
from service.domain_checks.check import domain_check
from service.domain_checks.metrics import CheckMetrics
from service.domain_checks.scheduled import ScheduledCheck
from service.domain_use_cases import check_policy
from service.live.key_ring import fresh_ring
from service.monitoring import new_registry
from service.settings import Settings
from service.workers.background_process import BackgroundProcess, new_background_process
from service.workers.numbers import WorkerNumbers
from storage.domain_store import SqlDomainStore
from storage.leases import SqlCheckLeases


def build_domain_checks(
    settings: Settings, engine: Engine, owner: str, stopping: threading.Event
) -> DomainChecks:
    """Return what checks, in the process that does. Raises OperatorError."""
    return DomainChecks(
        leases=SqlCheckLeases(engine),
        check=ScheduledCheck(
            check=domain_check(settings, fresh_ring(settings.keys)),
            store=SqlDomainStore(engine),
            policy=check_policy(settings),
            clock=lambda: datetime.now(UTC),
            jitter=secrets.SystemRandom().random,
            announce=log_change,
        ),
        metrics=CheckMetrics(new_registry()),
        owner=owner,
        concurrency=settings.domains.concurrent_checks,
        stopping=stopping,
    )


def new_checker(settings: Callable[[], Settings], numbers: WorkerNumbers) -> BackgroundProcess:
    """Return the process that checks, not started."""
    return new_background_process(settings, numbers, module="service.workers.checker", task="checks domains")
