"""What uncomputes a table as a whole unitary: what the ladders of its levels do to any state of the data.

A loader's first column is a row of the table; the other columns are what its gates happen to be
(:mod:`qsac.numerics.cascade`). Mostly nothing depends on them. Where something does, they are these.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.bell import BELL
from qsac.numerics.cascade import GateLevel, RotationLevel, complex_cascade, real_cascade
from qsac.numerics.ladder import ladder_values, up_to_diagonal
from qsac.numerics.plan import Level

Complex = NDArray[np.complex128]


def whole_levels(rows: NDArray[Any]) -> list[GateLevel | RotationLevel]:
    """The levels, in time order, that uncompute unit rows, (R, d), real or complex."""
    if np.iscomplexobj(rows):
        return [*complex_cascade(rows)[0]]
    return real_cascade(rows)


def uncomputed(rows: NDArray[Any], states: Complex) -> Complex:
    """For each of the rows, (R, d), R >= 2, what uncomputes it applied to its ``states``, shape (R, d, k).

    It takes the row to |0>. All is up to one phase for each row.
    """
    count, size, width = states.shape
    for step in whole_levels(rows):
        level = step.level
        before, after = 1 << level.acted_on, size >> (level.acted_on + 1)
        matrices = _matrices(step, count, before)
        if level.kind == "bell":
            pairs = states.reshape(count, before, 4, -1)
            turned = (BELL @ pairs).reshape(count, before, 2, after, width)
            turned = np.einsum("vpst,vptbk->vpsbk", matrices, turned)
            states = (BELL.conj().T @ turned.reshape(count, before, 4, -1)).reshape(count, size, width)
        else:
            split = states.reshape(count, before, 2, after, width)
            states = np.einsum("vpst,vptbk->vpsbk", matrices, split).reshape(count, size, width)
    return states


def _matrices(step: GateLevel | RotationLevel, rows: int, before: int) -> Complex:
    """The gate of a level for each row and each value of the data qubits before it, shape (rows, before, 2, 2)."""
    level = step.level
    controls = (level.rows - 1).bit_length()
    if isinstance(step, GateLevel):
        found = ladder_values(step.theta, step.phi, 1 << controls)
    else:
        found = _rotations(step.angles, level, controls)
    value, prefix = np.arange(rows)[:, None], np.arange(before)[None] & ((1 << level.prefix_bits) - 1)
    bits = (rows - 1).bit_length()
    place = (prefix << bits) + value if level.prefix_first else (value << level.prefix_bits) + prefix
    return np.asarray(found[place & ((1 << controls) - 1)])


def _rotations(angles: NDArray[np.float64], level: Level, controls: int) -> Complex:
    """RY(-angle) in full where data qubits control it too, else a ladder up to a diagonal, as it is written."""
    half = -angles / 2
    cos, sin = np.cos(half).astype(np.complex128), np.sin(half).astype(np.complex128)
    if not level.prefix_bits:
        theta, phi, _ = up_to_diagonal(cos, sin)
        return ladder_values(theta, phi, 1 << controls)
    full = np.tile(np.eye(2, dtype=np.complex128), (1 << controls, 1, 1))
    full[: len(half)] = np.array([[cos, -sin], [sin, cos]]).transpose(2, 0, 1)
    return full
