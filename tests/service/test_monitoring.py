import asyncio
import http.client
import socket
from collections.abc import Callable
from typing import TypeVar

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families

from service.monitoring import MAX_HEAD, MonitoringServer, Readiness, State, new_registry, watch

T = TypeVar("T")
Answer = tuple[int, str, str]
TRACKED = ["track.example.com"]


def ask(*paths: str, readiness: Readiness | None = None, method: str = "GET") -> list[Answer]:
    """Return status, content type and body of each."""
    registry = new_registry()
    Counter("waypost_things", "Things", registry=registry).inc(3)

    def client(port: int) -> list[Answer]:
        answers = []
        for path in paths:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request(method, path)
            response = connection.getresponse()
            answers.append((response.status, response.headers["Content-Type"], response.read().decode()))
            connection.close()
        return answers

    async def scene(registry: CollectorRegistry) -> list[Answer]:
        return await served(registry, readiness or Readiness(), client)

    return asyncio.run(scene(registry))


async def served(registry: CollectorRegistry, readiness: Readiness, client: Callable[[int], T]) -> T:
    sock = socket.create_server(("127.0.0.1", 0))
    server = MonitoringServer(registry, readiness, TRACKED.__contains__)
    await server.start(sock)
    try:
        return await asyncio.to_thread(client, sock.getsockname()[1])
    finally:
        await server.stop()


def test_metrics_are_what_prometheus_reads() -> None:
    ((status, content_type, body),) = ask("/metrics")
    assert status == 200
    assert content_type.startswith("text/plain; version=")
    assert [family.name for family in text_string_to_metric_families(body)] == ["waypost_things"]


@pytest.mark.parametrize("state", State)
def test_a_process_that_answers_is_alive(state: State) -> None:
    readiness = Readiness()
    readiness.state = state
    assert ask("/healthz", readiness=readiness)[0][0] == 200


@pytest.mark.parametrize(
    ("state", "obstacle", "status", "body"),
    [
        (State.STARTING, "", 503, "starting\n"),
        (State.SERVING, "", 200, "ready\n"),
        (State.SERVING, "no worker runs", 503, "no worker runs\n"),
        (State.STOPPING, "", 503, "stopping\n"),
    ],
)
def test_ready_only_while_it_serves(state: State, obstacle: str, status: int, body: str) -> None:
    readiness = Readiness(lambda: obstacle)
    readiness.state = state
    assert ask("/readyz?verbose", readiness=readiness) == [(status, "text/plain; charset=utf-8", body)]


def test_a_watched_value_is_as_it_is_when_asked_for() -> None:
    registry, values = new_registry(), [1.0]
    watch(registry, "waypost_age_seconds", "Age", lambda: values[-1])
    assert registry.get_sample_value("waypost_age_seconds") == 1
    values.append(2.5)
    assert registry.get_sample_value("waypost_age_seconds") == 2.5


def test_nothing_else_is_there() -> None:
    assert [status for status, _, _ in ask("/", "/metricsx", "/../etc/passwd")] == [404, 404, 404]
    assert ask("/metrics", method="POST")[0][0] == 405


ASKED = {
    "domain=track.example.com": 200,
    "x=1&domain=track%2Eexample.com": 200,
    "domain=never.example.com": 404,
    "domain=track.example.com&domain=never.example.com": 404,  # who reads the first, and who the last?
    "domain=": 404,
    "domain=%ff%00": 404,
    "": 404,
    "&".join(["domain=track.example.com"] * 200): 404,
}


def test_a_front_is_told_which_hosts_need_a_certificate() -> None:
    answers = ask(*(f"/ask?{query}" for query in ASKED))
    assert [status for status, _, _ in answers] == list(ASKED.values())
    assert {body for _, _, body in answers} == {"yes\n", "no\n"}
    assert ask("/ask?domain=track.example.com", method="POST")[0][0] == 405


def test_head_has_no_body() -> None:
    assert ask("/metrics", method="HEAD")[0][2] == ""


@pytest.mark.parametrize("said", [b"", b"GET /metrics HTT", b"x" * (2 * MAX_HEAD)])
def test_what_is_no_request_gets_no_answer(said: bytes) -> None:
    def client(port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            try:
                return connection.recv(1000)
            except ConnectionResetError:
                return b""

    assert asyncio.run(served(CollectorRegistry(), Readiness(), client)) == b""
