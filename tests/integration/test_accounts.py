"""Two projects side by side on one running relay: who may send, as whom, and what never mixes."""

import json
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from click.testing import CliRunner

from admin.main import main
from tests.dns_server import DnsServer
from tests.mail_programs import node, swaks
from tests.relay_installation import RelayInstallation
from tests.running import PATIENCE, RunningWaypost, UpstreamInThread, free_port
from tests.smtp_upstream import ScriptedUpstream

LINK = "https://shop.example/offer"
NAMES = ("north", "south")


@dataclass(frozen=True)
class Tenant:
    """A project with a login, a sending domain, a tracking domain and an upstream."""

    name: str
    username: str
    password: str
    upstream: ScriptedUpstream

    @property
    def sender(self) -> str:
        return f"news@{self.name}.example"

    def login(self, *how: str) -> list[str]:
        """Return the arguments of swaks that sign in."""
        return [*how, "--auth-user", self.username, "--auth-password", self.password]

    def message(self, sender: str = "") -> bytes:
        return (
            f"From: {sender or self.sender}\r\nMessage-ID: <1@{self.name}.example>\r\n"
            f'Content-Type: text/html\r\n\r\n<p><a href="{LINK}">Offer</a></p>\r\n'
        ).encode()


class Relays:
    """A running Waypost that admits nobody by address."""

    def __init__(self, folder: Path, stack: ExitStack, relay: str = "") -> None:
        self.folder = folder
        self.trust = folder / "trust.pem"
        self._write_certificate()
        self.secure = free_port()
        self.default = stack.enter_context(UpstreamInThread(ScriptedUpstream()))
        upstreams = {name: stack.enter_context(UpstreamInThread(ScriptedUpstream())) for name in NAMES}
        self._dns = stack.enter_context(DnsServer())
        installation = RelayInstallation(
            folder,
            self.default.port,
            listen=(f"smtps://127.0.0.1:{self.secure}",),
            relay=f'networks = []\ntls_certificate = "tls.pem"\ntls_key = "tls.pem"\n{relay}',
            more=self._sections(upstreams),
        )
        self.port = installation.smtp_port
        self.tenants = [self._tenant(name, upstreams[name]) for name in NAMES]
        self.doomed = self._login("north", upstreams["north"])
        self.limited = self._login("north", upstreams["north"], "--messages-per-minute", "1")
        self.running = stack.enter_context(RunningWaypost(folder))

    def command(self, *arguments: str) -> str:
        """Run a command in this process."""
        done = CliRunner().invoke(main, ["--config", str(self.folder / "waypost.toml"), *arguments])
        assert done.exit_code == 0, done.output
        return done.output

    def events(self, project: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(
            self.command("events", "list", "--project", project, "--json")
        )
        return found

    def await_events(self, tenant: Tenant, count: int) -> None:
        """Wait until so many are in the database, all of them the tenant's."""
        expected = [f"reader@{tenant.name}.test"] * count
        self.running.wait_for(
            lambda: [event["recipient"] for event in self.events(tenant.name)] == expected,
            f"the events of {tenant.name} do not arrive",
        )

    @property
    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.trust)

    def client(self) -> smtplib.SMTP_SSL:
        return smtplib.SMTP_SSL("localhost", self.secure, timeout=PATIENCE, context=self.context)

    def signed_in(self, tenant: Tenant) -> smtplib.SMTP_SSL:
        client = self.client()
        client.login(tenant.username, tenant.password)
        return client

    def _write_certificate(self) -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(self.folder / "tls.pem")
        authority.cert_pem.write_to_path(self.trust)

    def _sections(self, upstreams: dict[str, ScriptedUpstream]) -> str:
        named = "".join(
            f'[upstreams.{name}]\nurl = "smtp://127.0.0.1:{upstream.port}"\n'
            for name, upstream in upstreams.items()
        )
        return (
            f'[domains]\ncname_targets = ["t.waypost.test"]\nnameservers = ["127.0.0.1"]\n'
            f"nameserver_port = {self._dns.port}\nprobe_http_port = 0\nprobe_https_port = 0\n{named}"
        )

    def _tenant(self, name: str, upstream: ScriptedUpstream) -> Tenant:
        self._dns.add("t.waypost.test", "A", "192.0.2.10")
        self._dns.add(f"track.{name}.example", "CNAME", "t.waypost.test")
        own = ("--project", name)
        self.command("project", "add", name)
        self.command("project", "set", name, "--upstream", name)
        self.command("domain", "add", f"track.{name}.example", *own)
        self.command("domain", "verify", f"track.{name}.example", *own)
        self.command("sender", "add", f"{name}.example", *own)
        self.command("sender", "link", f"{name}.example", f"track.{name}.example", *own)
        return self._login(name, upstream)

    def _login(self, name: str, upstream: ScriptedUpstream, *limits: str) -> Tenant:
        made = json.loads(self.command("credential", "add", "--project", name, *limits, "--json"))
        return Tenant(name, made["username"], made["password"], upstream)


@pytest.fixture(scope="module", params=["", "workers = 2\n"], ids=["one process", "two workers"])
def relays(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relays]:
    with ExitStack() as stack:
        yield Relays(tmp_path_factory.mktemp("waypost"), stack, request.param)


@pytest.fixture
def north(relays: Relays) -> Tenant:
    relays.default.transactions.clear()
    for tenant in relays.tenants:
        tenant.upstream.transactions.clear()
    return relays.tenants[0]


def test_mail_domains_and_events_of_two_projects_never_mix(relays: Relays, north: Tenant) -> None:
    south = relays.tenants[1]
    with relays.signed_in(north) as first, relays.signed_in(south) as second:
        for client, tenant in [(first, north), (second, south), (first, north)]:
            client.sendmail(tenant.sender, f"reader@{tenant.name}.test", tenant.message())
    counts = [len(tenant.upstream.taken) for tenant in relays.tenants]
    assert counts == [2, 1]
    assert not relays.default.transactions
    for tenant in relays.tenants:
        for seen in tenant.upstream.taken:
            assert seen.accepted == [f"<reader@{tenant.name}.test>"]
            content = (seen.content or b"").decode()
            assert set(re.findall(r"http://([^/]+)/[co]/", content)) == {f"track.{tenant.name}.example"}
        tracked = re.search(r'href="http://[^/]+(/c/[^"]+)"', content)
        assert tracked is not None
        assert relays.running.get(tracked[1], host=f"track.{tenant.name}.example").status == 302
    relays.await_events(north, 3)  # a click for one of the messages
    relays.await_events(south, 2)
    assert relays.events("default") == []
    signed = f"credential={north.username}"
    relays.running.wait_for(
        lambda: any(" relayed " in line and signed in line for line in relays.running.log),
        "the log does not name who sent",
    )
    assert not any(tenant.password in line for tenant in relays.tenants for line in relays.running.log)


def test_one_project_cannot_send_as_another(relays: Relays, north: Tenant) -> None:
    with relays.signed_in(north) as client:
        with pytest.raises(smtplib.SMTPSenderRefused, match=r"5\.7\.1") as refused:
            client.sendmail("news@south.example", "a@there.test", north.message())
        assert refused.value.smtp_code == 550
        with pytest.raises(smtplib.SMTPDataError, match=r"5\.7\.1"):
            client.sendmail(north.sender, "a@there.test", north.message("news@south.example"))
        client.sendmail(north.sender, "a@there.test", north.message())
    assert len(north.upstream.taken) == 1


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "implicit TLS"])
def test_12_swaks_signs_in(relays: Relays, north: Tenant, implicit: bool, mechanism: str) -> None:
    port, option = (relays.secure, "--tls-on-connect") if implicit else (relays.port, "--tls")
    done = swaks(
        f"127.0.0.1:{port}",
        *north.login(option, "--auth", mechanism, "--from", north.sender, "--to", "reader@there.test"),
    )
    assert done.returncode == 0, done.stdout
    assert "<~  235 2.7.0" in done.stdout
    [seen] = north.upstream.taken
    assert b"with ESMTPSA id" in (seen.content or b"")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "implicit TLS"])
def test_nodemailer_signs_in(
    relays: Relays, north: Tenant, node_folder: Path, implicit: bool, mechanism: str
) -> None:
    port = relays.secure if implicit else relays.port
    said = node(
        node_folder,
        f"""
        const transport = require("nodemailer").createTransport({{
            host: "localhost", port: {port}, secure: {json.dumps(implicit)}, requireTLS: true,
            authMethod: "{mechanism}", auth: {{ user: "{north.username}", pass: "{north.password}" }},
            tls: {{ ca: require("fs").readFileSync({json.dumps(str(relays.trust))}) }} }});
        const info = await transport.sendMail({{ from: "{north.sender}", to: "reader@there.test",
            subject: "x", text: "Hello" }});
        console.log(info.response);
        """,
    )
    assert said.startswith("250 ")
    assert len(north.upstream.taken) == 1


def test_12_nobody_relays_who_is_not_known(relays: Relays, north: Tenant) -> None:
    done = swaks(f"127.0.0.1:{relays.port}", "--from", north.sender, "--to", "reader@there.test")
    assert re.search(r"^<\*\* 530 5\.7\.0", done.stdout, re.M), done.stdout
    with relays.client() as client:
        client.ehlo()
        assert client.mail(north.sender)[0] == 530
        assert client.rcpt("reader@there.test")[0] == 503
        assert client.docmd("DATA")[0] == 503
    assert not north.upstream.transactions
    assert not relays.default.transactions


def test_12_no_password_is_taken_in_clear(relays: Relays, north: Tenant) -> None:
    with smtplib.SMTP("127.0.0.1", relays.port, timeout=PATIENCE) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert client.docmd("AUTH", "PLAIN AGEAYg==")[0] == 538
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.login(north.username, north.password)


def test_12_a_wrong_password_opens_nothing(relays: Relays, north: Tenant) -> None:
    with relays.client() as client:
        with pytest.raises(smtplib.SMTPAuthenticationError, match=r"5\.7\.8"):
            client.login(north.username, "wrong")
        assert client.mail(north.sender)[0] == 530
        client.login(north.username, north.password)
        assert client.mail(north.sender)[0] == 250


def test_a_revoked_credential_is_refused_within_seconds(relays: Relays, north: Tenant) -> None:
    doomed = relays.doomed
    with relays.signed_in(doomed) as client:
        client.sendmail(doomed.sender, "a@there.test", doomed.message())
        relays.command("credential", "revoke", doomed.username, "--project", "north")

        def ended() -> bool:
            code, _ = client.mail(doomed.sender)
            if code == 250:
                client.rset()
            return code == 421

        relays.running.wait_for(ended, "its session goes on")

    def shut_out() -> bool:
        with relays.client() as client:
            try:
                client.login(doomed.username, doomed.password)
            except smtplib.SMTPAuthenticationError as error:
                return error.smtp_error.startswith(b"5.7.8")
        return False

    # Each worker reads accounts by itself: the one of that session may have been ahead of another.
    relays.running.wait_for(shut_out, "it can still sign in")
    with relays.signed_in(north) as client:
        client.sendmail(north.sender, "a@there.test", north.message())


def test_while_the_database_is_away_the_known_go_on(relays: Relays, north: Tenant) -> None:
    database = relays.folder / "var/waypost.db"
    away = database.rename(database.with_suffix(".away"))
    try:
        relays.running.wait_for(
            lambda: any("accounts as they were" in line for line in relays.running.log),
            "nobody was told that the database is away",
        )
        with relays.signed_in(north) as client:
            client.sendmail(north.sender, "a@there.test", north.message())
    finally:
        away.rename(database)
    assert b"track.north.example" in (north.upstream.taken[0].content or b"")


def test_a_limit_delays_and_never_bounces(relays: Relays, north: Tenant) -> None:
    with relays.signed_in(relays.limited) as client:
        client.sendmail(north.sender, "a@there.test", north.message())
        code, text = client.mail(north.sender)
        assert (code, text[:5]) == (450, b"4.7.1")
    assert len(north.upstream.taken) == 1


def test_the_upstream_of_a_project_can_be_changed_while_it_runs(relays: Relays, north: Tenant) -> None:
    south = relays.tenants[1]
    relays.command("project", "set", "north", "--upstream", "south")

    def moved() -> bool:
        with relays.signed_in(north) as client:
            client.sendmail(north.sender, "a@there.test", north.message())
        return bool(south.upstream.taken)

    try:
        relays.running.wait_for(moved, "its mail goes where it went")
    finally:
        relays.command("project", "set", "north", "--upstream", "north")


def test_12_an_address_that_guesses_is_locked_out(tmp_path: Path) -> None:
    with ExitStack() as stack:
        relays = Relays(tmp_path, stack)
        north = relays.tenants[0]
        with relays.client() as client:
            client.ehlo()
            for _ in range(10):
                assert client.docmd("AUTH", "PLAIN AG5vYm9keQBndWVzcw==")[0] == 535  # nobody, guess
        done = swaks(
            f"127.0.0.1:{relays.secure}",
            *north.login("--tls-on-connect", "--from", north.sender),
            "--to",
            "a@b.test",
        )
        assert re.search(r"421 4\.7\.0 Too many failed attempts", done.stdout), done.stdout
        assert done.returncode != 0
        assert not north.upstream.transactions
