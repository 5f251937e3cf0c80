import pytest

from rewriter.mime_headers import read_header
from rewriter.mime_parts import Part, find_parts
from rewriter.policy import Limits
from rewriter.report import Reason

HTML = b"Content-Type: text/html\r\n"


def parts_of(message: bytes, limits: Limits | None = None) -> list[Part]:
    header = read_header(message, 0, len(message), root=True)
    assert header is not None
    return find_parts(message, header, limits or Limits())


def bodies_of(message: bytes) -> dict[str, bytes]:
    return {part.number: message[part.start : part.end] for part in parts_of(message)}


def reasons_of(message: bytes) -> dict[str, Reason | None]:
    return {part.number: part.reason for part in parts_of(message)}


def multipart(kind: bytes, *parts: bytes, boundary: bytes = b"b", header: bytes = b"") -> bytes:
    head = b'Content-Type: multipart/%b; boundary="%b"\r\n%b\r\n' % (kind, boundary, header)
    body = b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts)
    return head + body + b"--%b--\r\n" % boundary


def reason_of_html(header: bytes) -> Reason | None:
    """Tell the reason of a text/html part that is not the root, with these fields more."""
    return reasons_of(multipart(b"mixed", HTML + header + b"\r\nx"))["1"]


class TestStructure:
    def test_a_message_without_parts_is_part_1(self) -> None:
        assert bodies_of(HTML + b"\r\nbody\r\n") == {"1": b"body\r\n"}

    def test_no_content_type_is_text(self) -> None:
        (part,) = parts_of(b"From: x\r\n\r\nbody")
        assert (part.content_type, part.encoding, part.charset, part.reason) == (
            "text/plain",
            "7bit",
            "",
            None,
        )

    def test_the_line_ending_before_a_delimiter_belongs_to_it(self) -> None:
        assert bodies_of(multipart(b"mixed", b"\r\none\r\n", b"\r\ntwo")) == {"1": b"one\r\n", "2": b"two"}

    def test_line_feeds_and_mixed_endings(self) -> None:
        message = multipart(b"mixed", b"\r\none", b"\r\ntwo")
        assert bodies_of(message.replace(b"\r\n", b"\n")) == {"1": b"one", "2": b"two"}
        assert bodies_of(message.replace(b"\r\n", b"\n", 4)) == {"1": b"one", "2": b"two"}

    def test_preamble_and_epilogue_are_no_parts(self) -> None:
        message = multipart(b"mixed", b"\r\none").replace(b"--b\r\n", b"preamble\r\n--b\r\n")
        assert bodies_of(message + b"epilogue\r\n--b\r\n\r\ntwo") == {"1": b"one"}

    def test_the_message_may_end_inside_a_delimiters_line_ending(self) -> None:
        assert bodies_of(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r") == {
            "1": b"one"
        }

    def test_white_space_may_follow_a_delimiter_and_nothing_else(self) -> None:
        message = (
            b"Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\none\n--bb\n--b x\n--b-\n--b--\t\n\nx"
        )
        assert bodies_of(message) == {"1": b"one\n--bb\n--b x\n--b-"}

    def test_a_missing_terminator_runs_to_the_parents_end(self) -> None:
        inner = b"Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n\r\nx"
        assert bodies_of(multipart(b"mixed", inner, b"\r\ny")) == {"1.1": b"x", "2": b"y"}

    def test_an_outer_delimiter_ends_the_inner_multipart(self) -> None:
        inner = multipart(b"mixed", b"\r\nx", boundary=b"inner").removesuffix(b"--inner--\r\n")
        message = multipart(b"mixed", inner, b"\r\ny") + b"--inner\r\n\r\nz"
        assert bodies_of(message) == {"1.1": b"x\r\n", "2": b"y"}

    @pytest.mark.parametrize(("outer", "inner"), [(b"abc", b"abcdef"), (b"abcdef", b"abc")])
    def test_a_boundary_may_be_a_prefix_of_another(self, outer: bytes, inner: bytes) -> None:
        nested = multipart(b"mixed", b"\r\nx", b"\r\ny", boundary=inner)
        message = multipart(b"mixed", nested, b"\r\nz", boundary=outer)
        assert bodies_of(message) == {"1.1": b"x", "1.2": b"y", "2": b"z"}

    def test_empty_parts(self) -> None:
        assert bodies_of(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n\r\n--b--") == {
            "1": b"",
            "2": b"",
        }

    def test_a_digest_holds_messages(self) -> None:
        assert reasons_of(multipart(b"digest", b"\r\nSubject: x\r\n\r\ny")) == {"1": Reason.NESTED_MESSAGE}

    def test_what_a_text_part_says_of_itself(self) -> None:
        header = b"Content-Type: text/plain; charset=Shift_JIS; format=Flowed; DelSp=YES\r\n"
        (part,) = parts_of(header + b"Content-Transfer-Encoding: Quoted-Printable (x);\r\n\r\n")
        assert (part.charset, part.flowed, part.delsp) == ("Shift_JIS", True, True)
        assert part.encoding == "quoted-printable"

    def test_tells_the_branch_of_each_alternative(self) -> None:
        inner = multipart(b"alternative", HTML + b"\r\n", HTML + b"\r\n", boundary=b"inner")
        outer = multipart(b"alternative", b"\r\n", inner)
        assert [part.choices for part in parts_of(outer)] == [
            (("", 0),),
            (("", 1), ("2", 0)),
            (("", 1), ("2", 1)),
        ]


class TestBoundary:
    @pytest.mark.parametrize(
        "parameter",
        [b"", b"boundary=", b"boundary=other", b'boundary="b" x', b"boundary=b; boundary=c"],
    )
    def test_without_one_that_is_found_the_multipart_is_left_alone(self, parameter: bytes) -> None:
        message = b"Content-Type: multipart/mixed; " + parameter + b"\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"
        (part,) = parts_of(message)
        assert part.number == "1"
        assert part.reason in {Reason.NO_BOUNDARY, Reason.MALFORMED_HEADER, Reason.CONTRADICTORY_HEADER}

    @pytest.mark.parametrize(
        ("parameter", "boundary"),
        [
            (b'boundary="Boundary_(ID_x)"', b"Boundary_(ID_x)"),
            (b"boundary*=us-ascii''a%3Fb", b"a?b"),
            (b'boundary*0="a";boundary*1="b"', b"ab"),
            (b'boundary="with space "', b"with space"),
            (b"boundary=(comment)x", b"x"),
        ],
    )
    def test_forms(self, parameter: bytes, boundary: bytes) -> None:
        head = b"Content-Type: multipart/mixed; " + parameter + b"\r\n\r\n"
        message = head + b"--%b\r\n\r\nx\r\n--%b--\r\n" % (boundary, boundary)
        assert bodies_of(message) == {"1": b"x"}


class TestLeftAlone:
    @pytest.mark.parametrize(
        ("content_type", "reason"),
        [
            (b"multipart/signed; boundary=b", Reason.SIGNED),
            (b"multipart/encrypted; boundary=b", Reason.ENCRYPTED),
            (b"multipart/report; boundary=b", Reason.DELIVERY_REPORT),
            (b"application/pkcs7-mime", Reason.ENCRYPTED),
            (b"application/x-pkcs7-mime", Reason.ENCRYPTED),
            (b"message/rfc822", Reason.NESTED_MESSAGE),
            (b"message/partial; id=x", Reason.NESTED_MESSAGE),
            (b"message/external-body", Reason.NESTED_MESSAGE),
            (b"text/calendar", Reason.CALENDAR),
            (b"text/x-amp-html", Reason.AMP),
            (b"image/png", Reason.OTHER_TYPE),
            (b"text/htmlx", Reason.OTHER_TYPE),
            (b"html", Reason.OTHER_TYPE),
            (b"text/html charset=utf-8", Reason.MALFORMED_HEADER),
            (b"", Reason.MALFORMED_HEADER),
            (b"text/html; charset=utf-8; charset=utf-16", Reason.CONTRADICTORY_HEADER),
            (b"text/html; charset=utf-16", Reason.UNSUPPORTED_CHARSET),
            (b"text/html; charset=x-nobody-knows", Reason.UNSUPPORTED_CHARSET),
        ],
    )
    def test_by_type(self, content_type: bytes, reason: Reason) -> None:
        entity = b"Content-Type: " + content_type + b"\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"
        assert reasons_of(entity) == {"1": reason}
        outer = multipart(b"mixed", entity, HTML + b"\r\nx", boundary=b"outer")
        assert reasons_of(outer) == {"1": reason, "2": None}

    @pytest.mark.parametrize(
        ("header", "reason"),
        [
            (b"", None),
            (b"Content-Disposition: inline\r\n", None),
            (b"Content-Disposition: INLINE; size=3\r\n", None),
            (b"Content-Disposition: attachment\r\n", Reason.ATTACHED),
            (b"Content-Disposition: x-unknown\r\n", Reason.ATTACHED),
            (b"Content-Disposition: \r\n", Reason.ATTACHED),
            (b"Content-Disposition: inline; filename=a.html\r\n", Reason.NAMED),
            (b"Content-Disposition: inline; filename*0=a; filename*1=.html\r\n", Reason.NAMED),
            (b'Content-Disposition: inline; filename=""\r\n', None),
            (b"Content-ID: <x>\r\nContent-Location: https://e.ex/\r\n", None),
            (b"Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n", Reason.CONTENT_MD5),
            (b"Content-Type: text/html\r\n", Reason.DUPLICATE_HEADER),
            (b"Content-Disposition: inline\r\n" * 2, Reason.DUPLICATE_HEADER),
            (b"Content-Transfer-Encoding: 7bit\r\n" * 2, Reason.DUPLICATE_HEADER),
            (b"no field\r\n", Reason.MALFORMED_HEADER),
        ],
    )
    def test_by_header(self, header: bytes, reason: Reason | None) -> None:
        assert reason_of_html(header) == reason

    @pytest.mark.parametrize(
        ("encoding", "known"),
        [
            (b"", True),
            (b"7bit;", True),
            (b"8BIT (as it is)", True),
            (b"binary", True),
            (b"base64", True),
            (b"(x) quoted-printable", True),
            (b"8bits", False),
            (b"6bit", False),
            (b"text/html", False),
            (b"x-uuencode", False),
            (b'"base64"', False),
        ],
    )
    def test_by_transfer_encoding(self, encoding: bytes, *, known: bool) -> None:
        reason = reason_of_html(b"Content-Transfer-Encoding: " + encoding + b"\r\n")
        assert reason == (None if known else Reason.UNKNOWN_ENCODING)

    @pytest.mark.parametrize(
        ("encoding", "reason"),
        [(b"8bit", None), (b"base64", Reason.ENCODED_MULTIPART), (b"odd", Reason.UNKNOWN_ENCODING)],
    )
    def test_a_multipart_has_no_encoding(self, encoding: bytes, reason: Reason | None) -> None:
        header = b"Content-Transfer-Encoding: " + encoding + b"\r\n"
        assert reasons_of(multipart(b"mixed", HTML + b"\r\nx", header=header)) == {"1": reason}

    def test_a_name_in_the_content_type_makes_a_file_of_a_part_but_not_of_the_root(self) -> None:
        named = b"Content-Type: text/html; name=page.html\r\n\r\nx"
        assert reasons_of(named) == {"1": None}
        assert reasons_of(multipart(b"mixed", named)) == {"1": Reason.NAMED}

    def test_an_attached_root_is_left_alone(self) -> None:
        assert reasons_of(HTML + b"Content-Disposition: attachment\r\n\r\nx") == {"1": Reason.ATTACHED}

    def test_all_in_an_attached_multipart(self) -> None:
        inner = multipart(b"mixed", HTML + b"\r\nx", header=b"Content-Disposition: attachment\r\n")
        assert reasons_of(multipart(b"mixed", inner, boundary=b"outer")) == {"1": Reason.ATTACHED}


class TestRelated:
    ROOT = HTML + b"Content-ID: <root>\r\n\r\nx"
    FRAME = HTML + b"Content-ID: <frame>\r\n\r\nx"

    def test_what_the_root_fetches_is_left_alone(self) -> None:
        message = multipart(b"related", self.ROOT, self.FRAME, HTML + b"Content-Location: f.html\r\n\r\nx")
        assert reasons_of(message) == {"1": None, "2": Reason.RELATED_RESOURCE, "3": Reason.RELATED_RESOURCE}

    def test_start_names_the_root(self) -> None:
        message = multipart(b'related; start="<root>"', self.FRAME, self.ROOT)
        assert reasons_of(message) == {"1": Reason.RELATED_RESOURCE, "2": None}

    def test_html_that_nothing_can_fetch_is_shown(self) -> None:
        message = multipart(b"related", b"Content-Type: text/plain\r\n\r\nx", HTML + b"\r\nx")
        assert reasons_of(message) == {"1": None, "2": None}


class TestLimits:
    def test_parts(self) -> None:
        message = multipart(b"mixed", *[HTML + b"\r\nx"] * 5)
        reasons = list(reasons_of(message).values())
        assert reasons == [None] * 5
        reasons = [part.reason for part in parts_of(message, Limits(parts=3))]
        assert reasons == [None, None, None, Reason.TOO_MANY_PARTS]

    def test_parts_of_all_multiparts_count(self) -> None:
        inner = multipart(b"mixed", *[HTML + b"\r\nx"] * 3, boundary=b"inner")
        reasons = [part.reason for part in parts_of(multipart(b"mixed", inner, inner), Limits(parts=5))]
        assert reasons == [None, None, None, Reason.TOO_MANY_PARTS]

    def test_depth(self) -> None:
        message = HTML + b"\r\nx"
        for level in range(4):
            message = multipart(b"mixed", message, boundary=b"level%d" % level)
        assert reasons_of(message) == {"1.1.1.1": None}
        (part,) = parts_of(message, Limits(depth=3))
        assert (part.number, part.reason) == ("1.1.1", Reason.TOO_DEEP)

    def test_a_thousand_levels_end_at_the_default_depth(self) -> None:
        message = b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
            for level in range(1000)
        )
        (part,) = parts_of(message)
        assert part.reason is Reason.TOO_DEEP
