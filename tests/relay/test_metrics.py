import asyncio
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from events.model import Verdict
from relay.metrics import Fault, Phase, RelayMetrics
from relay.pipeline import Prepared
from relay.plan import Plan, Untracked
from relay.upstream.health import Health
from tests.relay.harness import MESSAGE, TRACKED_MESSAGE, RunningRelay, smtp_upstream, until
from tests.smtp_upstream import ScriptedUpstream


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> RelayMetrics:
    return RelayMetrics(registry)


def test_every_series_is_there_before_anything_happened(
    registry: CollectorRegistry, metrics: RelayMetrics
) -> None:
    shown = generate_latest(registry).decode()
    for labels in (
        'messages_total{verdict="unknown"} 0.0',
        'replies_total{code="4xx",phase="rcpt"} 0.0',
        'faults_total{of="record"} 0.0',
        'untracked_messages_total{reason="null-sender"} 0.0',
        "links_tracked_total 0.0",
    ):
        assert f"waypost_{labels}" in shown


@pytest.mark.parametrize(("code", "label"), [(250, "2xx"), (451, "4xx"), (554, "5xx")])
def test_replies_by_phase_and_class(
    registry: CollectorRegistry, metrics: RelayMetrics, code: int, label: str
) -> None:
    metrics.replied(Phase.RCPT, code)
    assert registry.get_sample_value("waypost_replies_total", {"phase": "rcpt", "code": label}) == 1


def test_a_reply_that_ends_nothing_is_not_counted(registry: CollectorRegistry, metrics: RelayMetrics) -> None:
    before = generate_latest(registry)
    metrics.replied(Phase.MESSAGE, 354)
    assert generate_latest(registry) == before


def test_tracked_and_untracked_messages(registry: CollectorRegistry, metrics: RelayMetrics) -> None:
    untracked = Plan(sending_domain="a.example", untracked=Untracked.OFF)
    nothing = Prepared(content=b"", original=b"", plan=untracked)
    metrics.prepared(nothing, size=2000, seconds=0.2)
    tracked = Plan(sending_domain="a.example", base="https://t.example")
    metrics.prepared(replace(nothing, plan=tracked, key=1, pixel=True), size=10, seconds=0.2)
    assert registry.get_sample_value("waypost_untracked_messages_total", {"reason": "off"}) == 1
    assert registry.get_sample_value("waypost_pixels_inserted_total") == 1
    assert registry.get_sample_value("waypost_message_bytes_sum") == 2010
    assert registry.get_sample_value("waypost_message_bytes_bucket", {"le": "1024.0"}) == 1
    assert registry.get_sample_value("waypost_prepare_seconds_count") == 2


def test_what_a_transaction_counts() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as upstream, RunningRelay(smtp_upstream(upstream.port)) as relay:
            upstream.answer("RCPT", "550 5.1.1 no", "250 ok")
            client = await relay.ready()
            await client.envelope("nobody@there.example", "b@there.example")
            await client.data(TRACKED_MESSAGE)
            await client.deliver(MESSAGE)
            await client.say("RCPT TO:<x@y.example>")
            assert relay.counted("replies_total", phase="mail", code="2xx") == 2
            assert relay.counted("replies_total", phase="rcpt", code="2xx") == 2
            assert relay.counted("replies_total", phase="rcpt", code="5xx") == 2
            assert relay.counted("replies_total", phase="message", code="2xx") == 2
            assert relay.counted("links_tracked_total") == 1
            assert relay.counted("upstream_seconds_count") == 2
            assert relay.counted("connections") == 1
            assert relay.counted("deliveries") == 0
            client.close()
            await until(lambda: relay.counted("connections") == 0)

    asyncio.run(scene())


def test_a_message_under_way_is_seen() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as upstream, RunningRelay(smtp_upstream(upstream.port)) as relay:
            gate = upstream.hold_end()
            client = await relay.ready()
            await client.envelope("b@there.example")
            await client.say("DATA")
            client.send(MESSAGE + b".\r\n")
            await upstream.paused_before_end.wait()
            assert relay.counted("deliveries") == 1
            assert relay.counted("in_flight_bytes") == 4 * len(MESSAGE)
            gate.set()
            await client.reply()
            await until(lambda: relay.counted("in_flight_bytes") == 0)

    asyncio.run(scene())


def test_faults_are_told_apart(registry: CollectorRegistry, metrics: RelayMetrics) -> None:
    metrics.failed(Fault.RECORD)
    counted = {fault: registry.get_sample_value("waypost_faults_total", {"of": fault}) for fault in Fault}
    assert counted == {Fault.TRACKING: 0, Fault.RECORD: 1, Fault.SESSION: 0}


def test_a_server_is_up_or_down_by_name(registry: CollectorRegistry, metrics: RelayMetrics) -> None:
    for up in (True, False):
        metrics.watch_upstream(Health(name="mx.example:25", up=up, since=0.0, error="x"))
        assert registry.get_sample_value("waypost_upstream_up", {"upstream": "mx.example:25"}) == up


@pytest.mark.parametrize("replayed", [True, False])
def test_envelopes_said_again(registry: CollectorRegistry, metrics: RelayMetrics, replayed: bool) -> None:
    metrics.ended(Verdict.RELAYED, seconds=0.1, replayed=replayed)
    assert registry.get_sample_value("waypost_replays_total") == replayed
