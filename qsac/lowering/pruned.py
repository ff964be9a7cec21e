"""Token loaders that do without some controls: :mod:`qsac.numerics.pruned_cascade` says how."""

from __future__ import annotations

import numpy as np

from qsac.ir.attention import LoadPruned
from qsac.ir.blocks import Diagonal, Multiplexor, UniformlyControlledGate
from qsac.ir.table import Table
from qsac.lowering.cascades import Block, bell_basis
from qsac.lowering.context import LoweringContext, lowering
from qsac.numerics.pruned_cascade import Level, RotationLevel, pruned_cascade


@lowering.register(LoadPruned)
def lower(op: LoadPruned, place: LoweringContext) -> list[Block]:
    """As the lowering of :class:`~qsac.ir.attention.LoadTokens`, each level with its controls."""
    data, index = place.qubits(op.data), place.qubits(*op.index)
    rows = place.scope.tables[op.table].values
    made = place.cached((op.table, op.cutoffs), lambda: pruned_cascade(rows, op.cutoffs))
    if np.max(np.abs(made.loaded - rows)) > 1e-9:
        raise RuntimeError(f"the rows of table {op.table!r} cannot be loaded with the controls that {op.name} has")
    qubits = (*index, *data)
    blocks: list[Block] = []
    for level in reversed(range(len(data))):
        controls = tuple(qubits[place] for place in made.controls[level])
        blocks += _uncompute(made.levels[level], level, controls, data)
    if not op.inverse:
        blocks = [block.adjoint() for block in reversed(blocks)]
    if len(made.left) and index:
        phases = np.zeros(1 << len(index))
        phases[: len(rows)] = -made.left if op.inverse else made.left
        blocks.append(Diagonal(index, Table(phases)))
    return blocks


def _uncompute(step: Level, level: int, controls: tuple[str, ...], data: tuple[str, ...]) -> list[Block]:
    if isinstance(step, RotationLevel):
        return [Multiplexor("y", controls, data[level], Table(-step.angles), leaves_zero=True)]
    target = data[level - step.basis]
    gate = UniformlyControlledGate(controls, target, Table(step.theta), Table(step.phi))
    if not step.basis:
        return [gate]
    basis = bell_basis(target, data[level])
    return [*basis, gate, *(block.adjoint() for block in reversed(basis))]
