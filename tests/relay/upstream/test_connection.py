"""How a message is put on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.upstream import connection


@given(st.lists(st.sampled_from([b"\r\n", b".", b"a", b"\r", b"\n"]), max_size=12), st.integers(1, 7))
def test_where_a_message_is_cut_into_pieces_changes_no_stuffing(parts: list[bytes], size: int) -> None:
    content = b"".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "_PIECE", size)
        stuffed = b"".join(connection._stuffed(content))
    assert stuffed == (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]


def test_dots_elsewhere_stay() -> None:
    assert b"".join(connection._stuffed(b"a.b\r\nc..\r\n")) == b"a.b\r\nc..\r\n"
