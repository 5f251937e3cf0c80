"""The structure of a message as spans over its bytes: the body of each part, or why it is left alone.

RFC 2045, 2046 and 2183, read strictly: where programs are known to differ, the part gets a reason. Outer
delimiters are looked for first, so that an inner multipart without an end stops where its parent does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from rewriter.charsets import codec_for
from rewriter.mime_headers import HeaderBlock, StructuredValue, parse_structured, read_header, strip_comments
from rewriter.policy import Limits
from rewriter.report import Reason
from rewriter.transfer_encodings import ENCODINGS, IDENTITY

_AFTER_BOUNDARY = re.compile(rb"(?>(--)?)[\t ]*+\r?(?:\n|\Z)")

_UNTOUCHABLE = {
    "multipart/signed": Reason.SIGNED,
    "multipart/encrypted": Reason.ENCRYPTED,
    "application/pkcs7-mime": Reason.ENCRYPTED,
    "application/x-pkcs7-mime": Reason.ENCRYPTED,
    "multipart/report": Reason.DELIVERY_REPORT,
    "text/calendar": Reason.CALENDAR,
    "text/x-amp-html": Reason.AMP,
}
_DECIDING = ("content-type", "content-transfer-encoding", "content-disposition", "content-md5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: where its body stands, and how to read it. With a reason, it stays as it is.

    `choices` names each multipart/alternative around it and which of the branches it is in.
    """

    number: str
    content_type: str
    start: int = 0
    end: int = 0
    encoding: str = "7bit"
    charset: str = ""  # as declared; one that `charsets.codec_for` knows
    flowed: bool = False
    delsp: bool = False
    choices: tuple[tuple[str, int], ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where an entity stands in the tree."""

    number: str = ""  # of the root multipart: none, since its children are 1, 2, 3
    depth: int = 0
    default_type: str = "text/plain"
    may_be_resource: bool = False  # in a multipart/related, fetched by its root: not shown by itself
    choices: tuple[tuple[str, int], ...] = ()

    @property
    def is_root(self) -> bool:
        return self.depth == 0


def find_parts(message: bytes, header: HeaderBlock, limits: Limits) -> list[Part]:
    """Return the leaves of the message with that header, and the multiparts that are left alone, in order."""
    walk = _Walk(message, limits)
    walk.entity(header, len(message), _Place())
    return walk.parts


class _Walk:
    def __init__(self, message: bytes, limits: Limits) -> None:
        self._message = message
        self._limits = limits
        self._seen = 0
        self.parts: list[Part] = []

    def entity(self, header: HeaderBlock, end: int, place: _Place) -> None:
        """Take in one entity: a leaf, or a multipart with all that is in it."""
        content_type = _content_type(header, place.default_type)
        reason = _reason(header, content_type, place)
        if reason is None and content_type.value.startswith("multipart/"):
            if place.depth < self._limits.depth:
                self._multipart(header, content_type, end, place)
            else:
                self._leave(place, content_type.value, Reason.TOO_DEEP)
        else:
            self.parts.append(_leaf(header, content_type, end, place, reason))

    def _multipart(self, header: HeaderBlock, content_type: StructuredValue, end: int, place: _Place) -> None:
        boundary = content_type.parameters.get("boundary", b"").rstrip(b"\t ")
        delimited = _between_delimiters(self._message, header.body, end, boundary)
        spans = list(islice(delimited, self._limits.parts + 1)) if boundary else []
        if not spans:
            self._leave(place, content_type.value, Reason.NO_BOUNDARY)
        children = [read_header(self._message, first, last) for first, last in spans]
        root = _root_of_related(content_type, children)
        for index, (child, (_, last)) in enumerate(zip(children, spans, strict=True)):
            inner = _inner_place(place, content_type.value, index, is_root=index == root)
            self._seen += 1
            if self._seen > self._limits.parts:
                return self._leave(inner, "", Reason.TOO_MANY_PARTS)
            if child is None:
                self._leave(inner, "", Reason.MALFORMED_HEADER)
            else:
                self.entity(child, last, inner)
        return None

    def _leave(self, place: _Place, content_type: str, reason: Reason) -> None:
        self.parts.append(Part(number=place.number or "1", content_type=content_type, reason=reason))


def _between_delimiters(message: bytes, start: int, end: int, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Yield the span of each body part (RFC 2046 section 5.1.1).

    A delimiter is a whole line, so `--abcdef` is none for `abc`; the line ending before it belongs to it.
    Found with `bytes.find`, so that an attachment costs next to nothing.
    """
    delimiter = b"\n--" + boundary
    part_start = -1
    position = start - 1  # the line feed that ends the header may be the delimiter's
    while (found := message.find(delimiter, position, end)) >= 0:
        position = found + 1
        rest = _AFTER_BOUNDARY.match(message, found + len(delimiter), end)
        if rest is None:
            continue
        if part_start >= 0:
            before = found - 1 if message[found - 1] == 0x0D else found
            yield part_start, max(part_start, before)
        if rest.group(1):
            return
        part_start = rest.end()
        position = part_start - 1
    if part_start >= 0:
        yield part_start, end


def _root_of_related(content_type: StructuredValue, children: list[HeaderBlock | None]) -> int:
    """Return which child of a multipart/related is the root: the one `start` names, else the first."""
    start = content_type.parameters.get("start", b"").decode("latin-1").strip("\t ")
    identifiers = [child and child.only("content-id") for child in children]
    return identifiers.index(start) if start and start in identifiers else 0


def _inner_place(place: _Place, parent_type: str, index: int, *, is_root: bool) -> _Place:
    number = f"{place.number}.{index + 1}" if place.number else str(index + 1)
    is_choice = parent_type == "multipart/alternative"
    return _Place(
        number=number,
        depth=place.depth + 1,
        default_type="message/rfc822" if parent_type == "multipart/digest" else "text/plain",
        may_be_resource=parent_type == "multipart/related" and not is_root,
        choices=(*place.choices, (place.number, index)) if is_choice else place.choices,
    )


def _content_type(header: HeaderBlock, default: str) -> StructuredValue:
    text = header.only("content-type")
    return StructuredValue(default) if text is None else parse_structured(text)


def _reason(header: HeaderBlock, content_type: StructuredValue, place: _Place) -> Reason | None:
    """Tell why this entity is left alone with all that is in it (rule 13), judging by its header."""
    kind = content_type.value
    if any(len(header.fields.get(name, ())) > 1 for name in _DECIDING):
        return Reason.DUPLICATE_HEADER
    if not kind:
        return Reason.MALFORMED_HEADER
    if kind.startswith("message/"):
        return Reason.NESTED_MESSAGE
    if kind in _UNTOUCHABLE:
        return _UNTOUCHABLE[kind]
    if not kind.startswith("multipart/") and kind not in ("text/html", "text/plain"):
        return Reason.OTHER_TYPE
    if content_type.contradictory - {"name"}:
        return Reason.CONTRADICTORY_HEADER
    if header.only("content-md5") is not None:
        return Reason.CONTENT_MD5
    return _presentation(header, content_type, place) or _coding(header, content_type)


def _presentation(header: HeaderBlock, content_type: StructuredValue, place: _Place) -> Reason | None:
    text = header.only("content-disposition")
    disposition = StructuredValue("inline") if text is None else parse_structured(text)
    # RFC 2183 section 2.8: a disposition that is not known is an attachment.
    if disposition.value != "inline":
        return Reason.ATTACHED
    if not place.is_root and (disposition.parameters.get("filename") or content_type.parameters.get("name")):
        return Reason.NAMED
    if place.may_be_resource and any(header.only(f"content-{key}") for key in ("id", "location")):
        return Reason.RELATED_RESOURCE
    return None


def _coding(header: HeaderBlock, content_type: StructuredValue) -> Reason | None:
    encoding = _encoding(header)
    if encoding not in ENCODINGS:
        return Reason.UNKNOWN_ENCODING
    if content_type.value.startswith("multipart/"):
        return None if encoding in IDENTITY else Reason.ENCODED_MULTIPART
    return None if codec_for(_charset(content_type)) else Reason.UNSUPPORTED_CHARSET


def _encoding(header: HeaderBlock) -> str:
    text = strip_comments(header.only("content-transfer-encoding") or "")
    return text.partition(";")[0].strip("\t ").lower() or "7bit"


def _charset(content_type: StructuredValue) -> str:
    return content_type.parameters.get("charset", b"").decode("latin-1")


def _leaf(
    header: HeaderBlock, content_type: StructuredValue, end: int, place: _Place, reason: Reason | None
) -> Part:
    number = place.number or "1"
    if reason is not None:
        return Part(number=number, content_type=content_type.value, reason=reason)
    parameters = content_type.parameters
    return Part(
        number=number,
        content_type=content_type.value,
        start=header.body,
        end=end,
        encoding=_encoding(header),
        charset=_charset(content_type),
        flowed=parameters.get("format", b"").lower() == b"flowed",
        delsp=parameters.get("delsp", b"").lower() == b"yes",
        choices=place.choices,
    )
