"""Rewrites the links of a message and adds the open pixel; pure: bytes in, bytes and a report out.

    result = rewrite(message, policy, links)

`Policy` says what may be done, `Links` makes the tracked URLs (injected: no key and no host is known here).
`Result` has the message to send on and a `Report` of each link, each part and the pixel, with the `Reason`
where something stayed as it was. Nothing is serialised again: parts, links and the place of the pixel are
spans over the original bytes, and only those bytes change. `rewrite` never raises.
"""

from rewriter.message import rewrite
from rewriter.policy import Limits, Links, PixelPlace, Policy, SignedMail, VisibleUrl
from rewriter.report import Edit, LinkReport, PartReport, PixelReport, Reason, Report, Result

__all__ = [
    "Edit",
    "Limits",
    "LinkReport",
    "Links",
    "PartReport",
    "PixelPlace",
    "PixelReport",
    "Policy",
    "Reason",
    "Report",
    "Result",
    "SignedMail",
    "VisibleUrl",
    "rewrite",
]
