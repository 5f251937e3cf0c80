import pytest

from links.ids import message_id, recipient_reference, record_id


def test_message_id_is_time_then_randomness() -> None:
    assert message_id(1_750_000_000_000, b"\x01\x02\x03\x04\x05\x06") == "01977420dc00" + "010203040506"


def test_message_ids_sort_by_time() -> None:
    assert message_id(1, b"\xff" * 6) < message_id(2, b"\x00" * 6) < message_id(2**40, b"\x00" * 6)


def test_references_and_record_ids_are_the_random_bytes() -> None:
    assert recipient_reference(b"\xab" * 8) == "ab" * 8
    assert record_id(b"\xcd" * 16) == "cd" * 16


@pytest.mark.parametrize("size", [0, 5, 7])
def test_wrong_number_of_random_bytes_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="6 random bytes"):
        message_id(0, b"x" * size)
    with pytest.raises(ValueError, match="8 random bytes"):
        recipient_reference(b"x" * size)
    with pytest.raises(ValueError, match="16 random bytes"):
        record_id(b"x" * size)


@pytest.mark.parametrize("now", [-1, 2**48])
def test_time_outside_48_bits_is_refused(now: int) -> None:
    with pytest.raises(OverflowError):
        message_id(now, b"x" * 6)
