"""The operations that the OpenAPI document lists, so that tests of all routes forget none."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`path` has places, such as `/routes/{name}`; `schema` and `media` are of its body, None without one."""

    method: str
    path: str
    schema: Any
    media: str | None
    parameters: tuple[str, ...]

    @property
    def name(self) -> str:
        """As people write it."""
        return f"{self.method} {self.path}"

    @property
    def examples(self) -> list[Any]:
        """Of its body; one None without one."""
        return [None] if self.schema is None else list(self.schema.get("examples") or [None])

    def filled(self, values: Mapping[str, str]) -> str:
        """Return its path with values in its places; they are named as `/routes/{name}`, or `{file}`.

        Raises KeyError for a place that has none.
        """
        first = re.match(r"[^{]*\{\w+\}", self.path)
        if first is None:
            return self.path
        start = first[0].partition("{")[0] + values[first[0]]
        return start + re.sub(r"\{\w+\}", lambda place: values[place[0]], self.path[first.end() :])


def operations(document: Any) -> Iterator[Operation]:
    """Yield all of them."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            media, schema = _body(document, operation)
            yield Operation(
                method=method.upper(),
                path=path.removeprefix("/api/v1"),
                schema=schema,
                media=media,
                parameters=tuple(
                    each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"
                ),
            )


def _body(document: Any, operation: Any) -> tuple[str | None, Any]:
    if "requestBody" not in operation:
        return None, None
    [(media, content)] = operation["requestBody"]["content"].items()
    reference = content["schema"].get("$ref")
    if reference is None:
        written = [content["example"]] if "example" in content else None
        return media, {"examples": written, **content["schema"]}
    return media, document["components"]["schemas"][reference.rpartition("/")[2]]
