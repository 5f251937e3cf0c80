import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from links import Key, KeyRing, KeyRingError, dump_key_ring, parse_key_ring
from tests.links.rings import OTHER_SECRET, SECRET, ring

ENCODED = base64.b64encode(SECRET).decode()
ENTRY: dict[str, Any] = {"id": 1, "created_at": 5, "seals_from": 6, "secret": ENCODED}


def document(*entries: object, **over: object) -> str:
    return json.dumps({"version": 1, "keys": list(entries)} | over)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in ENTRY.items() if key != name}


def test_reads_what_it_wrote_revoked_keys_too() -> None:
    revoked = ring().rotate(OTHER_SECRET, now=3, seals_from=4).revoke(1)
    text = dump_key_ring(revoked)
    assert parse_key_ring(text) == revoked
    assert ENCODED not in text
    assert text.endswith("}\n")


times = st.integers(0, 2**48)
keys = st.builds(
    Key,
    id=st.integers(1, 65_535),
    created_at=times,
    seals_from=times,
    secret=st.binary(min_size=32, max_size=32),
)


@given(st.lists(keys, min_size=1, max_size=5, unique_by=(lambda key: key.id, lambda key: key.secret)))
def test_any_ring_is_read_back(some: list[Key]) -> None:
    whole = KeyRing(keys=tuple(some))
    assert parse_key_ring(dump_key_ring(whole)) == whole


def test_reads_a_file_written_by_hand() -> None:
    read = parse_key_ring(document(ENTRY, {"id": 9, "created_at": 1, "seals_from": 2, "revoked": True}))
    assert read.sealing(6).secret == SECRET
    assert [key.id for key in read.keys] == [1, 9]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no JSON"),
        (f'{{"version": 1, "keys": [{{"secret": "{ENCODED}"', "no JSON.*line 1"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "must be an object"),
        ("{}", '"version" and "keys"'),
        (document(ENTRY, version=2), "version is not 1"),
        (document(ENTRY, version=True), "version is not 1"),
        (document(ENTRY, extra=1), '"version" and "keys" alone'),
        (document(keys={}), "must be a list"),
        (document(), "no usable key"),
        (document("x"), r"keys\[0\] must have"),
        (document(ENTRY, without("id")), r"keys\[1\] must have"),
        (document(without("secret")), r"keys\[0\] must have"),
        (document(ENTRY | {"secrets": "x"}), r"keys\[0\] must have"),
        (document(ENTRY | {"revoked": True}), r"keys\[0\] must have"),
        (document(ENTRY | {"id": "1"}), r"keys\[0\].id must be a whole number"),
        (document(ENTRY | {"id": True}), r"keys\[0\].id must be a whole number"),
        (document(ENTRY | {"id": 0}), "between 1 and 65535"),
        (document(ENTRY | {"created_at": 1.5}), r"keys\[0\].created_at must be a whole number"),
        (document(ENTRY | {"secret": ENCODED[:-4]}), "32 bytes"),
        (document(ENTRY | {"secret": "%" + ENCODED}), r"keys\[0\].secret is no base64"),
        (document(ENTRY | {"secret": 5}), "32 bytes"),
        (document(without("secret") | {"revoked": False}), "can only be true"),
        (document(ENTRY, ENTRY | {"secret": base64.b64encode(OTHER_SECRET).decode()}), "same id"),
        (document(ENTRY, ENTRY | {"id": 2}), "same secret"),
        ('{"version": 1, "version": 1, "keys": []}', "same name twice"),
    ],
)
def test_a_bad_ring_gets_a_clear_error_without_its_secret(text: str, complaint: str) -> None:
    with pytest.raises(KeyRingError, match=complaint) as caught:
        parse_key_ring(text)
    error: BaseException | None = caught.value
    assert ENCODED[:8] not in str(error)
    assert error is not None
    assert error.__suppress_context__ or error.__context__ is None
