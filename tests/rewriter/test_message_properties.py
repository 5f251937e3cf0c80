import base64
import quopri

from hypothesis import given
from hypothesis import strategies as st

from rewriter import Policy, rewrite
from tests.rewriter.fake_links import FakeLinks
from tests.rewriter.invariants import ALL, POLICIES, check_message

policies = st.sampled_from(POLICIES)

_TAGS = [
    *(
        b'<a href="https://e.ex/a?b=c&amp;d">',
        b"<A HREF=https://e.ex/b>",
        b"</a>",
        b"<p>",
        b"</body>",
        b"<html>",
    ),
    *(b"<body>", b"<!--[if mso]>", b"<![endif]-->", b"<!-- ", b"-->", b"<textarea>", b"{{x}}", b"'"),
    b'<img src="https://click.shop.ex/o/x" width="1" height="1">',
]
_PLAIN = [
    b"\r\n",
    b"\n",
    b" ",
    b"\r\n\r\n",
    b"https://e.ex/c",
    b"<https://e.ex/d>",
    b"w" * 80,
    b"\xe9",
    b"\0",
]
_ENCODED = [
    b"=",
    b"=3D",
    b"=\r\n",
    b"--b\r\n",
    b"--b--\r\n",
    b"\x1b$B",
    b"\x1b(B",
    b"-----BEGIN PGP MESSAGE-----",
]
_text = st.lists(st.sampled_from([*_TAGS, *_PLAIN, *_ENCODED]), max_size=25).map(b"".join)
_parameters = st.sampled_from(
    [
        b"",
        b"; charset=utf-8",
        b"; charset=iso-2022-jp",
        b"; charset=utf-16",
        b"; format=flowed; delsp=yes",
        b"; name=x",
    ]
)
_FIELDS = [
    *(b"Content-Disposition: inline\r\n", b"Content-Disposition: attachment\r\n", b"Content-ID: <x>\r\n"),
    *(b"Content-MD5: x\r\n", b"X: y\r\n z\r\n", b"no field\r\n", b"DKIM-Signature: x\r\n"),
    b"List-Unsubscribe: <https://e.ex/c>\r\n",
]
_fields = st.lists(st.sampled_from(_FIELDS), max_size=2).map(b"".join)
_encoders = {
    b"7bit": bytes,
    b"8bit": bytes,
    b"odd": bytes,
    b"base64": base64.encodebytes,
    b"quoted-printable": quopri.encodestring,
}


@st.composite
def leaves(draw: st.DrawFn) -> bytes:
    """Draw one part without parts, sometimes encoded otherwise than it says."""
    kind = draw(st.sampled_from([b"text/html", b"text/html", b"text/plain", b"image/png", b"message/rfc822"]))
    said = draw(st.sampled_from(sorted(_encoders)))
    encoded = _encoders[draw(st.sampled_from([said, said, b"7bit"]))](draw(_text))
    header = b"Content-Type: " + kind + draw(_parameters) + b"\r\n" + draw(_fields)
    return header + b"Content-Transfer-Encoding: " + said + b"\r\n\r\n" + encoded


@st.composite
def multiparts(draw: st.DrawFn, inner: st.SearchStrategy[bytes]) -> bytes:
    """Draw a multipart, with an end or without."""
    kind = draw(st.sampled_from([b"mixed", b"alternative", b"related", b"signed", b"digest"]))
    boundary = draw(st.sampled_from([b"b", b"bb", b"b (x)"]))
    parts = draw(st.lists(inner, max_size=3))
    head = b'Content-Type: multipart/%b; boundary="%b"\r\n%b\r\n' % (kind, boundary, draw(_fields))
    body = b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts)
    return head + body + draw(st.sampled_from([b"--%b--\r\n" % boundary, b""]))


messages = st.recursive(leaves(), multiparts, max_leaves=5)


@given(messages, policies)
def test_all_invariants_hold(message: bytes, policy: Policy) -> None:
    check_message(message, policy)


@given(messages, policies, st.data())
def test_all_invariants_hold_for_a_cut_message(message: bytes, policy: Policy, data: st.DataObject) -> None:
    check_message(message[: data.draw(st.integers(0, len(message)))], policy)


@given(st.binary(max_size=300), policies)
def test_all_invariants_hold_for_any_bytes(message: bytes, policy: Policy) -> None:
    check_message(message, policy)
    check_message(b"Content-Type: text/html\n\n" + message, policy)


@given(messages.filter(lambda message: b"base64" not in message))
def test_line_endings_make_no_difference(message: bytes) -> None:
    with_feeds = message.replace(b"\r\n", b"\n")
    with_both = with_feeds.replace(b"\n", b"\r\n")
    expected = rewrite(with_both, ALL, FakeLinks()).message.replace(b"\r\n", b"\n")
    assert rewrite(with_feeds, ALL, FakeLinks()).message == expected
