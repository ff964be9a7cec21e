"""Token loaders as multiplexors (algorithm point 2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention import LoadTokens
from qsac.ir.blocks import Diagonal, Multiplexor, UniformlyControlledGate
from qsac.ir.table import Table
from qsac.lowering.cascade import complex_cascade, real_cascade
from qsac.lowering.place import Place


def lower(op: LoadTokens, place: Place) -> list[Multiplexor | UniformlyControlledGate | Diagonal]:
    """One multiplexor a data qubit; for complex tables also the diagonal they leave on the controls."""
    controls = place.qubits(*op.borrows)
    data = place.qubits(op.data)
    rows = controlled_rows(op, place)
    blocks: list[Multiplexor | UniformlyControlledGate | Diagonal] = []
    if not np.iscomplexobj(rows):
        for level, angles in enumerate(
            place.cached(("real", op.table, op.when != (), rows.shape), lambda: real_cascade(rows))
        ):
            load = Multiplexor(
                "y", (*controls, *data[:level]), data[level], Table(angles), enters_zero=True, origin=op.origin
            )
            blocks.append(load)
        return [block.adjoint() for block in reversed(blocks)] if op.adjoint_load else blocks
    levels, left = place.cached(("complex", op.table, op.when != (), rows.shape), lambda: complex_cascade(rows))
    for level, (theta, phi) in enumerate(levels):
        unload = UniformlyControlledGate(
            (*controls, *data[:level]), data[level], Table(theta), Table(phi), origin=op.origin
        )
        blocks.append(unload if op.adjoint_load else unload.adjoint())
    if op.adjoint_load:
        blocks.reverse()
    if controls:
        phases = np.zeros(1 << len(controls))
        phases[: len(left)] = -left if op.adjoint_load else left
        blocks.append(Diagonal(controls, Table(phases), origin=op.origin))
    return blocks


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
