"""Against a real authority. Where it would have to misbehave: test_authority_faults."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certificates.authority import AcmeAuthority
from certificates.chains import read_chain
from certificates.errors import AuthorityError
from certificates.model import Certificate
from tests.certificates.builders import CERTIFICATE, HOST, acme_authority, publisher
from tests.certificates.challenge_server import ChallengeServer
from tests.certificates.memory_store import MemoryStore
from tests.pebble import Pebble


@pytest.fixture(scope="module")
def pebble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    """One that rejects half of all nonces."""
    try:
        running = Pebble(tmp_path_factory.mktemp("pebble"), bad_nonces=50)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with running:
        running.point(HOST)
        yield running


@pytest.fixture
def store(pebble: Pebble) -> Iterator[MemoryStore]:
    """A store whose challenges are answered."""
    store = MemoryStore()
    with ChallengeServer(pebble.http_port, store).running():
        yield store


@pytest.fixture
def authority(pebble: Pebble, store: MemoryStore) -> AcmeAuthority:
    return acme_authority(
        pebble.directory, store, trust_root=pebble.trust_root, contact=("mailto:ops@example.com",)
    )


def issue(authority: AcmeAuthority, store: MemoryStore, host: str = HOST) -> Certificate:
    """Return a certificate that was issued just now."""
    issued = authority.issue(host, publisher(store))
    return read_chain(host, issued, authority=authority.directory, sealed_key=b"sealed")


def test_a_certificate_is_issued_for_the_host_with_a_key_of_its_own(
    pebble: Pebble, authority: AcmeAuthority, store: MemoryStore
) -> None:
    certificate = issue(authority, store)
    leaf, *rest = x509.load_pem_x509_certificates(certificate.chain.encode())
    assert rest
    assert certificate.issuer.startswith("Pebble Intermediate CA")
    assert certificate.authority == pebble.directory
    public = leaf.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert isinstance(public.curve, ec.SECP256R1)
    again = issue(authority, store)
    assert again.fingerprint != certificate.fingerprint
    assert store.challenges == {}


def test_one_account_serves_all_orders(authority: AcmeAuthority, store: MemoryStore) -> None:
    issue(authority, store)
    first = store.account(authority.directory)
    issue(authority, store)
    assert first is not None
    assert first.uri
    assert first.contact == ("mailto:ops@example.com",)
    assert store.account(authority.directory) == first


def test_orders_at_once_share_one_account(
    pebble: Pebble, authority: AcmeAuthority, store: MemoryStore
) -> None:
    hosts = [f"h{number}.example.com" for number in range(6)]
    for host in hosts:
        pebble.point(host)
    with ThreadPoolExecutor(len(hosts)) as pool:
        certificates = list(pool.map(lambda host: issue(authority, store, host), hosts))
    assert len({certificate.fingerprint for certificate in certificates}) == len(hosts)


def test_a_registered_account_whose_address_was_lost_is_found_again(
    authority: AcmeAuthority, store: MemoryStore
) -> None:
    """As after a death between the registration and the note of it."""
    issue(authority, store)
    known = store.account(authority.directory)
    assert known is not None
    store.update_account(replace(known, uri=""))
    issue(authority, store)
    assert store.account(authority.directory) == known


def test_a_changed_contact_is_told_to_the_authority(
    pebble: Pebble, authority: AcmeAuthority, store: MemoryStore
) -> None:
    issue(authority, store)
    changed = acme_authority(
        pebble.directory, store, trust_root=pebble.trust_root, contact=("mailto:new@example.com",)
    )
    issue(changed, store)
    account = store.account(pebble.directory)
    assert account is not None
    assert account.contact == ("mailto:new@example.com",)


def test_an_account_that_the_authority_lost_is_registered_again(
    pebble: Pebble, authority: AcmeAuthority, store: MemoryStore
) -> None:
    issue(authority, store)
    before = store.account(authority.directory)
    pebble.stop()
    pebble.start()
    issue(authority, store)
    after = store.account(authority.directory)
    assert before is not None
    assert after is not None
    assert after.uri != before.uri
    assert after.sealed_key == before.sealed_key


def test_a_challenge_that_nobody_answers_is_refused(
    pebble: Pebble, authority: AcmeAuthority, store: MemoryStore
) -> None:
    store.put_challenge = lambda challenge, *, now: None  # type: ignore[method-assign]
    with pytest.raises(AuthorityError) as refused:
        issue(authority, store)
    assert refused.value.type == "unauthorized"
    assert HOST in refused.value.detail


def test_a_host_that_cannot_be_reached_is_refused(
    pebble: Pebble, authority: AcmeAuthority, store: MemoryStore
) -> None:
    pebble.point("gone.example.com", "127.0.0.2")
    with pytest.raises(AuthorityError) as refused:
        issue(authority, store, "gone.example.com")
    assert refused.value.type == "connection"


def test_a_certificate_is_revoked_and_revoking_it_again_is_no_error(
    authority: AcmeAuthority, store: MemoryStore
) -> None:
    certificate = issue(authority, store)
    authority.revoke(certificate)
    authority.revoke(certificate)


def test_a_certificate_of_another_authority_is_not_revoked(
    authority: AcmeAuthority, store: MemoryStore
) -> None:
    with pytest.raises(AuthorityError, match="another authority"):
        authority.revoke(CERTIFICATE)


def test_an_authority_without_renewal_information_gives_no_advice(
    authority: AcmeAuthority, store: MemoryStore
) -> None:
    assert authority.renewal_advice(issue(authority, store)) is None


def test_an_authority_whose_root_is_not_trusted_gets_no_account(pebble: Pebble, store: MemoryStore) -> None:
    stranger = acme_authority(pebble.directory, store)
    with pytest.raises(AuthorityError) as refused:
        issue(stranger, store)
    assert refused.value.type == "untrusted"
    assert store.account(pebble.directory) is None


def test_terms_that_were_not_agreed_to_give_no_account(pebble: Pebble, store: MemoryStore) -> None:
    silent = acme_authority(pebble.directory, store, trust_root=pebble.trust_root, terms_agreed=False)
    with pytest.raises(AuthorityError) as refused:
        issue(silent, store)
    assert refused.value.type == "agreementRequired"
