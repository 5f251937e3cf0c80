"""The files of apps in the database: `domains.app_files.AppFileStore`."""

from typing import Final

from sqlalchemy import Column, Engine, Integer, Table, select

from domains.app_files import AppFile, AppFileEntry
from domains.errors import StoreUnavailable
from storage.auditing import AUDITED, Audited
from storage.engine import transaction
from storage.metadata import StoredText, metadata
from storage.versions import raise_version, version_of

app_files: Final = Table(
    "app_files",
    metadata,
    Column("project", Integer, primary_key=True, autoincrement=False),
    Column("name", StoredText, primary_key=True),
    Column("file", StoredText, primary_key=True),
    Column("content", StoredText, nullable=False),
    info={AUDITED: Audited(kind="app file", name=("project", "name", "file"))},
)

_VERSION: Final = "app files"


class SqlAppFileStore:
    """`domains.app_files.AppFileStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def version(self) -> int:
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            return version_of(connection, _VERSION)

    def entries(self) -> list[AppFileEntry]:
        own = app_files.c
        ordered = select(app_files).order_by(own.project, own.name, own.file)
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            return [
                AppFileEntry(row.project, row.name, AppFile(row.file), row.content)
                for row in connection.execute(ordered)
            ]

    def put(self, entry: AppFileEntry) -> None:
        own = app_files.c
        same = (own.project == entry.project, own.name == entry.name, own.file == entry.file)
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            raise_version(connection, _VERSION)
            connection.execute(app_files.delete().where(*same))
            if entry.content:
                connection.execute(app_files.insert().values(entry._asdict()))
