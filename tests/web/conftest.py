import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from admin.main import main
from tests.admin.conftest import SETTINGS, Run, dns
from tests.dns_server import DnsServer
from tests.postgresql import PostgreSQL
from tests.web.api_server import Api, served

__all__ = ["dns"]


def invoke(*arguments: str, code: int = 0, **options: str) -> Result:
    """Run `waypost` in the current folder."""
    result = CliRunner().invoke(main, arguments, **options)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation to copy: making one takes longer than most tests."""
    folder = tmp_path_factory.mktemp("installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        invoke("init")
        invoke("project", "add", "shop")
    return folder


@contextlib.contextmanager
def installation(installed: Path, folder: Path, dns: DnsServer, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make a copy of it the current folder."""
    patch.chdir(shutil.copytree(installed, folder))
    with dns:
        dns.add("t.waypost.test", "A", "192.0.2.10")
        Path("waypost.toml").write_text(SETTINGS.format(port=dns.port))
        yield


@pytest.fixture
def run(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dns: DnsServer) -> Iterator[Run]:
    """Run `waypost` in an installation with the projects `default` and `shop`."""
    with installation(installed, tmp_path / "waypost", dns, monkeypatch):
        yield invoke


@pytest.fixture
def nobody(run: Run) -> Iterator[Api]:
    """Ask without a key."""
    pytest.importorskip("fastapi", reason="fastapi is not installed")
    with served(run) as api:
        yield api


@pytest.fixture
def operator(nobody: Api) -> Api:
    """Ask with a key that may do everything."""
    return nobody.key()


@pytest.fixture(params=("sqlite", "postgresql"))
def operator_of_each(request: pytest.FixtureRequest, run: Run) -> Iterator[Api]:
    """Ask with a key that may do everything, on either database."""
    pytest.importorskip("fastapi", reason="fastapi is not installed")
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        name = f"web_{secrets.token_hex(4)}"
        server.execute("CREATE DATABASE {}", name)
        with Path("waypost.toml").open("a") as settings:
            settings.write(f'\n[database]\nurl = "{server.url(name)}"\n')
        run("db", "upgrade")
        run("project", "add", "shop")
    with served(run) as api:
        yield api.key()
