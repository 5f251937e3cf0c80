import pytest

from events.model import Hit
from links import BlockKind
from tests.tracker.asking import CLICK_PATH, OPEN_PATH, OPEN_TEXT, Asking, blocking
from tracker.metrics import Asked, Outcome


def counted(ask: Asking) -> dict[tuple[str, str], float]:
    return {
        (asked.value, outcome.value): value
        for asked in Asked
        for outcome in Outcome
        if (
            value := ask.registry.get_sample_value(
                "waypost_tracker_requests_total", {"kind": asked, "outcome": outcome}
            )
        )
    }


@pytest.mark.parametrize(
    ("path", "method", "kind", "outcome"),
    [
        (CLICK_PATH, "GET", "click", "answered"),
        (OPEN_PATH, "HEAD", "open", "answered"),
        ("/c/forged", "GET", "click", "unknown"),
        (f"/c/{OPEN_TEXT}", "GET", "click", "unknown"),
        ("/o/forged", "GET", "open", "unknown"),
        ("/", "GET", "other", "answered"),
        ("/wp-login.php", "GET", "other", "unknown"),
        (CLICK_PATH, "POST", "other", "refused"),
    ],
)
def test_each_request_is_counted_once(path: str, method: str, kind: str, outcome: str) -> None:
    ask = Asking()
    ask(path, method=method)
    assert counted(ask) == {(kind, outcome): 1}


def test_a_request_that_http_forbids() -> None:
    ask = Asking()
    ask(CLICK_PATH, headers=[])
    assert counted(ask) == {("other", "refused"): 1}


def test_a_blocked_click_is_told_apart() -> None:
    ask = Asking(blocks=blocking(BlockKind.PROJECT, "3"))
    ask(CLICK_PATH)
    assert counted(ask) == {("click", "blocked"): 1}


def failing(hit: Hit) -> object:
    raise OSError


@pytest.mark.parametrize("record", [failing, lambda hit: False])
def test_what_was_not_written_down_is_told_apart(record: object) -> None:
    ask = Asking(record=record)  # type: ignore[arg-type]
    ask(OPEN_PATH)
    assert counted(ask) == {("open", "unrecorded"): 1}
