"""Postfix as the client with other settings than the first section of docs/postfix.md, and Waypost away."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.postfix import GUIDE, Postfix, documented, require_postfix
from tests.relay_installation import RelayInstallation
from tests.running import RunningWaypost, UpstreamInThread
from tests.smtp_upstream import EXTENSIONS, ScriptedUpstream

LINK = "https://shop.example/offer"
PAGE = (
    "From: news@{domain}\r\nSubject: Offer\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"
    'Content-Transfer-Encoding: 8bit\r\n\r\n<p><a href="' + LINK + '">{text}</a></p>\r\n'
)


@contextmanager
def waypost(folder: Path, upstream: ScriptedUpstream, relay: str = "") -> Iterator[RelayInstallation]:
    require_postfix()
    installation = RelayInstallation(folder, upstream.port, relay=relay)
    with RunningWaypost(folder):
        yield installation


def page(domain: str = "sender.test", text: str = "Größe") -> bytes:
    return PAGE.format(domain=domain, text=text).encode()


def arrived(upstream: ScriptedUpstream) -> list[str]:
    words = " ".join(recipient for seen in upstream.taken for recipient in seen.accepted)
    return sorted(re.findall(r"<(.*?)>", words))


def test_only_some_mail_goes_through_waypost(tmp_path: Path) -> None:
    with (
        UpstreamInThread(ScriptedUpstream()) as upstream,
        UpstreamInThread(ScriptedUpstream()) as elsewhere,
        waypost(tmp_path, upstream) as installation,
    ):
        main, master = documented("Only some mail", installation.smtp_port)
        main += f"default_transport = smtp:[127.0.0.1]:{elsewhere.port}\n"
        with Postfix(main, master) as postfix:
            for domain in ("news.example.com", "example.com"):
                recipients = [f"{name}.{domain}@there.test" for name in "ab"]
                postfix.send(page(domain), f"news@{domain}", *recipients, mail_options=("BODY=8BITMIME",))
                for recipient in recipients:
                    assert postfix.status(recipient).startswith("sent")
    tracked = [seen.content or b"" for seen in upstream.taken]
    assert len(tracked) == 2  # a copy for each recipient
    assert all(LINK.encode() not in content for content in tracked)
    [untracked] = [seen.content or b"" for seen in elsewhere.taken]
    assert LINK.encode() in untracked


def test_postfix_makes_7_bit_where_the_upstream_takes_no_8_bit(tmp_path: Path) -> None:
    limited = tuple(name for name in EXTENSIONS if name != "8BITMIME")
    with (
        UpstreamInThread(ScriptedUpstream(extensions=limited)) as upstream,
        waypost(tmp_path, upstream) as installation,
        Postfix(*documented("All mail", installation.smtp_port)) as postfix,
    ):
        postfix.send(page(), "news@sender.test", "reader@there.test", mail_options=("BODY=8BITMIME",))
        assert postfix.status("reader@there.test").startswith("sent")
    content = upstream.taken[0].content or b""
    assert content.isascii()
    assert b"Gr=C3=B6=C3=9Fe" in content
    assert LINK.encode() not in content


def test_lines_that_postfix_breaks_arrive_as_it_broke_them(tmp_path: Path) -> None:
    with (
        UpstreamInThread(ScriptedUpstream()) as upstream,
        waypost(tmp_path, upstream) as installation,
        Postfix(*documented("All mail", installation.smtp_port)) as postfix,
    ):
        postfix.send(
            b"Subject: long\r\n\r\n" + b"x" * 3000 + b"\r\n", "news@sender.test", "reader@there.test"
        )
        assert postfix.status("reader@there.test").startswith("sent")
    body = (upstream.taken[0].content or b"").partition(b"\r\n\r\n")[2]
    assert [len(line) for line in body.split(b"\r\n")] == [998, 998, 998, 9, 0]


@pytest.mark.long
def test_more_recipients_than_are_taken_at_once_all_get_it_once(tmp_path: Path) -> None:
    recipients = [f"reader{number}@there.test" for number in range(12)]
    with (
        UpstreamInThread(ScriptedUpstream()) as upstream,
        waypost(tmp_path, upstream, relay="max_recipients = 5") as installation,
        Postfix(f"relayhost = [127.0.0.1]:{installation.smtp_port}\n") as postfix,
    ):
        postfix.send(page(), "news@sender.test", *recipients, mail_options=("BODY=8BITMIME",))
        postfix.wait_for(lambda: len(arrived(upstream)) >= len(recipients), "some did not arrive")
        postfix.wait_for(lambda: not postfix.queue(), "the queue did not empty")
    assert arrived(upstream) == sorted(recipients)
    assert max(len(seen.accepted) for seen in upstream.taken) == 5


@pytest.mark.long
@pytest.mark.parametrize("away", ["waypost", "upstream"])
def test_what_is_away_delays_mail_and_bounces_none(tmp_path: Path, away: str) -> None:
    require_postfix()
    with UpstreamInThread(ScriptedUpstream()) as upstream:
        port = upstream.port
    installation = RelayInstallation(tmp_path, port)
    with Postfix(*documented("All mail", installation.smtp_port)) as postfix:
        if away == "waypost":
            postfix.send(page(), "news@sender.test", "reader@there.test", mail_options=("BODY=8BITMIME",))
            assert "Connection refused" in postfix.status("reader@there.test")
        with RunningWaypost(tmp_path):
            if away == "upstream":
                postfix.send(page(), "news@sender.test", "reader@there.test", mail_options=("BODY=8BITMIME",))
                assert "451 4.4.1" in postfix.status("reader@there.test")
            assert postfix.status("reader@there.test").startswith("deferred")
            with UpstreamInThread(upstream):
                postfix.wait_for(lambda: upstream.taken, "it was not tried again")
        postfix.wait_for(lambda: not postfix.queue(), "the queue did not empty")
        assert "status=bounced" not in postfix.log


def test_readme_says_the_same() -> None:
    main, master = documented("All mail", 2525)
    assert f"# main.cf\n{main}# master.cf\n{master}" in (GUIDE.parents[1] / "README.md").read_text()
