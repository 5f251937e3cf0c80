"""`waypost domain verify --wait` on a terminal, interrupted as an operator does it: Ctrl-C."""

import os
import pty
import signal
import subprocess
import time
from pathlib import Path

from tests.dns_server import DnsServer
from tests.integration.test_story import Installation
from tests.running import COMMAND, clean_environment

HOST, TARGET = "track.example.com", "t.waypost.test"
PATIENCE = 60.0


def read_until(terminal: int, awaited: str) -> str:
    """Return what the terminal got until this was part of it."""
    text, deadline = "", time.monotonic() + PATIENCE
    while awaited not in text:
        assert time.monotonic() < deadline, text
        text += os.read(terminal, 65536).decode()
    return text


def test_ctrl_c_on_a_terminal_leaves_the_database_whole(tmp_path: Path) -> None:
    with DnsServer() as dns:
        dns.add(TARGET, "A", "192.0.2.10")
        installation = Installation(
            tmp_path,
            f'[domains]\ncname_targets = ["{TARGET}"]\nnameservers = ["127.0.0.1"]\n'
            f'nameserver_port = {dns.port}\ncertificate_authority = ""\n'
            "probe_http_port = 0\nprobe_https_port = 0\n",
        )
        installation.run("domain", "add", HOST)
        ours, its = pty.openpty()
        command = [COMMAND, "domain", "verify", HOST, "--wait"]
        environment = clean_environment({"TERM": "xterm", "COLUMNS": "100"})
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdin=its, stdout=its, stderr=its, start_new_session=True
        ) as process:
            os.close(its)
            drawn = read_until(ours, "Looking again every")
            assert "\x1b[" in drawn
            assert "DNS:     no record" in drawn
            process.send_signal(signal.SIGINT)
            told = read_until(ours, "looks at once.")
            assert f"Stopped waiting: {HOST} is pending, and nothing is lost." in told
            assert process.wait(PATIENCE) == 1
        os.close(ours)
        dns.add(HOST, "CNAME", TARGET)
        assert "verified" in installation.run("domain", "verify", HOST)
