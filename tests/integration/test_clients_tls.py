"""Clients over TLS: on a port that speaks it from the first byte, and by STARTTLS."""

import re
import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tests import mail_programs
from tests.postfix import Postfix, require_postfix
from tests.relay_installation import RelayInstallation
from tests.running import PATIENCE, RunningWaypost, UpstreamInThread, free_port
from tests.smtp_upstream import ScriptedUpstream

MESSAGE = b"From: news@sender.test\r\nSubject: x\r\n\r\nHello\r\n"


@dataclass(frozen=True)
class Chain:
    """A client → Waypost with TLS → a scripted upstream."""

    offered: int  # port where STARTTLS is offered
    required: int
    implicit: int
    trust: Path  # what a client needs to believe the certificate
    upstream: ScriptedUpstream

    @property
    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.trust)

    def received(self) -> str:
        """Return our Received header of the last message."""
        content = self.upstream.taken[-1].content or b""
        return content.decode().partition("From:")[0]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    folder = tmp_path_factory.mktemp("waypost")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    authority.cert_pem.write_to_path(folder / "trust.pem")
    required, implicit = free_port(), free_port()
    with UpstreamInThread(ScriptedUpstream()) as upstream:
        installation = RelayInstallation(
            folder,
            upstream.port,
            listen=(f"smtp://127.0.0.1:{required}?starttls=required", f"smtps://127.0.0.1:{implicit}"),
            relay='tls_certificate = "certificate.pem"\ntls_key = "key.pem"\n',
        )
        with RunningWaypost(folder):
            yield Chain(installation.smtp_port, required, implicit, folder / "trust.pem", upstream)


def swaks(port: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    envelope = ("--from", "news@sender.test", "--to", "reader@there.test")
    return mail_programs.swaks(f"127.0.0.1:{port}", *envelope, *arguments)


@pytest.mark.parametrize(("port", "option"), [("offered", "--tls"), ("implicit", "--tls-on-connect")])
def test_swaks_over_tls(chain: Chain, port: str, option: str) -> None:
    done = swaks(getattr(chain, port), option)
    assert done.returncode == 0, done.stdout
    assert re.search(r"<~  250 2\.0\.0 taken waypost=", done.stdout)
    assert "with ESMTPS" in chain.received()


def test_smtplib_with_starttls(chain: Chain) -> None:
    with smtplib.SMTP("localhost", chain.offered, timeout=PATIENCE) as client:
        assert client.ehlo()[0] == 250
        assert client.has_extn("starttls")
        client.starttls(context=chain.context)
        client.ehlo()
        assert not client.has_extn("starttls")  # RFC 3207 section 4.2
        client.sendmail("news@sender.test", "reader@there.test", MESSAGE)
    assert "with ESMTPS" in chain.received()


def test_smtplib_over_implicit_tls(chain: Chain) -> None:
    with smtplib.SMTP_SSL("localhost", chain.implicit, timeout=PATIENCE, context=chain.context) as client:
        assert not client.has_extn("starttls")
        client.sendmail("news@sender.test", "reader@there.test", MESSAGE)
    assert "with ESMTPS" in chain.received()


def test_where_tls_is_offered_mail_comes_without_it_too(chain: Chain) -> None:
    with smtplib.SMTP("localhost", chain.offered, timeout=PATIENCE) as client:
        client.sendmail("news@sender.test", "reader@there.test", MESSAGE)
    assert re.search(r"with ESMTP\b", chain.received())


def test_where_tls_is_required_nothing_is_taken_without_it(chain: Chain) -> None:
    with smtplib.SMTP("localhost", chain.required, timeout=PATIENCE) as client:
        client.ehlo()
        assert client.mail("news@sender.test")[0] == 530  # RFC 3207 section 4
        client.starttls(context=chain.context)
        client.sendmail("news@sender.test", "reader@there.test", MESSAGE)
    assert "with ESMTPS" in chain.received()


def test_postfix_over_verified_tls(chain: Chain) -> None:
    require_postfix()
    secure = (
        f"relayhost = [127.0.0.1]:{chain.required}\nsmtp_tls_security_level = secure\n"
        "smtp_tls_secure_cert_match = localhost\n"
    )
    with Postfix(secure) as postfix:
        shutil.copy(chain.trust, postfix.folder / "etc" / "trust.pem")
        postfix.send(MESSAGE, "news@sender.test", "reader@there.test")
        assert "certificate not verified" in postfix.status(
            "reader@there.test"
        )  # it is not asked to trust it yet
        postfix.configure(f"{secure}smtp_tls_CAfile = {postfix.folder}/etc/trust.pem\n")
        postfix.stop()
        postfix.start()
        postfix.wait_for(
            lambda: postfix.statuses("reader@there.test")[-1].startswith("sent"), "it does not arrive"
        )
    assert "with ESMTPS" in chain.received()
