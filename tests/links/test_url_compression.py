import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from links import url_compression
from links.url_compression import deflate, inflate


@given(st.binary(max_size=5000))
def test_inflates_what_it_deflated(data: bytes) -> None:
    assert inflate(deflate(data), len(data)) == data


@given(st.binary(max_size=300))
def test_anything_else_is_refused_or_within_the_limit(data: bytes) -> None:
    try:
        inflated = inflate(data, 100)
    except ValueError:
        return
    assert len(inflated) <= 100


def test_campaign_urls_shrink() -> None:
    url = b"https://www.acme-store.com/products/shoes?utm_source=newsletter&utm_medium=email&utm_campaign=summer"
    assert len(deflate(url)) < 0.45 * len(url)


def test_more_than_the_limit_is_refused() -> None:
    assert inflate(deflate(b"a" * 100), 100) == b"a" * 100
    with pytest.raises(ValueError, match="too long"):
        inflate(deflate(b"a" * 101), 100)


def test_cut_or_followed_data_is_refused() -> None:
    whole = deflate(b"https://www.example.com/a-path-that-is-not-in-the-dictionary")
    for damaged in (whole[:-1], whole + b"x", b""):
        with pytest.raises(ValueError, match="cut short"):
            inflate(damaged, 1000)


def test_the_dictionary_never_changes() -> None:
    """Every deflated link in every mailbox depends on it. Another one needs another format version."""
    dictionary = url_compression._DICTIONARY
    assert len(dictionary) == 250
    assert (
        hashlib.sha256(dictionary).hexdigest()
        == "4b7f93b550c286987a8de75d8a8924930c6d938dfb7ce30534bbfbc6d72e3305"
    )
    assert zlib.decompressobj(-9, zdict=dictionary).decompress(deflate(b"https://www.")) == b"https://www."
