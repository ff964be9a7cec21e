"""On a machine whose qubits are not all connected: after routing at most 0.65 of the gates that Qiskit takes."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import StatePreparation
from qiskit.quantum_info import Statevector
from qiskit_ibm_runtime.fake_provider import FakeFez

from qsac.hosts.qiskit import RowsGate
from tests.cases import seeds, some
from tests.hosts.asked import structured_numbers
from tests.hosts.in_qiskit import circuit_of, compiled, entangling
from tests.shares import Share
from tests.structured_states import generic

MOST = 0.65


def _both(circuit: QuantumCircuit, level: int, seed: int = 1) -> tuple[QuantumCircuit, QuantumCircuit]:
    options: dict[str, Any] = {"backend": FakeFez(), "optimization_level": level, "seed_transpiler": seed}
    return compiled(circuit, False, **options), compiled(circuit, True, **options)


def _reached(circuit: QuantumCircuit) -> np.ndarray:
    """The amplitudes of a compiled circuit's own qubits."""
    used = {circuit.find_bit(qubit).index for instruction in circuit.data for qubit in instruction.qubits}
    final = circuit.layout.final_index_layout()
    places = [*final, *sorted(used - set(final))]
    small = QuantumCircuit(len(places), global_phase=circuit.global_phase)
    for instruction in circuit.data:
        on = [places.index(circuit.find_bit(qubit).index) for qubit in instruction.qubits]
        small.append(instruction.operation, on)
    return Statevector(small).data[: 1 << len(final)]


@pytest.mark.parametrize(("qubits", "real"), some(product([3, 4, 5, 6], [False, True]), 3))
def test_states(qubits: int, real: bool) -> None:
    v = generic(np.random.default_rng([qubits, real]), qubits, real=real)
    circuit = QuantumCircuit(qubits)
    circuit.append(StatePreparation(v), range(qubits))
    usual, own = _both(circuit, 2 + real)
    assert np.abs(_reached(own) - v).max() < 1e-8
    # As on a machine whose qubits are all connected: no qubit is moved.
    assert entangling(own) == (1 << (qubits - 1)) - 1
    assert entangling(own) <= (MOST if qubits >= 5 else 1) * entangling(usual)


@pytest.mark.parametrize(("shape", "real"), some(product([(2, 2), (4, 2), (8, 2), (4, 3)], [False, True]), 3))
def test_tables(shape: tuple[int, int], real: bool) -> None:
    rows, data = shape
    usual, own = _loaded(rows, data, real)
    assert entangling(own) <= MOST * entangling(usual)


@pytest.mark.parametrize(
    ("rows", "real", "gates", "most"),
    # Real rows of one qubit are a multiplexor, which takes T - 1 gates where all qubits are connected, too.
    some(
        [(8, False, 9, MOST), (16, False, 25, MOST), (32, False, 53, MOST), (16, True, 17, 1), (32, True, 37, 0.8)], 3
    ),
)
def test_tables_of_one_data_qubit(rows: int, real: bool, gates: int, most: float) -> None:
    usual, own = _loaded(rows, 1, real)
    assert entangling(own) <= gates
    assert entangling(own) <= most * entangling(usual)


def _loaded(rows: int, data: int, real: bool) -> tuple[QuantumCircuit, QuantumCircuit]:
    """A random table loaded without and with the plug-in."""
    rng = np.random.default_rng([rows, data, real])
    gate = RowsGate([generic(rng, data, real=real) for _ in range(rows)])
    circuit = QuantumCircuit(gate.num_qubits)
    circuit.h(range(data, gate.num_qubits))
    circuit.append(gate, range(gate.num_qubits))
    usual, own = _both(circuit, 2)
    assert np.abs(_reached(own) - gate.table.reshape(-1) / np.sqrt(rows)).max() < 1e-8
    return usual, own


def test_numbers_with_structure() -> None:
    with Share(0.3) as share:
        for seed in seeds(200, one_of=40):
            asked = structured_numbers(seed)
            usual, own = _both(circuit_of(asked), 1 + seed % 3, seed)
            assert entangling(own) <= entangling(usual), (seed, asked.name)
            share.saw(entangling(own) < entangling(usual))


def test_several_states_in_one_circuit() -> None:
    rng = np.random.default_rng(8)
    circuit = QuantumCircuit(6)
    for part in (range(3), range(3, 6)):
        circuit.append(StatePreparation(generic(rng, 3)), part)
    circuit.cx(0, 5)
    circuit.cx(2, 3)
    usual, own = _both(circuit, 2)
    assert np.abs(np.abs(np.vdot(_reached(own), _reached(usual))) - 1) < 1e-8
    assert entangling(own) < entangling(usual)
