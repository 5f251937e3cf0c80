"""All subjects, looked at at the same time: a DNS server that does not answer holds up its own alone."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from service.checkup.accounts import look_at_projects
from service.checkup.certificates import look_at_certificates
from service.checkup.clock import look_at_clock
from service.checkup.database import look_at_database
from service.checkup.finding import Finding
from service.checkup.keys import look_at_keys
from service.checkup.ports import look_at_ports
from service.checkup.sending import look_at_sending_domains
from service.checkup.settings import look_at_settings
from service.checkup.snapshot import look_at_snapshot
from service.checkup.storage_space import look_at_journal
from service.checkup.targets import look_at_targets
from service.checkup.tracking import look_at_tracking_domains
from service.checkup.tracking_settings import look_at_tracking
from service.checkup.upstreams import look_at_upstreams
from service.checkup.webhooks import look_at_webhooks
from service.settings import Settings

Look = Callable[[Settings, int], Iterable[Finding]]

SUBJECTS: Final[tuple[Look, ...]] = (
    look_at_settings,
    look_at_keys,
    look_at_database,
    look_at_clock,
    look_at_snapshot,
    look_at_journal,
    look_at_tracking,
    look_at_upstreams,
    look_at_ports,
    look_at_targets,
    look_at_projects,
    look_at_tracking_domains,
    look_at_certificates,
    look_at_sending_domains,
    look_at_webhooks,
)


def check_all(settings: Settings, now: int) -> Iterator[Finding]:
    """Yield the findings in the order of the subjects, each as soon as may be. `now` in milliseconds."""
    with ThreadPoolExecutor(len(SUBJECTS), thread_name_prefix="check") as pool:
        for found in [pool.submit(_look, look, settings, now) for look in SUBJECTS]:
            yield from found.result()


def _look(look: Look, settings: Settings, now: int) -> list[Finding]:
    return list(look(settings, now))
