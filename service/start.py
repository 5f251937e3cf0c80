"""How a start begins: with the database, or, while that is away, with the snapshot of it."""

import logging
from datetime import timedelta

from service.database_upgrade import DatabaseAway, upgrade_database
from service.key_file import load_key_ring
from service.live.seed import Seed, seed_of
from service.live.snapshot import SnapshotError
from service.live.snapshot_file import read_snapshot
from service.settings import Settings
from service.wiring import directory_builder, networks, now

log = logging.getLogger("waypost.service")


def begin(settings: Settings) -> Seed | None:
    """Bring the database up to date; return what to go on with where it is away, and None where it is not.

    Raises OperatorError where there is neither the database nor a snapshot, or a database of another version.
    """
    try:
        upgrade_database(settings, create=False)
    except DatabaseAway as error:
        seed = _from_snapshot(settings)
        if seed is None:
            raise
        log.warning("%s Started from the snapshot, which is %s old", error, shown_age(seed.age))
        return seed
    return None


def shown_age(seconds: float) -> str:
    """Return it as a person reads it: 3 days, 2:05:30."""
    return str(timedelta(seconds=round(seconds)))


def _from_snapshot(settings: Settings) -> Seed | None:
    """Return what the snapshot holds; what cannot be used is told and passed over. Raises OperatorError."""
    path = settings.database.snapshot
    if path is None:
        return None
    try:
        snapshot = read_snapshot(path, load_key_ring(settings.keys))
        if snapshot is None:
            return None
        return seed_of(
            snapshot,
            now=now(),
            build=directory_builder(settings),
            default_networks=networks(settings.relay.networks),
        )
    except SnapshotError as error:
        log.error("the snapshot %s cannot be used: %s", path, error)
        return None
