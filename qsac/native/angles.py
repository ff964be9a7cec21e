"""Angles of native gates, in half-turns."""

from __future__ import annotations

from math import pi
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.pauli import NEGLIGIBLE as _RADIANS

NEGLIGIBLE = _RADIANS / pi
"""Rotations below this many half-turns are rounding, not gates."""


PHI = {"x": 0.0, "y": 0.5}


def wrapped(half_turns: Any) -> Any:
    """The angle in (-1, 1] half-turns, equal up to a global phase for every rotation."""
    return 1 - (1 - half_turns) % 2.0


Linear: TypeAlias = NDArray[np.float64]
"""How angles depend on the symbols of a template, shape (angles, symbols) or (symbols,): half-turns for a radian."""
