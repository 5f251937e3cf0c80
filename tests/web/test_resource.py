from web.api.app import ROUTERS
from web.api.resource import Resource


def test_every_path_is_answered_in_one_hop() -> None:
    assert {type(route) for router in ROUTERS for route in router.routes} == {Resource}
