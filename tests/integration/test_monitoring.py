"""The private port of a real server, in one process and with workers."""

import contextlib
import http.client
import re
import signal
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.running import RunningWaypost, free_port, waypost

MESSAGE = b"From: app@shop.example\r\nTo: b@there.example\r\nSubject: x\r\n\r\nhello\r\n"


class Monitored(RunningWaypost):
    """A server whose monitoring port is known."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.port = free_port()
        super().__init__(
            folder,
            WAYPOST_RELAY__LISTEN="127.0.0.1:0",
            WAYPOST_TRACKER__LISTEN="127.0.0.1:0",
            WAYPOST_MONITORING__LISTEN=f"127.0.0.1:{self.port}",
            **environment,
        )

    def ask(self, path: str) -> tuple[int, str]:
        """Return status and body."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as client:
            client.request("GET", path)
            response = client.getresponse()
            return response.status, response.read().decode()

    def metric(self, name: str, **labels: str) -> float:
        """Return one sample's value."""
        (value,) = [
            sample.value
            for family in text_string_to_metric_families(self.ask("/metrics")[1])
            for sample in family.samples
            if sample.name == f"waypost_{name}" and labels.items() <= sample.labels.items()
        ]
        return value

    def send(self) -> None:
        """Send a message."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as client:
            client.sendmail("app@shop.example", ["b@there.example"], MESSAGE)


@pytest.fixture(params=["1", "2"], ids=["one process", "two workers"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Monitored]:
    assert waypost(tmp_path, "init", "--demo").returncode == 0
    with Monitored(tmp_path, WAYPOST_RELAY__WORKERS=request.param) as running:
        yield running


def test_a_running_server_shows_what_it_did(running: Monitored) -> None:
    assert running.ask("/healthz") == (200, "ok\n")
    described = re.findall(r"^# HELP (\S+)", running.ask("/metrics")[1], re.MULTILINE)
    assert len(set(described)) == len(described)  # else Prometheus may take one for the other
    assert running.ask("/readyz") == (200, "ready\n")
    for _ in range(4):
        running.send()
    running.get("/c/forged")
    assert running.metric("messages_total", verdict="relayed") == 4
    assert running.metric("replies_total", phase="rcpt", code="2xx") == 4
    assert running.metric("tracker_requests_total", kind="click", outcome="unknown") == 1
    assert running.metric("domains_age_seconds") < 10
    assert running.metric("keys_age_seconds") < 10
    assert running.metric("journal_waiting_bytes") >= 0
    with smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=10):
        running.wait_for(lambda: running.metric("connections") == 1, "a client was not seen")
    running.wait_for(lambda: running.metric("connections") == 0, "a client stayed")


def test_readiness_fails_before_clients_are_refused(tmp_path: Path) -> None:
    assert waypost(tmp_path, "init", "--demo").returncode == 0
    with Monitored(tmp_path, WAYPOST_MONITORING__DRAIN_SECONDS="600") as running:
        running.process.send_signal(signal.SIGTERM)
        running.wait_for(lambda: running.ask("/readyz") == (503, "stopping\n"), "it stayed ready")
        assert running.ask("/healthz")[0] == 200
        running.send()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(20) == 0
