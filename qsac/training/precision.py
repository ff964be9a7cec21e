"""Single or double precision within a block, never beyond it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SINGLE = {"c": np.complex64, "f": np.float32, "i": np.int32, "u": np.int32}
_DOUBLE = {"c": np.complex128, "f": np.float64, "i": np.int32, "u": np.int32}


def precision(double: bool) -> AbstractContextManager[Any]:
    """The context in which JAX computes in double precision, or in single: of this thread, and only within it."""
    import jax
    import jax.experimental

    home = jax if hasattr(jax, "enable_x64") else jax.experimental  # there in JAX before 0.8
    chosen = getattr(home, "enable_x64")  # noqa: B009
    context: AbstractContextManager[Any] = chosen(double)
    return context


def fitted(array: NDArray[Any], double: bool) -> NDArray[Any]:
    """An array in the precision of a block; whole numbers as 32 bits in either."""
    kinds = _DOUBLE if double else _SINGLE
    return np.asarray(array, dtype=kinds[array.dtype.kind])
