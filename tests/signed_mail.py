"""What is signed and encrypted in tests: bodies in which a relay could do harm, and tools from outside."""

import shutil
import subprocess
from pathlib import Path

import pytest

HEADER = (
    b"From: News <news@sender.example>\r\nTo: reader@recipient.example\r\nSubject:  two  spaces,\r\n"
    b"\tand a fold\r\nMessage-ID: <signed@sender.example>\r\nMIME-Version: 1.0\r\n"
)
LINK = b'<p><a href="https://shop.example/offer?a=1&amp;b=2">Offer</a> https://shop.example/text</p>\r\n'
BODIES = {
    "a link": LINK,
    "dot lines": b".\r\n..\r\n" + LINK + b".\r\n.x\r\n.\r\n",
    "empty body": b"",
    "one line ending": b"\r\n",
    "trailing blank lines": LINK + b"\r\n\r\n\r\n",
    "trailing white space": b"<p> \t\r\n" + LINK + b" \t \r\n",
    "dashes and From": b"From here\r\n- on\r\n-- \r\n" + LINK + b"--\r\n",
    "a long line": b"<p>" + b"x" * 980 + b"</p>\r\n" + LINK,
    "8bit": LINK + "<p>Grüße\r\n".encode(),
}
each_body = pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())


def entity(body: bytes, content_type: bytes = b"text/html") -> bytes:
    """Return a MIME part."""
    header = b"Content-Type: %b; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return header % content_type + body


def needs(program: str) -> str:
    """Return where the program is; the test is skipped where it is not."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def run(folder: Path, *command: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a program in the folder to its end."""
    return subprocess.run(command, cwd=folder, input=given, capture_output=True, timeout=60, check=False)


def output(folder: Path, *command: str, given: bytes = b"") -> bytes:
    """Run a program that must succeed, and return what it printed."""
    done = run(folder, *command, given=given)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
