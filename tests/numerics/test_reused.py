"""Memory that is used again is never that of an array which is still there."""

from __future__ import annotations

import numpy as np
import pytest

from qsac.numerics.reused import Reused


@pytest.mark.parametrize("real", [False, True])
def test_memory_is_used_again(real: bool) -> None:
    memory = Reused(real=real)
    first = memory.empty(3, 4)
    place = first.ctypes.data
    del first
    second = memory.empty(2, 5)
    assert second.ctypes.data == place
    assert second.shape == (2, 5)
    assert second.dtype == (np.float64 if real else np.complex128)


def test_what_is_there_keeps_its_memory() -> None:
    memory = Reused()
    kept = [memory.empty(6) for _ in range(3)]
    for number, array in enumerate(kept):
        array[...] = number
    for _ in range(3):
        memory.empty(6)[...] = -1
    assert [array.tolist() for array in kept] == [[number] * 6 for number in range(3)]


def test_larger_arrays_have_memory_of_their_own() -> None:
    memory = Reused()
    memory.empty(2)
    large = memory.empty(100)
    large[...] = 1
    assert large.sum() == 100
