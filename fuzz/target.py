"""What is tried on one input of the fuzzer, and the inputs that it starts from."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from tests.rewriter.invariants import POLICIES, check_message, check_page

TESTS = Path(__file__).parents[1] / "tests"
SEEDS = (TESTS / "golden", TESTS / "corpus", TESTS / "fuzz" / "inputs")
BLANK_LINE = re.compile(rb"\r?\n\r?\n")
PAGE_HEADER = b"Content-Type: text/html; charset=utf-8\r\n\r\n"


def try_one(message: bytes) -> None:
    """Check the input as a message, and its body as a page; its checksum picks the policy.

    Raises AssertionError where an invariant does not hold.
    """
    policy = POLICIES[zlib.crc32(message) % len(POLICIES)]
    check_message(message, policy)
    check_page(BLANK_LINE.split(message, maxsplit=1)[-1], policy)


def seeds() -> Iterator[bytes]:
    """Yield the golden cases, our own corpus, and what was found before."""
    for folder in SEEDS:
        for path in sorted(folder.rglob("*.eml")):
            yield path.read_bytes()
        for path in sorted(folder.rglob("*.html")):
            yield PAGE_HEADER + path.read_bytes()
