"""Merge rotations about the same Pauli product."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi, remainder
from typing import ClassVar, Literal

from qsac.errors import of_type
from qsac.ir.blocks import PauliRotation
from qsac.ir.op import Op, sources_of
from qsac.ir.program import Program
from qsac.numerics.pauli import NEGLIGIBLE
from qsac.pipeline.contract import Pass, PassContext


@dataclass(frozen=True)
class MergeRotations(Pass):
    """Merge rotations about the same Pauli product on the same qubits, and drop those that vanish.

    Needs a verified block program. Guarantees the same meaning up to a global phase, exactly: a rotation moves back
    past rotations that it commutes with, past controls on which it is diagonal, and past ops on other qubits.
    ``window`` is the number of ops that it may move back.
    """

    name: ClassVar[str] = "merge-rotations"
    level: ClassVar[Literal["attention", "block"]] = "block"
    optimisation: ClassVar[int] = 1
    templates: ClassVar[bool] = True

    window: int = 256

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with merged rotations."""
        ops: list[Op] = []
        # Of each of these its Pauli product, if it is a rotation.
        paulis: list[dict[str, str] | None] = []
        for op in program.ops:
            own = _pauli(op) if isinstance(op, PauliRotation) else None
            partner = None if own is None or op.slots or op.barrier else self._partner(own, ops, paulis)
            if partner is None:
                ops.append(op)
                paulis.append(own)
                continue
            op = of_type(op, PauliRotation)
            earlier = of_type(ops[partner], PauliRotation)
            angle = remainder(earlier.angle + op.angle, 4 * pi)
            ops[partner] = replace(earlier, angle=angle, sources=sources_of(earlier, op))
        return program.with_ops(op for op in ops if not (isinstance(op, PauliRotation) and _nothing(op, program)))

    def _partner(self, own: dict[str, str], ops: list[Op], paulis: list[dict[str, str] | None]) -> int | None:
        for place in range(len(ops) - 1, max(-1, len(ops) - 1 - self.window), -1):
            other, theirs = ops[place], paulis[place]
            if own == theirs and not other.slots and not other.barrier:
                return place
            if not _commute(own, other, theirs) and not _whole_turns(other):
                return None
        return None


def _pauli(op: PauliRotation) -> dict[str, str]:
    return dict(zip(op.qubits, op.paulis, strict=True))


def _commute(own: dict[str, str], other: Op, theirs: dict[str, str] | None) -> bool:
    """Whether a rotation about one Pauli product commutes with an op, which is one about another if that is given."""
    use = other.use
    if other.barrier and not own.keys().isdisjoint((*use.targets, *use.controlled_by)):
        return False
    if theirs is not None:
        odd = False
        for qubit, pauli in own.items():
            odd ^= theirs.get(qubit, pauli) != pauli
        return not odd
    if not own.keys().isdisjoint(use.targets):
        return False
    return all(own.get(qubit, "z") == "z" for qubit in use.controlled_by)


def _whole_turns(op: Op) -> bool:
    """Whether an op is a rotation that came to nothing by now: it is dropped at the end, and stands in nobody's way."""
    plain = isinstance(op, PauliRotation) and not op.slots and not op.barrier
    return plain and isinstance(op, PauliRotation) and abs(remainder(op.angle, 2 * pi)) < NEGLIGIBLE


def _nothing(op: PauliRotation, program: Program) -> bool:
    """Whether the rotation is the identity up to a global phase (a full turn is), and not what allocates its qubit."""
    if not _whole_turns(op):
        return False
    first = (program.ops[program.targeting(qubit)[0]] for qubit in op.qubits)
    return all(_pauli_key(other) != _pauli_key(op) for other in first)


def _pauli_key(op: Op) -> tuple[tuple[str, ...], str]:
    return (op.qubits, op.paulis) if isinstance(op, PauliRotation) else ((), "")
