"""The rules of a sending domain: as an operator types their hosts, and as they are kept."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, TypedDict

from domains.names import host_name
from rewriter.policy import NO_OVERRIDES, Overrides, SignedMail, VisibleUrl


class RuleSettings(TypedDict, total=False):
    """What to set of the rules. What is left out stays; None goes back to what the settings say."""

    clicks: bool | None
    opens: bool | None
    text: bool | None
    excluded_hosts: tuple[str, ...] | None
    allowed_destinations: tuple[str, ...] | None
    visible_url: VisibleUrl | None
    signed_mail: SignedMail | None


def host_patterns(texts: Iterable[str]) -> tuple[str, ...]:
    """Return hosts in stored form, each `shop.example` or `*.shop.example`. Raises `InvalidName`."""
    return tuple(dict.fromkeys(map(_host_pattern, texts)))


def rules_to_json(rules: Overrides) -> dict[str, Any]:
    """Return what is said, for a JSON column; nothing for what is left to the settings."""
    said = {each.name: getattr(rules, each.name) for each in fields(rules)}
    return {name: value for name, value in said.items() if value is not None}


def rules_from_json(kept: Mapping[str, Any]) -> Overrides:
    """Return them again. Names that this version does not know are left out."""
    if not kept:
        return NO_OVERRIDES  # one for all of 100,000 domains
    return Overrides(
        clicks=kept.get("clicks"),
        html=kept.get("html"),
        text=kept.get("text"),
        opens=kept.get("opens"),
        excluded_hosts=_hosts(kept.get("excluded_hosts")),
        allowed_destinations=_hosts(kept.get("allowed_destinations")),
        visible_url=VisibleUrl(kept["visible_url"]) if "visible_url" in kept else None,
        signed_mail=SignedMail(kept["signed_mail"]) if "signed_mail" in kept else None,
    )


def _host_pattern(text: str) -> str:
    host = text.removeprefix("*.")
    return f"{text[: len(text) - len(host)]}{host_name(host)}"


def _hosts(kept: list[str] | None) -> tuple[str, ...] | None:
    return None if kept is None else tuple(kept)
