"""Clients as applications use them: swaks, Python's smtplib (which Django's mail stands on), nodemailer."""

import re
import smtplib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import mail_programs
from tests.mail_programs import node
from tests.relay_installation import RelayInstallation
from tests.running import PATIENCE, RunningWaypost, UpstreamInThread
from tests.smtp_upstream import ScriptedUpstream, SeenTransaction

README = Path(__file__).parents[2] / "README.md"
LINK = "https://example.com/offer"


@dataclass(frozen=True)
class Chain:
    """A client → Waypost → a scripted upstream."""

    port: int
    base: str
    upstream: ScriptedUpstream

    def prove_tracked(self, seen: SeenTransaction) -> None:
        """Fail unless the message of README's examples arrived with its link tracked, and once."""
        content = (seen.content or b"").replace(b"=\r\n", b"").replace(b"=3D", b"=").decode()
        assert LINK not in content
        assert content.count(f"{self.base}/c/") == 1


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    folder = tmp_path_factory.mktemp("waypost")
    with UpstreamInThread(ScriptedUpstream()) as upstream:
        installation = RelayInstallation(folder, upstream.port)
        with RunningWaypost(folder):
            yield Chain(installation.smtp_port, installation.base, upstream)


@pytest.fixture
def chain(running: Chain) -> Chain:
    """The same for all tests, with nothing seen or scripted yet."""
    running.upstream.transactions.clear()
    running.upstream.forget_answers()
    return running


def example(language: str) -> str:
    """Return the example of README in a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", README.read_text(), re.M | re.S)
    assert found is not None
    return found[1]


def swaks(chain: Chain, *arguments: str) -> subprocess.CompletedProcess[str]:
    return mail_programs.swaks(f"127.0.0.1:{chain.port}", "--from", "news@sender.test", *arguments)


@pytest.mark.parametrize("pipelined", [(), ("--pipeline",)], ids=["in turn", "pipelined"])
def test_swaks_gets_its_message_through(chain: Chain, pipelined: tuple[str, ...]) -> None:
    done = swaks(chain, "--to", "reader@there.test", "--body", "Hello\n.dot\n..dots", *pipelined)
    assert done.returncode == 0, done.stdout
    assert re.search(r"<-  250 2\.0\.0 taken waypost=[0-9a-f]{24}", done.stdout)
    [seen] = chain.upstream.taken
    assert seen.recipients == ["<reader@there.test>"]
    assert (seen.content or b"").rstrip().endswith(b"\r\nHello\r\n.dot\r\n..dots")


@pytest.mark.parametrize("pipelined", [(), ("--pipeline",)], ids=["in turn", "pipelined"])
def test_04_each_recipient_has_its_own_reply(chain: Chain, pipelined: tuple[str, ...]) -> None:
    chain.upstream.answer("RCPT", "250 2.1.5 ok", "550 5.1.1 unknown", "450 4.2.1 busy")
    done = swaks(chain, "--to", "good@there.test,unknown@there.test,busy@there.test", *pipelined)
    assert done.returncode == 0, done.stdout
    replies = re.findall(r"^<(?:- |\*\*) +(.*)$", done.stdout, re.M)
    assert {"250 2.1.5 ok", "550 5.1.1 unknown", "450 4.2.1 busy"} <= set(replies)
    [seen] = chain.upstream.taken
    assert seen.accepted == ["<good@there.test>"]


@pytest.mark.parametrize("pipelined", [(), ("--pipeline",)], ids=["in turn", "pipelined"])
def test_04_no_recipient_accepted_is_no_message(chain: Chain, pipelined: tuple[str, ...]) -> None:
    chain.upstream.answer("RCPT", "550 5.1.1 unknown", "550 5.1.1 unknown")
    done = swaks(chain, "--to", "a@there.test,b@there.test", *pipelined)
    assert done.returncode == 24  # no recipient accepted
    assert not chain.upstream.taken


def test_the_python_example_of_readme(chain: Chain) -> None:
    exec(example("python").replace("2525", str(chain.port)), {})
    [seen] = chain.upstream.taken
    assert seen.accepted == ["<reader@example.net>"]
    chain.prove_tracked(seen)


def test_smtplib_learns_which_recipients_were_refused(chain: Chain) -> None:
    chain.upstream.answer("RCPT", "250 2.1.5 ok", "550 5.1.1 unknown")
    with smtplib.SMTP("127.0.0.1", chain.port, timeout=PATIENCE) as client:
        refused = client.sendmail("news@sender.test", ["a@there.test", "b@there.test"], b"Subject: x\r\n\r\n")
    assert refused == {"b@there.test": (550, b"5.1.1 unknown")}


def test_smtplib_sends_many_messages_on_a_connection(chain: Chain) -> None:
    """As Django's `send_messages` does: one connection, a reset in between where one was refused."""
    chain.upstream.answer("end", "250 2.0.0 ok", "554 5.7.1 spam", "250 2.0.0 ok")
    with smtplib.SMTP("127.0.0.1", chain.port, timeout=PATIENCE) as client:
        client.sendmail("news@sender.test", "a@there.test", b"Subject: x\r\n\r\n")
        with pytest.raises(smtplib.SMTPDataError, match=r"5\.7\.1 spam"):
            client.sendmail("news@sender.test", "b@there.test", b"Subject: x\r\n\r\n")
        client.sendmail("news@sender.test", "c@there.test", b"Subject: x\r\n\r\n")
    assert [seen.accepted for seen in chain.upstream.taken] == [["<a@there.test>"], ["<c@there.test>"]]


def test_the_node_example_of_readme(chain: Chain, node_folder: Path) -> None:
    node(node_folder, example("js").replace("2525", str(chain.port)))
    [seen] = chain.upstream.taken
    assert seen.accepted == ["<reader@example.net>"]
    chain.prove_tracked(seen)


def test_nodemailer_learns_which_recipients_were_refused(chain: Chain, node_folder: Path) -> None:
    chain.upstream.answer("RCPT", "250 2.1.5 ok", "550 5.1.1 unknown")
    said = node(
        node_folder,
        f"""
        const transport = require("nodemailer").createTransport({{ host: "127.0.0.1", port: {chain.port},
            secure: false, ignoreTLS: true, pool: true }});
        const info = await transport.sendMail({{ from: "news@sender.test",
            to: ["a@there.test", "b@there.test"], subject: "Größe", text: "Hello\\n.\\n.dot" }});
        console.log(info.accepted, info.rejected, info.response);
        transport.close();
        """,
    )
    assert re.match(
        r"\[ 'a@there\.test' \] \[ 'b@there\.test' \] 250 2\.0\.0 taken waypost=[0-9a-f]{24}", said
    )
    [seen] = chain.upstream.taken
    assert seen.accepted == ["<a@there.test>"]
    assert b"\r\nHello\r\n.\r\n.dot" in (seen.content or b"")
