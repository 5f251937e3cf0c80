import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import Evidence
from domains.evidence_format import from_json, to_json
from tests.domains.builders import NOW

OLD = {"at": "2026-03-01T12:00:00+00:00", "dns": {"host": "track.example.com", "status": "no record"}}
PLAIN = Evidence(at=NOW, dns=DnsAnswer(host="track.example.com", status=DnsStatus.NO_RECORD))


@given(st.from_type(Evidence))
def test_what_is_written_is_read(evidence: Evidence) -> None:
    assert from_json(json.loads(json.dumps(to_json(evidence)))) == evidence


def test_what_an_old_row_lacks_takes_its_default() -> None:
    assert from_json(OLD) == PLAIN


def test_what_a_newer_version_adds_is_left_out() -> None:
    assert from_json({**OLD, "new": 1, "http": {"reached": "not probed", "new": 2}}) == PLAIN


@pytest.mark.parametrize("row", [{}, {"at": "yesterday", "dns": OLD["dns"]}, {**OLD, "dns": {"host": "a"}}])
def test_what_is_no_evidence_is_refused(row: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError)):
        from_json(row)
