"""Real mail for the tests: messages as they are, and pages wrapped in each transfer encoding."""

import base64
import os
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

ROOT = Path(__file__).parents[1]
OWN_CORPUS = ROOT / "tests" / "corpus"
ENCODINGS = ("quoted-printable", "base64", "8bit")
ABSOLUTE = re.compile(r"[\x00-\x20]*https?://[^\s/?#]", re.IGNORECASE)  # without a host it is no URL
HEADER = (
    "From: News <news@sender.example>\r\nTo: reader@recipient.example\r\nSubject: page\r\n"
    "Message-ID: <{name}@sender.example>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
)


def corpora() -> list[Path]:
    """Return the folders of mail: our own, and the large one where it is."""
    large = Path(os.environ.get("WAYPOST_CORPUS") or ROOT.parent / "shared" / "corpus")
    return [OWN_CORPUS, large] if (large / "mime").is_dir() else [OWN_CORPUS]


def messages(corpus: Path) -> list[Path]:
    """Return the messages of a corpus."""
    return sorted(path for path in (corpus / "mime").rglob("*") if path.is_file() and path.name != "LICENSE")


def pages(corpus: Path) -> list[Path]:
    """Return the pages of a corpus."""
    return sorted((corpus / "html").rglob("*.html"))


def normalised(message: bytes) -> bytes:
    """Return the message with CRLF line endings and one at its end."""
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    return text if text.endswith(b"\r\n") else text + b"\r\n"


@dataclass(frozen=True, slots=True)
class WrappedPage:
    """A page as the only part of a message."""

    name: str
    encoding: str
    html: bytes
    message: bytes


def wrapped(path: Path, encoding: str) -> WrappedPage:
    """Make a message of a page; its charset is UTF-8 where it decodes as such."""
    html = normalised(path.read_bytes())
    try:
        html.decode()
        charset = "utf-8"
    except UnicodeDecodeError:
        charset = "windows-1252"
    if encoding == "base64":
        body = base64.encodebytes(html).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        body = quopri.encodestring(html.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    else:
        body = html
    header = HEADER.format(name=path.stem, charset=charset, encoding=encoding).encode()
    return WrappedPage(path.stem, encoding, html, normalised(header + body))


def links(html: bytes) -> Iterator[str]:
    """Yield what selectolax, independent of our code, sees as absolute links, in order."""
    for node in LexborHTMLParser(html).css("a[href], area[href]"):
        href = node.attributes["href"] or ""
        if ABSOLUTE.match(href):
            yield href
