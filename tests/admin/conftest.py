from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from admin.main import main
from tests.dns_server import DnsServer

SETTINGS = """
[domains]
cname_targets = ["t.waypost.test", "us.waypost.test"]
nameservers = ["127.0.0.1"]
nameserver_port = {port}
dns_seconds = 1.0
probe_http_port = 0
probe_https_port = 0
"""
Run = Callable[..., Result]


@pytest.fixture
def dns() -> DnsServer:
    """A DNS server of the test's own; started by `run`."""
    return DnsServer()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dns: DnsServer):  # type: ignore[no-untyped-def]
    """Run `waypost` in a folder where `waypost init` was run, with the DNS server of the test."""
    monkeypatch.chdir(tmp_path)
    with dns:
        dns.add("t.waypost.test", "A", "192.0.2.10")
        Path("waypost.toml").write_text(SETTINGS.format(port=dns.port))

        def invoke(*arguments: str, code: int = 0, **options: str) -> Result:
            result = CliRunner().invoke(main, arguments, **options)
            assert result.exit_code == code, result.output
            assert result.exception is None or isinstance(result.exception, SystemExit)
            return result

        invoke("init", "--if-missing")
        yield invoke
