"""Rotated ladders: entangling gates between the last data qubit and its partners, and one-qubit gates between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import pi

import numpy as np

from qsac.ir.attention import LoadRotated
from qsac.ir.blocks import Diagonal, PauliRotation
from qsac.ir.blocks.rotation import phased_x
from qsac.ir.shaped_table import ShapedTable
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering
from qsac.numerics.rotated_ladder import RotatedLadder

Block = PauliRotation | Diagonal


@lowering.register(LoadRotated)
def lower(op: LoadRotated, place: LoweringContext) -> list[Block]:
    """The gates one by one, then the phases of the index: those of single qubits as rotations, the others as a
    diagonal."""
    data, index = place.qubits(*op.targets), place.qubits(*op.index)
    ladder: Sequence[Block] = list(gates_of(_ladder(op, place), data[len(data) - len(op.last) :], index))
    if op.inverse:
        ladder = [block.adjoint() for block in reversed(ladder)]
    # Qubits that are zero in every row take no gate, but are live from here on: an observation may read them.
    idle = [] if op.inverse else [PauliRotation("z", (name,), 0.0) for name in data[: len(data) - len(op.last)]]
    sign = -1.0 if op.inverse else 1.0
    turns = [PauliRotation("z", (name,), sign * turn) for name, turn in zip(index, op.turns, strict=False)]
    return [*idle, *ladder, *turns, *_diagonal(op, index)]


def gates_of(ladder: RotatedLadder, data: tuple[str, ...], index: tuple[str, ...]) -> Iterator[PauliRotation]:
    """The gates of a ladder on its data qubits, controlled by those of an index."""
    angles = zip(ladder.theta, ladder.phi, strict=True)
    partners = (*data[:-1], *index)
    for name in data:
        yield from phased_x(name, *next(angles))
    for at, toggled in ladder.pairs:
        partner, target = partners[at], data[toggled]
        yield PauliRotation("zz", (partner, target), pi / 2)
        yield from phased_x(target, *next(angles))
        if at < len(data) - 1:
            yield from phased_x(partner, *next(angles))
    for name, angle in zip(data, ladder.alpha, strict=True):
        yield PauliRotation("z", (name,), float(angle))


def _ladder(op: LoadRotated, place: LoweringContext) -> RotatedLadder:
    """The ladder of an op; that of a table without numbers has angles of which nothing is special."""
    table = place.scope.tables[op.table]
    if not isinstance(table, ShapedTable):
        return op.ladder(place.scope)
    # Those of an inverse load are others: they undo nothing of what the load did last.
    theta, phi = np.random.default_rng([table.shape[0], op.inverse]).uniform(0.3, 1.2, table.shape).T
    return RotatedLadder(
        len(op.last),
        place.scope.dimension(op.index).bit_length() - 1,
        op.places,
        theta,
        phi,
        np.array(op.last),
        op.toggled,
    )


def _diagonal(op: LoadRotated, index: tuple[str, ...]) -> list[Diagonal]:
    """The phases that are left on the index."""
    rows = op.phases.shape[0]
    if not rows or not index:
        return []
    if not op.phases.known:
        return [Diagonal(index, ShapedTable((1 << len(index),), real=True))]
    phases = np.zeros(1 << len(index))
    phases[:rows] = -op.phases.values if op.inverse else op.phases.values
    return [Diagonal(index, Table(phases))]
