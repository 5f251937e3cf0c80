"""How the code for one part says that the part must stay as it is."""

from rewriter.report import Reason


class LeftAlone(Exception):
    """Raised inside the rewriter only, caught where the part is handled: an ordinary way out, no error."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
