import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.model import LARGEST_NUMBER, MessageRecord, Record
from events.ports import Event
from events.record_format import TYPES, MalformedRecord, decode, encode
from links.recipients import RecipientTracking
from tests.events.records import hit, message, outcome, records

DOCUMENT = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")


def names(record: type[Record]) -> list[str]:
    return [field.name for field in fields(record)]


EXAMPLES: dict[str, Record] = {"message": message(), "outcome": outcome(), "hit": hit()}


@given(records)
def test_any_record_comes_back_as_it_was(record: Record) -> None:
    assert decode(encode(record)) == record


@given(records)
def test_a_record_is_one_line_of_printable_ascii(record: Record) -> None:
    assert all(0x20 <= byte < 0x7F for byte in encode(record))


@given(st.text(st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)))
def test_surrogates_that_form_a_pair_come_back_as_its_character(text: str) -> None:
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert decode(encode(hit(user_agent=text))) == hit(user_agent=joined)


@given(st.text('a\x7f\x00\n"\\\u2028\U0001f600\udce4'))
def test_what_is_not_printable_is_escaped(text: str) -> None:
    assert json.loads(encode(hit(user_agent=text)))["user_agent"] == text
    assert encode(hit(user_agent=text)).isascii()


def test_the_form_is_the_documented_one() -> None:
    assert encode(outcome()).decode() == (
        '{"v":4,"type":"outcome","id":"00000000000000000000000000000001","message":"0196b1c2d3e4a1b2c3d4e5f6",'
        '"at":1790000000001,"verdict":"relayed","code":250,"reply":"250 2.0.0 queued as 4F1"}'
    )


def test_the_documents_examples_are_of_the_form() -> None:
    *lines, event = re.findall(r"```json\n(.+)\n```", DOCUMENT)
    shown = [decode(line.encode()) for line in lines]
    assert [type(record) for record in shown] == list(TYPES.values())
    assert [encode(record).decode() for record in shown] == lines
    assert list(json.loads(event)) == [field.name for field in fields(Event)]


@pytest.mark.parametrize("name", TYPES)
def test_the_document_names_each_field(name: str) -> None:
    section = DOCUMENT.split(f"### {name}\n")[1].split("\n#")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == names(TYPES[name])


def changed(name: str, **changes: Any) -> bytes:
    """Return an example's JSON with fields changed, or taken away where the value is `...`."""
    given = json.loads(encode(EXAMPLES[name])) | changes
    return json.dumps({key: value for key, value in given.items() if value is not ...}).encode()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_read(name: str) -> None:
    assert decode(changed(name)) == EXAMPLES[name]


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize(
    "broken", [{"v": 0}, {"v": 5}, {"v": []}, {"v": ...}, {"type": "bounce"}, {"type": []}, {"more": 1}]
)
def test_another_version_type_or_field_is_refused(name: str, broken: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecord):
        decode(changed(name, **broken))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_missing_or_empty_field_is_refused(name: str) -> None:
    for field in names(TYPES[name]):
        with pytest.raises(MalformedRecord):
            decode(changed(name, **{field: ...}))
        if field != "recipient":
            with pytest.raises(MalformedRecord):
                decode(changed(name, **{field: None}))


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("hit", {"id": "XYZ"}),
        ("hit", {"id": ""}),
        ("hit", {"id": "a" * 65}),
        ("hit", {"kind": "bounce"}),
        ("hit", {"kind": ["click"]}),
        ("hit", {"at": -1}),
        ("hit", {"at": 1.5}),
        ("hit", {"at": "1"}),
        ("hit", {"link": True}),
        ("hit", {"link": LARGEST_NUMBER + 1}),
        ("hit", {"url": 1}),
        ("outcome", {"verdict": "delivered"}),
        ("message", {"pixel": 1}),
        ("message", {"recipient_tracking": "some"}),
        ("message", {"left_alone": []}),
        ("message", {"left_alone": {"not-http": -1}}),
        ("message", {"metadata": {"n": 1}}),
        ("message", {"metadata": [["n", "1"]]}),
        ("message", {"recipients": {}}),
        ("message", {"recipients": ["ann@example.net"]}),
        ("message", {"recipients": [{"address": "ann@example.net"}]}),
        ("message", {"links": [{"number": 1, "url": "u", "name": "", "tags": "t"}]}),
        ("message", {"links": [{"number": 1, "url": "u", "name": "", "tags": [1]}]}),
        ("message", {"links": [{"number": 1, "url": "u", "name": ""}]}),
        ("message", {"links": [{"number": 1, "url": "u", "name": "", "tags": [], "more": 1}]}),
        ("hit", {"id": "a\n"}),
        ("hit", {"id": "\udce4"}),
        ("hit", {"at": 1.0}),
    ],
)
def test_a_wrong_value_is_refused(name: str, broken: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecord):
        decode(changed(name, **broken))


SINCE_2 = ("pixel", "untracked", "left_alone", "tags", "metadata", "problems")


def test_a_message_of_version_1_is_read_without_what_came_later() -> None:
    old = changed("message", v=1, recipient_tracking=..., **dict.fromkeys(SINCE_2, ...))
    later = (*SINCE_2, "recipient_tracking")
    plain = MessageRecord(
        **{name: getattr(message(), name) for name in names(MessageRecord) if name not in later}
    )
    assert decode(old) == plain
    assert (plain.untracked, plain.tags, plain.metadata, plain.left_alone) == ("", (), {}, {})


@pytest.mark.parametrize("version", [1, 2, 3])
def test_other_records_of_older_versions_are_read(version: int) -> None:
    assert decode(changed("outcome", v=version)) == outcome()
    without = {"purpose": ...} if version < 3 else {}
    assert decode(changed("hit", v=version, **without)) == hit(purpose="")


@pytest.mark.parametrize("version", [2, 3])
def test_a_message_of_version_2_or_3_is_read_as_one_whose_recipients_are_identified(version: int) -> None:
    read = decode(changed("message", v=version, recipient_tracking=...))
    assert read == message(recipient_tracking=RecipientTracking.IDENTIFIED)
    with pytest.raises(MalformedRecord):
        decode(changed("message", v=version))


@pytest.mark.parametrize("version", [1, 2])
def test_a_hit_of_an_older_version_with_a_later_field_is_refused(version: int) -> None:
    with pytest.raises(MalformedRecord):
        decode(changed("hit", v=version))


@pytest.mark.parametrize("field", SINCE_2)
def test_a_message_of_version_1_with_a_later_field_is_refused(field: str) -> None:
    later = {name: ... for name in (*SINCE_2, "recipient_tracking") if name != field}
    with pytest.raises(MalformedRecord):
        decode(changed("message", v=1, **later))


@pytest.mark.parametrize(
    "text", [b"", b"x", b"[]", b"1", b"null", b'"hit"', b"\xff", b"{}", b"9" * 5000, b"[" * 100_000]
)
def test_what_is_no_record_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedRecord):
        decode(text)


@given(st.binary())
def test_any_bytes_are_a_record_or_refused(text: bytes) -> None:
    with pytest.raises(MalformedRecord):
        decode(text)


def test_a_refusal_quotes_nothing() -> None:
    with pytest.raises(MalformedRecord) as refused:
        decode(changed("hit", kind="secret"))
    assert "secret" not in str(refused.value)
