"""The options that give a tracking domain its files for apps."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click

from admin.opening import open_app_files
from domains.app_files import AppFile, checked
from service.errors import OperatorError
from service.settings import Settings

NONE: Final = "none"
OPTIONS: Final = {"apple_app_site_association": AppFile.APPLE, "assetlinks": AppFile.ANDROID}

Contents = Mapping[AppFile, bytes | None]


def app_file_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one for each file; its values come as `OPTIONS` names them."""
    for option, system in (("--assetlinks", "Android"), ("--apple-app-site-association", "iOS")):
        about = f"A file of JSON for apps on {system}; none removes it. A new name starts without."
        command = click.option(option, metavar="FILE|none", help=about)(command)
    return command


def read_app_files(options: Mapping[str, str | None]) -> Contents:
    """Return the contents of the named files, checked. Raises OperatorError, InvalidAppFile."""
    return {
        OPTIONS[name]: _content(OPTIONS[name], path) for name, path in options.items() if path is not None
    }


def put_app_files(settings: Settings, project: str, name: str, contents: Contents) -> tuple[AppFile, ...]:
    """Keep them, and return which ones the domain has then."""
    with open_app_files(settings, project) as files:
        if contents:
            files.put(name, contents)
        return files.of(name)


def _content(file: AppFile, path: str) -> bytes | None:
    if path == NONE:
        return None
    try:
        octets = Path(path).read_bytes()
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from None
    checked(file, octets)
    return octets
