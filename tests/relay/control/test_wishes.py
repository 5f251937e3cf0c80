"""Precedence: each switch is decided by the strongest level that speaks."""

from hypothesis import given
from hypothesis import strategies as st

from relay.control.wishes import NO_WISHES, Wishes, strongest_first

SWITCH = st.sampled_from((None, True, False))
WORD = st.sampled_from(("a", "b", "c"))
WISHES = st.builds(
    Wishes,
    clicks=SWITCH,
    html=SWITCH,
    text=SWITCH,
    opens=SWITCH,
    route=st.sampled_from(("", "r", "s")),
    tags=st.lists(WORD, unique=True).map(tuple),
    metadata=st.dictionaries(WORD, WORD).map(lambda values: tuple(values.items())),
)


@given(st.lists(WISHES, max_size=5))
def test_the_first_level_that_speaks_decides(levels: list[Wishes]) -> None:
    chosen = strongest_first(*levels)
    for name in ("clicks", "html", "text", "opens"):
        spoken = [value for level in levels if (value := getattr(level, name)) is not None]
        assert getattr(chosen, name) == (spoken[0] if spoken else None)
    assert chosen.route == next((level.route for level in levels if level.route), "")


@given(st.lists(WISHES, max_size=4))
def test_tags_and_metadata_of_all_levels_are_kept(levels: list[Wishes]) -> None:
    chosen = strongest_first(*levels)
    assert set(chosen.tags) == {tag for level in levels for tag in level.tags}
    for name, value in chosen.metadata:
        assert value == next(dict(level.metadata)[name] for level in levels if name in dict(level.metadata))


@given(WISHES, WISHES)
def test_between_equals_off_wins(one: Wishes, other: Wishes) -> None:
    joined = one.both(other)
    for name in ("clicks", "html", "text", "opens"):
        asked = {getattr(one, name), getattr(other, name)} - {None}
        assert getattr(joined, name) is (None if not asked else False not in asked)


@given(WISHES)
def test_silence_changes_nothing(wishes: Wishes) -> None:
    assert wishes.over(NO_WISHES) == NO_WISHES.over(wishes) == wishes.both(NO_WISHES) == wishes
