"""Events of 90 days in a database, made by the database itself, slice by slice: millions in minutes.

Each message has three links, an open and three clicks within a day; every tenth hit is a machine's.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from events.verdicts import RULES
from storage.sum_tables import DAY

AT: Final = 1_790_000_000_000
DAYS: Final = 90
SPAN: Final = DAYS * DAY
END: Final = AT + SPAN
PER_MESSAGE: Final = 4
SLICE: Final = 10_000  # messages in a transaction

_AGENT: Final = (
    "'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/'"
    " || (100 + hit % 40) || '.0.0.0 Safari/537.36'"
)


@dataclass(frozen=True, slots=True)
class _Dialect:
    series: str  # a table of numbers `n` from {first} up to and without {end}
    hex: str  # {number} with {digits} digits
    percent: str  # as its driver wants it


_DIALECTS: Final = {
    "postgresql": _Dialect(
        "(SELECT generate_series({first}::bigint, {end} - 1) AS n) AS series",
        "lpad(to_hex({number}), {digits}, '0')",
        "%%",
    ),
    "sqlite": _Dialect(
        "(WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers"
        " WHERE n + 1 < {end}) SELECT n FROM numbers) AS series",
        "printf('%0{digits}x', {number})",
        "%",
    ),
}


def load(engine: Engine, events: int) -> dict[str, int]:
    """Fill an empty database; return the bytes on disk that messages and hits took."""
    count = events // PER_MESSAGE
    octets = {}
    for name, statements in (("messages", _messages), ("hits", _hits)):
        before = size(engine)
        for first in range(0, count, SLICE):
            _run(engine, statements(engine.dialect.name, first, min(first + SLICE, count), count))
        octets[name] = size(engine) - before
    _run(engine, [f"INSERT INTO summed_days (day, changed) SELECT DISTINCT at / {DAY}, 1 FROM hits"])
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    return octets


def size(engine: Engine) -> int:
    """Return the bytes of the database."""
    if engine.dialect.name == "postgresql":
        return _asked(engine, "SELECT pg_database_size(current_database())")
    pages, free, octets = (
        _asked(engine, f"PRAGMA {name}") for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * octets


def _asked(engine: Engine, statement: str) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(statement).scalar_one())


def _run(engine: Engine, statements: list[str]) -> None:
    with engine.execution_options(waypost_writes=True).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", _DIALECTS[engine.dialect.name].percent))


def _messages(dialect: str, first: int, end: int, count: int) -> list[str]:
    series = _DIALECTS[dialect].series.format(first=first, end=end)
    at, name, reference = _at(count), _message(dialect, count), _hex(dialect, "n", 16)
    tags = _json(dialect, """'["campaign-' || (n / 1000) || '"]'""")
    none = _json(dialect, "'[]'")
    return [
        "INSERT INTO messages (id, at, project, sender, message_id, sending_domain, tracking_domain, key,"
        " mode, size, link_count, pixel, tags)"
        f" SELECT {name}, {at}, 1, 'news@example.com', '<' || n || '@example.com>',"
        " (n % 20) || '.example.com', 'track.' || (n % 20) || '.example.com', 1, 'on', 48000, 3, true,"
        f" {tags} FROM {series}",
        "INSERT INTO recipients (message, position, reference, address)"
        f" SELECT {name}, 0, {reference}, n || '@example.net' FROM {series}",
        "INSERT INTO links (message, number, url, name, tags)"
        f" SELECT {name}, number, 'https://www.example.com/', 'link ' || number, {none}"
        f" FROM {series} CROSS JOIN (SELECT 1 AS number UNION SELECT 2 UNION SELECT 3) AS numbers",
    ]


def _hits(dialect: str, first: int, end: int, count: int) -> list[str]:
    series = _DIALECTS[dialect].series.format(first=first, end=end)
    each = f"(SELECT n, link, n * {PER_MESSAGE} + link AS hit FROM {series} CROSS JOIN"
    each += " (SELECT 0 AS link UNION SELECT 1 UNION SELECT 2 UNION SELECT 3) AS numbers) AS hits"
    return [
        "INSERT INTO hits (id, at, kind, project, message, recipient, link, url, host, address, user_agent,"
        " method, verdict, reasons, rules)"
        f" SELECT {_hex(dialect, 'hit', 32)}, {_at(count)} + hit * 7907 % 86399 * 1000,"
        f" CASE link WHEN 0 THEN 'open' ELSE 'click' END, 1, {_message(dialect, count)},"
        f" {_hex(dialect, 'n', 16)}, link,"
        " CASE link WHEN 0 THEN '' ELSE 'https://www.example.com/shoes/' || link END, 'track.example.com',"
        f" '203.0.113.' || (n % 256), {_AGENT}, CASE hit % 10 WHEN 0 THEN 'HEAD' ELSE 'GET' END,"
        " CASE hit % 10 WHEN 0 THEN 'machine' ELSE 'human' END,"
        f" CASE hit % 10 WHEN 0 THEN 'head' ELSE '' END, {RULES} FROM {each}"
    ]


def _at(count: int) -> str:
    return f"({AT} + {SPAN} / 1000 * n / {count} * 1000)"


def _message(dialect: str, count: int) -> str:
    """As real ids do, it begins with the time."""
    return f"{_hex(dialect, _at(count), 12)} || {_hex(dialect, 'n', 12)}"


def _hex(dialect: str, number: str, digits: int) -> str:
    return _DIALECTS[dialect].hex.format(number=number, digits=digits)


def _json(dialect: str, value: str) -> str:
    return f"({value})::json" if dialect == "postgresql" else value
