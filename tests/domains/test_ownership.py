from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.directory import Directory
from domains.model import SendingDomain
from domains.ownership import (
    CLAIM_LIFETIME,
    Claim,
    Kind,
    Ownership,
    Proof,
    Standing,
    explain_proof,
    judge_proof,
    new_token,
    ownership,
    ownership_record,
)
from tests.domains.builders import NOW, sending_domain

TOKEN = "abcdefghijklmnopqrstuvwxyz234567"
RECORD = ownership_record("news.example.com", TOKEN)


def test_the_record() -> None:
    assert str(RECORD) == f'_waypost.news.example.com. TXT "waypost-verify={TOKEN}"'
    assert RECORD.fields() == (
        ("Zone", "example.com"),
        ("Name", "_waypost.news"),
        ("Type", "TXT"),
        ("Value", f"waypost-verify={TOKEN}"),
        ("TTL", "300"),
    )


@given(st.binary(min_size=20, max_size=20))
def test_a_token_is_160_bits_of_lower_case_base32(random: bytes) -> None:
    token = new_token(lambda size: random[:size])
    assert len(token) == 32
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert token != new_token(lambda size: bytes([random[0] ^ 1]) + random[1:size])


@pytest.mark.parametrize(
    ("values", "proof"),
    [
        (None, Proof.UNANSWERED),
        ((), Proof.NO_RECORD),
        ((RECORD.value,), Proof.FOUND),
        (("v=spf1 -all", f' "{RECORD.value.upper()}" '), Proof.FOUND),
        (("v=spf1 -all",), Proof.OTHER_VALUE),
        ((TOKEN,), Proof.OTHER_VALUE),
        ((f"{RECORD.value}x",), Proof.OTHER_VALUE),
        ((f"{RECORD.value} {RECORD.value}",), Proof.OTHER_VALUE),
    ],
)
def test_what_proves(values: tuple[str, ...] | None, proof: Proof) -> None:
    assert judge_proof(RECORD, values) is proof


def test_an_empty_token_proves_nothing() -> None:
    nothing = ownership_record("example.com", "")
    assert judge_proof(nothing, ("waypost-verify=",)) is not Proof.FOUND


def test_the_words() -> None:
    assert "may be deleted" in explain_proof(RECORD, Proof.FOUND)
    assert str(RECORD) in explain_proof(RECORD, Proof.NO_RECORD)
    other = explain_proof(RECORD, Proof.OTHER_VALUE, ("\x1b[2Jwrong" + "x" * 500,))
    assert str(RECORD) in other
    assert "'\\x1b[2Jwrong" in other
    assert "x" * 101 not in other
    unanswered = explain_proof(RECORD, Proof.UNANSWERED, detail="the DNS server 192.0.2.1 answered SERVFAIL")
    assert "SERVFAIL" in unanswered
    assert "says nothing about the record" in unanswered


def test_a_claim_lasts_thirty_days() -> None:
    claim = Claim(project=2, kind=Kind.SENDING, name="example.com", token=TOKEN, created_at=NOW)
    assert not claim.expired(NOW + CLAIM_LIFETIME - timedelta(seconds=1))
    assert claim.expired(NOW + CLAIM_LIFETIME)


def standing(name: str, *known: SendingDomain) -> Ownership:
    by_name = {each.name: each for each in known}
    return ownership(by_name[name], by_name)


PARENT = sending_domain("example.com", id=1)
CHILD = sending_domain("news.example.com", id=2)
FOREIGN_CHILD = replace(CHILD, project=2)
PROVEN_PARENT = replace(PARENT, verified_at=NOW)


def test_a_domain_of_its_own() -> None:
    assert standing("example.com", PARENT) == Ownership(standing=Standing.UNVERIFIED)
    assert standing("example.com", PROVEN_PARENT) == Ownership(standing=Standing.VERIFIED)


def test_a_subdomain_is_covered_by_a_verified_parent_of_its_project() -> None:
    covered = Ownership(standing=Standing.COVERED, parent="example.com")
    assert standing(CHILD.name, CHILD, PROVEN_PARENT) == covered
    assert standing(CHILD.name, CHILD, PARENT) == Ownership(standing=Standing.UNVERIFIED)
    deep = sending_domain("a.b.news.example.com", id=3)
    assert standing(deep.name, deep, CHILD, PROVEN_PARENT) == covered


def test_a_subdomain_of_another_project_needs_its_own_proof() -> None:
    disputed = Ownership(standing=Standing.DISPUTED, parent="example.com")
    assert standing(CHILD.name, FOREIGN_CHILD, PROVEN_PARENT) == disputed
    assert standing(CHILD.name, FOREIGN_CHILD, PARENT) == disputed
    proven = replace(FOREIGN_CHILD, verified_at=NOW)
    assert standing(CHILD.name, proven, PROVEN_PARENT) == Ownership(standing=Standing.VERIFIED)


def test_nobody_loses_a_subdomain_to_a_parent_that_came_later_unproven() -> None:
    late = replace(PARENT, id=9)
    assert standing(CHILD.name, FOREIGN_CHILD, late).standing is Standing.UNVERIFIED
    proven = replace(late, verified_at=NOW)
    assert standing(CHILD.name, FOREIGN_CHILD, proven).standing is Standing.DISPUTED


def test_what_is_disputed_has_no_say() -> None:
    deep = sending_domain("a.news.example.com", id=3)
    assert standing(deep.name, deep, FOREIGN_CHILD, PROVEN_PARENT).standing is Standing.COVERED
    assert standing(deep.name, deep, FOREIGN_CHILD, PARENT).standing is Standing.UNVERIFIED


def test_proof_deeper_down_is_nearer() -> None:
    deep = sending_domain("a.news.example.com", id=3)
    proven = replace(FOREIGN_CHILD, verified_at=NOW)
    assert standing(deep.name, deep, proven, PROVEN_PARENT) == Ownership(
        standing=Standing.DISPUTED, parent="news.example.com"
    )
    theirs = replace(deep, project=2)
    assert standing(deep.name, theirs, proven, PROVEN_PARENT).standing is Standing.COVERED


def test_nothing_comes_down_from_a_public_suffix() -> None:
    shop = sending_domain("shop.co.uk", id=2)
    suffix = sending_domain("co.uk", id=1, project=2, verified=True)
    assert standing(shop.name, shop, suffix).standing is Standing.UNVERIFIED


@pytest.mark.parametrize(
    ("owned", "counts", "strictly"),
    [
        (Standing.VERIFIED, True, True),
        (Standing.COVERED, True, True),
        (Standing.UNVERIFIED, True, False),
        (Standing.DISPUTED, False, False),
    ],
)
def test_what_counts(owned: Standing, counts: bool, strictly: bool) -> None:
    assert Ownership(standing=owned).counts is counts
    assert Ownership(standing=owned).carries_link(require_verified=False) is counts
    assert Ownership(standing=owned).carries_link(require_verified=True) is strictly


NAMES = st.sampled_from(["a.test", "b.a.test", "c.b.a.test", "d.c.b.a.test", "other.test"])
KNOWN = st.dictionaries(NAMES, st.tuples(st.sampled_from([1, 2, 3]), st.booleans()), min_size=1).flatmap(
    lambda known: st.permutations(range(len(known))).map(
        lambda ids: [
            sending_domain(name, project=project, verified=verified, id=number)
            for (name, (project, verified)), number in zip(known.items(), ids, strict=True)
        ]
    )
)


@given(KNOWN, st.booleans())
def test_no_tenant_takes_anything_from_a_proven_owner(known: list[SendingDomain], required: bool) -> None:
    """What a proven domain decides stays so, whatever others add below or above without proof."""
    proven = [each for each in known if each.verified_at is not None]
    alone = Directory.build([], proven, require_verified=required)
    directory = Directory.build([], known, require_verified=required)
    for name in ("a.test", "b.a.test", "c.b.a.test", "d.c.b.a.test", "x.d.c.b.a.test"):
        if (owner := alone.owner(name)) is not None:
            assert directory.owner(name) == owner


@given(KNOWN)
def test_there_is_always_one_who_is_not_disputed(known: list[SendingDomain]) -> None:
    by_name = {each.name: each for each in known}
    standings = [ownership(each, by_name).standing for each in known]
    assert any(each is not Standing.DISPUTED for each in standings)
