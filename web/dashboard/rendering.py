"""Templates and what they can say. All that is put in is escaped."""

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from certificates.problems import in_plain_words
from domains.names import display
from domains.signs import Sign
from web.dashboard.addresses import url
from web.dashboard.words import in_words

FOLDER: Final = Path(__file__).parent
STATIC: Final = FOLDER / "static"

_COLOURS: Final = {
    "verified": "good",
    "active": "good",
    "on": "good",
    "delivered": "good",
    "ok": "good",
    "live": "good",
    "relayed": "good",
    "human": "good",
    "covered": "good",
    "pending": "waiting",
    "provisioning": "waiting",
    "unverified": "waiting",
    "waiting": "waiting",
    "failing": "bad",
    "paused": "waiting",
    "warning": "waiting",
    "warn": "waiting",
    "observe": "waiting",
    "suspect": "waiting",
    "unknown": "waiting",
    "refused": "bad",
    "failed": "bad",
    "error": "bad",
    "disputed": "bad",
    "fail": "bad",
}


def badge(word: object, colour: str = "") -> Markup:
    """Return a state in words, in the colour that it is known by: good, waiting, bad or none."""
    words = str(word)
    return _badge(words, str(colour) or _COLOURS.get(words, "none"))


def sign(shown: Sign) -> Markup:
    """Return what a check showed."""
    return _badge(shown.words, str(shown.light))


@lru_cache(maxsize=256)  # a list has hundreds of them, of a few kinds
def _badge(words: str, colour: str) -> Markup:
    return Markup('<span class="badge {}">{}</span>').format(colour, words)


def when(moment: datetime | int | None) -> Markup:
    """Return a moment, in milliseconds since 1970 too, to the second in UTC; a dash for None."""
    if moment is None:
        return Markup("–")
    if isinstance(moment, int):
        moment = datetime.fromtimestamp(moment / 1000, UTC)
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "seconds")
    day, clock = text.split(" ")
    shown = f'<time datetime="{day}T{clock}Z"><span>{day}</span> <span>{clock} UTC</span></time>'
    return Markup(shown)  # noqa: S704 - digits; `format` is slow


@lru_cache
def static(name: str) -> str:
    """Return the address of a static file, which changes with what is in it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


def render(template: str, **values: Any) -> str:
    """Return the page. Octets of mail that are no text, lone surrogates here, are shown as `\\udce4`."""
    html = _ENVIRONMENT.get_template(template).render(values)
    return html.encode("utf-8", "backslashreplace").decode()


def environment() -> Environment:
    """Return what templates are read with, for those who render a page piece by piece."""
    return _ENVIRONMENT


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "badge": badge,
        "when": when,
        "in_words": in_words,
        "sign": sign,
        "host": display,
        "certificate_problem": in_plain_words,
    }
    made.globals |= {"static": static, "url": url}
    return made


_ENVIRONMENT: Final = _environment()
