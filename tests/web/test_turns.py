import pytest

from web.turns import TooManyAtOnce, Turns


def test_nobody_takes_more_than_a_part_and_all_together_not_everything() -> None:
    turns = Turns(most=3, most_each=2)
    with turns.taken_by(1), turns.taken_by(1):
        with pytest.raises(TooManyAtOnce, match="others like it are under way"), turns.taken_by(1):
            pass
        with turns.taken_by(2), pytest.raises(TooManyAtOnce), turns.taken_by(3):
            pass
        with turns.taken_by(3):
            pass
    with turns.taken_by(1), turns.taken_by(1):
        pass


def test_a_place_is_given_back_whatever_happens() -> None:
    turns = Turns(most=1, most_each=1)
    with pytest.raises(ValueError, match="x"), turns.taken_by(1):
        raise ValueError("x")
    with turns.taken_by(2):
        pass
