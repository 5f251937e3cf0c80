from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.paths import forward_path, reverse_path
from relay.replies import Refused

TAKEN = [
    "a@b",
    "a@b.example",
    "app+tag@mail.shop.example",
    "!#$%&'*+-/=?^_`{|}~@b.example",
    '"quoted local"@b.example',
    '"a@b"@c.example',
    '"a\\"b\\\\"@c.example',
    '"<>,;:()"@c.example',
    '""@c.example',
    "a@[192.0.2.1]",
    "a@[IPv6:2001:db8::1]",
    "a@[ipv6:::1]",
    "a@[x-tag:something]",
    "=?utf-8?q?a=40evil.example?=@ok.example",
    "=?utf-8?q?=0d=0aRCPT?=@ok.example",
    "пример@пример.example",
    "a.@docomo.example",
    "a..b@docomo.example",
    "a@under_score.example",
    "a@-outer-.example",
    "x" * 300 + "@b.example",
]

REFUSED = [
    "",
    "a",
    "@b",
    "a@",
    "a@b@c",
    "a b@c",
    "a,b@c",
    "a;b@c",
    "a(b)@c",
    "a\\b@c",
    '"a@b',
    '"a"b@c',
    '"a\x00"@b',
    "a@b..c",
    "a@.b",
    "a@b.",
    "a@b c",
    "a@b,c",
    "a@[192.0.2.256]",
    "a@[192.0.2.1",
    "a@[IPv6:192.0.2.1]",
    "a@[]",
    "a\r\nRCPT@b",
    "a\x7f@b",
    "a\u0085@b",
    "a@b\u0085",
    "<a@b>",
    "a@b>x<c@d",
    "@relay.example:",
]


@pytest.mark.parametrize("mailbox", TAKEN)
def test_a_mailbox_is_kept_exactly(mailbox: str) -> None:
    assert reverse_path(f"FROM:<{mailbox}>") == (mailbox, "")
    assert forward_path(f"TO:<{mailbox}> A=b  C") == (mailbox, "A=b  C")


@pytest.mark.parametrize("mailbox", [*REFUSED[1:]])
def test_what_is_no_mailbox_is_refused(mailbox: str) -> None:
    for parse, keyword, enhanced in ((reverse_path, "FROM", "5.1.7"), (forward_path, "TO", "5.1.3")):
        with pytest.raises(Refused) as refused:
            parse(f"{keyword}:<{mailbox}>")
        assert (refused.value.reply.code, refused.value.reply.enhanced) in ((553, enhanced), (501, "5.5.4"))


def test_the_null_sender_is_the_empty_string() -> None:
    assert reverse_path("FROM:<>") == ("", "")
    assert reverse_path("FROM:<> SIZE=1") == ("", "SIZE=1")


def test_the_null_path_is_no_recipient() -> None:
    with pytest.raises(Refused):
        forward_path("TO:<>")


def test_postmaster_needs_no_domain_as_recipient_only() -> None:
    assert forward_path("TO:<PostMaster>") == ("PostMaster", "")
    with pytest.raises(Refused):
        reverse_path("FROM:<postmaster>")


@pytest.mark.parametrize("route", ["@one.example:", "@one.example,@two.example:"])
def test_a_source_route_is_dropped(route: str) -> None:
    assert forward_path(f"TO:<{route}a@b.example>") == ("a@b.example", "")


@pytest.mark.parametrize("argument", ["from:<a@b>", "From: <a@b>", "FROM:  <a@b>"])
def test_case_and_spaces_before_the_path_do_not_matter(argument: str) -> None:
    assert reverse_path(argument) == ("a@b", "")


@pytest.mark.parametrize("argument", ["", "<a@b>", "TO:<a@b>", "FROM:a@b", "FROM <a@b>", "FROM:\t<a@b>"])
def test_anything_else_is_a_syntax_error(argument: str) -> None:
    with pytest.raises(Refused) as refused:
        reverse_path(argument)
    assert refused.value.reply.code == 501


@pytest.mark.parametrize("rest", ["SIZE=1", ">", "\tSIZE=1", "x"])
def test_a_space_must_follow_the_path(rest: str) -> None:
    with pytest.raises(Refused):
        reverse_path(f"FROM:<a@b>{rest}")


@given(st.text(alphabet=st.sampled_from('<>@.,:;"\\[] \r\n\x00ab\u0085é=?'), max_size=30))
def test_what_is_taken_cannot_leave_its_brackets(text: str) -> None:
    try:
        mailbox, _ = forward_path(f"TO:<{text}")
    except Refused:
        return
    outside = mailbox.rpartition("@")[2] if mailbox.startswith('"') else mailbox
    assert not set(outside) & set('<> "\r\n\x00\u0085')
    assert not set(mailbox) & set("\r\n\x00\u0085")


@given(st.text(max_size=100))
def test_nothing_but_a_refusal_is_raised(text: str) -> None:
    for parse in (reverse_path, forward_path):
        with suppress(Refused):
            parse(text)
