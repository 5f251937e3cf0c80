import pytest

from rewriter.link_attributes import LinkMarks, link_marks


def marks(**attributes: str) -> LinkMarks:
    named = {name.replace("__", ":").replace("_", "-"): value for name, value in attributes.items()}
    return link_marks(named, named.__getitem__)


@pytest.mark.parametrize(
    "attributes",
    [
        {"data_waypost": "off"},
        {"data_waypost": " OFF "},
        {"data_msys_clicktrack": "0"},
        {"clicktracking": "off"},
        {"ses__no_track": ""},
        {"data_pm_no_track": ""},
        {"disable_tracking": "true"},
        {"disable_tracking": ""},
        {"mc__disable_tracking": ""},
    ],
)
def test_opts_out(attributes: dict[str, str]) -> None:
    assert marks(href="https://e/", **attributes).opted_out


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"data_waypost": "on"},
        {"data_msys_clicktrack": "1"},
        {"clicktracking": "on"},
        {"disable_tracking": "false"},
        {"data_waypost_off": ""},
    ],
)
def test_does_not_opt_out(attributes: dict[str, str]) -> None:
    assert not marks(href="https://e/", **attributes).opted_out


class TestNames:
    def test_come_from_either_attribute_our_own_first(self) -> None:
        assert marks(data_msys_linkname="a").name == "a"
        assert marks(data_msys_linkname="a", data_waypost_name="b").name == "b"
        assert marks(data_msys_linkname="a", data_waypost_name=" ").name == "a"

    def test_hold_no_control_characters_and_end(self) -> None:
        assert marks(data_waypost_name=" a\r\nb\x00 ").name == "a b"
        assert len(marks(data_waypost_name="x" * 10_000).name) == 100

    def test_are_empty_where_there_is_none(self) -> None:
        assert marks(name="a", title="b") == LinkMarks()


class TestTags:
    def test_are_split(self) -> None:
        assert marks(ses__tags="color:red; size:l;;").tags == ("color:red", "size:l")

    def test_end(self) -> None:
        assert len(marks(ses__tags="a:b;" * 1_000).tags) == 10


class TestPaths:
    @pytest.mark.parametrize("path", ["promo", "shop/sale_25.html", "a~b-c", "x" * 100])
    def test_come_from_either_attribute(self, path: str) -> None:
        assert marks(data_waypost_sublink=f" /{path}/ ").path == path
        assert marks(data_msys_sublink=path).path == path
        assert marks(data_msys_sublink="other", data_waypost_sublink=path).path == path

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "/",
            "..",
            "a/../b",
            "a/./b",
            "a//b",
            ".well-known",
            "a b",
            "a?b",
            "a#b",
            "%61",
            "é",
            'a"',
            "x" * 101,
        ],
    )
    def test_that_a_url_cannot_hold_are_left_out(self, path: str) -> None:
        assert marks(data_waypost_sublink=path).path == ""
