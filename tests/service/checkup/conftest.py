from collections.abc import Iterator
from pathlib import Path

import pytest

from links.key_ring import KeyRing
from service.database_upgrade import upgrade_database
from service.key_file import new_secret, save_key_ring
from service.settings import Settings
from tests.dns_server import DnsServer
from tests.service.checkup.findings import MILLISECONDS, with_section


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.add("t.waypost.test", "A", "192.0.2.10")
        yield server


@pytest.fixture
def settings(tmp_path: Path, dns: DnsServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Those of an installation that is set up and well, with the DNS server of the test."""
    monkeypatch.chdir(tmp_path)
    settings = with_section(
        Settings(),
        "domains",
        cname_targets=("t.waypost.test",),
        nameservers=("127.0.0.1",),
        nameserver_port=dns.port,
        dns_seconds=1.0,
        probe_http_port=0,
        probe_https_port=0,
    )
    upgrade_database(settings, create=True)
    save_key_ring(settings.keys.file, KeyRing.first(new_secret(), MILLISECONDS - 1000))
    return settings
