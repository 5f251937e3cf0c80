"""Claims to names of other projects: `domains.ports.ClaimStore`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Connection, Engine, Integer, Row, Table, select

from domains.errors import NameTaken, StoreUnavailable
from domains.model import SendingDomain
from domains.ownership import CLAIM_LIFETIME, Claim, Kind
from storage.auditing import AUDITED, Audited
from storage.domain_changes import begin_change
from storage.domain_rows import find_sending_domain, insert_sending_domain
from storage.domain_tables import sending_domains
from storage.engine import transaction
from storage.metadata import StoredText, UtcDateTime, metadata

claims: Final = Table(
    "claims",
    metadata,
    Column("project", Integer, primary_key=True, autoincrement=False),
    Column("kind", StoredText, primary_key=True),
    Column("name", StoredText, primary_key=True),
    Column("token", StoredText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    info={AUDITED: Audited(kind="claim", name=("project", "kind", "name"), secret=frozenset({"token"}))},
)


class SqlClaimStore:
    """`domains.ports.ClaimStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, made: Claim) -> Claim:
        with self._changing(made) as connection:
            expired = claims.c.created_at <= made.created_at - CLAIM_LIFETIME
            connection.execute(claims.delete().where(expired))
            known = _find(connection, made.project, made.kind, made.name)
            if known is None:
                connection.execute(
                    claims.insert().values(
                        project=made.project,
                        kind=made.kind,
                        name=made.name,
                        token=made.token,
                        created_at=made.created_at,
                    )
                )
            return known or made

    def find_claim(self, project: int, kind: Kind, name: str) -> Claim | None:
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            return _find(connection, project, kind, name)

    def end(self, claim: Claim) -> None:
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            _end(connection, claim)

    def take_sending_domain(self, claim: Claim, at: datetime) -> SendingDomain:
        with self._changing(claim) as connection:
            known = find_sending_domain(connection, claim.name)
            if known and (known.verified_at is not None or known.project == claim.project):
                raise NameTaken(f"{claim.name} was verified a moment ago; look at it again")
            connection.execute(sending_domains.delete().where(sending_domains.c.name == claim.name))
            _end(connection, claim)
            return insert_sending_domain(
                connection,
                project=claim.project,
                name=claim.name,
                created_at=at,
                token=claim.token,
                verified_at=at,
            )

    @contextmanager
    def _changing(self, claim: Claim) -> Iterator[Connection]:
        """Run a change to a claim and its domain, one after the other with every other change of domains."""
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            begin_change(connection, claim.kind, claim.name)
            yield connection


def _find(connection: Connection, project: int, kind: Kind, name: str) -> Claim | None:
    own = claims.c
    wanted = select(claims).where(own.project == project, own.kind == kind, own.name == name)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _claim(row)


def _end(connection: Connection, claim: Claim) -> None:
    own = claims.c
    connection.execute(
        claims.delete().where(own.project == claim.project, own.kind == claim.kind, own.name == claim.name)
    )


def _claim(row: Row[Any]) -> Claim:
    return Claim(
        project=row.project, kind=Kind(row.kind), name=row.name, token=row.token, created_at=row.created_at
    )
