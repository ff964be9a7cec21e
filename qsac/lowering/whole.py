"""Loads as whole unitaries: blocks that promise nothing of the data, and their exact mirror image.

What uncomputes a table (:mod:`qsac.numerics.cascade`) leaves a diagonal on the index. All loads of a table leave the
same, and inverse loads take it back, so that it is not written. The gate that a ladder saves because its target enters
in zero is saved here too: the multiplexed rotation is one up to a diagonal, which is of the same kind.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from qsac.ir.attention import LoadTokens, LoadWhole
from qsac.ir.blocks import Multiplexor, PauliRotation, UniformlyControlledGate
from qsac.ir.blocks.rotation import controlled_x
from qsac.ir.shaped_table import ShapedTable, Span
from qsac.ir.table import Table
from qsac.lowering.cascades import Block, Data, acting, bell_basis, gate_of, uncompute
from qsac.lowering.context import LoweringContext, lowering, self_contained
from qsac.lowering.structured import steps_of
from qsac.numerics.ladder import up_to_diagonal
from qsac.numerics.plan import plan
from qsac.numerics.whole_loads import whole_levels


@lowering.register(LoadWhole)
@self_contained
def lower(op: LoadWhole, place: LoweringContext) -> list[Block]:
    """The blocks that uncompute the table's rows, or their adjoints in reverse order."""
    data, controls = place.qubits(op.data), place.qubits(*op.index)
    table = place.scope.tables[op.table]
    if isinstance(table, ShapedTable):
        blocks = _outlined(op, table, data, controls)
    else:
        blocks = _uncomputed(op, table.values, data, controls, place)
    if op.bell and not place.slots_only:
        # What leads into the basis of the first level is left out: the data are in it already.
        blocks = blocks[len(bell_basis(*data)) :]
    return blocks if op.inverse else [block.adjoint() for block in reversed(blocks)]


def _uncomputed(
    op: LoadWhole, rows: Any, data: tuple[str, ...], controls: tuple[str, ...], place: LoweringContext
) -> list[Block]:
    if len(rows) == 1:
        if not np.iscomplexobj(rows) and len(data) <= 2:
            return _real_state(rows[0], data, place)
        found = op.by_structure(place.scope)
        if place.numbers is None and found is not None:
            load = LoadTokens(op.data, (), op.table, inverse=True)
            return _without_promises(steps_of(found.steps, load, Data.of(data), place), ())
    levels = place.cached(("whole levels", op.table, len(controls)), lambda: whole_levels(rows))
    needed = controls[len(controls) - (len(rows) - 1).bit_length() :]
    return _without_promises(uncompute(levels, needed, Data.of(data), place, ()), needed)


def _outlined(op: LoadWhole, table: ShapedTable, data: tuple[str, ...], controls: tuple[str, ...]) -> list[Block]:
    """The blocks for several rows without numbers: of the same sizes, without numbers either."""
    needed = controls[len(controls) - (table.shape[0] - 1).bit_length() :]
    blocks: list[Block] = []
    for level in plan(table.shape[0], table.columns, len(data), real=table.real):
        theta, phi = (
            ShapedTable((level.rows,), real=True, spans=[Span(f"{kind} {level.place} {op.table}", 0, level.rows)])
            for kind in ("theta", "phi")
        )
        given, target = acting(level, needed, Data.of(data))
        if level.kind != "rotation":
            blocks += gate_of(level, [UniformlyControlledGate(given, target, theta, phi)], Data.of(data))
        elif set(given) <= set(needed):
            blocks.append(UniformlyControlledGate(given, target, theta, phi))
        else:
            full = ShapedTable((1 << len(given),), real=True, spans=theta.spans)
            blocks.append(Multiplexor("y", given, target, full))
    return blocks


def _without_promises(blocks: list[Block], controls: tuple[str, ...]) -> list[Block]:
    """The same where rotations whose target leaves for zero are ladders up to a diagonal on the index; those that the
    data control too are written in full."""
    found: list[Block] = []
    for block in blocks:
        if isinstance(block, Multiplexor) and block.leaves_zero:
            found.append(_up_to_diagonal(block) if set(block.controls) <= set(controls) else block.in_full())
        else:
            found.append(block)
    return found


def _up_to_diagonal(block: Multiplexor) -> UniformlyControlledGate:
    half = block.angles.values / 2
    theta, phi, _ = up_to_diagonal(np.cos(half).astype(np.complex128), np.sin(half).astype(np.complex128))
    return UniformlyControlledGate(block.controls, block.target, Table(theta), Table(phi), slots=block.slots)


def _real_state(row: Any, data: tuple[str, ...], place: LoweringContext) -> list[Block]:
    """A real state of one qubit by a turn, of two by its Schmidt decomposition: one CX between turns, whatever the
    state, so that all of them have the same gates."""
    if len(data) == 1:
        return [PauliRotation("y", data, -2 * float(np.arctan2(row[1], row[0])), slots=place.slot())]
    left, values, right = np.linalg.svd(row.reshape(2, 2))
    # Reflections become rotations by a sign of the second singular value.
    signs = np.sign(np.linalg.det(left)), np.sign(np.linalg.det(right))
    left, right = left * [1.0, signs[0]], right * np.array([[1.0], [signs[1]]])
    second = values[1] * signs[0] * signs[1]
    turns = [2 * float(np.arctan2(matrix[1, 0], matrix[0, 0])) for matrix in (left, right.T)]
    spread = 2 * float(np.arctan2(second, values[0]))
    return [
        PauliRotation("y", (data[0],), -turns[0], slots=place.slot()),
        PauliRotation("y", (data[1],), -turns[1], slots=place.slot()),
        *controlled_x(*data),
        PauliRotation("y", (data[0],), -spread, slots=place.slot()),
    ]
