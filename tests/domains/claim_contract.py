"""What every store must do with claims, proofs and rules, as tests to inherit: see `store_contract`."""

from dataclasses import replace

import pytest

from domains.errors import NameTaken
from domains.ownership import CLAIM_LIFETIME, Claim, Kind
from domains.ports import ClaimStore, DomainStore
from rewriter.policy import Overrides, SignedMail, VisibleUrl
from tests.domains.store_contract import LATER, NOW, SENDER, TOKEN, add_sending, sending

CLAIM = Claim(project=2, kind=Kind.SENDING, name=SENDER, token="mine", created_at=NOW)


class ClaimStoreContract:
    """Inherit, and give the fixtures `store` and `claims` an empty one each, of the same database."""

    @pytest.fixture
    def store(self) -> DomainStore:
        raise AssertionError("the inheriting class gives the fixture `store`")

    @pytest.fixture
    def claims(self) -> ClaimStore:
        raise AssertionError("the inheriting class gives the fixture `claims`")

    def test_a_claim_is_kept(self, claims: ClaimStore) -> None:
        assert claims.find_claim(2, Kind.SENDING, SENDER) is None
        assert claims.claim(CLAIM) == CLAIM
        assert claims.find_claim(2, Kind.SENDING, SENDER) == CLAIM

    def test_claiming_again_gives_the_first_one(self, claims: ClaimStore) -> None:
        claims.claim(CLAIM)
        again = replace(CLAIM, token="another", created_at=LATER)
        assert claims.claim(again) == CLAIM
        assert claims.find_claim(2, Kind.SENDING, SENDER) == CLAIM

    def test_projects_kinds_and_names_are_apart(self, claims: ClaimStore) -> None:
        claims.claim(CLAIM)
        for other in ({"project": 3}, {"kind": Kind.TRACKING}, {"name": "example.org"}):
            made = replace(CLAIM, token="another", **other)
            assert claims.find_claim(made.project, made.kind, made.name) is None
            assert claims.claim(made) == made

    def test_it_ends(self, claims: ClaimStore) -> None:
        claims.claim(CLAIM)
        claims.claim(replace(CLAIM, name="example.org"))
        for _ in range(2):
            claims.end(CLAIM)
        assert claims.find_claim(2, Kind.SENDING, SENDER) is None
        assert claims.find_claim(2, Kind.SENDING, "example.org")

    def test_expired_ones_go(self, claims: ClaimStore) -> None:
        claims.claim(CLAIM)
        claims.claim(replace(CLAIM, name="example.org"))
        new = replace(CLAIM, token="another", created_at=NOW + CLAIM_LIFETIME)
        assert claims.claim(new) == new
        assert claims.find_claim(2, Kind.SENDING, "example.org") is None

    def test_a_sending_domain_is_taken_with_nothing_set(self, store: DomainStore, claims: ClaimStore) -> None:
        add_sending(store)
        before = store.version()
        store.update_sending_domain(replace(sending(store), share=10))
        taken = claims.take_sending_domain(claims.claim(CLAIM), LATER)
        assert store.find_sending_domain(SENDER) == taken
        assert (taken.project, taken.token, taken.verified_at, taken.share) == (2, "mine", LATER, 100)
        assert claims.find_claim(2, Kind.SENDING, SENDER) is None
        assert store.version() > before

    def test_one_that_was_removed_meanwhile_is_taken(self, store: DomainStore, claims: ClaimStore) -> None:
        assert claims.take_sending_domain(claims.claim(CLAIM), LATER).project == 2
        assert sending(store).verified_at == LATER

    @pytest.mark.parametrize("project", [1, 2])
    def test_one_that_is_settled_is_not_taken(
        self, store: DomainStore, claims: ClaimStore, project: int
    ) -> None:
        add_sending(store, project=project)
        if project == 1:
            store.verify_sending_domain(SENDER, TOKEN, NOW)
        before = (store.version(), sending(store))
        with pytest.raises(NameTaken, match="a moment ago"):
            claims.take_sending_domain(CLAIM, LATER)
        assert (store.version(), sending(store)) == before

    def test_the_rules_of_a_sending_domain(self, store: DomainStore) -> None:
        add_sending(store)
        before = sending(store)
        assert before.rules == Overrides()
        rules = Overrides(
            clicks=False,
            html=True,
            opens=True,
            excluded_hosts=(),
            allowed_destinations=("*.bücher.example", "shop.example"),
            visible_url=VisibleUrl.TRACK,
            signed_mail=SignedMail.LEAVE,
        )
        store.update_sending_domain(replace(before, rules=rules))
        assert sending(store).rules == rules
        store.update_sending_domain(before)
        assert sending(store) == before

    def test_verifying_a_sending_domain(self, store: DomainStore) -> None:
        add_sending(store)
        assert (sending(store).token, sending(store).verified_at) == (TOKEN, None)
        store.verify_sending_domain(SENDER, TOKEN, NOW)
        store.verify_sending_domain(SENDER, TOKEN, LATER)
        assert sending(store).verified_at == NOW
