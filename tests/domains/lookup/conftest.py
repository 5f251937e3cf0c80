from collections.abc import Iterator

import pytest

from tests.domains.lookup.internet import Internet


@pytest.fixture
def internet() -> Iterator[Internet]:
    with Internet() as running:
        yield running
