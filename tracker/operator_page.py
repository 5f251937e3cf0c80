"""The page at `/` of every tracking domain: who runs this host, and whom to write to."""

import re
from dataclasses import dataclass
from html import escape
from http import HTTPStatus

from tracker.responses import Response, page

_ADDRESS = re.compile(r"[^\s@:/?#]+@[^\s@:/?#]+")
_WEB = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorPage:
    """In the operator's words, plain text. A contact is a mail address, a web address or a few words."""

    operator: str = ""
    abuse_contact: str = ""
    privacy_contact: str = ""

    def gone(self) -> Response:
        """Return what a blocked link is answered with; where it led stays unsaid."""
        operator = escape(self.operator) or "the operator of this host"
        lines = [f"<p>It was switched off by {operator}, since it may have led to something harmful.</p>"]
        if self.abuse_contact:
            lines.append(f"<p>Questions, and reports of harmful mail: {_contact(self.abuse_contact)}</p>")
        return page(HTTPStatus.GONE, "This link was switched off", "\n".join(lines))

    def response(self) -> Response:
        """Return the page; what was left empty is left out."""
        operator = escape(self.operator) or "its operator"
        lines = [
            "<p>Links in e-mail messages lead through this host on their way to where they point, so that "
            f"the sender can see which of them were followed. It is run by {operator}.</p>",
            "<p>There is nothing to see or to sign in to here.</p>",
        ]
        if self.abuse_contact:
            lines.append(f"<p>To report unwanted or harmful mail: {_contact(self.abuse_contact)}</p>")
        if self.privacy_contact:
            lines.append(f"<p>About your personal data: {_contact(self.privacy_contact)}</p>")
        return page(HTTPStatus.OK, "A host for links in e-mail", "\n".join(lines))


def _contact(text: str) -> str:
    shown = escape(text)
    if _ADDRESS.fullmatch(text):
        return f'<a href="mailto:{shown}">{shown}</a>'
    if _WEB.fullmatch(text):
        return f'<a href="{shown}">{shown}</a>'
    return shown
