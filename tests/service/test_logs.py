import json
import logging
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.logs import formatter
from service.settings import LogFormat

CREATED = 1_795_000_000.0426


def line(
    log_format: LogFormat, message: str = "relayed", *, error: BaseException | None = None, **fields: object
) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("waypost.mail", logging.INFO, __file__, 1, message, (), info)
    record.created = CREATED
    if fields:
        record.fields = fields
    return formatter(log_format).format(record)


def test_a_line_of_text() -> None:
    written = line(
        LogFormat.TEXT, id="1", to=("a@b", "c@d"), links=2, pixel=True, left_alone={"x": 1, "y": 2}
    )
    assert written == (
        "2026-11-18T11:06:40.042Z INFO waypost.mail relayed id=1 to=a@b,c@d links=2 pixel=true"
        " left_alone=x:1,y:2"
    )


def test_a_line_of_json() -> None:
    written = line(LogFormat.JSON, id="1", to=("a@b", "c@d"), links=2, pixel=True, left_alone={"x": 1})
    assert json.loads(written) == {
        "time": "2026-11-18T11:06:40.042Z",
        "level": "info",
        "logger": "waypost.mail",
        "event": "relayed",
        "id": "1",
        "to": ["a@b", "c@d"],
        "links": 2,
        "pixel": True,
        "left_alone": {"x": 1},
    }


@pytest.mark.parametrize("log_format", LogFormat)
def test_lines_of_others_need_no_fields(log_format: LogFormat) -> None:
    record = logging.LogRecord("other", logging.WARNING, __file__, 1, "%d of %s", (2, "them"), None)
    written = formatter(log_format).format(record)
    assert "2 of them" in written
    assert "warning" in written.lower()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("two words", '"two words"'),
        ("a\nrelayed id=2", '"a\\nrelayed id=2"'),
        ("a=b", '"a=b"'),
        ('say "x"', '"say \\"x\\""'),
        ("é", '"\\u00e9"'),
        ("\x1b[31m", '"\\u001b[31m"'),
        (("a@b", "x y=z"), '"a@b,x y=z"'),
    ],
)
def test_nobody_outside_can_end_a_line_or_begin_a_field(value: object, written: str) -> None:
    assert line(LogFormat.TEXT, x=value).endswith(f" relayed x={written}")


def test_a_message_cannot_end_its_line() -> None:
    assert line(LogFormat.TEXT, "a\n2026 INFO forged\u2028b").endswith(r"a\n2026 INFO forged\u2028b")


@given(st.dictionaries(st.just("value"), st.text() | st.lists(st.text()).map(tuple), min_size=1))
@pytest.mark.parametrize("log_format", LogFormat)
def test_a_line_is_one_line_of_ascii(log_format: LogFormat, fields: dict[str, Any]) -> None:
    written = line(log_format, **fields)
    assert written.isascii()
    assert written.isprintable()


def raised() -> Exception:
    try:
        raise ValueError("why")
    except ValueError as error:
        return error


def test_a_traceback_follows_a_line_of_text() -> None:
    first, *rest = line(LogFormat.TEXT, "it failed", error=raised()).splitlines()
    assert first.endswith("waypost.mail it failed")
    assert rest[-1] == "ValueError: why"


def test_a_traceback_is_a_field_of_json() -> None:
    written = line(LogFormat.JSON, "it failed", error=raised())
    assert len(written.splitlines()) == 1
    assert json.loads(written)["exception"].endswith("ValueError: why")


def test_everything_goes_to_standard_error() -> None:
    code = (
        "import logging; from service.logs import configure_logging; from service.settings import LogSection;"
        "configure_logging(LogSection()); logging.getLogger('x').info('said');"
        "logging.getLogger('x').debug('not said'); logging.getLogger('mail.log').info('AUTH secret')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr.endswith(" INFO x said\n")
    assert len(done.stderr.splitlines()) == 1
