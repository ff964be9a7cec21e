"""Merge diagonals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.ir.blocks import Diagonal
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.pipeline import Pass, PassContext

NEGLIGIBLE = 1e-13
"""Phases (radians) that differ by less are equal: they carry the rounding of their sums."""


@dataclass(frozen=True)
class MergeDiagonals(Pass):
    """Make one of the diagonals whose qubits are the same, or contain each other's (algorithm point 2).

    Needs a verified block program. Guarantees the same meaning, exactly: a diagonal commutes with every borrow, so it
    moves back to the earliest one that no targeting op separates it from. What comes to a constant phase is dropped.
    """

    name: ClassVar[str] = "merge-diagonals"
    level: ClassVar[Literal["attention", "block"]] = "block"
    optimisation: ClassVar[int] = 1

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with merged diagonals."""
        ops: list[Op] = []
        open_places: list[int] = []
        last_target: dict[str, int] = {}
        for op in program.ops:
            if isinstance(op, Diagonal):
                host = _host(op, ops, open_places, last_target)
                if host is not None:
                    ops[host] = _merged(ops[host], op)
                    continue
                open_places.append(len(ops))
            last_target.update(dict.fromkeys(op.targets, len(ops)))
            ops.append(op)
        return program.with_ops(op for op in ops if not (isinstance(op, Diagonal) and _constant(op)))


def _host(op: Diagonal, ops: list[Op], open_places: list[int], last_target: dict[str, int]) -> int | None:
    """The place of the earliest diagonal that ``op`` can join."""
    qubits = set(op.qubits)
    for place in open_places:
        other = set(ops[place].borrows)
        if (qubits <= other or other <= qubits) and all(last_target.get(q, -1) < place for q in qubits | other):
            return place
    return None


def _merged(first: Op, second: Diagonal) -> Diagonal:
    assert isinstance(first, Diagonal)
    wide = first if len(first.qubits) >= len(second.qubits) else second
    phases = _extended(first, wide.qubits) + _extended(second, wide.qubits)
    return replace(first, qubits=wide.qubits, phases=Table(np.remainder(phases + np.pi, 2 * np.pi) - np.pi))


def _extended(op: Diagonal, qubits: tuple[str, ...]) -> NDArray[np.float64]:
    """The phases of ``op`` on ``qubits``, which contain its own."""
    own = [qubits.index(qubit) for qubit in op.qubits]
    values = np.arange(1 << len(qubits))
    places = np.zeros_like(values)
    for place in own:
        places = 2 * places + (values >> (len(qubits) - 1 - place) & 1)
    return np.asarray(op.phases.values[places], dtype=np.float64)


def _constant(op: Diagonal) -> bool:
    return bool(np.ptp(op.phases.values) < NEGLIGIBLE)
