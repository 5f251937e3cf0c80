"""ACME accounts and challenges in the database: `certificates.ports.AccountStore` and `ChallengeStore`."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select

from certificates.errors import StoreUnavailable
from certificates.model import Account, Challenge
from storage.certificate_tables import acme_accounts, acme_challenges
from storage.dialects import insert
from storage.engine import transaction


class SqlAcmeStore:
    """Both ports on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put_challenge(self, challenge: Challenge, *, now: datetime) -> None:
        row = {
            "token": challenge.token,
            "host": challenge.host,
            "answer": challenge.answer,
            "expires_at": challenge.expires_at,
        }
        with self._writing() as connection:
            connection.execute(acme_challenges.delete().where(acme_challenges.c.expires_at <= now))
            added = insert(connection.dialect, acme_challenges).values(row)
            connection.execute(added.on_conflict_do_update(index_elements=["token"], set_=row))

    def challenge_answer(self, token: str, *, now: datetime) -> str | None:
        column = acme_challenges.c
        wanted = select(column.answer).where(column.token == token, column.expires_at > now)
        with self._reading() as connection:
            answer: str | None = connection.execute(wanted).scalar_one_or_none()
            return answer

    def challenge_answers(self, *, now: datetime) -> dict[str, str]:
        column = acme_challenges.c
        wanted = select(column.token, column.answer).where(column.expires_at > now)
        with self._reading() as connection:
            return {row.token: row.answer for row in connection.execute(wanted)}

    def delete_challenge(self, token: str) -> None:
        with self._writing() as connection:
            connection.execute(acme_challenges.delete().where(acme_challenges.c.token == token))

    def account(self, directory: str) -> Account | None:
        with self._reading() as connection:
            return _find_account(connection, directory)

    def add_account(self, account: Account) -> Account:
        with self._writing() as connection:
            added = insert(connection.dialect, acme_accounts).values(_row(account))
            connection.execute(added.on_conflict_do_nothing())
            return _find_account(connection, account.directory) or account

    def update_account(self, account: Account) -> None:
        kept = acme_accounts.update().where(acme_accounts.c.directory == account.directory)
        with self._writing() as connection:
            connection.execute(kept.values(_row(account)))

    def _reading(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=False, raising=StoreUnavailable)

    def _writing(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=True, raising=StoreUnavailable)


def _row(account: Account) -> dict[str, Any]:
    return {
        "directory": account.directory,
        "sealed_key": account.sealed_key,
        "uri": account.uri,
        "contact": list(account.contact),
    }


def _find_account(connection: Connection, directory: str) -> Account | None:
    wanted = select(acme_accounts).where(acme_accounts.c.directory == directory)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    return Account(
        directory=row.directory, sealed_key=row.sealed_key, uri=row.uri, contact=tuple(row.contact)
    )
