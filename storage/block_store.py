"""Blocked links in the database: `domains.blocking.BlockStore`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Column, Connection, Engine, Integer, Row, Table, select

from domains.errors import StoreUnavailable
from links.blocks import Block, BlockKind
from storage.auditing import AUDITED, Audited
from storage.engine import transaction
from storage.metadata import StoredText, UtcDateTime, metadata
from storage.versions import raise_version, version_of

# Unique by the lock on their version: a URL may be longer than an index of PostgreSQL can hold.
link_blocks: Final = Table(
    "link_blocks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", StoredText, nullable=False),
    Column("value", StoredText, nullable=False),
    Column("reason", StoredText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    info={AUDITED: Audited(kind="link block", name=("kind", "value"))},
)

_VERSION: Final = "link blocks"


class SqlBlockStore:
    """`domains.blocking.BlockStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def version(self) -> int:
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            return version_of(connection, _VERSION)

    def blocks(self) -> list[Block]:
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            return list(map(_block, connection.execute(select(link_blocks).order_by(link_blocks.c.id))))

    def add(self, block: Block) -> Block:
        own = link_blocks.c
        with self._changing() as connection:
            same = select(link_blocks).where(own.kind == block.kind, own.value == block.value)
            row = connection.execute(same).one_or_none()
            if row is not None:
                return _block(row)
            connection.execute(
                link_blocks.insert().values(
                    kind=block.kind, value=block.value, reason=block.reason, created_at=block.created_at
                )
            )
            return block

    def remove(self, kind: BlockKind, value: str) -> bool:
        own = link_blocks.c
        with self._changing() as connection:
            removed = link_blocks.delete().where(own.kind == kind, own.value == value)
            return connection.execute(removed).rowcount > 0

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            raise_version(connection, _VERSION)
            yield connection


def _block(row: Row[Any]) -> Block:
    return Block(kind=BlockKind(row.kind), value=row.value, reason=row.reason, created_at=row.created_at)
