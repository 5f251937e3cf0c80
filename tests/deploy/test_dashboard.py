"""The dashboard is one that Grafana provisions, with a data source to choose."""

from itertools import combinations
from typing import Any

from tests.deploy.queries import dashboard

BOARD = dashboard()
PANELS: list[dict[str, Any]] = BOARD["panels"]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def test_it_can_be_provisioned() -> None:
    """Grafana wants a title and no number of its own; `__inputs` are for import by hand alone."""
    assert BOARD["title"] == "Waypost"
    assert BOARD["id"] is None
    assert BOARD["uid"] == "waypost"
    assert "__inputs" not in BOARD


def test_the_data_source_is_a_variable() -> None:
    [chosen] = [each for each in BOARD["templating"]["list"] if each["type"] == "datasource"]
    assert (chosen["name"], chosen["query"]) == ("datasource", "prometheus")
    asked = [each for each in PANELS if each["type"] != "row"]
    asked += [target for panel in PANELS for target in panel.get("targets", ())]
    asked += [each for each in BOARD["templating"]["list"] if each["type"] == "query"]
    assert all(each["datasource"] == SOURCE for each in asked)


def test_panels_have_a_place_of_their_own() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    for one, other in combinations((panel["gridPos"] for panel in PANELS), 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in PANELS)


def test_each_query_is_of_the_chosen_machines() -> None:
    for panel in PANELS:
        for target in panel.get("targets", ()):
            metrics, chosen = target["expr"].count("waypost_"), target["expr"].count('instance=~"$instance"')
            assert metrics == chosen > 0, panel["title"]
