import click
import pytest

from admin.duration import Duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("45", 45), (" 1m ", 60), (5, 5)]
)
def test_what_it_takes(text: object, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "m", "0", "0s", "-1s", "1.5m", "10 m", "10d", "soon"])
def test_what_it_refuses(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write 90s, 10m or 2h"):
        Duration().convert(text, None, None)
