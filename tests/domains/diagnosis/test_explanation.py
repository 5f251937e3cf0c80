import pytest

from domains.diagnosis import diagnose, explain
from domains.evidence import Evidence
from domains.findings import Finding, Verdict, find
from domains.model import TrackingDomain
from tests.domains.diagnosis.cases import CASES, DOMAIN, TARGETS
from tests.domains.diagnosis.page import PAGE, page

EACH = {title: case for cases in CASES.values() for title, case in cases.items()}


def test_the_words_are_those_of_the_documentation() -> None:
    """After a change of words: python -m tests.domains.diagnosis.page, and read what changed."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_there_is_a_case_for_every_finding() -> None:
    assert {find(domain, evidence, TARGETS) for domain, evidence in EACH.values()} == set(Finding)


@pytest.mark.parametrize(("domain", "evidence"), EACH.values(), ids=EACH)
class TestEachCase:
    def test_the_record_to_create_is_there_where_something_is_to_be_created(
        self, domain: TrackingDomain, evidence: Evidence
    ) -> None:
        told = explain(domain, evidence, TARGETS)
        assert (told.record is None) == (told.expected == "") == (told.traps == ())
        if find(domain, evidence, TARGETS).verdict is Verdict.BAD:
            assert told.action

    def test_the_paragraph_has_all_but_the_traps(self, domain: TrackingDomain, evidence: Evidence) -> None:
        told = explain(domain, evidence, TARGETS)
        paragraph = diagnose(domain, evidence, TARGETS)
        assert "\n" not in paragraph
        assert "  " not in paragraph
        for part in (told.headline, told.seen, told.action, *told.notes):
            assert part in paragraph
        assert (told.record is not None) == (f"CNAME {domain.target}." in paragraph)

    def test_sentences_end(self, domain: TrackingDomain, evidence: Evidence) -> None:
        told = explain(domain, evidence, TARGETS)
        for part in (told.headline, told.seen, told.action, *told.notes, *told.traps):
            assert part.endswith((".", '"', "")), part


def test_a_paragraph() -> None:
    _, evidence = EACH["No record"]
    assert diagnose(DOMAIN, evidence, TARGETS) == (
        "No DNS record for track.example.com was found. "
        "There is no CNAME record and no address, says ns1.example.com (192.0.2.53). "
        "Create this record at the DNS provider of example.com. It may take some minutes to be seen. "
        "The record: track.example.com. CNAME links.waypost.test."
    )
