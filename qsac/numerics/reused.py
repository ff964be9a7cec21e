"""Memory of arrays that an iteration makes again and again: fresh memory of a megabyte costs more than what is done
with it, as the system hands it out page by page."""

from __future__ import annotations

import weakref
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Reused:
    """Arrays of complex numbers or, if ``real``, of real ones, in memory of earlier ones that are gone."""

    def __init__(self, *, real: bool = False) -> None:
        self._free: list[NDArray[Any]] = []
        self._type = np.float64 if real else np.complex128

    def empty(self, *shape: int) -> NDArray[Any]:
        """An array of any numbers. Its memory is taken again once nothing refers to it; a view of a part does not count
        as that."""
        size = prod(shape)
        memory = self._free.pop() if self._free else None
        if memory is None or memory.size < size:
            memory = np.empty(size, dtype=self._type)
        array = memory[:size].reshape(shape)
        weakref.finalize(array, self._free.append, memory).atexit = False
        return array
