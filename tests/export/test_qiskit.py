"""Native circuits as Qiskit's: the same outcomes, register by register."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from qiskit.quantum_info import Operator, Statevector

from qsac.export.qiskit import to_qiskit
from qsac.export.tket import to_tket
from qsac.ir.interpreter import interpret
from qsac.ir.program import Program
from qsac.native.circuit import GATES, KIND, GateType, NativeCircuit
from tests.emit.families import emitted
from tests.export.test_tket import native_circuits
from tests.strategies import block_programs


def without_outcomes(circuit: NativeCircuit) -> NativeCircuit:
    kept = ~np.isin(circuit.kind, [KIND["Measure"], KIND["Reset"]])
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles)
    kind, first, second, angles = (column[kept] for column in columns)
    return NativeCircuit(circuit.name, circuit.qubits, (), kind, first, second, angles)


@settings(max_examples=60)
@given(native_circuits())
def test_the_unitary_is_pytkets(circuit: NativeCircuit) -> None:
    assume(len(circuit.qubits) <= 4)
    unitary = without_outcomes(circuit)
    written = to_tket(unitary)
    # pytket sorts qubits by name, Qiskit counts from the least significant one
    order = sorted(range(len(unitary.qubits)), key=lambda place: unitary.qubits[place])
    matrix = Operator(to_qiskit(unitary)).data.reshape((2,) * (2 * len(order)))
    axes = [len(order) - 1 - place for place in order]
    matrix = matrix.transpose(*axes, *(len(order) + axis for axis in axes)).reshape(1 << len(order), -1)
    assert abs(np.trace(written.get_unitary().conj().T @ matrix)) == pytest.approx(1 << len(order))


@given(native_circuits())
def test_every_gate_and_register_is_there(circuit: NativeCircuit) -> None:
    written = to_qiskit(circuit)
    assert written.num_qubits == len(circuit.qubits)
    assert len(written.data) == len(circuit)
    sizes = {register.name: register.size for register in written.cregs}
    assert set(sizes) == {register for register, _ in circuit.bits}
    assert all(index < sizes[register] for register, index in circuit.bits)
    for instruction, kind, bit in zip(written.data, circuit.kind.tolist(), circuit.second.tolist(), strict=True):
        if GATES[kind].name == "Measure":
            (found,) = instruction.clbits
            ((register, index),) = written.find_bit(found).registers
            assert (register.name, index) == circuit.bits[bit]


@settings(max_examples=40)
@given(block_programs(max_width=3))
def test_the_probability_that_all_bits_are_zero(program: Program) -> None:
    """Measurements as projections, one after another: a walk through Qiskit's circuit."""
    circuit = emitted(program, "ibm-fez")
    state = Statevector.from_int(0, 1 << len(circuit.qubits))
    probability = 1.0
    written = to_qiskit(circuit)
    for instruction in written.data:
        places = [written.find_bit(qubit).index for qubit in instruction.qubits]
        if instruction.operation.name == "measure":
            share, _ = state.probabilities(places)
            probability *= float(share)
            if share < 1e-12:
                break
            projector = Operator(np.diag([1, 0]))
            state = Statevector(state.evolve(projector, places).data / np.sqrt(share))
        elif instruction.operation.name != "reset":  # what is reset was found in zero
            state = state.evolve(instruction.operation, places)
    assert interpret(program).probabilities["fidelity"][1] == pytest.approx(probability, abs=1e-10)


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_every_gate_is_known(gate: GateType) -> None:
    second = 0 if gate.name == "Measure" else gate.qubits - 1 or -1
    kind, first, other = (np.array([value]) for value in (KIND[gate.name], 0, second))
    circuit = NativeCircuit("", (("q", 0), ("q", 1)), (("b", 0),), kind, first, other, np.array([[0.25, 0.5]]))
    assert len(to_qiskit(circuit).data) == 1
