"""A real Postfix of the test's own: settings, queue, log and port in a folder of its own, started as root.

    with Postfix("relayhost = [127.0.0.1]:2525") as postfix:
        postfix.send(b"Subject: x\\r\\n\\r\\n", "a@sender.test", "b@there.test")
        assert postfix.status("b@there.test").startswith("sent")

It takes mail from loopback for any domain and delivers none itself. `documented` reads settings from
docs/postfix.md, so that what stands there is what was tried.
"""

import contextlib
import json
import os
import re
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest

from tests.running import free_port

PATIENCE = 60.0
GUIDE = Path(__file__).parents[1] / "docs" / "postfix.md"

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = postfix.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
"""

_MASTER = """
{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
showq unix n - n - - showq
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


def require_postfix() -> None:
    """Skip the test where no Postfix can be started."""
    if shutil.which("postfix") is None:
        pytest.skip("postfix is not installed")
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root to start")


def documented(heading: str, waypost_port: int, port: str = "2525") -> tuple[str, str]:
    """Return main.cf and master.cf of a section of docs/postfix.md, with the real port put in."""
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", GUIDE.read_text(), re.M | re.S)
    assert section is not None, f"docs/postfix.md has no section {heading!r}"
    found = {"main.cf": "", "master.cf": ""}
    for name, text in re.findall(r"^```\n# (main\.cf|master\.cf)\n(.*?)^```$", section[1], re.M | re.S):
        found[name] += text.replace(f":{port}", f":{waypost_port}")
    assert found["main.cf"], f"the section {heading!r} of docs/postfix.md sets nothing"
    return found["main.cf"], found["master.cf"]


class Postfix:
    """Started and stopped by `with`. `main` and `master` are added to what every test needs."""

    def __init__(self, main: str = "", master: str = "") -> None:
        self.port = free_port()
        # Not below pytest's own folder, which only its owner may enter: Postfix' daemons are not root.
        self.folder = Path(tempfile.mkdtemp(prefix="postfix-"))
        self.folder.chmod(0o755)
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        self.configure(main, master)

    def configure(self, main: str = "", master: str = "") -> None:
        """Write the settings; they count from the next start."""
        etc = self.folder / "etc"
        (etc / "main.cf").write_text(_MAIN.format(folder=self.folder) + main)
        (etc / "master.cf").write_text(_MASTER.format(port=self.port) + master)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Start, and wait until it takes mail."""
        self._process = subprocess.Popen(
            ["postfix", "-c", self.folder / "etc", "start-fg"], stderr=subprocess.DEVNULL
        )
        self.wait_for(self._listening, "Postfix does not answer")

    def stop(self) -> None:
        """Stop it and all its daemons; what is in the queue stays there."""
        # Ending the process started here is not enough: it is a shell, and Postfix would outlive it.
        for how in ("stop", "abort"):
            subprocess.run(
                ["postfix", "-c", self.folder / "etc", how], stderr=subprocess.DEVNULL, check=False
            )
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
                return
        raise TimeoutError("Postfix does not stop")

    @property
    def pid(self) -> int:
        """The process that started all others."""
        return self._process.pid

    def send(
        self,
        message: bytes,
        sender: str,
        *recipients: str,
        mail_options: tuple[str, ...] = (),
        rcpt_options: tuple[str, ...] = (),
    ) -> None:
        """Hand it a message; it must take it."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=PATIENCE) as client:
            refused = client.sendmail(sender, recipients, message, mail_options, rcpt_options)
            assert not refused

    @property
    def log(self) -> str:
        """What it has logged so far."""
        path = self.folder / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def statuses(self, recipient: str) -> list[str]:
        """Return how each attempt for a recipient ended: `sent (250 …)`, `deferred (…)`, `bounced (…)`."""
        return re.findall(rf"to=<{re.escape(recipient)}>.* status=(.*)", self.log)

    def status(self, recipient: str) -> str:
        """Wait for the first attempt to end, and return how it did."""
        self.wait_for(lambda: self.statuses(recipient), f"nothing became of the mail to {recipient}")
        return self.statuses(recipient)[0]

    def queue(self) -> list[dict[str, Any]]:
        """Return what waits in the queue, as `postqueue -j` has it."""
        listing = subprocess.run(
            ["postqueue", "-c", self.folder / "etc", "-j"], capture_output=True, text=True, check=True
        )
        return [json.loads(line) for line in listing.stdout.splitlines()]

    def wait_for(self, happened: Callable[[], object], complaint: str, patience: float = PATIENCE) -> None:
        """Wait until `happened()` is true; fail with `complaint` and the log where it never is."""
        deadline = time.monotonic() + patience
        while not happened():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise AssertionError(f"{complaint}; log:\n{self.log[-8000:]}")
            time.sleep(0.02)

    def _listening(self) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=PATIENCE):
                return True
        except OSError:
            return False
