"""What a form or a query string says, read from octets that are all there."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import python_multipart

from web.dashboard.refusal import Refusal

MOST_FIELDS: Final = 500
MOST_DIGITS: Final = 9
URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"


class Switch(StrEnum):
    """The values of a choice that may also be left to the settings."""

    ON = "on"
    OFF = "off"


Choice = TypeVar("Choice", bound=StrEnum)


class Form:
    """Fields as texts, in the order sent; line breaks as LF."""

    def __init__(
        self, fields: Iterable[tuple[str, str]] = (), files: Mapping[str, bytes] | None = None
    ) -> None:
        self._fields = [(name, value.replace("\r\n", "\n")) for name, value in fields]
        self._files = files or {}

    def __getitem__(self, name: str) -> str:
        """Return the first of this name. Raises `Refusal`."""
        for value in self.all(name):
            return value
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"the field {name!r} is missing; fill it in")

    def get(self, name: str, default: str = "") -> str:
        """Return the first of this name."""
        return next(iter(self.all(name)), default)

    def all(self, name: str) -> list[str]:
        """Return all of this name."""
        return [value for each, value in self._fields if each == name]

    def flag(self, name: str) -> bool:
        """Tell whether a checkbox is ticked."""
        return bool(self.get(name))

    def number(self, name: str) -> int | None:
        """Return a whole number, None for an empty field. Raises `Refusal`."""
        text = self.get(name).strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"{text[:40]!r} is no whole number")
        return int(text)

    def choice(self, name: str, choices: type[Choice]) -> Choice | None:
        """Return one of them, None for an empty field. Raises `Refusal`."""
        text = self.get(name)
        if not text:
            return None
        try:
            return choices(text)
        except ValueError:
            listed = ", ".join(choices)
            raise Refusal(
                HTTPStatus.UNPROCESSABLE_ENTITY, f"{text[:40]!r} is none of {listed}; choose one"
            ) from None

    def switch(self, name: str) -> bool | None:
        """Return what a choice of yes, no and nothing says; None for nothing. Raises `Refusal`."""
        chosen = self.choice(name, Switch)
        return None if chosen is None else chosen is Switch.ON

    def file(self, name: str) -> bytes:
        """Return the octets of an upload, none where nothing was chosen."""
        return self._files.get(name, b"")


def read_query(query: bytes) -> Form:
    """Return what a query string says. Raises `Refusal`."""
    return Form(_pairs(query))


def read_form(content_type: str, body: bytes) -> Form:
    """Return what a body says. Raises `Refusal`."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == URLENCODED:
        return Form(_pairs(body))
    if kind == MULTIPART and "boundary=" in content_type:
        return _multipart(content_type, body)
    if not body:
        return Form()
    if kind == MULTIPART:
        raise _unreadable()
    raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "this is no form; send it from the page")


def _pairs(octets: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            octets.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise _unreadable() from None


def _multipart(content_type: str, body: bytes) -> Form:
    fields: list[tuple[str, str]] = []
    files: dict[str, bytes] = {}

    def on_field(field: Any) -> None:
        fields.append((field.field_name.decode(), (field.value or b"").decode()))

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        files.setdefault(file.field_name.decode(), file.file_object.read())

    try:
        parser = python_multipart.create_form_parser(
            {"Content-Type": content_type.encode("latin-1")},
            on_field,
            on_file,
            config={
                "MAX_FIELDS": MOST_FIELDS,
                "MAX_FIELD_SIZE": len(body),
                "MAX_MEMORY_FILE_SIZE": len(body),  # never a file on the disk: it may be mail
            },
        )
        parser.write(body)
        parser.finalize()
    except ValueError:  # the parser's own faults are, and those of the texts
        raise _unreadable() from None
    return Form(fields, files)


def _unreadable() -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, "the form cannot be read; send it from the page, as UTF-8")
