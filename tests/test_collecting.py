"""Python looks for unreachable objects less often while something is compiled, and as before after that."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from qsac.collecting import COLLECTED_AFTER, rarely_collecting


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    """Python's own threshold; the one of the test run comes back."""
    before = gc.get_threshold()
    gc.set_threshold(700, 11, 12)
    yield
    gc.set_threshold(*before)


def test_less_often_in_the_body_alone() -> None:
    with rarely_collecting():
        assert gc.get_threshold() == (COLLECTED_AFTER, 11, 12)
    assert gc.get_threshold() == (700, 11, 12)


def test_as_before_after_an_error() -> None:
    with suppress(KeyError), rarely_collecting():
        raise KeyError
    assert gc.get_threshold() == (700, 11, 12)


def test_the_last_of_several_restores() -> None:
    first, second = ExitStack(), ExitStack()
    first.enter_context(rarely_collecting())
    second.enter_context(rarely_collecting())
    first.close()
    assert gc.get_threshold() == (COLLECTED_AFTER, 11, 12)
    second.close()
    assert gc.get_threshold() == (700, 11, 12)


@pytest.mark.parametrize("own", [(0, 11, 12), (2 * COLLECTED_AFTER, 11, 12)])
def test_who_collects_more_seldom_is_left_alone(own: tuple[int, int, int]) -> None:
    gc.set_threshold(*own)
    with rarely_collecting():
        assert gc.get_threshold() == own
    assert gc.get_threshold() == own


def test_what_is_set_in_between_stays() -> None:
    with rarely_collecting():
        gc.set_threshold(900, 11, 12)
    assert gc.get_threshold() == (900, 11, 12)
