"""What Qiskit itself makes of a circuit on a machine: two-qubit gates, and how deep they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

SEED = 0
"""The seed with which circuits are compared: the same circuit is always judged alike."""

ENTANGLERS = ("cz", "cx", "ecr", "rzz", "rxx", "ryy", "rzx")
"""Two-qubit gates that CZ or ZZ of any angle are written in one for one, but for one-qubit gates around them."""

OF_ANY_ANGLE = ("rzz", "rxx", "ryy", "rzx")

FREE = ("cx", "u")
"""The gates that count where any are allowed."""


class Taken(NamedTuple):
    """Two-qubit gates of a circuit, and how many layers they take: fewer are better, in this order."""

    gates: int
    depth: int


@dataclass(frozen=True)
class Machine:
    """For what Qiskit compiles: a ``Target``, or names of gates, with a ``CouplingMap`` or None, at a level."""

    target: Any
    basis: frozenset[str]
    coupling: Any
    level: int

    @property
    def coupled(self) -> bool:
        """Whether not all of its qubits are connected."""
        return self.coupling is not None

    @property
    def families(self) -> tuple[str, ...]:
        """The targets of qsac in whose gates a block is worth being written; none for unknown sets of gates."""
        found = self.basis or set(FREE)
        fixed = any(name in found for name in ENTANGLERS if name not in OF_ANY_ANGLE)
        turning = any(name in found for name in OF_ANY_ANGLE)
        return (*(("ibm-fez",) if fixed else ()), *(("h2",) if turning else ()))

    def taken(self, circuit: Any) -> Taken:
        """What is left of a circuit when Qiskit has compiled it, alone, from qubits in zero, for this machine."""
        from qiskit.transpiler import generate_preset_pass_manager

        if self.target is not None and self.basis:
            options = {"target": self.target}
        else:
            options = {"basis_gates": sorted(self.basis or FREE), "coupling_map": self.coupling}
        manager = generate_preset_pass_manager(self.level, seed_transpiler=SEED, **options)
        return counted(manager.run(circuit))


def counted(circuit: Any) -> Taken:
    """The gates on two or more qubits of a circuit, and their depth."""
    from qiskit.circuit import ControlFlowOp

    inner = Taken(0, 0)
    for instruction in circuit.data:
        if isinstance(instruction.operation, ControlFlowOp):
            # Of branches all are counted: circuits are compared whose branches are the same but for their synthesis.
            for block in instruction.operation.blocks:
                found = counted(block)
                inner = Taken(inner.gates + found.gates, inner.depth + found.depth)

    def entangles(instruction: Any) -> bool:
        operation = instruction.operation
        return (
            len(instruction.qubits) > 1
            and not getattr(operation, "_directive", False)
            and not isinstance(operation, ControlFlowOp)
        )

    gates = sum(map(entangles, circuit.data))
    return Taken(gates + inner.gates, circuit.depth(entangles) + inner.depth)
