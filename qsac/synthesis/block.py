"""What the functions of this room give: a circuit on the qubits of an index and of data, with its global phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.counting.stats import layers
from qsac.emit.closed import emit_closed
from qsac.ir.program import Program
from qsac.machine.read import find_target
from qsac.machine.target import DEFAULT_TARGET
from qsac.native.circuit import GATES, GateFamily, NativeCircuit
from qsac.synthesis import hosts

if TYPE_CHECKING:
    import cirq
    from cirq import Qid
    from pennylane.operation import Operator
    from pytket.circuit import Circuit
    from qiskit import QuantumCircuit

    from qsac.machine.read import AnyTarget

ExactOn = Literal["all inputs", "data in zero"]
"""The inputs that a block is for: any, or those whose data qubits are all in state 0."""


@dataclass(frozen=True)
class Counts:
    """What a block takes, on a machine whose qubits are all connected.

    ``one_qubit_gates`` are physical ones: Rz is a change of frame and counted in ``gates`` alone, which has the gates
    by their pytket names. ``depth`` counts layers of all gates but Rz, ``two_qubit_depth`` of two-qubit gates.
    """

    qubits: int
    two_qubit_gates: int
    one_qubit_gates: int
    depth: int
    two_qubit_depth: int
    gates: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Block:
    """A circuit that does to its qubits what was asked for.

    ``index`` and ``data`` are its qubits, as places in ``circuit``, each the most significant first; an index stays as
    it is. ``columns``, shape (values, 2^data, inputs), is the meaning: where the index holds i, one of the first
    ``values``, data in the basis state k come to ``columns[i, :, k]``. There are as many inputs as basis states of the
    data, or one, data in zero (``exact_on``); what else becomes of other inputs is not said, except that the circuit is
    unitary. ``circuit`` times exp(i pi ``phase``) does exactly that, up to rounding (1e-9 at most, which is checked);
    ``phase`` is in half-turns. ``target`` is the machine whose gates are written, ``family`` says
    which: PhasedX, Rz and ZZPhase, or SX, X, Rz and CZ.
    """

    name: str
    target: str
    family: GateFamily
    index: tuple[int, ...]
    data: tuple[int, ...]
    columns: NDArray[np.complex128] = field(repr=False)
    circuit: NativeCircuit = field(repr=False)
    phase: float
    program: Program = field(repr=False)

    @property
    def qubits(self) -> int:
        """How many qubits there are."""
        return len(self.index) + len(self.data)

    @property
    def exact_on(self) -> ExactOn:
        """Which inputs it is for, besides values of the index that it has numbers for."""
        return "all inputs" if self.columns.shape[1] == self.columns.shape[2] else "data in zero"

    @property
    def two_qubit_gates(self) -> int:
        """Two-qubit gates of its circuit."""
        return self.circuit.two_qubit_gates

    def counts(self, target: AnyTarget | None = None) -> Counts:
        """What it takes in the gates of a machine: that which it was made for, or another one, for whose gates its
        blocks are written anew, in the same order. A machine's coupling graph is not taken into account.

        Raises :class:`~qsac.errors.InvalidInputError` for an unknown target.
        """
        circuit = self.circuit
        family = self.family if target is None else find_target(target).family
        if family != self.family:
            circuit = emit_closed(self.program, family)
        found = layers(circuit)
        gates = {gate.name: circuit.count(gate.name) for gate in GATES}
        return Counts(
            self.qubits,
            circuit.two_qubit_gates,
            circuit.one_qubit_gates,
            found.depth,
            found.two_qubit_depth,
            {name: count for name, count in gates.items() if count},
        )

    def to_tket(self) -> Circuit:
        """In pytket, on the register ``q``: first the index, then the data, the first qubit most significant, as in
        ``get_unitary`` and ``get_statevector``. The phase is the circuit's."""
        return hosts.to_tket(self.circuit, self.phase)

    def to_qiskit(self) -> QuantumCircuit:
        """In Qiskit, on the registers ``data`` and ``index``, as far as there are such qubits. Qiskit's first qubit is
        the least significant: that is the last of the data, and the amplitudes of ``Statevector`` and the entries of
        ``Operator`` stand as those of ``columns`` do. The phase is the circuit's ``global_phase``."""
        return hosts.to_qiskit(self.circuit, self.phase, len(self.index))

    def to_pennylane(self, wires: Sequence[object] | None = None) -> list[Operator]:
        """The operations in PennyLane, in time order, on the wires given, first the index, then the data, the first
        wire most significant (0, 1, .. by default). Called in a quantum function, they are part of it. The phase is an
        operation ``GlobalPhase``.

        Raises :class:`~qsac.errors.InvalidInputError` where PennyLane is not installed, and for another number of wires
        than qubits.
        """
        return hosts.to_pennylane(self.circuit, self.phase, wires)

    def to_cirq(self, qubits: Sequence[Qid] | None = None) -> cirq.Circuit:
        """In Cirq, on the qubits given, first the index, then the data, the first qubit most significant, as in
        ``cirq.unitary`` and ``final_state_vector`` (those of a line by default). The phase is that of one of the
        gates, by its ``global_shift``.

        Raises :class:`~qsac.errors.InvalidInputError` where Cirq is not installed, and for another number of qubits
        than the block has.
        """
        return hosts.to_cirq(self.circuit, self.phase, qubits)


DEFAULT = DEFAULT_TARGET
"""The target of whoever names none: PhasedX, Rz and ZZPhase of any angle."""
