"""The way of one message through the rewriter: which parts, in which order, and the report."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rewriter.charsets import looks_wide
from rewriter.html_part import edit_html
from rewriter.left_alone import LeftAlone
from rewriter.line_endings import line_ending
from rewriter.link_table import LinkTable
from rewriter.mime_headers import HeaderBlock, read_header
from rewriter.mime_parts import Part, find_parts
from rewriter.part_edits import LineLimit, PartEdits
from rewriter.policy import Links, Policy, SignedMail
from rewriter.report import LinkReport, PartReport, PixelReport, Reason, Report, Result
from rewriter.splice import apply_edits
from rewriter.text_part import edit_text
from rewriter.transfer_encodings import IDENTITY, Body, least_decoded_size, open_body

_MBOX_LINE = re.compile(rb">?From [^\r\n]*+\r?\n")
_INLINE_PGP = re.compile(rb"-----BEGIN PGP (?:SIGNED )?MESSAGE-----")
_IN_ANGLE_BRACKETS = re.compile(r"<([^<>]*+)>")  # RFC 2369 section 2: white space inside does not count
_WHITE_SPACE = re.compile(r"[\t ]+")


def rewrite(message: bytes, policy: Policy, links: Links) -> Result:
    """Rewrite the links of one message and add the open pixel, as `policy` says.

    Nothing but edited spans changes: everything else in `Result.message` is the original, byte for byte, with
    the line endings it came with. Never raises: whatever goes wrong, the original comes back with the reason
    `INTERNAL_ERROR` and the exception in `Result.fault`, for the caller to count and log.
    """
    try:
        return _rewrite(message, policy, links)
    except Exception as fault:  # noqa: BLE001 - a fault of ours, or of `links`, must never stop mail
        return _untouched(message, Reason.INTERNAL_ERROR, fault=fault)


def _rewrite(message: bytes, policy: Policy, links: Links) -> Result:
    if not (policy.opens or (policy.clicks and (policy.html or policy.text))):
        return _untouched(message, Reason.POLICY_OFF)
    if len(message) > policy.limits.message_size:
        return _untouched(message, Reason.MESSAGE_TOO_LARGE)
    mbox_line = _MBOX_LINE.match(message)
    header = read_header(message, mbox_line.end() if mbox_line else 0, len(message), root=True)
    if header is None:
        return _untouched(message, Reason.MALFORMED_HEADER)
    if policy.signed_mail is SignedMail.LEAVE and (reason := _signature(header)):
        return _untouched(message, reason)
    parts = find_parts(message, header, policy.limits)
    reasons = [_reason(part, policy) for part in parts]
    pixel = PixelReport(reason=Reason.NO_HTML_PART if policy.opens else Reason.OPENS_OFF)
    if all(reasons):
        return Result(message=message, report=_report(parts, reasons, pixel))
    table = LinkTable(policy, links, _unsubscribe_urls(header))
    return _Rewriting(message, policy, links, table, pixel).of(parts, reasons)


def _untouched(message: bytes, reason: Reason, *, fault: Exception | None = None) -> Result:
    return Result(
        message=message, report=Report(reason=reason, pixel=PixelReport(reason=reason)), fault=fault
    )


def _signature(header: HeaderBlock) -> Reason | None:
    """Tell which signature over the whole message a change would break (rule 19)."""
    if header.only("dkim-signature") is not None:
        return Reason.DKIM_SIGNED
    return Reason.ARC_SEALED if any(name.startswith("arc-") for name in header.fields) else None


def _unsubscribe_urls(header: HeaderBlock) -> frozenset[str]:
    values = header.fields.get("list-unsubscribe", ())
    # Some leave the brackets out; what they mean is clear.
    urls = (_IN_ANGLE_BRACKETS.findall(value) or value.split(",") for value in values)
    return frozenset(_WHITE_SPACE.sub("", url) for in_value in urls for url in in_value)


def _reason(part: Part, policy: Policy) -> Reason | None:
    """Tell why a part is left alone, as far as that is known before it is decoded."""
    if part.reason:
        return part.reason
    is_html = part.content_type == "text/html"
    if not is_html and not (policy.text and policy.clicks):
        return Reason.TEXT_OFF
    most = policy.limits.html_size if is_html else policy.limits.text_size
    too_large = least_decoded_size(part.end - part.start, part.encoding) > most
    return Reason.PART_TOO_LARGE if too_large else None


def _report(
    parts: Sequence[Part],
    reasons: Sequence[Reason | None],
    pixel: PixelReport,
    links: Iterable[LinkReport] = (),
) -> Report:
    whole = None
    if all(reasons):
        whole = reasons[0] if len(reasons) == 1 else Reason.NOTHING_TO_REWRITE
    reports = [
        PartReport(part=part.number, content_type=part.content_type, reason=reason)
        for part, reason in zip(parts, reasons, strict=True)
    ]
    return Report(links=tuple(links), parts=tuple(reports), pixel=pixel, reason=whole)


class _Rewriting:
    """One message while its parts are edited."""

    def __init__(
        self, message: bytes, policy: Policy, links: Links, table: LinkTable, pixel: PixelReport
    ) -> None:
        self._message = message
        self._policy = policy
        self._links = links
        self._table = table
        self._pixel = pixel
        self._pixel_open = policy.opens  # whether the next part that is shown may take it

    def of(self, parts: Sequence[Part], reasons: Sequence[Reason | None]) -> Result:
        """Edit the parts that no reason is known for, and put the message together again."""
        to_edit = [part for part, reason in zip(parts, reasons, strict=True) if reason is None]
        shown = _shown(to_edit)
        edited: dict[str, PartEdits] = {}
        # HTML before text, so that an opt-out in HTML holds for the same URL in the text part (rule 10).
        for part in sorted(to_edit, key=lambda part: part.content_type != "text/html"):
            edited[part.number] = self._edit(part, want_pixel=self._pixel_open and part.number in shown)
        in_order = [edited[part.number] for part in to_edit]
        all_edits = tuple(edit for edits in in_order for edit in edits.edits)
        reasons = [reason or edited[part.number].reason for part, reason in zip(parts, reasons, strict=True)]
        return Result(
            message=apply_edits(self._message, all_edits) if all_edits else self._message,
            report=_report(parts, reasons, self._pixel, (link for edits in in_order for link in edits.links)),
            edits=all_edits,
        )

    def _edit(self, part: Part, *, want_pixel: bool) -> PartEdits:
        try:
            body = self._open(part)
            edited = self._edit_decoded(body.decoded, part, want_pixel=want_pixel)
            edited = replace(edited, edits=tuple(body.place(edited.edits)))
        except LeftAlone as left:
            edited = PartEdits(reason=left.reason)
        if want_pixel:
            self._note_pixel(edited.pixel or PixelReport(part=part.number, reason=edited.reason))
        return edited

    def _open(self, part: Part) -> Body:
        """Decode a part, unless its bytes are a reason to leave it alone."""
        body = open_body(self._message, part.start, part.end, part.encoding)
        if looks_wide(body.decoded):
            raise LeftAlone(Reason.UNSUPPORTED_CHARSET)
        if b"-----BEGIN PGP " in body.decoded and _INLINE_PGP.search(body.decoded):
            raise LeftAlone(Reason.INLINE_PGP)
        return body

    def _edit_decoded(self, decoded: bytes, part: Part, *, want_pixel: bool) -> PartEdits:
        lines = None
        if part.encoding in IDENTITY:
            lines = LineLimit(line_ending(self._message, part.start, part.end))
        if part.content_type == "text/html":
            return edit_html(
                decoded,
                charset=part.charset,
                policy=self._policy,
                table=self._table,
                part=part.number,
                want_pixel=want_pixel,
                pixel_url=self._links.open,
                lines=lines,
            )
        return edit_text(
            decoded,
            charset=part.charset,
            flowed=part.flowed,
            delsp=part.delsp,
            policy=self._policy,
            table=self._table,
            part=part.number,
            lines=lines,
        )

    def _note_pixel(self, pixel: PixelReport) -> None:
        """Keep the outcome for one part.

        Where a part cannot take the pixel the next one shown may. One that has it already ends the search,
        or a message rewritten twice would have two.
        """
        self._pixel = pixel
        self._pixel_open = pixel.reason not in (None, Reason.PIXEL_PRESENT)


def _shown(parts: Iterable[Part]) -> frozenset[str]:
    """Return the HTML parts that a reader sees, by number: of each multipart/alternative those in the last
    branch that has any (RFC 2046 section 5.1.4), and all that are in none.
    """
    html = [part for part in parts if part.content_type == "text/html" and part.reason is None]
    last = {alternative: branch for part in html for alternative, branch in part.choices}
    return frozenset(
        part.number
        for part in html
        if all(last[alternative] == branch for alternative, branch in part.choices)
    )
