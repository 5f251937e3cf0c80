"""Edits one decoded part as `rewrite` does, and puts the edits in."""

import html
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from rewriter.html_part import edit_html
from rewriter.link_table import LinkTable
from rewriter.part_edits import LineLimit, PartEdits
from rewriter.policy import Policy
from rewriter.report import Edit, Reason
from rewriter.text_part import edit_text
from tests.rewriter.fake_links import BASE, FakeLinks

CORPUS = Path(os.environ.get("WAYPOST_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")
CLICKS = Policy(opens=False)
TEXT = Policy(text=True)


@dataclass(frozen=True, slots=True)
class Edited:
    """What came out of one part."""

    output: bytes
    part: PartEdits
    table: LinkTable

    @property
    def reasons(self) -> list[Reason | None]:
        """One for each link, in order."""
        return [link.reason for link in self.part.links]

    @property
    def stored(self) -> list[str]:
        """The URLs that the tokens carry, by number."""
        made = re.findall(rf"{BASE}/c/([0-9]+)-([\w.~%-]+)", self.output.decode("latin-1"), re.ASCII)
        return [unquote(url) for _, url in sorted({(int(number), url) for number, url in made})]


def spliced(source: bytes, edits: Iterable[Edit]) -> bytes:
    """Put edits in, and insist that they are sorted, apart and in range."""
    pieces, position = [], 0
    for edit in edits:
        assert position <= edit.start <= edit.end <= len(source)
        assert edit.replacement.isascii()
        pieces += [source[position : edit.start], edit.replacement]
        position = edit.end
    return b"".join([*pieces, source[position:]])


def edited_html(
    source: bytes | str,
    policy: Policy = CLICKS,
    *,
    charset: str = "utf-8",
    table: LinkTable | None = None,
    lines: LineLimit | None = None,
) -> Edited:
    """Edit an HTML part; with its pixel where the policy has opens on."""
    data = source if isinstance(source, bytes) else source.encode(charset)
    table = table or LinkTable(policy, FakeLinks(), frozenset())
    part = edit_html(
        data,
        charset=charset,
        policy=policy,
        table=table,
        part="1",
        want_pixel=policy.opens,
        pixel_url=FakeLinks().open,
        lines=lines,
    )
    return Edited(spliced(data, part.edits), part, table)


def edited_text(
    source: bytes | str,
    policy: Policy = TEXT,
    *,
    charset: str = "utf-8",
    table: LinkTable | None = None,
    lines: LineLimit | None = None,
    flowed: bool = False,
    delsp: bool = False,
) -> Edited:
    """Edit a plain-text part."""
    data = source if isinstance(source, bytes) else source.encode(charset)
    table = table or LinkTable(policy, FakeLinks(), frozenset())
    part = edit_text(
        data,
        charset=charset,
        flowed=flowed,
        delsp=delsp,
        policy=policy,
        table=table,
        part="1",
        lines=lines,
    )
    return Edited(spliced(data, part.edits), part, table)


def tracked(number: int, url: str) -> bytes:
    """Return what `FakeLinks` makes of a URL."""
    made = FakeLinks().click(url, number)
    assert made is not None
    return made.encode("ascii")


def destination(value: str) -> str:
    """Return the URL that a value of `FakeLinks` stands for."""
    assert value.startswith(f"{BASE}/c/")
    return unquote(html.unescape(value).partition("-")[2])
