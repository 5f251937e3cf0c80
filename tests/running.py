"""A real `waypost serve` in a process of its own, on ports and a folder of its own."""

import asyncio
import contextlib
import http.client
import itertools
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self, TypeVar

from tests.smtp_upstream import ScriptedUpstream

T = TypeVar("T")

COMMAND = Path(sys.executable).with_name("waypost")
PATIENCE = 60.0
LISTENING = re.compile(r"(relay|tracker) listening on (\S+):(\d+)")


# Below what the kernel gives out by itself (ip_local_port_range), so that nobody has the port until it is
# bound; each process of the tests begins elsewhere.
_ports = itertools.count(random.SystemRandom().randrange(12_000, 28_000))


def free_port() -> int:
    """Return a port that nothing listens on now, and that was not returned before."""
    while True:
        port = next(_ports)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def clean_environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without settings of Waypost, plus `extra`.

    The private ports are off: several run at the same time.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
    return kept | {"WAYPOST_MONITORING__LISTEN": "", "WAYPOST_WEB__LISTEN": ""} | (extra or {})


def waypost(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command in `folder` to its end."""
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=folder,
        env=clean_environment(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class RunningWaypost:
    """Started by `with`; `log` holds the lines so far. SIGTERM at the end, and the exit code is checked."""

    before: tuple[str, ...] = ()  # what the command is given to, as its last arguments

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.folder = folder
        self.log: list[str] = []
        self.smtp_port = self.http_port = 0
        self._arguments = arguments
        self._environment = environment

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [*self.before, COMMAND, "serve", *self._arguments],
            cwd=self.folder,
            env=clean_environment(self._environment),
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self.wait_for(lambda: any("ready" in line for line in self.log), "it never said that it is ready")
        for line in self.log:
            if found := LISTENING.search(line):
                setattr(self, "smtp_port" if found[1] == "relay" else "http_port", int(found[3]))
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.stop()
        self._close()

    def stop(self) -> int:
        """End it as an operator would, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def wait_for(self, happened: object, complaint: str) -> None:
        """Wait until `happened()` is true; fail with `complaint` and the log where it never is."""
        assert callable(happened)
        deadline = time.monotonic() + PATIENCE
        while not happened():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"{complaint}; log:\n" + "\n".join(self.log))
            time.sleep(0.02)

    def get(self, path: str, method: str = "GET", host: str = "localhost") -> http.client.HTTPResponse:
        """Ask the tracker for `path` on a connection of its own; the body is read."""
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=10)
        ) as client:
            client.request(method, path, headers={"Host": host, "User-Agent": "test"})
            response = client.getresponse()
            response.read()
            return response

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))

    def _close(self) -> None:
        self._reader.join(PATIENCE)
        assert self.process.stderr is not None
        self.process.stderr.close()


class UpstreamInThread:
    """A scripted upstream in a loop and thread of its own, for tests that block."""

    def __init__(self, upstream: ScriptedUpstream) -> None:
        self.upstream = upstream
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> ScriptedUpstream:
        self._thread.start()
        return self._run(self.upstream.__aenter__())

    def __exit__(self, *exception: object) -> None:
        self._run(self.upstream.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)
