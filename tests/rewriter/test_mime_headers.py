import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.mime_headers import parse_structured, read_header, strip_comments


def fields_of(header: bytes, *, root: bool = False) -> dict[str, list[str]] | None:
    found = read_header(header, 0, len(header), root=root)
    return found and found.fields


@pytest.mark.parametrize("eol", [b"\r\n", b"\n"])
def test_reads_folded_fields_and_finds_the_body(eol: bytes) -> None:
    message = eol.join([b"X: y", b"content-TYPE : text/html;", b"\tcharset=utf-8", b"", b"body"])
    header = read_header(message, 0, len(message))
    assert header is not None
    assert header.fields == {"content-type": ["text/html;\tcharset=utf-8"]}
    assert message[header.body :] == b"body"


def test_keeps_every_field_of_a_name() -> None:
    header = b"Content-Type: a/b\r\nX: y\r\nContent-type: c/d\r\n\r\n"
    assert fields_of(header) == {"content-type": ["a/b", "c/d"]}


def test_takes_a_folded_line_of_white_space_for_the_fields_own() -> None:
    assert fields_of(b"Subject: x\r\n \r\nContent-Type: a/b\r\n\r\n") == {"content-type": ["a/b"]}


@pytest.mark.parametrize(
    "header",
    [
        b"X: y\r\nno field\r\nContent-Type: a/b\r\n\r\n",
        b"no field\r\n\r\n",
        b" folded first: x\r\n\r\n",
        b"X: a\rContent-Type: a/b\r\n\r\n",
        b"X: a\r\rY: b\r\n\r\n",
        b"X: y\r\n\xef\xbb\xbfContent-Type: a/b\r\n\r\n",
        b": y\r\n\r\n",
        b"Content-Type: a/b",
        b"Content-Type: a/b\r\n",
        b"X: y\nContent-Type: a/b",
    ],
)
def test_gives_up_where_programs_differ(header: bytes) -> None:
    assert fields_of(header) is None


@pytest.mark.parametrize("message", [b"", b"\r\n", b"\nbody", b"\r\nContent-Type: a/b\r\n\r\n"])
def test_an_empty_header_is_one_of_a_part_only(message: bytes) -> None:
    assert fields_of(message) == {}
    assert fields_of(message, root=True) is None


def test_reads_list_unsubscribe_and_signatures_of_the_message_only() -> None:
    header = b"List-Unsubscribe: <a>\nDKIM-Signature: b\nARC-Seal: c\nArchived-At: d\n\n"
    names = ["list-unsubscribe", "dkim-signature", "arc-seal"]
    assert list(fields_of(header, root=True) or ()) == names
    assert fields_of(header) == {}


def test_does_not_take_the_body_for_a_field() -> None:
    assert fields_of(b"X: y\r\n\r\nContent-Type: a/b\r\n\r\n") == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7bit (a (nested) comment)", "7bit"),
        (r"7bit (a \) comment)", "7bit"),
        ('(a "quote) 7bit', "7bit"),
        ('text/html; x="(no comment)"', 'text/html; x="(no comment)"'),
        (r'text/html; x="\"(no comment)"', r'text/html; x="\"(no comment)"'),
        ("7bit (never closed", "7bit"),
        ("7bit)", "7bit)"),
    ],
)
def test_strips_comments(text: str, expected: str) -> None:
    assert strip_comments(text) == expected


@pytest.mark.parametrize(
    ("text", "value", "parameters"),
    [
        ("Text/HTML", "text/html", {}),
        ("text/html ; CHARSET = UTF-8 ;", "text/html", {"charset": b"UTF-8"}),
        (
            'text/html; charset="utf-8" ; ; format=flowed',
            "text/html",
            {"charset": b"utf-8", "format": b"flowed"},
        ),
        (r'a/b; boundary="x\"y;z"', "a/b", {"boundary": b'x"y;z'}),
        ("a/b; charset=(comment)utf-8(comment)", "a/b", {"charset": b"utf-8"}),
        ('a/b; name=""', "a/b", {"name": b""}),
        ("attachment; filename=x y.pdf", "attachment", {"filename": b"x y.pdf"}),
        ("a/b; x*=utf-8'en'%C3%A9t", "a/b", {"x": b"\xc3\xa9t"}),
        ("a/b; x*1=two; x*0=one", "a/b", {"x": b"onetwo"}),
        ("a/b; x*0*=us-ascii''a%20; x*1=\"%20b\"; x*2*=%63", "a/b", {"x": b"a %20bc"}),
        ("a/b; x*1=two", "a/b", {"x": b""}),
        ("a/b; x*0=one; x*2=three", "a/b", {"x": b"one"}),
    ],
)
def test_parses_values_and_parameters(text: str, value: str, parameters: dict[str, bytes]) -> None:
    parsed = parse_structured(text)
    assert (parsed.value, parsed.parameters, parsed.contradictory) == (value, parameters, frozenset())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a/b; no-value; c=d",
        "; charset=utf-8",
        "text/html charset=utf-8",
        "text / html",
        'a/b; x="y" z',
        'a/b; x="y',
        'a/b; x=y"z',
    ],
)
def test_gives_no_value_where_the_syntax_is_broken(text: str) -> None:
    assert parse_structured(text).value == ""


@pytest.mark.parametrize(
    ("text", "contradictory"),
    [
        ("a/b; charset=utf-8; charset=utf-7", {"charset"}),
        ("a/b; charset=utf-8; CHARSET=utf-8", set()),
        ("a/b; boundary=x; boundary*=''y", {"boundary"}),
        ("a/b; boundary=x; boundary*=''x", set()),
        ("a/b; boundary*0=x; boundary*0=y", {"boundary"}),
    ],
)
def test_names_parameters_that_contradict_themselves(text: str, contradictory: set[str]) -> None:
    assert parse_structured(text).contradictory == contradictory


@given(st.text(alphabet="a/b;=*0\"\\()' \t\xe9", max_size=60))
def test_never_raises(text: str) -> None:
    parse_structured(text)
    strip_comments(text)


@given(
    st.lists(st.sampled_from([b"X: y", b"\r", b"\n", b"\r\n", b" ", b"Content-Type:", b"\xff"])).map(b"".join)
)
def test_never_puts_the_body_out_of_range(message: bytes) -> None:
    header = read_header(message, 0, len(message))
    assert header is None or 0 <= header.body <= len(message)


def test_does_not_look_for_comments_in_a_value_too_long_to_be_honest() -> None:
    assert strip_comments("7bit " + "(" * 9_000) == "7bit"
    value = "7bit " + "(" * 10_000
    assert strip_comments(value) == value
    assert parse_structured("text/html " + "(" * 10_000).value == ""
