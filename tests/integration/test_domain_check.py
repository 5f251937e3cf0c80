"""`waypost domain verify` as an operator runs it: real DNS, and a real tracker that the probes reach."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner

from admin.main import main
from domains.evidence import Evidence, ProbeAnswer, Reached
from service.domain_checks.check import CheckOnDemand
from service.settings_file import load_settings
from tests.dns_server import DnsServer
from tests.domains.builders import tracking_domain
from tests.domains.probing.clients import server_tls
from tests.running import RunningWaypost, free_port
from tests.tracker.serving import everything
from tests.web_server import WebServer, ok, says

HOST, TARGET = "track.example.com", "t.waypost.test"


class Operator:
    """A folder with settings, and a DNS server in which this machine is the target."""

    def __init__(self, folder: Path, dns: DnsServer) -> None:
        self.folder = folder
        self.http_port = free_port()
        self._dns = dns
        dns.add(TARGET, "A", "127.0.0.1")
        dns.add(HOST, "CNAME", TARGET)

    def configure(self, **domains: object) -> None:
        """Write the settings; the probes go to the tracker's port, and to no https port."""
        section = {
            "cname_targets": [TARGET],
            "nameservers": ["127.0.0.1"],
            "nameserver_port": self._dns.port,
            "probe_http_port": self.http_port,
            "probe_https_port": 0,
        } | domains
        lines = [f"{name} = {json.dumps(value)}" for name, value in section.items()]
        (self.folder / "waypost.toml").write_text(
            '[relay]\nlisten = ["127.0.0.1:0"]\n'
            f'[tracker]\nlisten = ["127.0.0.1:{self.http_port}"]\n'
            "[domains]\n" + "\n".join(lines)
        )

    def run(self, *arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, ["--config", str(self.folder / "waypost.toml"), *arguments])
        assert done.exit_code == code, done.output
        return done.output

    def verify(self, code: int = 0) -> str:
        """Return the diagnosis."""
        return self.run("domain", "verify", HOST, code=code)

    def look(self) -> Evidence:
        """Check once more, and return what was seen."""
        settings = load_settings(self.folder / "waypost.toml", {})
        return CheckOnDemand(settings).look_at(tracking_domain(HOST, target=TARGET), lambda _: None)


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    monkeypatch.chdir(tmp_path)
    with DnsServer() as dns:
        operator = Operator(tmp_path, dns)
        operator.configure()
        operator.run("init", "--if-missing")
        operator.run("domain", "add", HOST)
        yield operator


def test_a_running_tracker_proves_that_it_is_ours(operator: Operator) -> None:
    with RunningWaypost(operator.folder):
        assert operator.verify() == f"{HOST}: verified. {HOST} points to {TARGET}.\n"
        http = operator.look().http
    assert http == ProbeAnswer(reached=Reached.OURS, address="127.0.0.1", status=200)


def test_it_proves_with_a_key_made_after_it_was_started(operator: Operator) -> None:
    with RunningWaypost(operator.folder):
        operator.run("keys", "rotate")
        assert operator.look().http.reached is Reached.OURS


def test_another_web_server_is_told_from_it(operator: Operator) -> None:
    with WebServer(says(ok(b"<html>", b"Server: nginx"))) as other:
        operator.configure(probe_http_port=other.port)
        told = operator.verify()
    assert f"Another web server answers at http://{HOST}: 127.0.0.1 answers 200 (nginx)." in told


def test_nobody_answers(operator: Operator) -> None:
    told = operator.verify()
    assert (
        f"Nobody answers at http://{HOST}: 127.0.0.1 port {operator.http_port} refused the connection."
        in told
    )


def test_where_the_sign_is_required_the_domain_waits_for_it(operator: Operator) -> None:
    operator.configure(require_probe=True)
    assert f"{HOST}: pending." in operator.verify(code=1)
    with RunningWaypost(operator.folder):
        assert f"{HOST}: verified." in operator.verify()


def test_a_proxy_of_the_customer_s_own_with_https(operator: Operator) -> None:
    """Its certificate is not ours, and it asks the tracker on."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(operator.folder / "ca.pem"))
    with ExitStack() as stack:
        stack.enter_context(RunningWaypost(operator.folder))

        def pass_on(connection: socket.socket, request: bytes) -> None:
            with socket.create_connection(("127.0.0.1", operator.http_port)) as tracker:
                tracker.sendall(request)
                connection.sendall(everything(tracker))

        proxy = stack.enter_context(WebServer(pass_on, server_tls(authority.issue_cert(HOST))))
        operator.configure(probe_https_port=proxy.port, probe_ca_file=str(operator.folder / "ca.pem"))
        assert operator.look().https.reached is Reached.OURS
        operator.configure(probe_https_port=proxy.port)
        assert "its certificate comes from an authority that is not trusted" in operator.verify()


def test_keys_that_cannot_be_read_are_told(operator: Operator) -> None:
    (operator.folder / "var/keys.json").unlink()
    assert "no key ring; `waypost init` makes one" in operator.verify(code=1)


def test_a_file_of_authorities_that_cannot_be_used_is_told(operator: Operator) -> None:
    operator.configure(probe_ca_file="missing.pem")
    assert "missing.pem cannot be used" in operator.verify(code=1)
