"""What passes between the rewriter of messages and the rewriters of one decoded part."""

from dataclasses import dataclass

from rewriter.report import Edit, LinkReport, PixelReport, Reason


@dataclass(frozen=True, slots=True)
class LineLimit:
    """Of a part whose lines go out as they are (7bit, 8bit, binary): rule 17."""

    eol: bytes  # the part's own line ending
    length: int = 998  # RFC 5321 section 4.5.3.1.6, without the line ending


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEdits:
    """Edits on the decoded bytes of one part, sorted and apart. `reason` where the part was left alone."""

    edits: tuple[Edit, ...] = ()
    links: tuple[LinkReport, ...] = ()
    pixel: PixelReport | None = None  # None where no pixel was asked for
    reason: Reason | None = None
