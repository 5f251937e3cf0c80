from datetime import datetime

import pytest

from domains.model import Https, State
from domains.steps import renamed
from tests.domains.builders import NOW, tracking_domain


@pytest.mark.parametrize(("verified_at", "before"), [(NOW, State.RETIRED), (None, None)])
def test_the_history_of_a_name_goes_on_where_its_earlier_life_ended(
    verified_at: datetime | None, before: State | None
) -> None:
    step, _ = renamed(
        tracking_domain(),
        name="go.example.com",
        target="links.waypost.test",
        https=Https.AUTO,
        verified_at=verified_at,
        now=NOW,
    )
    assert step.change is not None
    assert (step.change.before, step.change.after) == (before, State.PENDING)
