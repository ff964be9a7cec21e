"""Counting the cases of a test: one in which nothing was done fails it."""

import pytest

from tests.shares import Share


def counted(share: Share, did: int) -> None:
    with share:
        for case in range(10):
            assert share.saw(case < did) == (case < did)


@pytest.mark.parametrize(("did", "least", "most"), [(3, 0.3, 1.0), (10, 0.3, 1.0), (0, 0.0, 0.5), (5, 0.5, 0.5)])
def test_a_share_that_is_reached(did: int, least: float, most: float) -> None:
    counted(Share(least, most), did)


@pytest.mark.parametrize(("did", "least", "most"), [(0, 0.1, 1.0), (2, 0.3, 1.0), (6, 0.0, 0.5)])
def test_a_share_that_is_not(did: int, least: float, most: float) -> None:
    with pytest.raises(AssertionError, match=f"{did} of 10"):
        counted(Share(least, most), did)


def test_no_case_at_all_fails() -> None:
    with pytest.raises(AssertionError, match="no case"), Share(0.0):
        pass


def test_what_fails_by_itself_says_so_itself() -> None:
    with pytest.raises(KeyError), Share(1.0) as share:
        share.saw({}["nothing"])
