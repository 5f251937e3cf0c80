"""What rewriting costs, beside a bare parse of the same HTML and beside the usual way to do it.

Each table is one run: the ways are timed in turn, round by round, so that a busy machine is unfair to none.
"""

import base64
import email
import email.policy
import gc
import quopri
import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from typing import TypeVar

from bs4 import BeautifulSoup
from selectolax.lexbor import LexborHTMLParser

from benchmarks.hostile_mail import SHAPES
from links import KeyRing, MessageLinks
from rewriter import Policy, rewrite
from tests.real_mail import ENCODINGS, OWN_CORPUS, corpora, pages, wrapped

ROUNDS = 15
SIZE_CLASSES = (10_000, 30_000, 60_000, 120_000, 10_000_000)
TYPICAL = 5
HOSTILE_SIZES = (20_000, 100_000, 500_000)
HOSTILE_ROUNDS = 7  # the fastest of them: here it matters how much work there is
POLICY = Policy(tracking_site="example.com")

Way = TypeVar("Way")


def message_links() -> MessageLinks:
    """Return links as the relay makes them: sealed tokens."""
    ring = KeyRing.first(bytes(range(32)), now=0)
    return MessageLinks(
        base="https://track.example.com",
        project=1,
        message="01977420dc00010203040506",
        recipient="a1b2c3d4e5f60718",
        key=ring.sealing(0),
        ring=ring,
    )


LINKS = message_links()


@dataclass(frozen=True, slots=True)
class Page:
    """An HTML page and a message around it in each transfer encoding."""

    name: str
    html: bytes
    messages: Mapping[str, bytes]

    @property
    def tracked(self) -> int:
        """Count the links that are tracked."""
        report = rewrite(self.messages["8bit"], POLICY, LINKS).report
        return sum(link.reason is None for link in report.links)


def bare_parse(html: str) -> list[str | None]:
    """Find the links and no more: what any correct rewriter must at least do."""
    return [node.attributes.get("href") for node in LexborHTMLParser(html).css("a[href],area[href]")]


def usual_way(message: bytes) -> bytes:
    """Rewrite with the standard library and BeautifulSoup, as one does it first."""
    parsed = email.message_from_bytes(message, policy=email.policy.SMTP)
    assert isinstance(parsed, EmailMessage)
    body = parsed.get_body(("html",))
    assert isinstance(body, EmailMessage)
    soup = BeautifulSoup(body.get_content(), "html.parser")
    for number, link in enumerate(soup.find_all(["a", "area"], href=True), 1):
        href = str(link["href"]).strip()
        if href.startswith(("http://", "https://")):
            link["href"] = LINKS.click(href, number) or href
    body.set_content(str(soup), subtype="html", cte="quoted-printable")
    return parsed.as_bytes()


def medians(ways: Mapping[Way, Callable[[], object]], rounds: int = ROUNDS) -> dict[Way, float]:
    """Return the median µs of each way."""
    return timed(ways, rounds, statistics.median)


def timed(
    ways: Mapping[Way, Callable[[], object]], rounds: int, choose: Callable[[list[float]], float]
) -> dict[Way, float]:
    """Time the ways in turn, and return what `choose` makes of the µs of each."""
    times: dict[Way, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - start)
    return {name: choose(taken) * 1e6 for name, taken in times.items()}


def corpus_pages() -> list[Page]:
    """Return the pages that can be measured: UTF-8, with a link."""
    found = []
    for corpus in corpora():
        for path in pages(corpus):
            messages = {encoding: wrapped(path, encoding) for encoding in ENCODINGS}
            html = messages["8bit"].html
            try:
                text = html.decode()
            except UnicodeDecodeError:
                continue
            if bare_parse(text):
                found.append(Page(path.stem, html, {key: page.message for key, page in messages.items()}))
    return found


def ways_of(page: Page) -> dict[str, Callable[[], object]]:
    """Return the bare parse and `rewrite` in each encoding."""
    text = page.html.decode()
    ways: dict[str, Callable[[], object]] = {"bare": lambda: bare_parse(text)}
    for encoding, message in page.messages.items():
        ways[encoding] = lambda message=message: rewrite(message, POLICY, LINKS)
    return ways


def by_size(found: list[Page]) -> None:
    """Print all pages by size class."""
    print("all pages by size: µs (medians of the pages), MB/s of HTML, ratio to the bare parse")
    print(f"{'HTML up to':>12} {'pages':>6} {'bare':>8}" + "".join(f"{name:>28}" for name in ENCODINGS))
    low = 0
    for high in SIZE_CLASSES:
        chosen = [page for page in found if low <= len(page.html) < high]
        low = high
        if not chosen:
            continue
        results = [medians(ways_of(page), 7) for page in chosen]
        row = f"{high:>12,} {len(chosen):>6} {_median(results, 'bare'):>8.0f}"
        for encoding in ENCODINGS:
            speed = statistics.median(
                len(page.html) / taken[encoding] for page, taken in zip(chosen, results, strict=True)
            )
            ratio = statistics.median(taken[encoding] / taken["bare"] for taken in results)
            row += f"{_median(results, encoding):>11.0f} {speed:>6.1f} MB/s {ratio:>4.1f}"
        print(row)


def _median(results: list[dict[str, float]], name: str) -> float:
    return statistics.median(taken[name] for taken in results)


def typical(found: list[Page]) -> None:
    """Print the pages of typical size with most links, beside the usual way."""
    usual_sizes = [page for page in found if 20_000 <= len(page.html) < 120_000] or found
    chosen = sorted(usual_sizes, key=lambda page: page.tracked, reverse=True)[:TYPICAL]
    print("\npages of typical size in quoted-printable, beside email + BeautifulSoup")
    heads = (
        ("HTML", 9),
        ("links", 7),
        ("bare", 9),
        ("rewrite", 10),
        ("ratio", 7),
        ("usual", 10),
        ("faster", 8),
    )
    print(f"{'page':24}" + "".join(f"{head:>{width}}" for head, width in heads))
    for page in chosen:
        print_beside_usual(page)


def print_beside_usual(page: Page) -> None:
    """Print one row of the table above."""
    message = page.messages["quoted-printable"]
    taken = medians(ways_of(page) | {"usual": lambda: usual_way(message)})
    bare, ours, usual = taken["bare"], taken["quoted-printable"], taken["usual"]
    print(f"{page.name[:24]:24} {len(page.html):>8,} {page.tracked:>6} {bare:>8.0f} {ours:>9.0f}", end="")
    print(f" {ours / bare:>6.1f} {usual:>9.0f} {usual / ours:>6.0f}x")


def goal_page() -> Page:
    """Return 49 KB of newsletter with 15 links."""
    row = (
        b'<tr><td class="cell" style="padding:12px 24px;font-family:Arial,sans-serif;font-size:14px;'
        b'line-height:20px;color:#333333;"><p style="margin:0 0 12px 0;">A few words about the article, with '
        b"\xc3\xa9 and &amp;, long enough to be read by somebody.</p></td></tr>\r\n"
    )
    links = [
        b'<tr><td><a href="https://www.example.com/articles/%d?utm_source=news&amp;utm_medium=email" '
        b'style="color:#0066cc;text-decoration:underline;">Read more</a></td></tr>\r\n' % number
        for number in range(15)
    ]
    rows = row * 12
    html = b"<!DOCTYPE html>\r\n<html><body><table>\r\n" + b"".join(rows + link for link in links)
    return make_page("newsletter", html + b"</table></body></html>\r\n")


def make_page(name: str, html: bytes) -> Page:
    """Wrap HTML in each transfer encoding."""
    head = (
        "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: {}\r\n\r\n"
    )
    bodies = {
        "quoted-printable": quopri.encodestring(html),
        "base64": base64.encodebytes(html).replace(b"\n", b"\r\n"),
        "8bit": html,
    }
    return Page(name, html, {name: head.format(name).encode() + body for name, body in bodies.items()})


def goal() -> None:
    """Print the page that the goals speak of."""
    page = goal_page()
    taken = medians(ways_of(page), 60)
    print(f"\n{len(page.html):,} bytes of HTML with {page.tracked} links: bare parse {taken['bare']:.0f} µs")
    for encoding in ENCODINGS:
        ratio = taken[encoding] / taken["bare"]
        print(f"  {encoding:18} {taken[encoding]:>6.0f} µs  {ratio:.2f} times the bare parse")


def large_message() -> None:
    """Print time and memory for a page with 25 MB of attachments."""
    attachment = base64.encodebytes(bytes(range(256)) * 24_000).replace(b"\n", b"\r\n")
    part = b"--=_outer\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n" + (
        b"Content-Disposition: attachment; filename=a.pdf\r\n\r\n" + attachment
    )
    head = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_outer"\r\n\r\n--=_outer\r\n'
    message = head + goal_page().messages["quoted-printable"] + b"\r\n" + part * 3 + b"--=_outer--\r\n"
    del attachment, part
    taken = medians({"rewrite": lambda: rewrite(message, POLICY, LINKS)})["rewrite"]
    gc.collect()
    tracemalloc.start()
    rewrite(message, POLICY, LINKS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = len(message)
    print(
        f"\n{size / 1e6:.1f} MB with attachments: {taken / 1000:.1f} ms; peak memory, the message included, "
        f"{(size + peak) / size:.2f} times its size"
    )


def nothing_to_do() -> None:
    """Print what messages cost in which there is nothing to rewrite."""
    header = b"From: a@example.com\r\nTo: b@example.com\r\n" + b"X-Trace: %b\r\n" % (b"x" * 60) * 15
    text = (
        header
        + b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        + b"A line.\r\n" * 2_000
    )
    off = Policy(clicks=False, opens=False)
    ways = {"text only": lambda: rewrite(text, POLICY, LINKS), "opted out": lambda: rewrite(text, off, LINKS)}
    for name, taken in medians(ways, 1_000).items():
        print(f"{len(text):,} bytes, {name}: {taken:.1f} µs")


def hostile() -> None:
    """Print shapes made to be slow at three sizes: the time for a KB stays, or falls beyond a limit."""
    print(f"\nhostile shapes: µs a KB, fastest of {HOSTILE_ROUNDS} rounds, and ms for the largest")
    print(f"{'shape':28}" + "".join(f"{size // 1_000:>9} KB" for size in HOSTILE_SIZES) + f"{'ms':>12}")
    for name, shape in SHAPES.items():
        ways = {size: partial(rewrite, shape(size), POLICY, LINKS) for size in HOSTILE_SIZES}
        taken = timed(ways, HOSTILE_ROUNDS, min)
        each = "".join(f"{time / size * 1e3:>12.1f}" for size, time in taken.items())
        print(f"{name:28}{each}{taken[HOSTILE_SIZES[-1]] / 1e3:>12.1f}")


def main() -> None:
    """Print all tables."""
    print("rewriter: one core, sealed tokens, opens and clicks on")
    if corpora() == [OWN_CORPUS]:
        print("(the large corpus is not here: our own pages only)")
    found = corpus_pages()
    by_size(found)
    typical(found)
    goal()
    large_message()
    nothing_to_do()
    hostile()


if __name__ == "__main__":
    main()
