import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy import Engine

import storage
from accounts.audit import Action, AuditChange, AuditFilter
from accounts.errors import NotRemovable
from accounts.model import SendingLimits
from accounts.secret_hash import SecretHash
from domains import steps
from domains.app_files import AppFile, AppFileEntry
from domains.model import Https, State, TrackingDomain
from links import Block, BlockKind
from rewriter.policy import Mode
from storage.account_store import SqlAccountStore
from storage.app_file_store import SqlAppFileStore
from storage.audit_store import SqlAuditStore
from storage.auditing import AUDITED, acting
from storage.block_store import SqlBlockStore
from storage.domain_store import SqlDomainStore
from storage.metadata import metadata
from tests.domains.builders import NOW

BY_THEMSELVES = {
    "acme_accounts",
    "acme_challenges",
    "audit_log",
    "certificate_orders",
    "domain_changes",
    "domain_history",
    "forgotten",
    "hits",
    "links",
    "messages",
    "outcomes",
    "recipients",
    "sessions",
    "summed_days",
    "sums",
    "unjudged",
    "unsummed",
    "versions",
    "webhook_deliveries",
    "webhook_outbox",
    "work_leases",
}
"""Tables that programs write to by themselves, and those that are a record of their own.

Who was forgotten is kept for a while as fingerprints, which the audit log would keep for ever.
"""

ACTOR = "cli:alice"


@pytest.fixture
def accounts(engine: Engine) -> SqlAccountStore:
    return SqlAccountStore(acting(engine, ACTOR))


@pytest.fixture
def domains(engine: Engine) -> SqlDomainStore:
    return SqlDomainStore(acting(engine, ACTOR))


@pytest.fixture
def log(engine: Engine) -> Callable[[], list[AuditChange]]:
    """Return what was written down, the oldest first, which all is of the one who acts."""

    def changes() -> list[AuditChange]:
        entries = SqlAuditStore(engine).entries(AuditFilter(limit=1000))
        assert {entry.actor for entry in entries} <= {ACTOR}
        return [entry.change for entry in reversed(entries)]

    return changes


Log = Callable[[], list[AuditChange]]


def told(change: AuditChange) -> tuple[str, str, str, dict[str, Any], dict[str, Any]]:
    return change.action, change.kind, change.name, dict(change.before), dict(change.after)


def test_every_table_is_audited_or_known_to_be_written_by_programs() -> None:
    for module in pkgutil.iter_modules(storage.__path__, "storage."):
        importlib.import_module(module.name)
    assert {name for name, table in metadata.tables.items() if AUDITED not in table.info} == BY_THEMSELVES


def test_whoever_does_not_act_leaves_no_entry(engine: Engine, log: Log) -> None:
    SqlAccountStore(engine).add_project(name="shop", created_at=NOW)
    assert log() == []


def test_a_project_comes_changes_and_goes(accounts: SqlAccountStore, log: Log) -> None:
    shop = accounts.add_project(name="shop", created_at=NOW)
    accounts.update_project(replace(shop, tracking=Mode.OBSERVE, networks=(ip_network("192.0.2.0/24"),)))
    accounts.delete_project("shop")
    entries = log()
    assert {entry.project for entry in entries} == {shop.id}
    added, changed, network, removed = map(told, entries)
    assert added[:3] == ("added", "project", "shop")
    assert changed == ("changed", "project", "shop", {}, {"tracking": "observe"})
    assert network == ("added", "network", "192.0.2.0/24", {}, {})
    assert removed[:3] == ("removed", "project", "shop")
    assert removed[3]["tracking"] == "observe"


def test_a_network_that_stays_is_not_told(accounts: SqlAccountStore, log: Log) -> None:
    shop = accounts.add_project(name="shop", created_at=NOW)
    kept, left = ip_network("192.0.2.0/24"), ip_network("198.51.100.0/24")
    accounts.update_project(replace(shop, networks=(kept, left)))
    before = len(log())
    accounts.update_project(replace(shop, networks=(kept,)))
    assert [told(each)[:3] for each in log()[before:]] == [("removed", "network", "198.51.100.0/24")]


def test_secrets_are_never_in_it_and_routes_have_names(accounts: SqlAccountStore, log: Log) -> None:
    accounts.add_route(project=1, name="bills", created_at=NOW, clicks=False)
    secret = SecretHash.of("secret", bytes(16))
    accounts.add_credential(
        project=1,
        username="default-abc",
        label="",
        secret_hash=secret,
        route="bills",
        limits=SendingLimits(messages_per_minute=9),
        created_at=NOW,
    )
    accounts.revoke_credential("default-abc", NOW)
    route, added, revoked = map(told, log())
    assert route == ("added", "route", "bills", {}, {"clicks": False})
    assert added[4] == {"label": "", "secret_hash": "(secret)", "route": "bills", "messages_per_minute": 9}
    assert revoked == ("changed", "credential", "default-abc", {}, {"revoked_at": NOW.isoformat()})
    assert secret.digest.hex() not in str(log())


def added_domain(domains: SqlDomainStore) -> TrackingDomain:
    return domains.add_tracking_domain(
        project=1, name="track.example.com", target="t.waypost.test", created_at=NOW, https=Https.AUTO
    )


def test_what_a_check_sees_is_no_change_and_what_comes_of_it_is_one(
    domains: SqlDomainStore, log: Log
) -> None:
    domain = added_domain(domains)
    looked = replace(domain, checked_at=NOW)
    domains.record(steps.changed(domain, target=domain.target, https=Https.REQUIRE, now=NOW))
    assert looked.name == "track.example.com"
    added, changed = map(told, log())
    assert added[:3] == ("added", "tracking domain", "track.example.com")
    assert (changed[3], changed[4]) == ({"https": "auto"}, {"https": "require"})


def test_a_link_is_told_by_name(domains: SqlDomainStore, log: Log) -> None:
    added_domain(domains)
    domains.add_sending_domain(project=1, name="example.com", created_at=NOW, token="t" * 32)
    domains.link("example.com", "track.example.com")
    domains.link("example.com", None)
    assert [told(each)[3:] for each in log()[2:]] == [
        ({}, {"tracking_domain": "track.example.com"}),
        ({"tracking_domain": "track.example.com"}, {}),
    ]
    assert "tttt" not in str(log())


def test_a_new_name_and_the_one_that_is_kept_are_told(domains: SqlDomainStore, log: Log) -> None:
    domain = added_domain(domains)
    verified = replace(domain, state=State.VERIFIED, verified_at=NOW)
    step, left = steps.renamed(
        verified, name="new.example.com", target=domain.target, https=Https.AUTO, verified_at=None, now=NOW
    )
    domains.rename_tracking_domain(replace(step, before=domain), left)
    renamed, kept = map(told, log()[1:])
    assert renamed[:3] == ("changed", "tracking domain", "new.example.com")
    assert (renamed[3]["name"], renamed[4]["name"]) == ("track.example.com", "new.example.com")
    assert kept[:3] == ("added", "tracking domain", "track.example.com")


def test_what_is_replaced_in_one_transaction_is_changed(engine: Engine, log: Log) -> None:
    store = SqlAppFileStore(acting(engine, ACTOR))
    for content in ("{}", '{"a":1}', '{"a":1}', ""):
        store.put(AppFileEntry(1, "track.example.com", AppFile.ANDROID, content))
    assert [told(each)[0] for each in log()] == ["added", "changed", "removed"]


def test_a_block_is_told(engine: Engine, log: Log) -> None:
    store = SqlBlockStore(acting(engine, ACTOR))
    block = Block(kind=BlockKind.HOST, value="shop.example", reason="harm", created_at=NOW)
    store.add(block)
    store.add(block)
    store.remove(BlockKind.HOST, "shop.example")
    assert [told(each) for each in log()] == [
        ("added", "link block", "host shop.example", {}, {"reason": "harm"}),
        ("removed", "link block", "host shop.example", {"reason": "harm"}, {}),
    ]


def test_what_is_undone_leaves_no_entry(accounts: SqlAccountStore, log: Log) -> None:
    shop = accounts.add_project(name="shop", created_at=NOW)
    before = log()
    accounts.add_credential(
        project=shop.id,
        username="shop-abc",
        label="",
        secret_hash=SecretHash.of("secret", bytes(16)),
        route=None,
        limits=SendingLimits(),
        created_at=NOW,
    )
    held = log()
    with pytest.raises(NotRemovable):
        accounts.delete_project("shop")
    assert len(before) + 1 == len(held)
    assert log() == held


def test_entries_are_found_by_project_time_and_place(engine: Engine, accounts: SqlAccountStore) -> None:
    accounts.add_project(name="shop", created_at=NOW)
    accounts.add_route(project=1, name="bills", created_at=NOW)
    store = SqlAuditStore(engine)
    newest, oldest = store.entries(AuditFilter())
    assert (newest.project_name, oldest.project_name) == ("default", "shop")
    assert store.entries(AuditFilter(project=1)) == [newest]
    assert store.entries(AuditFilter(limit=1)) == [newest]
    assert store.entries(AuditFilter(before=newest.id)) == [oldest]
    assert store.entries(AuditFilter(before=10**18 - 1)) == [newest, oldest]
    assert store.entries(AuditFilter(since=oldest.at)) == [newest, oldest]
    accounts.delete_project("shop")
    assert store.entries(AuditFilter())[0].project_name is None


def test_what_is_no_row_is_noted_by_itself(engine: Engine, log: Log) -> None:
    change = AuditChange(
        project=None, action=Action.REMOVED, kind="key of links", name="1", before={}, after={}
    )
    SqlAuditStore(engine).note(ACTOR, change)
    assert log() == [change]
