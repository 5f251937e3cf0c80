"""The OpenAPI document: its examples are run, its descriptions whole."""

from typing import Any

import pytest

from tests.web.api_server import Api

PLACES = {"{domain}": "track.example.com", "{name}": "invoices", "{username}": "nobody"}


def schema_of(document: Any, operation: Any) -> Any:
    """Return the schema of a body, None where there is none."""
    body = operation.get("requestBody")
    if body is None:
        return None
    reference = body["content"]["application/json"]["schema"]["$ref"]
    return document["components"]["schemas"][reference.rpartition("/")[2]]


def test_every_example_of_a_body_works(operator: Api) -> None:
    document = operator.get("/openapi.json")
    operator.post("/projects", {"name": "invoices"})
    operator.run("project", "remove", "shop")
    run = 0
    for method in ("post", "patch"):
        for path, operations in document["paths"].items():
            schema = schema_of(document, operations.get(method, {}))
            if schema is None:
                continue
            short = path.removeprefix("/api/v1")
            for place, value in PLACES.items():
                value = "example.com" if short.startswith("/sending") else value
                short = short.replace(place, value)
            for example in schema["examples"]:
                answer = operator.ask(method.upper(), short, example)
                assert answer.status in (200, 201), (method, path, answer)
                run += 1
    assert run == 10


def test_every_operation_says_what_it_does_and_how_it_refuses(operator: Api) -> None:
    document = operator.get("/openapi.json")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], (path, method)
            assert {"401", "403", "404", "422", "429", "503"} <= operation["responses"].keys()
            refused = operation["responses"]["422"]["content"]
            assert [*refused] == ["application/problem+json"]


HOSTILE = (
    "'; DROP TABLE projects; --",
    '" OR ""="',
    "<script>alert(1)</script>",
    "\u0000",
    "\ud800",
    "{{7*7}}",
    "../../etc/passwd",
    "a\r\nSet-Cookie: x=1",
    "𝓮𝔁𝓪𝓶𝓹𝓵𝓮.com",
    "x" * 250,
)


@pytest.mark.long
def test_nothing_in_any_field_or_path_is_more_than_text(operator: Api) -> None:
    document = operator.get("/openapi.json")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            schema = schema_of(document, operation)
            fields = {} if schema is None else schema["properties"]
            short = path.removeprefix("/api/v1")
            for text in HOSTILE:
                body = None if schema is None else dict.fromkeys(fields, text)
                quoted = "".join(f"%{octet:02X}" for octet in text.encode("utf-8", "surrogatepass"))
                for place in PLACES:
                    short = short.replace(place, quoted)
                answer = operator.ask(method.upper(), f"{short}?project={quoted}", body)
                assert 400 <= answer.status < 500, (method, path, text, answer)
    assert [each["name"] for each in operator.get("/projects")["data"]] == ["default", "shop"]


def test_hostile_labels_come_back_as_they_were(operator: Api) -> None:
    for text in HOSTILE[:3]:
        made = operator.post("/credentials", {"label": text})
        assert made["label"] == text
    assert len(operator.get("/credentials")["data"]) == 3
    assert operator.ask("POST", "/credentials", {"label": "\u0000"}).status < 500
    assert operator.ask("POST", "/credentials", {"label": "\ud800"}).status < 500
