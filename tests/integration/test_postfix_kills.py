"""Waypost killed again and again under load, with Postfix as the client: nothing is lost."""

from collections import Counter
from pathlib import Path

import pytest

from tests.postfix import Postfix, documented, require_postfix
from tests.relay_installation import RelayInstallation
from tests.running import RunningWaypost, UpstreamInThread
from tests.smtp_upstream import ScriptedUpstream

# Of Postfix, each with a message under way: with one recipient a transaction no other limit counts.
PROCESSES = 5
BATCH = 150
PAGE = (
    b"From: news@sender.test\r\nSubject: Offer\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
    + b'<p><a href="https://shop.example/offer">Offer</a></p>\r\n' * 20
)


def arrived(upstream: ScriptedUpstream) -> Counter[str]:
    """Count the copies that the upstream has taken, by recipient."""
    return Counter(seen.recipients[0].split(">")[0].lstrip("<") for seen in upstream.taken)


def kill_under_load(folder: Path, kills: int) -> None:
    """Send a batch, kill Waypost in the midst of it and start it again, `kills` times."""
    require_postfix()
    recipients = [f"reader{number}@there.test" for number in range(kills * BATCH)]
    with UpstreamInThread(ScriptedUpstream()) as upstream:
        installation = RelayInstallation(folder, upstream.port)
        main, master = documented("All mail", installation.smtp_port)
        master += f"smtp unix - - n - {PROCESSES} smtp\n"  # of two entries the last counts
        with Postfix(main, master) as postfix:
            for number in range(kills):
                with RunningWaypost(folder) as running:
                    some = len(upstream.taken) + BATCH // 5
                    postfix.send(PAGE, "news@sender.test", *recipients[number * BATCH :][:BATCH])
                    running.wait_for(lambda some=some: len(upstream.taken) > some, "it does not relay")
                    running.kill()
            assert len(arrived(upstream)) < len(recipients)  # the last kill left some to do
            with RunningWaypost(folder):
                postfix.wait_for(
                    lambda: len(arrived(upstream)) == len(recipients), "mail was lost", patience=120
                )
                postfix.wait_for(lambda: not postfix.queue(), "the queue did not empty")
            assert "status=bounced" not in postfix.log
        copies = arrived(upstream)
    assert set(copies) == set(recipients)
    assert copies.total() - len(recipients) <= kills * PROCESSES


@pytest.mark.long
def test_07_kill_under_load_loses_nothing(tmp_path: Path) -> None:
    kill_under_load(tmp_path, kills=2)


@pytest.mark.long
def test_07_twenty_kills_lose_nothing(tmp_path: Path) -> None:
    kill_under_load(tmp_path, kills=20)
