"""Postfix hands messages to many over LMTP, with the setting of docs/postfix.md: each recipient's copy ends
as the upstream said, once.
"""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postfix import Postfix, documented, require_postfix
from tests.relay_installation import RelayInstallation
from tests.running import RunningWaypost, UpstreamInThread, free_port
from tests.smtp_upstream import ScriptedUpstream

PAGE = (
    b"From: News <news@sender.test>\r\nTo: readers@there.test\r\nSubject: Offer\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: text/html\r\n\r\n<p><a href="https://shop.example/offer">Offer</a></p>\r\n'
)
TOKEN = re.compile(rb"/c/([\w/-]+)")


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    require_postfix()
    with UpstreamInThread(ScriptedUpstream()) as upstream:
        yield upstream


def test_a_hundred_recipients_of_which_some_are_refused(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    readers = [f"reader{number}@there.test" for number in range(100)]
    unknown, spam, later = readers[3::10], readers[5::10], readers[7::10]
    for reader in unknown:
        upstream.answer_for(reader, "RCPT", "550 5.1.1 unknown")
    for reader in spam:
        upstream.answer_for(reader, "end", "554 5.7.1 spam")
    for reader in later:
        upstream.answer_for(reader, "end", "451 4.7.1 try later")
    port = free_port()
    RelayInstallation(tmp_path, upstream.port)
    main, master = documented("Over LMTP", port, "2424")
    listen = f"lmtp://127.0.0.1:{port}"
    with RunningWaypost(tmp_path, WAYPOST_RELAY__LISTEN=listen), Postfix(main, master) as postfix:
        postfix.send(PAGE, "news@sender.test", *readers)
        # The bounce to the sender goes the same way: it is the last to leave.
        postfix.wait_for(lambda: upstream.taken and not postfix.queue(), "the queue did not empty")
        for reader in readers:
            ways = [status.partition(" ")[0] for status in postfix.statuses(reader)]
            if reader in later:
                assert ways == ["deferred", "sent"]
            else:
                assert ways == ["bounced" if reader in unknown + spam else "sent"]
            assert "waypost=" in postfix.status(reader)
    taken = Counter(mailbox.partition(">")[0][1:] for seen in upstream.taken for mailbox in seen.accepted)
    assert taken == Counter([*(set(readers) - {*unknown, *spam}), "news@sender.test"])
    tokens = {found[1] for seen in upstream.taken if (found := TOKEN.search(seen.content or b""))}
    assert len(tokens) == 80


@pytest.mark.long
def test_over_a_unix_socket(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    RelayInstallation(tmp_path, upstream.port)
    with Postfix() as postfix:
        socket = postfix.folder / "lmtp"
        with RunningWaypost(tmp_path, WAYPOST_RELAY__LISTEN=f"lmtp://{socket}"):
            shutil.chown(socket, group="postfix")
            postfix.stop()
            postfix.configure(f"default_transport = lmtp:unix:{socket}\n")
            postfix.start()
            postfix.send(PAGE, "news@sender.test", "reader@there.test")
            assert postfix.status("reader@there.test").startswith("sent (250 2.0.0 taken waypost=")
    (seen,) = upstream.taken
    assert b"with LMTP id" in (seen.content or b"")
    assert b" (local)\r\n" in (seen.content or b"")
