"""A running server shows all that the alert rules and the dashboard ask for."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.queries import Labels, missing, queries, shown
from tests.integration.test_monitoring import Monitored
from tests.running import free_port, waypost


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Monitored]:
    """With everything that there is: certificates, a domain to check, a webhook."""
    (tmp_path / "waypost.toml").write_text(
        f'[tls]\nmode = "acme"\nlisten = ["127.0.0.1:0"]\nterms_agreed = true\n'
        f'directory = "https://127.0.0.1:{free_port()}/dir"\n'
        f'[upstream]\nurl = "smtp://127.0.0.1:{free_port()}"\n'
        '[domains]\ncname_targets = ["t.waypost.test"]\nnameservers = ["127.0.0.1"]\n'
        f"nameserver_port = {free_port()}\n"
        '[webhooks]\nallow_private = ["127.0.0.0/8"]\n'
    )
    for command in (
        ("init", "--if-missing"),
        ("domain", "add", "track.example.com"),
        ("webhook", "add", f"http://127.0.0.1:{free_port()}/"),
    ):
        done = waypost(tmp_path, *command)
        assert done.returncode == 0, done.stderr
    with Monitored(tmp_path) as running:
        yield running


@pytest.mark.long  # three processes start for it, and three commands before
def test_a_running_server_shows_what_is_asked_for(running: Monitored) -> None:
    def there() -> dict[str, Labels]:
        return shown(text_string_to_metric_families(running.ask("/metrics")[1]))

    late = {"waypost_domain_checks_total", "waypost_webhook_attempts_total"}  # of processes that begin later

    def all_began() -> bool:
        time.sleep(0.5)  # asking all the time would keep them from their start
        return late <= there().keys()

    running.wait_for(all_began, "nobody checked a domain or sent to a webhook")
    asked, found = list(queries()), there()
    assert [faults for query in asked if (faults := missing(query, found))] == []
