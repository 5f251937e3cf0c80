import re
from pathlib import Path

from rewriter import Reason

DOCUMENT = Path(__file__).parents[2] / "docs" / "reasons.md"


def test_the_document_explains_every_reason_once_in_the_order_of_the_enum() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| .+ \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert rows == [reason.value for reason in Reason]
