"""The invariants with far more inputs than an ordinary run has time for: `make test-long`."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from rewriter import Policy
from tests import real_mail
from tests.rewriter.invariants import POLICIES, check_message, check_page
from tests.rewriter.test_message_properties import messages, policies
from tests.rewriter.test_part_properties import SOUP

pytestmark = pytest.mark.long
each_policy = pytest.mark.parametrize(
    "policy", POLICIES, ids=["all", "default", "opens alone", "clicks and text", "text alone"]
)


@settings(max_examples=5_000)
@given(messages, policies)
def test_messages_that_hypothesis_makes(message: bytes, policy: Policy) -> None:
    check_message(message, policy)


@settings(max_examples=12_000)
@given(SOUP.filter(bytes.isascii), policies)
def test_pages_that_hypothesis_makes(html: bytes, policy: Policy) -> None:
    check_page(html, policy)


@each_policy
def test_every_message_of_the_corpora(policy: Policy) -> None:
    for corpus in real_mail.corpora():
        for path in real_mail.messages(corpus):
            message = path.read_bytes()
            check_message(message, policy)
            check_message(real_mail.normalised(message), policy)


@each_policy
@pytest.mark.parametrize("encoding", real_mail.ENCODINGS)
def test_every_page_of_the_corpora_as_a_message(policy: Policy, encoding: str) -> None:
    for page in wrapped_pages(encoding):
        check_message(page.message, policy)


@each_policy
def test_every_page_of_the_corpora_as_a_parser_sees_it(policy: Policy) -> None:
    for page in wrapped_pages("8bit"):
        check_page(page.html, policy)


def wrapped_pages(encoding: str) -> Iterator[real_mail.WrappedPage]:
    """Yield all pages, each as the only part of a message."""
    for corpus in real_mail.corpora():
        for path in real_mail.pages(corpus):
            yield real_mail.wrapped(path, encoding)
