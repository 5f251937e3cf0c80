from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.redaction import REMOVED, redacted_record, redaction
from tests.events.records import message

ADDRESS = "Ann+x@example.net"
local_parts = st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}", fullmatch=True)


@pytest.mark.parametrize(
    "text",
    [
        "550 5.1.1 <{}>: unknown",
        "https://example.com/?email={}&n=1",
        "https://example.com/out?u=https%3A%2F%2Fe.example%2F%3Femail%3D{}",
        "bounces-{}",
        "{}",
        "{}.",
        "to {}, later",
    ],
)
@pytest.mark.parametrize(
    "spelling", [ADDRESS, ADDRESS.lower(), ADDRESS.upper(), quote(ADDRESS), quote(ADDRESS, "@")]
)
def test_an_address_is_taken_out_however_it_is_spelled(text: str, spelling: str) -> None:
    assert redaction([ADDRESS])(text.format(spelling)) == text.format(REMOVED)


def test_an_envelope_sender_that_holds_it_is_emptied_of_it() -> None:
    assert redaction([ADDRESS])("b+ann+x=example.net@esp.example") == f"b+{REMOVED}@esp.example"


@pytest.mark.parametrize(
    "other", ["joann+x@example.net", "jo.ann+x@example.net", "ann+x@example.net.uk", "ann+x@example.network"]
)
def test_one_that_only_ends_or_begins_like_it_stays(other: str) -> None:
    assert redaction([ADDRESS])(other) == other


@given(local_parts, st.text())
def test_nothing_of_it_is_left(local: str, around: str) -> None:
    address = f"{local}@example.net"
    left = redaction([address])(f"{around} {address} {around}")
    assert f" {address} " not in left
    assert left == f"{redaction([address])(around)} {REMOVED} {redaction([address])(around)}"


@pytest.mark.parametrize("addresses", [[], [""]])
def test_without_an_address_all_stays(addresses: list[str]) -> None:
    assert redaction(addresses)("a text") == "a text"


def test_a_record_names_nobody_afterwards() -> None:
    record = message(
        sender="b-ann=example.net@esp.example",
        message_id="<ann@example.net>",
        tags=("for ann@example.net",),
        metadata={"to": "ANN@example.net", "customer": "42"},
        links=(),
    )
    redacted = redacted_record(record, ["ann@example.net"])
    assert redacted.recipients == ()
    assert redacted.sender == f"b-{REMOVED}@esp.example"
    assert redacted.message_id == f"<{REMOVED}>"
    assert (redacted.tags, redacted.metadata) == ((f"for {REMOVED}",), {})
    assert "ann" not in str(redacted).lower()
