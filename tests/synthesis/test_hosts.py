"""Blocks as parts of circuits of other packages."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from pytket.circuit import CircBox, Circuit, QControlBox
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, Statevector
from scipy.stats import unitary_group

from qsac import InvalidInputError, synthesis
from qsac.synthesis import Block
from tests.structured_states import generic
from tests.synthesis.exactness import EXACT, FAMILIES, distance

both = pytest.mark.parametrize("target", list(FAMILIES))


def _blocks(target: str) -> dict[str, Block]:
    rng = np.random.default_rng(11)
    gates = unitary_group.rvs(2, size=4, random_state=rng)
    return {
        "state": synthesis.state(generic(rng, 3), target=target),
        "rows": synthesis.rows(np.array([generic(rng, 2) for _ in range(3)]), target=target),
        "multiplexor": synthesis.multiplexor("x", [0.1, 2.2, 0.4, -3.0], target=target),
        "uniformly controlled": synthesis.uniformly_controlled(gates, target=target),
        "X alone": synthesis.uniformly_controlled([[[0, 1], [1, 0]]], target=target),
        "diagonal": synthesis.diagonal(rng.uniform(0, 6, 8), target=target),
        "one phase": synthesis.diagonal([1.0, 1.0], target=target),
    }


@both
def test_pennylane(target: str) -> None:
    qml = pytest.importorskip("pennylane")
    for name, block in _blocks(target).items():
        wires = range(block.qubits)
        unitary = qml.matrix(lambda block=block: block.to_pennylane(), wire_order=wires)()
        assert distance(block, unitary) < EXACT, name


def test_pennylane_on_named_wires() -> None:
    qml = pytest.importorskip("pennylane")
    v = generic(np.random.default_rng(2), 2)
    block = synthesis.state(v)

    @qml.qnode(qml.device("default.qubit", wires=["a", "b"]))
    def prepared() -> object:
        block.to_pennylane(["b", "a"])
        return qml.state()

    assert np.abs(prepared().reshape(2, 2).T.reshape(-1) - v).max() < EXACT
    with pytest.raises(InvalidInputError) as error:
        block.to_pennylane(["a"])
    assert error.value.code == "option.out-of-range"


@pytest.mark.parametrize("package", ["pennylane", "cirq"])
def test_without_the_package(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InvalidInputError) as error:
        getattr(synthesis.state([0.6, 0.8]), f"to_{package}")()
    assert error.value.code in ("package.missing", "package.broken")
    assert package in str(error.value)


@both
def test_cirq(target: str) -> None:
    cirq = pytest.importorskip("cirq")
    simulator = cirq.DensityMatrixSimulator(dtype=np.complex128)
    for name, block in _blocks(target).items():
        line = cirq.LineQubit.range(block.qubits)
        circuit = block.to_cirq()
        unitary = circuit.unitary(line, line, dtype=np.complex128)
        assert distance(block, unitary) < EXACT, name
        assert sum(len(operation.qubits) == 2 for operation in circuit.all_operations()) == block.two_qubit_gates
        if name != "one phase":  # which no gate can have
            assert all(operation.qubits for operation in circuit.all_operations())
            density = simulator.simulate(circuit, qubit_order=line).final_density_matrix
            assert np.abs(density - np.outer(unitary[:, 0], unitary[:, 0].conj())).max() < EXACT, name


@both
def test_controlled_blocks_in_cirq(target: str) -> None:
    """A controlled block shows its global phase."""
    cirq = pytest.importorskip("cirq")
    line = cirq.LineQubit.range(4)
    for name in ("uniformly controlled", "diagonal"):
        block = _blocks(target)[name]
        inner = cirq.CircuitOperation(block.to_cirq(line[1:]).freeze()).controlled_by(line[0])
        unitary = cirq.Circuit(cirq.decompose(inner)).unitary(line, line, dtype=np.complex128)
        assert np.abs(unitary[:8, :8] - np.eye(8)).max() < 1e-8, name
        assert distance(block, unitary[8:, 8:]) < 1e-8, name


def test_cirq_on_named_qubits() -> None:
    cirq = pytest.importorskip("cirq")
    v = generic(np.random.default_rng(2), 2)
    block = synthesis.state(v)
    a, b = map(cirq.NamedQubit, "ab")
    vector = block.to_cirq([b, a]).final_state_vector(qubit_order=[a, b], dtype=np.complex128)
    assert np.abs(vector.reshape(2, 2).T.reshape(-1) - v).max() < EXACT
    with pytest.raises(InvalidInputError) as error:
        block.to_cirq([a])
    assert error.value.code == "option.out-of-range"


@both
def test_qiskit_registers_and_controlled_blocks(target: str) -> None:
    """A controlled block shows its global phase."""
    block = _blocks(target)["uniformly controlled"]
    circuit = block.to_qiskit()
    assert [(register.name, register.size) for register in circuit.qregs] == [("data", 1), ("index", 2)]
    unitary = Operator(circuit).data
    whole = QuantumCircuit(4)
    whole.append(circuit.to_gate().control(1), [3, 0, 1, 2])
    wanted = np.eye(16, dtype=complex)
    wanted[8:, 8:] = unitary
    assert np.abs(Operator(whole).data - wanted).max() < 1e-8  # Qiskit's own synthesis of controlled gates


@both
def test_qiskit_in_a_larger_circuit(target: str) -> None:
    table = np.array([[0.6, 0.8j], [-1, 0]])
    circuit = QuantumCircuit(3)
    circuit.h(2)
    circuit.compose(synthesis.rows(table, target=target).to_qiskit(), qubits=[0, 2], inplace=True)
    found = Statevector(circuit).data.reshape(2, 2, 2)
    assert np.abs(found[:, 0] - table * np.sqrt(0.5)).max() < EXACT
    assert np.abs(found[:, 1]).max() < EXACT


@both
def test_pytket_in_a_larger_circuit(target: str) -> None:
    for name, block in _blocks(target).items():
        box = CircBox(block.to_tket())
        whole = Circuit(block.qubits + 1)
        whole.add_gate(QControlBox(box, 1), list(range(block.qubits + 1)))
        unitary = whole.get_unitary()
        size = 1 << block.qubits
        assert np.abs(unitary[:size, :size] - np.eye(size)).max() < 1e-8, name
        assert distance(block, unitary[size:, size:]) < 1e-8, name
