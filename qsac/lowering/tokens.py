"""Token loaders as ladders of multiplexed gates (algorithm point 2)."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention import LoadTokens
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, UniformlyControlledGate
from qsac.ir.blocks.rotation import controlled_x
from qsac.ir.table import Table
from qsac.lowering.cascade import GateLevel, RotationLevel, complex_cascade, real_cascade
from qsac.lowering.place import Place

Block = Multiplexor | UniformlyControlledGate | PauliRotation | Diagonal


def lower(op: LoadTokens, place: Place) -> list[Block]:
    """The un-loading of one data qubit after the other, or its adjoint; see :mod:`qsac.lowering.cascade`.

    For complex tables also the diagonal that they leave on the controls.
    """
    controls = place.qubits(*op.borrows)
    data = place.qubits(op.data)
    rows = controlled_rows(op, place)
    key = (op.table, rows.shape)
    left = np.zeros(0)
    levels: Sequence[GateLevel | RotationLevel]
    if np.iscomplexobj(rows):
        levels, left = place.cached(key, lambda: complex_cascade(rows))
    else:
        levels = place.cached(key, lambda: real_cascade(rows))
    blocks: list[Block] = []
    for level in reversed(range(len(data))):
        blocks += _unload_level(levels[level], level, controls, data, real=not len(left), origin=op.origin)
    if not op.adjoint_load:
        blocks = [block.adjoint() for block in reversed(blocks)]
    if len(left) and controls:
        phases = np.zeros(1 << len(controls))
        phases[: len(left)] = -left if op.adjoint_load else left
        blocks.append(Diagonal(controls, Table(phases), origin=op.origin))
    return blocks


def _unload_level(
    step: GateLevel | RotationLevel,
    level: int,
    controls: tuple[str, ...],
    data: tuple[str, ...],
    *,
    real: bool,
    origin: str,
) -> list[Block]:
    if isinstance(step, RotationLevel):
        angles = Table(-step.angles)
        return [Multiplexor("y", (*controls, *data[:level]), data[level], angles, leaves_zero=True, origin=origin)]
    place = level - 1 if real else level
    gate = UniformlyControlledGate(
        (*controls, *data[:place]), data[place], Table(step.theta), Table(step.phi), origin=origin
    )
    if not real:
        return [gate]
    basis = _bell_basis(data[place], data[level], origin)
    return [*basis, gate, *(block.adjoint() for block in reversed(basis))]


def _bell_basis(first: str, second: str, origin: str) -> list[PauliRotation]:
    """CX (H S (x) S), up to a global phase: a basis of Bell states in which real amplitudes are the quaternion of an
    SU(2) matrix on the first qubit (the magic basis, Hill and Wootters, quant-ph/9703041)."""
    return [
        PauliRotation("z", (first,), -pi / 2, origin=origin),
        PauliRotation("z", (second,), pi / 2, origin=origin),
        PauliRotation("y", (first,), pi / 2, origin=origin),
        *controlled_x(first, second, origin),
    ]


def controlled_rows(op: LoadTokens, place: Place) -> NDArray[Any]:
    """The row to load for every value of (when, index) up to the table's last one, shape (values, d).

    Values where a ``when`` qubit is 0, and those between without a row, get |0...0>: zero angles.
    """
    rows = place.scope.tables[op.table].values
    first = place.scope.dimension(op.borrows) - place.scope.dimension(op.index)
    full = np.zeros((first + len(rows), rows.shape[1]), dtype=rows.dtype)
    full[:, 0] = 1.0
    full[first:] = rows
    return full
