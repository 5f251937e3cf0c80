"""All of it together: a real authority, a real database, and a process that is killed."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from certificates import rules
from certificates.issuing import Result
from certificates.model import State
from storage.acme_store import SqlAcmeStore
from storage.certificate_store import SqlCertificateStore
from storage.engine import open_engine
from storage.migrate import upgrade
from tests.certificates.challenge_server import ChallengeServer
from tests.certificates.installation import LEASE, real_installation, real_time
from tests.pebble import Pebble
from tests.running import PATIENCE

HOST = "track.example.com"
LIFETIME = 3600


@pytest.fixture(scope="module")
def pebble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    try:
        running = Pebble(tmp_path_factory.mktemp("pebble"), lifetime_seconds=LIFETIME)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with running:
        running.point(HOST)
        yield running


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/waypost.sqlite"
    upgrade(url)
    return url


@pytest.fixture
def server(pebble: Pebble, database: str) -> Iterator[ChallengeServer]:
    store = SqlAcmeStore(open_engine(database))
    with ChallengeServer(pebble.http_port, store, clock=real_time).running() as server:
        yield server


def test_a_certificate_with_a_short_life_is_renewed_before_it_ends(
    pebble: Pebble, database: str, server: ChallengeServer
) -> None:
    first = real_installation(database, pebble.directory, pebble.trust_root).issue(HOST).record
    assert first.certificate is not None
    assert first.due_at is not None
    left = first.certificate.not_after - first.due_at
    assert timedelta(seconds=LIFETIME / 4) < left < timedelta(seconds=LIFETIME / 2)
    due = first.due_at
    later = real_installation(database, pebble.directory, pebble.trust_root, clock=lambda: due)
    [outcome] = later.renew_due(10)
    assert outcome.result is Result.ISSUED
    assert outcome.record.certificate != first.certificate


def test_an_order_whose_process_is_killed_is_made_again(
    pebble: Pebble, database: str, server: ChallengeServer
) -> None:
    server.hold = Event()
    command = [sys.executable, "-m", "tests.certificates.dying_order", database, pebble.directory]
    dying = subprocess.Popen([*command, pebble.trust_root, HOST])
    try:
        assert server.reached.wait(PATIENCE)
    finally:
        dying.kill()
        dying.wait(PATIENCE)
        server.hold.set()
        server.hold = None
    store = SqlCertificateStore(open_engine(database))
    assert rules.state_of(store.find(HOST), real_time()) is State.PROVISIONING
    soon = real_installation(database, pebble.directory, pebble.trust_root)
    assert soon.issue(HOST).result is Result.UNDER_WAY

    def after_the_lease() -> datetime:
        return real_time() + LEASE

    later = real_installation(database, pebble.directory, pebble.trust_root, clock=after_the_lease)
    [outcome] = later.renew_due(10)
    assert outcome.result is Result.ISSUED
    assert outcome.record.failures == 0
