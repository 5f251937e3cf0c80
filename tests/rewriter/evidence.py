"""The figures of docs/rewriting-evidence.md: `python -m tests.rewriter.evidence`, where the corpus is."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rewriter import Reason, SignedMail, rewrite
from rewriter.charsets import looks_wide
from rewriter.html_page import agree
from rewriter.html_positions import view_of
from rewriter.policy import Limits
from tests import real_mail
from tests.rewriter import tokenizer_tests
from tests.rewriter.corpus_pages import PAGES, POLICY, edited_pages, seen_by_selectolax
from tests.rewriter.fake_links import BASE, FakeLinks
from tests.rewriter.parts import CORPUS, destination
from tests.rewriter.test_part_properties import HTML_PIECES, pieces

GENERATED = 20_000
Outcomes = Counter[str]  # how often each reason, or "examined", or "tracked"


@dataclass(frozen=True, slots=True)
class Links:
    """Eligible links by what they are, as an independent parser finds them, and those not tracked."""

    eligible: Counter[str]
    lost: list[str]  # the file, and the URL

    @property
    def vml(self) -> int:
        """How many stand on elements of VML, which only Outlook shows."""
        return sum(times for kind, times in self.eligible.items() if kind.startswith("conditional v:"))

    @property
    def share(self) -> float:
        """Per cent that are tracked."""
        return 100 * (1 - len(self.lost) / self.eligible.total())


def page_outcomes() -> tuple[Outcomes, Outcomes]:
    """Count the outcomes of pages, as they are and filled in, and of the links in them."""
    pages, links = Outcomes(), Outcomes()
    for _, _, edited in edited_pages():
        pages[str(edited.part.reason or "examined")] += 1
        links.update(str(link.reason or "tracked") for link in edited.part.links)
    for path in PAGES.rglob("*.html"):
        if looks_wide(path.read_bytes()):
            message = b"Content-Type: text/html\r\n\r\n" + path.read_bytes()
            pages[str(rewrite(message, POLICY, FakeLinks()).report.reason)] += 1
    return pages, links


def page_links() -> Links:
    """Compare what selectolax sees in the pages before and after; a tracked link must lead where it led.

    Raises AssertionError where one does not, and ValueError where links came or went.
    """
    found = Links(Counter(), [])
    for path, html, edited in edited_pages():
        before, after = seen_by_selectolax(html), seen_by_selectolax(edited.output)
        for (kind, url), (_, now) in zip(before, after, strict=True):
            found.eligible[kind] += 1
            if not now.startswith(f"{BASE}/c/"):
                found.lost.append(f"{path.name}: {url}")
            else:
                assert destination(now) == url
    return found


def message_outcomes() -> tuple[int, Outcomes, Outcomes]:
    """Count the messages of the corpus, and the outcomes of their HTML parts and of the links in them."""
    messages, parts, links = 0, Outcomes(), Outcomes()
    for path in real_mail.messages(CORPUS):
        messages += 1
        report = rewrite(path.read_bytes(), replace(POLICY, signed_mail=SignedMail.TRACK), FakeLinks()).report
        html = [part for part in report.parts if part.content_type == "text/html"]
        parts.update(str(part.reason or "examined") for part in html)
        links.update(str(link.reason or "tracked") for link in report.links)
    return messages, parts, links


def tokenizer_inputs() -> Outcomes:
    """Count what the two engines say of the inputs of the tokenizer tests, taken as pages."""
    return Outcomes(
        _agreement(case["input"].encode("utf-8", "surrogatepass")) for case in tokenizer_tests.cases()
    )


def disagreements(pages: int) -> Counter[bytes]:
    """Make pages at random of the pieces that HTML goes wrong with; return the least that the engines
    disagree about in each.
    """
    choices, rng = pieces(HTML_PIECES), random.Random(1)
    found = Counter[bytes]()
    for _ in range(pages):
        page = rng.choices(choices, k=rng.randint(1, 14))
        if _differ(page):
            found[b"".join(_least(page))] += 1
    return found


def _least(page: Sequence[bytes]) -> Sequence[bytes]:
    """Leave out what the disagreement does not need."""
    for index in range(len(page)):
        shorter = [*page[:index], *page[index + 1 :]]
        if _differ(shorter):
            return _least(shorter)
    return page


def _differ(page: Sequence[bytes]) -> bool:
    return _agreement(b"".join(page)) == Reason.ENGINES_DISAGREE


def _agreement(html: bytes) -> str:
    page = agree(view_of(html), Limits())
    return str(page) if isinstance(page, Reason) else "examined"


def figures() -> str:
    """Return all of them, one a line."""
    pages, links = page_outcomes()
    messages, parts, links_of_messages = message_outcomes()
    seen = page_links()
    tests, attributes = tokenizer_tests.check_positions()
    inputs = tokenizer_inputs()
    differing = disagreements(GENERATED)
    return "\n".join(
        [
            f"pages, as they are and once more with templates filled in: {pages.total()}: {_said(pages)}",
            f"  links in them: {links.total()}: {_said(links)}",
            f"  eligible links that selectolax sees: {seen.eligible.total()}, {seen.vml} of them VML: "
            f"{seen.share:.2f} % tracked",
            *(f"    not tracked: {lost}" for lost in seen.lost),
            f"HTML parts in {messages} messages: {parts.total()}: {_said(parts)}",
            f"  links in them: {links_of_messages.total()}: {_said(links_of_messages)}",
            f"html5lib tokenizer tests with start tags: {tests}, {attributes} attributes: none misplaced",
            f"html5lib tokenizer tests as pages: {inputs.total()}: {_said(inputs)}",
            f"pages made at random of what HTML goes wrong with: {GENERATED}: {differing.total()} "
            "engines-disagree, about",
            *(f"    {times} x {page.decode('latin-1')!r}" for page, times in sorted(differing.items())),
        ]
    )


def _said(outcomes: Counter[str]) -> str:
    ranked: Iterable[tuple[str, int]] = sorted(outcomes.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{times} {name}" for name, times in ranked)


if __name__ == "__main__":
    print(figures())
