"""The OpenAPI document: its examples are run, its descriptions whole."""

import re

import pytest

from tests.web.api_server import Api
from tests.web.operations import JSON, operations

PLACES = {
    "/tracking-domains/{domain}": "track.example.com",
    "/sending-domains/{domain}": "example.com",
    "/routes/{name}": "invoices",
    "/projects/{name}": "invoices",
    "/credentials/{username}": "nobody",
    "/api-keys/{key_id}": "nobody",
    "{file}": "apple-app-site-association",
}


def test_every_example_of_a_body_works(operator: Api) -> None:
    operator.post("/projects", {"name": "invoices"})
    operator.run("project", "remove", "shop")
    webhook = operator.post("/webhooks", {"url": "https://hooks.example.com/"})["id"]
    places = {**PLACES, "/webhooks/{webhook}": webhook}
    with_bodies = [each for each in operations(operator.get("/openapi.json")) if each.media is not None]
    # What a change is made to comes first.
    for operation in sorted(with_bodies, key=lambda each: ("POST", "PUT", "PATCH").index(each.method)):
        assert operation.examples != [None], operation.name
        for example in operation.examples:
            raw = None if operation.media == JSON else example.encode()
            path, media = operation.filled(places), operation.media or JSON
            answer = operator.ask(operation.method, path, example, raw=raw, media=media)
            assert answer.status in (200, 201), (operation.name, answer)


def test_every_operation_says_what_it_does_and_how_it_refuses(operator: Api) -> None:
    document = operator.get("/openapi.json")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
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
    "moc.\u202eelpmaxe\u202c\u2066",
    "9" * 5000,
    "x" * 5000,
    "x" * 250,
)


@pytest.mark.long
def test_nothing_in_any_field_parameter_or_path_is_more_than_text(operator_of_each: Api) -> None:
    operator = operator_of_each
    document = operator.get("/openapi.json")
    for operation in operations(document):
        fields = (operation.schema or {}).get("properties", {})
        for text in HOSTILE:
            quoted = "".join(f"%{octet:02X}" for octet in text.encode("utf-8", "surrogatepass"))
            path = re.sub(r"\{\w+\}", lambda _, value=quoted: value, operation.path)
            queries = [f"{name}={quoted}" for name in operation.parameters]
            bodies = [
                dict.fromkeys(fields, text),
                *({name: text} for name in fields),
                text,
                [text],
                {text: text},
            ]
            asked = [(query, bodies[0]) for query in queries] + [("", body) for body in bodies]
            for query, body in asked:
                sent = None if operation.schema is None else body
                answer = operator.ask(operation.method, f"{path}?{query}", sent)
                assert answer.status < 500, (operation.name, query, text, answer)
                if answer.status >= 400:
                    assert answer.code, (operation.name, query, text, answer)
    assert [each["name"] for each in operator.get("/projects")["data"]] == ["default", "shop"]


def test_hostile_labels_come_back_as_they_were(operator: Api) -> None:
    for text in HOSTILE[:3]:
        made = operator.post("/credentials", {"label": text})
        assert made["label"] == text
    assert len(operator.get("/credentials")["data"]) == 3
    assert operator.ask("POST", "/credentials", {"label": "\u0000"}).status < 500
    assert operator.ask("POST", "/credentials", {"label": "\ud800"}).status < 500
