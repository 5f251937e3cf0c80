"""Records for tests: builders with defaults, and Hypothesis strategies for any record."""

from typing import Any

from hypothesis import strategies as st

from events.model import (
    LARGEST_NUMBER,
    Hit,
    HitKind,
    MessageRecord,
    Outcome,
    Recipient,
    Record,
    TrackedLink,
    Verdict,
)

MESSAGE = "0196b1c2d3e4a1b2c3d4e5f6"
REFERENCE = "00ff00ff00ff00ff"
AT = 1_790_000_000_000


def hit(number: int = 1, **fields: Any) -> Hit:
    """Return a click; `number` makes its id."""
    given: dict[str, Any] = {
        "id": f"{number:032x}",
        "kind": HitKind.CLICK,
        "at": AT + number,
        "project": 1,
        "message": MESSAGE,
        "recipient": REFERENCE,
        "link": 1,
        "url": "https://example.com/offer?id=1&n=ä",
        "host": "track.example.com",
        "address": "203.0.113.9",
        "user_agent": "Mozilla/5.0",
        "method": "GET",
        "purpose": "",
    }
    return Hit(**given | fields)


def outcome(number: int = 1, **fields: Any) -> Outcome:
    """Return the outcome of a message that was relayed; `number` makes its id."""
    given: dict[str, Any] = {
        "id": f"{number:032x}",
        "message": MESSAGE,
        "at": AT + number,
        "verdict": Verdict.RELAYED,
        "code": 250,
        "reply": "250 2.0.0 queued as 4F1",
    }
    return Outcome(**given | fields)


def message(**fields: Any) -> MessageRecord:
    """Return the record of a message to one person with two links."""
    given: dict[str, Any] = {
        "id": MESSAGE,
        "at": AT,
        "project": 1,
        "sender": "news@example.com",
        "message_id": "<1@example.com>",
        "sending_domain": "example.com",
        "tracking_domain": "track.example.com",
        "key": 7,
        "mode": "on",
        "size": 19_000,
        "recipients": (Recipient(address="ann@example.net", reference=REFERENCE),),
        "links": (
            TrackedLink(number=1, url="https://example.com/offer", name="offer", tags=("spring", "top")),
            TrackedLink(number=2, url="https://example.com/", name="", tags=()),
        ),
        "pixel": True,
        "left_alone": {"not-http": 2},
        "tags": ("welcome",),
        "metadata": {"customer": "42"},
        "problems": ("x-waypost-route: its project has no such route",),
    }
    return MessageRecord(**given | fields)


# What a relay can meet: any character, and the surrogates that stand for bytes that are no UTF-8.
texts = st.text(st.characters(codec="utf-8") | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF))
numbers = st.integers(0, LARGEST_NUMBER)


def _ids(digits: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=digits, max_size=digits)


_references = st.none() | _ids(16)
_recipients = st.builds(Recipient, address=texts, reference=_references)
_links = st.builds(
    TrackedLink, number=numbers, url=texts, name=texts, tags=st.lists(texts, max_size=3).map(tuple)
)
records: st.SearchStrategy[Record] = st.one_of(
    st.builds(
        MessageRecord,
        id=_ids(24),
        at=numbers,
        project=numbers,
        sender=texts,
        message_id=texts,
        sending_domain=texts,
        tracking_domain=texts,
        key=numbers,
        mode=st.sampled_from(["off", "observe", "on"]),
        size=numbers,
        recipients=st.lists(_recipients, max_size=3).map(tuple),
        links=st.lists(_links, max_size=3).map(tuple),
        pixel=st.booleans(),
        untracked=texts,
        left_alone=st.dictionaries(texts, numbers, max_size=3),
        tags=st.lists(texts, max_size=3).map(tuple),
        metadata=st.dictionaries(texts, texts, max_size=3),
        problems=st.lists(texts, max_size=3).map(tuple),
    ),
    st.builds(
        Outcome,
        id=_ids(32),
        message=_ids(24),
        at=numbers,
        verdict=st.sampled_from(Verdict),
        code=numbers,
        reply=texts,
    ),
    st.builds(
        Hit,
        id=_ids(32),
        kind=st.sampled_from(HitKind),
        at=numbers,
        project=numbers,
        message=_ids(24),
        recipient=_references,
        link=numbers,
        url=texts,
        host=texts,
        address=texts,
        user_agent=texts,
        method=st.sampled_from(["GET", "HEAD"]),
        purpose=texts,
    ),
)
