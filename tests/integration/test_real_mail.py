"""Every message and page of the corpora through a running Waypost to a real SMTP sink.

None is harmed, and nearly every link is tracked.
"""

import email
import re
import smtplib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests import real_mail, undo
from tests.relaying import Relaying, relaying

MAY_STAY = 0.01


@pytest.fixture(scope="module")
def relayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relaying]:
    with relaying(tmp_path_factory.mktemp("waypost"), 'visible_url = "track"') as started:
        yield started


def message_paths() -> list[Path]:
    return [path for corpus in real_mail.corpora() for path in real_mail.messages(corpus)]


def page_paths() -> list[Path]:
    return [path for corpus in real_mail.corpora() for path in real_mail.pages(corpus)]


def prove_unharmed(original: bytes, received: bytes, base: str) -> None:
    """Fail where anything but link values and the pixel changed."""
    for before, after in undo.differing_parts(original, received):
        left, right = undo.decoded(before), undo.decoded(after)
        for value in undo.undo_page(left, right, base.encode()):
            assert real_mail.ABSOLUTE.match(value.strip(b"\"'").decode("latin-1")), value


@pytest.mark.parametrize("path", message_paths(), ids=lambda path: path.name)
def test_a_message_arrives_unharmed(relayed: Relaying, path: Path) -> None:
    original = real_mail.normalised(path.read_bytes())
    if b"\0" in original:  # RFC 5322 section 4: no message may hold it
        with pytest.raises(smtplib.SMTPDataError, match=r"554.*5\.6\.0"):
            relayed.send(original)
        return
    received = relayed.send(original)
    if received == original:
        said = relayed.reasons()
        assert "left_alone=" in said or "untracked=" in said, said
    else:
        prove_unharmed(original, received, relayed.base)


@pytest.mark.parametrize("encoding", real_mail.ENCODINGS)
def test_pages_are_unharmed_and_tracked(
    relayed: Relaying, encoding: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found, stayed = 0, Counter[str]()
    for path in page_paths():
        page = real_mail.wrapped(path, encoding)
        if b"\0" in page.message:
            continue  # refused, as above
        received = relayed.send(page.message)
        prove_unharmed(page.message, received, relayed.base)
        before, after = (_hrefs(_body(message)) for message in (page.message, received))
        assert len(before) == len(after)
        for href, tracked in zip(before, after, strict=True):
            if not real_mail.ABSOLUTE.match(href):
                assert href == tracked
                continue
            found += 1
            destination = relayed.destination(tracked)
            if destination is None:
                stayed[f"{path.name}: {href}"] += 1
            else:
                assert destination == as_sent(href)
    with capsys.disabled():
        print(f"\n{encoding}: {found} links in {len(page_paths())} pages, {stayed.total()} not tracked")
        for place, times in stayed.most_common():
            print(f"  {times} x {place}")
    assert stayed.total() <= MAY_STAY * found


def _body(message: bytes) -> bytes:
    payload = email.message_from_bytes(message).get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def _hrefs(html: bytes) -> list[str]:
    nodes = LexborHTMLParser(html).css("a[href], area[href]")
    return [node.attributes["href"] or "" for node in nodes]


def as_sent(href: str) -> str:
    """Return a URL as a Location header can hold it: white space dropped, the rest percent-encoded."""
    stripped = re.sub(r"[\t\r\n]", "", href.strip("".join(map(chr, range(33)))))
    return quote(stripped, safe="".join(map(chr, range(33, 127))))
