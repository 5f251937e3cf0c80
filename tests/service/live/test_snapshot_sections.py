import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.directory import AccountEntries
from domains.directory_entries import DomainEntries, SendingEntry, TrackingEntry
from domains.model import Https, State
from rewriter.policy import NO_OVERRIDES, Mode
from service.live.account_sections import pack_accounts, unpack_accounts
from service.live.domain_sections import pack_domains, unpack_domains
from service.live.snapshot import SnapshotError
from service.live.snapshot_tables import REQUIRED, ROWS_IN_A_LINE, decode_table, encode_table
from tests.service.live.snapshots import ACCOUNTS, DOMAINS, RULES

NAMES = st.text(max_size=20)
NUMBERS = st.integers(0, 2**31)
TRACKING = st.builds(
    TrackingEntry,
    NAMES,
    NUMBERS,
    st.sampled_from(State),
    st.booleans(),
    st.sampled_from(Https),
    st.booleans(),
)
SENDING = st.builds(
    SendingEntry,
    NAMES,
    NUMBERS,
    st.none() | NAMES,
    st.none() | st.sampled_from(Mode),
    st.integers(0, 100),
    NUMBERS,
    st.booleans(),
    st.sampled_from([NO_OVERRIDES, RULES]),
)


@given(st.lists(TRACKING, max_size=5), st.lists(SENDING, max_size=5))
def test_domains_come_back(tracking: list[TrackingEntry], sending: list[SendingEntry]) -> None:
    entries = DomainEntries(tracking, sending)
    assert unpack_domains(pack_domains(entries)) == entries


def test_accounts_come_back() -> None:
    assert unpack_accounts(pack_accounts(ACCOUNTS)) == AccountEntries(*map(tuple, ACCOUNTS))


def test_enumerations_come_back_as_such() -> None:
    entries = unpack_domains(pack_domains(DOMAINS))
    assert [type(entry.state) for entry in entries.tracking] == [State, State]
    assert [type(entry.tracking) for entry in entries.sending] == [Mode, type(None)]


@pytest.mark.parametrize("count", [0, 1, ROWS_IN_A_LINE, ROWS_IN_A_LINE + 1])
def test_a_table_of_any_length(count: int) -> None:
    rows = [(number, str(number)) for number in range(count)]
    section = encode_table(("a", "b"), rows)
    assert list(decode_table(section, {"a": REQUIRED, "b": REQUIRED})) == rows


def test_columns_are_found_by_name_and_new_ones_have_defaults() -> None:
    section = encode_table(("gone", "b", "a"), [(0, 1, 2)])
    assert list(decode_table(section, {"a": REQUIRED, "new": "default", "b": None})) == [(2, "default", 1)]


def test_without_a_column_that_is_needed_it_is_refused() -> None:
    with pytest.raises(SnapshotError, match="lacks b"):
        list(decode_table(encode_table(("a",), [(0,)]), {"a": REQUIRED, "b": REQUIRED}))


@pytest.mark.parametrize(
    "section", [b"", b"7", b'["a"]\nno json', b'["a"]\n[1]', b'["a"]\n[[]]', b'["a"]\n7', b"\xff"]
)
def test_what_is_no_table_is_refused(section: bytes) -> None:
    with pytest.raises(SnapshotError):
        list(decode_table(section, {"a": REQUIRED}))


@pytest.mark.parametrize("missing", ["tracking domains", "sending domains"])
def test_without_a_section_domains_are_refused(missing: str) -> None:
    sections = pack_domains(DOMAINS)
    del sections[missing]
    with pytest.raises(SnapshotError):
        unpack_domains(sections)


def test_a_state_that_nobody_knows_is_refused() -> None:
    sections = pack_domains(DOMAINS)
    sections["tracking domains"] = sections["tracking domains"].replace(b'"retired"', b'"sold"')
    with pytest.raises(SnapshotError):
        unpack_domains(sections)


@pytest.mark.parametrize("name", ["projects", "credentials", "routes"])
def test_accounts_that_make_no_sense_are_refused(name: str) -> None:
    sections = pack_accounts(ACCOUNTS)
    columns = json.loads(sections[name].split(b"\n")[0])
    sections[name] = encode_table(columns, [[7] * len(columns)])
    with pytest.raises(SnapshotError):
        unpack_accounts(sections)
    del sections[name]
    with pytest.raises(SnapshotError):
        unpack_accounts(sections)
