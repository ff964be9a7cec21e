"""Merge diagonals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from qsac.errors import of_type
from qsac.ir.blocks import Diagonal
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.numerics.pauli import NEGLIGIBLE
from qsac.pipeline.contract import Pass, PassContext


@dataclass(frozen=True)
class MergeDiagonals(Pass):
    """Merge diagonals on the same qubits, or on a subset of each other's qubits (Construction, section 2).

    Needs a verified block program. Guarantees the same meaning, exactly: a diagonal commutes with every control, so it
    moves back to the earliest diagonal from which no targeting op separates it. A constant phase is dropped.
    """

    name: ClassVar[str] = "merge-diagonals"
    level: ClassVar[Literal["attention", "block"]] = "block"
    optimisation: ClassVar[int] = 1
    templates: ClassVar[bool] = True

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with merged diagonals."""
        ops: list[Op] = []
        open_places: list[int] = []
        last_target: dict[str, int] = {}
        for op in program.ops:
            if isinstance(op, Diagonal) and not op.barrier:
                host = _host(op, ops, open_places, last_target)
                if host is not None:
                    ops[host] = of_type(ops[host], Diagonal).joined(op)
                    continue
                open_places.append(len(ops))
            # Nothing moves past a barrier, on the qubits that are only used as controls either.
            touched: Iterable[str] = (*op.targets, *op.controlled_by)
            if not op.barrier:
                touched = (name for name in op.targets if name not in op.diagonal_on)
            last_target.update(dict.fromkeys(touched, len(ops)))
            ops.append(op)
        return program.with_ops(op for op in ops if not (isinstance(op, Diagonal) and _constant(op)))


def _host(op: Diagonal, ops: list[Op], open_places: list[int], last_target: dict[str, int]) -> int | None:
    """The place of the earliest diagonal that ``op`` can join."""
    qubits = set(op.qubits)
    for place in open_places:
        other = set(ops[place].controlled_by)
        alike = bool(op.slots) == bool(ops[place].slots)
        if (
            alike
            and (qubits <= other or other <= qubits)
            and all(last_target.get(q, -1) < place for q in qubits | other)
        ):
            return place
    return None


def _constant(op: Diagonal) -> bool:
    return not op.slots and not op.barrier and op.phases.known and bool(np.ptp(op.phases.values) < NEGLIGIBLE)
