"""States and tables through other packages' compilers, with and without qsac's plug-in for each.

A host is one function: it takes a table, of one row for a state, and whether the plug-in is used, and gives a
:class:`Made`. Add it to :data:`HOSTS`, and the section has rows of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.complex128]
SEED = 1


@dataclass(frozen=True)
class Made:
    """A circuit's two-qubit gates and their depth, and the amplitudes that it reaches from zero, the index in a uniform
    superposition."""

    gates: int
    depth: int
    reached: NDArray[np.complex128]

    def deviation(self, table: Table) -> float:
        """The largest deviation of an amplitude from those of the table, up to a global phase."""
        wanted = table.reshape(-1) / np.sqrt(len(table))
        overlap = np.vdot(self.reached, wanted)
        return float(np.abs(self.reached * (overlap / abs(overlap) if overlap else 1) - wanted).max())


def _in_qiskit(table: Table, plugin: bool, **options: Any) -> Made:
    from qiskit import QuantumCircuit, transpile
    from qiskit.circuit.library import StatePreparation
    from qiskit.quantum_info import Statevector

    from qsac.hosts.qiskit import RowsGate
    from tests.bench.optimisers import two_qubit_depth, two_qubit_gates

    gate = RowsGate(table) if len(table) > 1 else StatePreparation(table[0])
    circuit = QuantumCircuit(gate.num_qubits)
    data = table.shape[1].bit_length() - 1
    if gate.num_qubits > data:
        circuit.h(range(data, gate.num_qubits))
    circuit.append(gate, range(gate.num_qubits))
    init = "qsac" if plugin else "default"
    made = transpile(circuit, init_method=init, seed_transpiler=SEED, **options)
    # Only the qubits in use are simulated, those of the circuit first.
    own = made.layout.final_index_layout() if made.layout else list(range(gate.num_qubits))
    used = {made.find_bit(qubit).index for instruction in made.data for qubit in instruction.qubits}
    places = [*own, *sorted(used - set(own))]
    small = QuantumCircuit(len(places), global_phase=made.global_phase)
    for instruction in made.data:
        small.append(instruction.operation, [places.index(made.find_bit(qubit).index) for qubit in instruction.qubits])
    reached = Statevector(small).data[: 1 << gate.num_qubits]
    return Made(two_qubit_gates(made), two_qubit_depth(made), reached)


def qiskit_all_to_all(table: Table, plugin: bool) -> Made:
    return _in_qiskit(table, plugin, basis_gates=["cx", "u"], optimization_level=3)


def qiskit_fez(table: Table, plugin: bool) -> Made:
    from qiskit_ibm_runtime.fake_provider import FakeFez

    return _in_qiskit(table, plugin, backend=FakeFez(), optimization_level=3)


def tket(table: Table, plugin: bool) -> Made | None:
    """Of states: pytket has no box for tables."""
    from pytket.circuit import Circuit, OpType, StatePreparationBox
    from pytket.passes import AutoRebase, DecomposeBoxes, FullPeepholeOptimise

    from qsac.hosts.pytket import boxes_pass

    if len(table) > 1:
        return None
    box = StatePreparationBox(table[0])
    circuit = Circuit(box.n_qubits).add_gate(box, list(range(box.n_qubits)))
    if plugin:
        boxes_pass("ibm-fez").apply(circuit)
    DecomposeBoxes().apply(circuit)
    FullPeepholeOptimise(allow_swaps=False).apply(circuit)
    AutoRebase({OpType.CX, OpType.TK1}).apply(circuit)
    return Made(circuit.n_2qb_gates(), circuit.depth_2q(), circuit.get_statevector())


HOSTS: dict[str, Callable[[Table, bool], Made | None]] = {
    "Qiskit": qiskit_all_to_all,
    "Qiskit, FakeFez": qiskit_fez,
    "pytket": tket,
}
"""The hosts by the names that the section has for them."""
