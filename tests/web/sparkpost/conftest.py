import pytest

from tests.web.api_server import Api
from tests.web.sparkpost.client import Client, client_of


@pytest.fixture
def client(operator: Api) -> Client:
    """Ask with a key that may do everything."""
    return client_of(operator)
