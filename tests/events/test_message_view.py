from events.message_view import AlikeHits, MessageView
from tests.events.records import message


def alike(kind: str, link: int, verdict: str, hits: int, *reasons: str) -> AlikeHits:
    return AlikeHits(kind=kind, link=link, verdict=verdict, reasons=reasons, hits=hits)


def test_hits_are_told_apart_by_who_asked() -> None:
    shown = MessageView(
        record=message(),
        hits=(
            alike("open", 0, "human", 2),
            alike("open", 0, "human", 1, "google-proxy"),
            alike("click", 1, "human", 3),
            alike("click", 1, "machine", 4, "scanner", "instant-click"),
            alike("click", 2, "suspect", 5, "no-agent"),
            alike("click", 2, "machine", 6, "scanner"),
        ),
    )
    assert (shown.opens.human, shown.opens.all, shown.opens.reasons) == (3, 3, {"google-proxy": 1})
    first, second = shown.clicks(1), shown.clicks(2)
    assert (first.human, first.suspect, first.machine) == (3, 0, 4)
    assert (second.human, second.suspect, second.machine) == (0, 5, 6)
    assert first.reasons == {"scanner": 4, "instant-click": 4}
    assert shown.clicks().all == 18
    assert shown.clicks().reasons["scanner"] == 10
    assert shown.clicks(3).all == 0
