import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from links import ClickToken, InvalidToken, KeyRingError, OpenToken, UnsafeUrl, UrlTooLong, open_token, seal
from links import tokens as format_
from links.spelling import read, spell
from tests.links.rings import OTHER_SECRET, key, ring

MESSAGE = "01977420dc00010203040506"
RECIPIENT = "a1b2c3d4e5f60718"
CLICK = ClickToken(
    project=1, message=MESSAGE, recipient=RECIPIENT, link=3, url="https://www.example.com/sale?id=7"
)
OPEN = OpenToken(project=1, message=MESSAGE, recipient=RECIPIENT)

numbers = st.integers(0, 2**31 - 1)
messages = st.binary(min_size=12, max_size=12).map(bytes.hex)
recipients = st.none() | st.binary(min_size=8, max_size=8).map(bytes.hex)
urls = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["http", "https", "HTTPS"]),
    st.sampled_from("aZ9[-%@"),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=1200),
)
clicks = st.builds(
    ClickToken, project=numbers, message=messages, recipient=recipients, link=numbers, url=urls
)
opens = st.builds(OpenToken, project=numbers, message=messages, recipient=recipients)


def altered(token: ClickToken, **over: object) -> ClickToken:
    fields: dict[str, object] = {name: getattr(token, name) for name in token.__slots__}
    return ClickToken(**(fields | over))  # type: ignore[arg-type]


@given(clicks | opens)
def test_a_token_opens_to_what_was_sealed(token: ClickToken | OpenToken) -> None:
    assert open_token(seal(token, key()), ring()) == token


@given(clicks)
def test_sealing_is_deterministic_and_bounded(token: ClickToken) -> None:
    text = seal(token, key())
    assert text == seal(token, key())
    assert len(text) <= format_.MAX_TOKEN
    assert set(text) <= set(string.ascii_letters + string.digits + "-_")


@given(st.text(max_size=300))
def test_no_text_raises_anything_else(text: str) -> None:
    with pytest.raises(InvalidToken):
        open_token(text, ring())


@given(st.binary(max_size=300))
def test_no_bytes_open(raw: bytes) -> None:
    with pytest.raises(InvalidToken):
        open_token(spell(raw), ring())
    with pytest.raises(InvalidToken):
        open_token(spell(b"\x11\x00\x01" + raw), ring())


@pytest.mark.parametrize("token", [CLICK, OPEN])
def test_every_flipped_bit_is_noticed(token: ClickToken | OpenToken) -> None:
    raw = read(seal(token, key()))
    for bit in range(8 * len(raw)):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidToken):
            open_token(spell(bytes(flipped)), ring())


@pytest.mark.parametrize("token", [CLICK, OPEN])
def test_every_changed_character_is_noticed(token: ClickToken | OpenToken) -> None:
    text = seal(token, key())
    for position, old in enumerate(text):
        for new in set("Aa0-_.~%/ =é\n") - {old}:
            with pytest.raises(InvalidToken):
                open_token(text[:position] + new + text[position + 1 :], ring())


def test_every_cut_and_every_addition_is_noticed() -> None:
    text = seal(CLICK, key())
    for length in range(len(text)):
        with pytest.raises(InvalidToken):
            open_token(text[:length], ring())
    for more in ("A", "AAAA", "-", "0", "=", "\n", " "):
        for changed in (text + more, more + text):
            with pytest.raises(InvalidToken):
                open_token(changed, ring())


def test_longer_than_any_token_is_not_even_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(format_, "read", lambda text: pytest.fail("decoded"))
    with pytest.raises(InvalidToken, match="too long"):
        open_token("A" * 2001, ring())


def test_keys_do_not_open_each_others_tokens() -> None:
    text = seal(CLICK, key())
    with pytest.raises(InvalidToken):
        open_token(text, ring(key(1, secret=OTHER_SECRET)))  # another installation
    with pytest.raises(InvalidToken):
        open_token(text, ring(key(2)))  # the same secret under another id


def test_rotated_keys_open_and_revoked_ones_do_not() -> None:
    rotated = ring().rotate(OTHER_SECRET, now=0, seals_from=0)
    old, new = seal(CLICK, key()), seal(CLICK, rotated.sealing(0))
    assert open_token(old, rotated) == open_token(new, rotated) == CLICK
    revoked = rotated.revoke(1)
    assert open_token(new, revoked) == CLICK
    with pytest.raises(InvalidToken):
        open_token(old, revoked)
    with pytest.raises(KeyRingError, match="revoked"):
        seal(CLICK, revoked.keys[0])


def test_nothing_shows_without_the_key() -> None:
    raw = read(seal(CLICK, key()))
    assert raw[:3] == b"\x11\x00\x01"
    for part in (bytes.fromhex(MESSAGE), bytes.fromhex(RECIPIENT), b"example"):
        assert part not in raw


def test_the_largest_key_id_has_its_two_bytes() -> None:
    last = key(65_535)
    assert read(seal(OPEN, last))[:3] == b"\x12\xff\xff"
    assert open_token(seal(OPEN, last), ring(last)) == OPEN


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "/path",
        "https:",
        "https://",
        "https:///path",
        "https://?query",
        "https://#fragment",
        "https://\\example.com",
        "https:// example.com",
        "https:/example.com",
        "ftp://example.com/",
        "javascript:alert(1)//http://example.com",
        "data:text/html,https://example.com",
        " https://example.com/",
        "https://example.com/\r\nSet-Cookie: a=b",
        "https://example.com/\n",
        "https://example.com/\x00",
        "https://example.com/\x7f",
        "https://example.com/é",
        "https://exämple.com/",
        "http\u017f://example.com/",
    ],
)
def test_what_no_redirect_may_lead_to_is_neither_sealed_nor_opened(url: str) -> None:
    with pytest.raises(UnsafeUrl) as caught:
        seal(altered(CLICK, url=url), key())
    assert url == "" or url not in str(caught.value)
    # As if a fault had let it through when it was sealed.
    plain = b"\x00\x01" + bytes.fromhex(MESSAGE) + b"\x03" + url.encode()
    with pytest.raises(InvalidToken):
        open_token(sealed_by_hand(0x11, plain), ring())


def sealed_by_hand(first: int, plain: bytes) -> str:
    header = bytes((first, 0, 1))
    return spell(header + key().token_cipher.encrypt(plain, [b"waypost link token" + header]))


GOOD = b"\x00\x01" + bytes.fromhex(MESSAGE) + b"\x03https://e.example/"


def test_the_layout_is_the_documented_one() -> None:
    opened = open_token(sealed_by_hand(0x11, GOOD), ring())
    assert opened == ClickToken(project=1, message=MESSAGE, recipient=None, link=3, url="https://e.example/")


@pytest.mark.parametrize(
    ("first", "plain"),
    [
        (0x21, GOOD),  # another version
        (0x10, GOOD),  # kinds that do not exist
        (0x13, GOOD),
        (0x11, b"\x04" + GOOD[1:]),  # unknown flags
        (0x11, b"\x80" + GOOD[1:]),
        (0x11, b"\x02" + GOOD[1:]),  # not deflated
        (0x11, GOOD[:1]),
        (0x11, GOOD[:5]),
        (0x11, GOOD[:14]),  # no link number
        (0x11, b"\x00\x81\x00" + GOOD[2:]),  # a number longer than it need be
        (0x11, b"\x00\xff\xff\xff\xff\x0f" + GOOD[2:]),  # a number out of range
        (0x11, b"\x00\xff\xff\xff\xff\xff\x01" + GOOD[2:]),
        (0x11, b"\x01\x01" + bytes(12) + bytes(7)),  # recipient cut short
        (0x11, GOOD + b"x" * 4096),
        (0x12, GOOD),  # an open token with something after it
        (0x12, b"\x02" + GOOD[1:14]),
    ],
)
def test_sealed_nonsense_is_still_an_invalid_token(first: int, plain: bytes) -> None:
    with pytest.raises(InvalidToken):
        open_token(sealed_by_hand(first, plain), ring())


def test_long_urls_are_refused_and_the_longest_that_fit_are_not() -> None:
    plain = "https://example.com/"
    assert seal(altered(CLICK, url=plain + "a" * (4096 - len(plain))), key())
    with pytest.raises(UrlTooLong, match="4097 characters"):
        seal(altered(CLICK, url=plain + "a" * (4097 - len(plain))), key())
    noise = "".join(f"{i * 2654435761 % 2**32:08x}" for i in range(400))
    with pytest.raises(UrlTooLong, match="token would have"):
        seal(altered(CLICK, url=plain + noise), key())


@pytest.mark.parametrize(
    "over",
    [
        {"message": MESSAGE[:-2]},
        {"message": MESSAGE.upper().replace("0", "A")},
        {"message": "z" * 24},
        {"recipient": ""},
        {"recipient": RECIPIENT + "00"},
        {"project": -1},
        {"project": 2**31},
        {"link": -1},
        {"link": 2**31},
    ],
)
def test_fields_out_of_range_are_refused(over: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"hex|between"):
        seal(altered(CLICK, **over), key())
