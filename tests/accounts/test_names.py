import pytest

from accounts.errors import InvalidName
from accounts.names import short_name


@pytest.mark.parametrize(
    ("typed", "stored"), [("shop", "shop"), ("Shop-EU2", "shop-eu2"), ("7", "7"), ("a" * 32, "a" * 32)]
)
def test_a_short_name_is_kept_in_lower_case(typed: str, stored: str) -> None:
    assert short_name(typed) == stored


@pytest.mark.parametrize(
    "typed",
    ["", "-a", "a-", "a--b", "a b", "a_b", "a.b", "bücher", "a\n", "a" * 33, "\x1b[31m", "İ", "ſ"],
)
def test_what_a_host_label_cannot_hold_is_refused(typed: str) -> None:
    with pytest.raises(InvalidName) as refused:
        short_name(typed)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 200
