"""What command line and API must do alike."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from events.webhooks.model import BY_HAND
from service.database import open_unattended
from service.settings_file import load_settings
from storage.event_store import SqlEventStore
from storage.webhook_store import SqlWebhookStore
from storage.webhook_tables import webhook_deliveries
from tests.domains.builders import NOW
from tests.events.records import hit, message, outcome

Arguments = tuple[str, ...]
Step = Arguments | Callable[[dict[str, str]], None]
"""A command; where it prints JSON, the id or username of what it makes is known by the name of its group."""

DOMAIN, OTHER, SENDER, PERSON = "track.example.com", "other.example.com", "example.com", "ann@example.net"
URL = "https://127.0.0.1:9/in"
SINCE = "2020-01-01T00:00:00"
SECRETS = {"key", "password", "secret", "file"}
MAIL = b'From: a@example.com\r\nContent-Type: text/html\r\n\r\n<a href="https://example.com/">x</a>\r\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A use case. `tells`: it changes nothing, and says something; `refused`: it does neither.

    `pick` takes out of what the command tells that which is compared; `apart` are fields of other forms.
    """

    before: tuple[Step, ...] = ()
    command: Arguments
    request: tuple[str, str, Any]
    tells: bool = False
    refused: bool = False
    code: int = 0
    pick: Callable[[Any], Any] | None = None
    apart: frozenset[str] = frozenset()

    def picked(self, told: Any) -> Any:
        """Return what is compared."""
        return told if self.pick is None else self.pick(told)


def events(_: dict[str, str]) -> None:
    """Store a message and what happened to it."""
    with open_unattended(load_settings(None, {})) as engine:
        SqlEventStore(engine).add([message(), outcome(1), hit(2), hit(3)])


def failed(made: dict[str, str]) -> None:
    """Store a delivery of the webhook that was given up."""
    row = {
        "id": f"msg_{1:024x}",
        "webhook": made["webhook"],
        "created_at": NOW,
        "begun_at": NOW,
        "events": [[f"{1:032x}", "click", 1, 1, None]],
        "attempts": 9,
        "ended_at": NOW,
        "detail": "answered 500",
    }
    with open_unattended(load_settings(None, {})) as engine, engine.begin() as connection:
        connection.execute(webhook_deliveries.insert(), [row])


def paused(made: dict[str, str]) -> None:
    """Pause the webhook."""
    with open_unattended(load_settings(None, {})) as engine:
        SqlWebhookStore(engine).pause(made["webhook"], BY_HAND)


def files(_: dict[str, str]) -> None:
    """Write what commands read."""
    Path("links.json").write_text('[{"relation":["bills"]}]')
    Path("mail.eml").write_bytes(MAIL)


ADDED: Step = ("domain", "add", DOMAIN)
VERIFIED: tuple[Step, ...] = (ADDED, ("domain", "verify", DOMAIN))
SENDING: Step = ("sender", "add", SENDER)
WEBHOOK: Step = ("webhook", "add", URL, "--kind", "click", "--label", "crm", "--json")
KEY: Step = ("apikey", "add", "--scope", "write", "--label", "shop", "--json")
LOGIN: Step = ("credential", "add", "--label", "web", "--json")
ROUTE: Step = ("route", "add", "bills", "--clicks", "off")
TWO: Step = ("project", "add", "two")
BLOCK: Step = ("links", "block", "--host", "shop.example", "--reason", "harm")


def first(told: Any) -> Any:
    """Return the only one of a list."""
    [only] = told
    return only


_DOMAINS = {
    "add a domain": Case(
        command=("domain", "add", DOMAIN, "--https", "require"),
        request=("POST", "/tracking-domains", {"name": DOMAIN, "https": "require"}),
    ),
    "add a domain twice": Case(
        before=(ADDED,),
        command=("domain", "add", DOMAIN.upper()),
        request=("POST", "/tracking-domains", {"name": DOMAIN.upper()}),
        refused=True,
    ),
    "add a root domain": Case(
        command=("domain", "add", SENDER),
        request=("POST", "/tracking-domains", {"name": SENDER}),
        refused=True,
    ),
    "list domains": Case(
        before=VERIFIED,
        command=("domain", "list", "--json"),
        request=("GET", "/tracking-domains", None),
        tells=True,
    ),
    "show a domain": Case(
        before=(*VERIFIED, SENDING, ("sender", "link", SENDER, DOMAIN)),
        command=("domain", "show", DOMAIN, "--json"),
        request=("GET", f"/tracking-domains/{DOMAIN}", None),
        tells=True,
        apart=frozenset({"certificate"}),
    ),
    "rename a domain": Case(
        before=VERIFIED,
        command=("domain", "update", DOMAIN, "--name", "new.example.com"),
        request=("PATCH", f"/tracking-domains/{DOMAIN}", {"name": "new.example.com"}),
    ),
    "give a domain another target": Case(
        before=(ADDED,),
        command=("domain", "update", DOMAIN, "--target", "us.waypost.test", "--https", "off"),
        request=("PATCH", f"/tracking-domains/{DOMAIN}", {"target": "us.waypost.test", "https": "off"}),
    ),
    "make a domain the default before it is verified": Case(
        before=(ADDED,),
        command=("domain", "default", DOMAIN),
        request=("PATCH", f"/tracking-domains/{DOMAIN}", {"default": True}),
        refused=True,
    ),
    "verify a domain": Case(
        before=(ADDED,),
        command=("domain", "verify", DOMAIN),
        request=("POST", f"/tracking-domains/{DOMAIN}/verify", None),
    ),
    "tell a domain's history": Case(
        before=VERIFIED,
        command=("domain", "history", DOMAIN, "--json"),
        request=("GET", f"/tracking-domains/{DOMAIN}/history", None),
        tells=True,
    ),
    "remove a verified domain": Case(
        before=VERIFIED,
        command=("domain", "remove", DOMAIN),
        request=("DELETE", f"/tracking-domains/{DOMAIN}", None),
    ),
    "remove a domain that is linked": Case(
        before=(ADDED, SENDING, ("sender", "link", SENDER, DOMAIN)),
        command=("domain", "remove", DOMAIN),
        request=("DELETE", f"/tracking-domains/{DOMAIN}", None),
        refused=True,
    ),
    "remove it all the same": Case(
        before=(ADDED, SENDING, ("sender", "link", SENDER, DOMAIN)),
        command=("domain", "remove", DOMAIN, "--force"),
        request=("DELETE", f"/tracking-domains/{DOMAIN}?force=true", None),
    ),
    "tell of a certificate": Case(
        before=VERIFIED,
        command=("tls", "status", DOMAIN, "--json"),
        request=("GET", f"/tracking-domains/{DOMAIN}/ssl", None),
        tells=True,
    ),
    "order a certificate where none are issued": Case(
        before=VERIFIED,
        command=("tls", "issue", DOMAIN),
        request=("POST", f"/tracking-domains/{DOMAIN}/ssl", None),
        refused=True,
    ),
    "revoke a certificate where none are issued": Case(
        before=VERIFIED,
        command=("tls", "revoke", DOMAIN, "--yes"),
        request=("DELETE", f"/tracking-domains/{DOMAIN}/ssl", None),
        refused=True,
    ),
    "put a file for apps": Case(
        before=(ADDED, files),
        command=("domain", "update", DOMAIN, "--assetlinks", "links.json"),
        request=("PUT", f"/tracking-domains/{DOMAIN}/app-files/assetlinks", [{"relation": ["bills"]}]),
    ),
    "remove a file for apps": Case(
        before=(ADDED, files, ("domain", "update", DOMAIN, "--assetlinks", "links.json")),
        command=("domain", "update", DOMAIN, "--assetlinks", "none"),
        request=("DELETE", f"/tracking-domains/{DOMAIN}/app-files/assetlinks", None),
    ),
}
_SENDERS = {
    "add a sender": Case(
        command=("sender", "add", SENDER),
        request=("POST", "/sending-domains", {"name": SENDER}),
    ),
    "list senders": Case(
        before=(SENDING,),
        command=("sender", "list", "--json"),
        request=("GET", "/sending-domains", None),
        tells=True,
        apart=frozenset({"ownership", "rules", "carries_link"}),
    ),
    "show a sender": Case(
        before=(SENDING, ("sender", "set", SENDER, "--excluded-hosts", "a.example", "--text", "on")),
        command=("sender", "show", SENDER, "--json"),
        request=("GET", f"/sending-domains/{SENDER}", None),
        tells=True,
        apart=frozenset({"ownership", "carries_link"}),
    ),
    "link a sender": Case(
        before=(ADDED, SENDING),
        command=("sender", "link", SENDER, DOMAIN),
        request=("PATCH", f"/sending-domains/{SENDER}", {"tracking_domain": DOMAIN}),
    ),
    "link a sender to nothing known": Case(
        before=(SENDING,),
        command=("sender", "link", SENDER, DOMAIN),
        request=("PATCH", f"/sending-domains/{SENDER}", {"tracking_domain": DOMAIN}),
        refused=True,
    ),
    "unlink a sender": Case(
        before=(ADDED, SENDING, ("sender", "link", SENDER, DOMAIN)),
        command=("sender", "unlink", SENDER),
        request=("PATCH", f"/sending-domains/{SENDER}", {"tracking_domain": None}),
    ),
    "set a sender and its rules": Case(
        before=(SENDING,),
        command=(
            *("sender", "set", SENDER, "--tracking", "observe", "--share", "5", "--recipients", "none"),
            *("--excluded-hosts", "*.Bank.example", "--opens", "off", "--signed-mail", "leave"),
        ),
        request=(
            "PATCH",
            f"/sending-domains/{SENDER}",
            {
                "tracking": "observe",
                "share": 5,
                "recipients": "none",
                "rules": {"excluded_hosts": ["*.Bank.example"], "opens": False, "signed_mail": "leave"},
            },
        ),
    ),
    "verify a sender without its record": Case(
        before=(SENDING,),
        command=("sender", "verify", SENDER, "--json"),
        request=("POST", f"/sending-domains/{SENDER}/verify", None),
        tells=True,
        code=1,
    ),
    "remove a sender": Case(
        before=(SENDING,),
        command=("sender", "remove", SENDER),
        request=("DELETE", f"/sending-domains/{SENDER}", None),
    ),
}
_ACCOUNTS = {
    "add a route": Case(
        command=("route", "add", "bills", "--clicks", "off"),
        request=("POST", "/routes", {"name": "bills", "clicks": False}),
    ),
    "list routes": Case(
        before=(ROUTE,), command=("route", "list", "--json"), request=("GET", "/routes", None), tells=True
    ),
    "show a route": Case(
        before=(ROUTE,),
        command=("route", "list", "--json"),
        request=("GET", "/routes/bills", None),
        tells=True,
        pick=first,
    ),
    "change a route": Case(
        before=(ROUTE,),
        command=("route", "set", "bills", "--clicks", "inherit", "--text", "on"),
        request=("PATCH", "/routes/bills", {"clicks": None, "text": True}),
    ),
    "remove a route": Case(
        before=(ROUTE,), command=("route", "remove", "bills"), request=("DELETE", "/routes/bills", None)
    ),
    "remove a route that is used": Case(
        before=(ROUTE, ("credential", "add", "--route", "bills")),
        command=("route", "remove", "bills"),
        request=("DELETE", "/routes/bills", None),
        refused=True,
    ),
    "add a project": Case(command=("project", "add", "two"), request=("POST", "/projects", {"name": "two"})),
    "list projects": Case(
        before=(TWO,), command=("project", "list", "--json"), request=("GET", "/projects", None), tells=True
    ),
    "show a project": Case(
        before=(
            TWO,
            ("project", "set", "two", "--event-days", "9"),
            ("domain", "add", DOMAIN, "--project", "two"),
        ),
        command=("project", "show", "two", "--json"),
        request=("GET", "/projects/two", None),
        tells=True,
    ),
    "change a project": Case(
        before=(TWO,),
        command=(
            *("project", "set", "two", "--tracking", "off", "--add-network", "192.0.2.0/24"),
            *("--event-days", "90", "--client-addresses", "truncated"),
        ),
        request=(
            "PATCH",
            "/projects/two",
            {
                "tracking": "off",
                "add_networks": ["192.0.2.0/24"],
                "privacy": {"event_days": 90, "client_addresses": "truncated"},
            },
        ),
    ),
    "open the relay to the world": Case(
        before=(TWO,),
        command=("project", "set", "two", "--add-network", "0.0.0.0/0"),
        request=("PATCH", "/projects/two", {"add_networks": ["0.0.0.0/0"]}),
        refused=True,
    ),
    "remove a project": Case(
        before=(TWO,), command=("project", "remove", "two"), request=("DELETE", "/projects/two", None)
    ),
    "add a credential": Case(
        command=("credential", "add", "--label", "web", "--messages-per-minute", "9"),
        request=("POST", "/credentials", {"label": "web", "messages_per_minute": 9}),
    ),
    "list credentials": Case(
        before=(LOGIN,),
        command=("credential", "list", "--json"),
        request=("GET", "/credentials", None),
        tells=True,
        apart=frozenset({"messages_per_minute", "recipients_per_day"}),
    ),
    "revoke a credential": Case(
        before=(LOGIN,),
        command=("credential", "revoke", "{credential}"),
        request=("DELETE", "/credentials/{credential}", None),
    ),
    "add an API key": Case(
        command=("apikey", "add", "--scope", "write", "--label", "shop"),
        request=("POST", "/api-keys", {"scope": "write", "label": "shop"}),
    ),
    "list API keys": Case(
        before=(KEY,), command=("apikey", "list", "--json"), request=("GET", "/api-keys", None), tells=True
    ),
    "revoke an API key": Case(
        before=(KEY,),
        command=("apikey", "revoke", "{apikey}"),
        request=("DELETE", "/api-keys/{apikey}", None),
    ),
    "block a link": Case(
        command=("links", "block", "--host", "*.Shop.example", "--reason", "harm"),
        request=("POST", "/link-blocks", {"kind": "host", "value": "*.Shop.example", "reason": "harm"}),
    ),
    "list blocked links": Case(
        before=(BLOCK,),
        command=("links", "list", "--json"),
        request=("GET", "/link-blocks", None),
        tells=True,
    ),
    "unblock a link": Case(
        before=(BLOCK,),
        command=("links", "unblock", "--host", "shop.example"),
        request=("DELETE", "/link-blocks?kind=host&value=shop.example", None),
    ),
    "tell what was changed anywhere": Case(
        before=(ROUTE, TWO, BLOCK),
        command=("audit", "list", "--json"),
        request=("GET", "/audit-log?all_projects=true", None),
        tells=True,
        apart=frozenset({"project"}),
    ),
    "tell what was changed": Case(
        before=(ROUTE, TWO),
        command=("audit", "list", "--project", "default", "--json"),
        request=("GET", "/audit-log", None),
        tells=True,
        apart=frozenset({"project"}),
    ),
}
_EVENTS = {
    "list events of all projects": Case(
        before=(events,),
        command=("events", "list", "--json"),
        request=("GET", "/events?order=newest&all_projects=true", None),
        tells=True,
    ),
    "list events": Case(
        before=(events,),
        command=("events", "list", "--project", "default", "--json"),
        request=("GET", "/events?order=newest", None),
        tells=True,
    ),
    "count events": Case(
        before=(events,),
        command=("events", "stats", "--by", "link", "--project", "default", "--since", SINCE, "--json"),
        request=("GET", f"/stats?by=link&since={SINCE}Z", None),
        tells=True,
    ),
    "report what was rewritten": Case(
        before=(events,),
        command=("report", "--hours", "999999", "--project", "default", "--json"),
        request=("GET", "/report?since=2000-01-01T00:00:00Z", None),
        tells=True,
    ),
    "preview a message": Case(
        before=(files,),
        command=("preview", "mail.eml", "--on", "https://track.example.com", "--json"),
        request=("POST", "/preview?on=https://track.example.com", MAIL),
        tells=True,
        pick=first,
        apart=frozenset({"number", "tracked", "rewritten"}),
    ),
    "tell all about a person": Case(
        before=(events,),
        command=("events", "about", "--recipient", PERSON, "--project", "default"),
        request=("POST", "/recipients/about", {"recipient": PERSON}),
        tells=True,
        pick=lambda told: told["messages"],
    ),
    "forget a person": Case(
        before=(events,),
        command=("events", "forget", "--recipient", PERSON, "--project", "default", "--yes"),
        request=("POST", "/recipients/forget", {"recipient": PERSON}),
    ),
}
_WEBHOOKS = {
    "add a webhook": Case(
        command=("webhook", "add", "https://hooks.example.com/in?a=b", "--kind", "click", "--label", "crm"),
        request=(
            "POST",
            "/webhooks",
            {"url": "https://hooks.example.com/in?a=b", "kinds": ["click"], "label": "crm"},
        ),
    ),
    "add a webhook of all projects": Case(
        command=("webhook", "add", URL, "--all-projects"),
        request=("POST", "/webhooks?all_projects=true", {"url": URL}),
    ),
    "add a webhook in the clear": Case(
        command=("webhook", "add", "http://hooks.example.com/"),
        request=("POST", "/webhooks", {"url": "http://hooks.example.com/"}),
        refused=True,
    ),
    "list webhooks": Case(
        before=(WEBHOOK,),
        command=("webhook", "list", "--json"),
        request=("GET", "/webhooks", None),
        tells=True,
    ),
    "show a webhook": Case(
        before=(WEBHOOK,),
        command=("webhook", "show", "{webhook}", "--json"),
        request=("GET", "/webhooks/{webhook}", None),
        tells=True,
    ),
    "try a webhook within our network": Case(
        before=(WEBHOOK,),
        command=("webhook", "test", "{webhook}", "--json"),
        request=("POST", "/webhooks/{webhook}/test", None),
        tells=True,
        code=1,
    ),
    "pause a webhook": Case(
        before=(WEBHOOK,),
        command=("webhook", "pause", "{webhook}"),
        request=("POST", "/webhooks/{webhook}/pause", None),
    ),
    "resume a webhook": Case(
        before=(WEBHOOK, paused),
        command=("webhook", "resume", "{webhook}"),
        request=("POST", "/webhooks/{webhook}/resume", None),
    ),
    "rotate a webhook's secret": Case(
        before=(WEBHOOK,),
        command=("webhook", "rotate", "{webhook}"),
        request=("POST", "/webhooks/{webhook}/rotate", {}),
    ),
    "remove a webhook": Case(
        before=(WEBHOOK,),
        command=("webhook", "remove", "{webhook}"),
        request=("DELETE", "/webhooks/{webhook}", None),
    ),
    "list a webhook's deliveries": Case(
        before=(WEBHOOK, failed),
        command=("webhook", "deliveries", "{webhook}", "--failed", "--json"),
        request=("GET", "/webhooks/{webhook}/deliveries?state=failed", None),
        tells=True,
    ),
    "replay a webhook's deliveries": Case(
        before=(WEBHOOK, failed),
        command=("webhook", "replay", "{webhook}", "--all"),
        request=("POST", "/webhooks/{webhook}/replay", {"failed": True}),
    ),
}
CASES: dict[str, Case] = {**_DOMAINS, **_SENDERS, **_ACCOUNTS, **_EVENTS, **_WEBHOOKS}

EXEMPT = {
    "GET /tracking-domains/{domain}/app-files": "the command line names them after a change; cases read it",
    "GET /messages/{message}": "the command line has `events list --message`, whose events both tell alike",
}
"""Routes without a case, and why."""

_MACHINE = "about this machine, its files and processes"
COMMANDS_APART = {
    "init": _MACHINE,
    "serve": _MACHINE,
    "check": _MACHINE,
    "completion": _MACHINE,
    "send-test": _MACHINE,
    "db upgrade": _MACHINE,
    "keys list": _MACHINE,
    "keys rotate": _MACHINE,
    "keys revoke": _MACHINE,
    "tracking off": _MACHINE,
    "tracking on": _MACHINE,
    "tracking status": _MACHINE,
    "tls renew": "`waypost serve` does it by itself",
    "events reclassify": "upkeep after a new version, which may take hours",
    "events tail": "`GET /events` is followed by its cursor",
    "events export": "`GET /events` is followed by its cursor",
    "user add": "people are for the dashboard",
    "user list": "people are for the dashboard",
    "user password": "people are for the dashboard",
    "user remove": "people are for the dashboard",
}
"""Commands without a case, and why."""
