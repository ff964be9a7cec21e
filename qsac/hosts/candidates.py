"""The blocks that a plug-in has to choose from: in the gates of each family that the machine may have."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from qsac import synthesis
from qsac.synthesis import Block
from qsac.synthesis.asked import unit_rows
from qsac.synthesis.paths import path_block

Kind = Literal["state", "rows", "x", "y", "z", "gates", "diagonal"]
"""What is asked for: a function of :mod:`qsac.synthesis`, multiplexors by their axis."""

MOST_QUBITS = 10
"""Larger gates are left to the host: each candidate, and what the host does, is compiled to be counted."""

KEPT = 64
"""Blocks that are kept: a circuit often prepares one state in several places."""


def blocks(
    kind: Kind, numbers: NDArray[Any], targets: tuple[str, ...], optimisation: int = 2, *, in_a_row: bool = False
) -> list[Block]:
    """The blocks that do what is asked for, in the gates of each of the targets; of states and tables also, from
    ``optimisation`` 2 on or with ``in_a_row``, one whose gates are all between neighbours, where there is one. Raises
    as the functions of :mod:`qsac.synthesis` do."""
    values = np.ascontiguousarray(numbers)
    key = (values.dtype.str, values.shape, values.tobytes())
    found = [_block(kind, *key, optimisation, target) for target in targets]
    if kind in ("state", "rows") and (in_a_row or optimisation > 1):
        found += [block for target in targets if (block := _path(*key, target)) is not None]
    return found


@lru_cache(KEPT)
def _block(kind: Kind, dtype: str, shape: tuple[int, ...], data: bytes, optimisation: int, target: str) -> Block:
    values = np.frombuffer(data, dtype).reshape(shape)
    match kind:
        case "state":
            return synthesis.state(values, target=target, optimisation=optimisation)
        case "rows":
            return synthesis.rows(values, target=target, optimisation=optimisation)
        case "gates":
            return synthesis.uniformly_controlled(values, target=target)
        case "diagonal":
            return synthesis.diagonal(values, target=target)
        case axis:
            return synthesis.multiplexor(axis, values, target=target)


@lru_cache(KEPT)
def _path(dtype: str, shape: tuple[int, ...], data: bytes, target: str) -> Block | None:
    table = np.frombuffer(data, dtype).reshape(-1, shape[-1]).astype(np.complex128)
    return path_block(unit_rows(table, "each row of a table", normalise=False), target=target)
