"""The files of apps as the database last had them, and as a section of a snapshot."""

from collections.abc import Mapping
from typing import Final

from domains.app_files import AppFile, AppFileEntry, AppFileStore
from service.live.snapshot import SnapshotError
from service.live.snapshot_tables import REQUIRED, decode_table, encode_table
from service.live.value import LiveValue

Files = Mapping[tuple[int, str, AppFile], str]
"""Contents by project, name and file."""

_SECTION: Final = "app files"
_COLUMNS: Final = dict.fromkeys(AppFileEntry._fields, REQUIRED)


def live_app_files(store: AppFileStore, *, seed: Files | None = None) -> LiveValue[Files]:
    """Begin with a reading, or with `seed`. Raises domains.errors.StoreUnavailable without a seed."""
    return LiveValue("app files", store, lambda: _files(store.entries()), seed=seed)


def pack_app_files(files: Files) -> dict[str, bytes]:
    """Return the section."""
    return {_SECTION: encode_table(_COLUMNS, ((*key, content) for key, content in files.items()))}


def unpack_app_files(sections: Mapping[str, bytes]) -> Files:
    """Return what was packed; none where an older version did not. Raises SnapshotError."""
    if _SECTION not in sections:
        return {}
    try:
        return _files(
            [
                AppFileEntry(project, name, AppFile(file), content)
                for project, name, file, content in decode_table(sections[_SECTION], _COLUMNS)
            ]
        )
    except ValueError:
        raise SnapshotError("its app files cannot be read") from None


def _files(entries: list[AppFileEntry]) -> Files:
    return {(each.project, each.name, each.file): each.content for each in entries}
