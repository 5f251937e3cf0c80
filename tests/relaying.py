"""A running Waypost between a client and a sink: what is sent, and what arrived."""

import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.relay_installation import RelayInstallation
from tests.running import RunningWaypost, UpstreamInThread
from tests.smtp_upstream import ScriptedUpstream

TRACE = re.compile(rb"Received: .*\r\n(?:[ \t].*\r\n)*")


class Relaying:
    """Sends through a running Waypost and reads what arrived at the sink."""

    def __init__(self, running: RunningWaypost, upstream: ScriptedUpstream, base: str) -> None:
        self.running, self.upstream, self.base = running, upstream, base
        self.smtp = smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=30)

    def send(self, message: bytes) -> bytes:
        """Return what arrived, without our Received header."""
        self.smtp.sendmail("news@sender.example", ["reader@recipient.example"], message, ["BODY=8BITMIME"])
        content = self.upstream.taken[-1].content
        assert content is not None
        trace = TRACE.match(content)
        assert trace is not None
        return content[trace.end() :]

    def destination(self, url: str) -> str | None:
        """Return where a tracked URL leads; None for one that is not tracked."""
        if not url.startswith(f"{self.base}/c/"):
            return None
        answer = self.running.get(url.removeprefix(self.base))
        assert answer.status == 302, url
        return answer.headers["Location"]

    def reasons(self) -> str:
        """Return what the mail log says of the last message."""
        count = len(self.upstream.taken)

        def lines() -> list[str]:
            return [line for line in self.running.log if "waypost.mail" in line and " relayed " in line]

        self.running.wait_for(lambda: len(lines()) >= count, "a message was not logged")
        return lines()[-1]


@contextmanager
def relaying(folder: Path, tracking: str) -> Iterator[Relaying]:
    """Start all of it; `tracking` are more lines of that section of the settings."""
    with UpstreamInThread(ScriptedUpstream()) as upstream:
        installation = RelayInstallation(folder, upstream.port, more=tracking)
        with RunningWaypost(folder) as running:
            started = Relaying(running, upstream, installation.base)
            with started.smtp:
                yield started
