"""TOML and environment to frozen settings: unknown keys refused with a suggestion, values with their place.

Order, last wins: defaults, the TOML file, `WAYPOST_SECTION__KEY`. Relative paths are relative to the folder
of the TOML file (to the working directory where there is none).
"""

import dataclasses
import difflib
import tomllib
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from service.settings import Settings, UpstreamSection
from service.settings_checks import SettingsError, check_values

ENVIRONMENT_PREFIX = "WAYPOST_"
DEFAULT_FILE = Path("waypost.toml")
UPSTREAMS = "upstreams"  # the one table of tables: [upstreams.NAME]


def load_settings(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """Read `path`, else the file that `WAYPOST_CONFIG` names, else `waypost.toml` here where it exists.

    Raises SettingsError.
    """
    named = path or (Path(environment["WAYPOST_CONFIG"]) if environment.get("WAYPOST_CONFIG") else None)
    source = named or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
    tables = _read(source) if source else {}
    origin = str(source) if source else "settings"
    sections = _section_types()
    _refuse_unknown(tables, {**sections, UPSTREAMS: None}, origin, "section")
    values = {name: _own_table(tables, name, origin) for name in sections}
    upstreams = _named_tables(tables, origin)
    _apply_environment(values, upstreams, sections, environment)
    folder = source.parent if source else Path()
    built = {name: _build(sections[name], values[name], f"{origin}: {name}") for name in sections}
    built[UPSTREAMS] = {
        name: _build(UpstreamSection, table, f"{origin}: {UPSTREAMS}.{name}")
        for name, table in upstreams.items()
    }
    settings = _anchored(Settings(**built, source=source), folder)
    check_values(settings, origin)
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file; `waypost init` writes one") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is not TOML: {error}") from None


def _section_types() -> dict[str, type[Any]]:
    hints = typing.get_type_hints(Settings)
    return {
        name: kind
        for name, kind in hints.items()
        if isinstance(kind, type) and dataclasses.is_dataclass(kind)
    }


def _own_table(tables: Mapping[str, Any], name: str, origin: str) -> dict[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise SettingsError(f"{origin}: {name} must be a table: write [{name}] above its keys")
    return dict(table)


def _named_tables(tables: Mapping[str, Any], origin: str) -> dict[str, dict[str, Any]]:
    named = _own_table(tables, UPSTREAMS, origin)
    for name, table in named.items():
        if not isinstance(table, dict):
            raise SettingsError(f"{origin}: {UPSTREAMS}.{name} must be a table: [{UPSTREAMS}.{name}]")
    return {name: dict(table) for name, table in named.items()}


def _refuse_unknown(given: Mapping[str, Any], known: Mapping[str, Any], origin: str, what: str) -> None:
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; known: {', '.join(known)}"
            raise SettingsError(f"{origin}: unknown {what} {name}{hint}")


def _apply_environment(
    values: dict[str, dict[str, Any]],
    upstreams: dict[str, dict[str, Any]],
    sections: Mapping[str, type[Any]],
    environment: Mapping[str, str],
) -> None:
    for variable, text in environment.items():
        section, separator, key = variable.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        if not variable.startswith(ENVIRONMENT_PREFIX) or not separator:
            continue
        if section == UPSTREAMS:  # WAYPOST_UPSTREAMS__NAME__KEY
            name, _, key = key.partition("__")
            upstreams.setdefault(name, {})[key] = text
            continue
        _refuse_unknown({section: text}, sections, variable, "section")
        values[section][key] = text


def _build(kind: type[Any], table: Mapping[str, Any], origin: str) -> Any:
    hints = typing.get_type_hints(kind)
    _refuse_unknown(table, hints, origin, "key")
    return kind(**{key: _convert(value, hints[key], f"{origin}.{key}") for key, value in table.items()})


def _convert(value: Any, kind: Any, place: str) -> Any:
    """Turn what TOML or the environment (always text) gave into the field's type."""
    if isinstance(kind, types.UnionType):
        return None if value == "" else _convert(value, kind.__args__[0], place)
    if typing.get_origin(kind) is tuple:
        item = typing.get_args(kind)[0]
        return _convert_list(value, place) if item is str else _convert_tables(value, item, place)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        if value not in [*kind]:
            raise SettingsError(f"{place}: must be one of {', '.join(kind)}, not {value!r}")
        return kind(value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is str and isinstance(value, str):
        return value
    return _convert_scalar(value, kind, place)


def _convert_list(value: Any, place: str) -> tuple[str, ...]:
    items = [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise SettingsError(f"{place}: must be a list of texts")
    return tuple(items)


def _convert_tables(value: Any, kind: type[Any], place: str) -> tuple[Any, ...]:
    if value == "":  # an empty variable
        return ()
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        key = place.rpartition(": ")[2]
        raise SettingsError(f"{place}: must be tables in the file: write [[{key}]] above the keys of each")
    return tuple(_build(kind, table, f"{place}[{number}]") for number, table in enumerate(value, 1))


def _convert_scalar(value: Any, kind: type[Any], place: str) -> Any:
    words: dict[str, bool] = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
    if kind is bool:
        if isinstance(value, str):
            value = words.get(value.lower(), value)
        if isinstance(value, bool):
            return value
        raise SettingsError(f"{place}: must be true or false")
    if kind in (int, float) and not isinstance(value, bool):
        try:
            number = kind(value) if isinstance(value, (str, kind, int)) else None
        except ValueError:
            number = None
        if number is not None and number >= 0:
            return number
        raise SettingsError(f"{place}: must be a number, zero or more")
    raise SettingsError(f"{place}: must be a text in quotes")


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Anchor every relative path at `folder`, those inside URLs too."""
    sections = {name: _anchored_paths(getattr(settings, name), folder) for name in _section_types()}
    sections["upstream"] = _anchored_url(sections["upstream"], "dir:", folder)
    sections[UPSTREAMS] = {
        name: _anchored_url(_anchored_paths(section, folder), "dir:", folder)
        for name, section in settings.upstreams.items()
    }
    sections["database"] = _anchored_url(sections["database"], "sqlite:///", folder)
    return dataclasses.replace(settings, **sections)


def _anchored_paths(table: Any, folder: Path) -> Any:
    """Anchor the paths of a table, and of the tables in it."""
    anchored: dict[str, Any] = {}
    for field in dataclasses.fields(table):
        value = getattr(table, field.name)
        if isinstance(value, Path):
            anchored[field.name] = folder / value
        elif isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
            anchored[field.name] = tuple(_anchored_paths(item, folder) for item in value)
    return dataclasses.replace(table, **anchored)


def _anchored_url(section: Any, prefix: str, folder: Path) -> Any:
    if not section.url.startswith(prefix):
        return section
    return dataclasses.replace(section, url=f"{prefix}{folder / section.url.removeprefix(prefix)}")
