"""``qsac.from_circuit``: circuits of Qiskit, pytket and lambeq as steps."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
import pytest
from pytket.circuit import Circuit, OpType
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Operator, Statevector
from sympy import Symbol

import qsac
from qsac.errors import InvalidInputError
from qsac.families.steps.evaluation import traced
from tests.families.steps.models import loaded

EVERY = {"type": "pauli", "observables": ["XII", "IYI", "ZZI", "IXZ", "YIX", "ZXY"]}


def outputs(step: dict[str, Any], rows: Any = None) -> Any:
    model = loaded({"qsac": 1, "steps": [step]})
    return traced(model, np.zeros((1, 0)) if rows is None else np.asarray(rows)).output


def expected(state: Any) -> Any:
    """The observables of a state of three qubits whose first one is the most significant."""
    paulis = {"X": [[0, 1], [1, 0]], "Y": [[0, -1j], [1j, 0]], "Z": [[1, 0], [0, -1]], "I": [[1, 0], [0, 1]]}
    found = []
    for word in EVERY["observables"]:
        matrix = np.ones((1, 1))
        for letter in word:
            matrix = np.kron(matrix, paulis[letter])
        found.append((state.conj() @ matrix @ state).real)
    return np.array(found)


def scrambled() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    for qubit in range(3):
        circuit.ry(0.3 + qubit, qubit)
        circuit.rz(1.1 - qubit, qubit)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    return circuit


QISKIT = [
    *("h", "x", "y", "z", "s", "sdg", "t", "tdg", "sx", "sxdg", "id"),
    *("cx", "cy", "cz", "ch", "swap", "iswap"),
    *(("rx", 1), ("ry", 1), ("rz", 1), ("p", 1), ("u", 3), ("r", 2)),
    *(("crx", 1), ("cry", 1), ("crz", 1), ("cp", 1), ("rxx", 1), ("ryy", 1), ("rzz", 1), ("rzx", 1)),
]


@pytest.mark.parametrize("gate", QISKIT, ids=lambda gate: gate if isinstance(gate, str) else gate[0])
def test_gates_of_qiskit(gate: Any) -> None:
    name, angles = (gate, 0) if isinstance(gate, str) else gate
    circuit = scrambled()
    one = angles and name in ("rx", "ry", "rz", "p", "u", "r")
    qubits = [1] if one or (not angles and name not in ("cx", "cy", "cz", "ch", "swap", "iswap")) else [2, 0]
    getattr(circuit, name)(*[0.4, 0.9, -1.3][:angles], *qubits)
    state = Statevector(circuit.reverse_bits()).data
    assert outputs(qsac.from_circuit(circuit, measure=EVERY).step)[0] == pytest.approx(expected(state), abs=1e-12)


def test_matrices_and_measurements_of_qiskit() -> None:
    circuit = scrambled()
    matrix = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    circuit.unitary(Operator(matrix), [2, 0])
    state = Statevector(circuit.reverse_bits()).data
    assert outputs(qsac.from_circuit(circuit, measure=EVERY).step)[0] == pytest.approx(expected(state), abs=1e-12)
    circuit.barrier()
    circuit.measure_all()
    found = qsac.from_circuit(circuit).step
    assert found["measure"] == {"type": "probabilities", "qubits": [0, 1, 2]}
    assert outputs(found)[0] == pytest.approx(np.abs(state) ** 2, abs=1e-12)


def test_symbols_of_qiskit() -> None:
    a, b, x = (Parameter(name) for name in ("a", "b", "x"))
    circuit = scrambled()
    circuit.rx(2 * a + b - 0.3, 0)
    circuit.crz(x, 0, 2)
    circuit.rzz(a, 1, 2)
    circuit.cp(0.5 * b, 1, 0)
    numbers = {"a": 0.7, "b": -0.4}
    found = qsac.from_circuit(circuit, inputs=["x"], values=numbers, measure=EVERY)
    assert (found.parameters, found.inputs) == (("a", "b"), ("x",))
    assert found.step["blocks"][0]["parameters"] == [0.7, -0.4]
    for value in (0.2, 1.9):
        state = Statevector(circuit.assign_parameters({**numbers, "x": value}).reverse_bits()).data
        assert outputs(found.step, [[value]])[0] == pytest.approx(expected(state), abs=1e-12)
    learned = qsac.from_circuit(circuit, inputs=["x"]).step
    assert qsac.jax.layer(learned).init()["blocks.0.parameters"].shape == (2,)


PYTKET = {
    OpType.TK1: (1, 3),
    OpType.PhasedX: (1, 2),
    OpType.V: (1, 0),
    OpType.Vdg: (1, 0),
    OpType.SX: (1, 0),
    OpType.U3: (1, 3),
    OpType.U2: (1, 2),
    OpType.U1: (1, 1),
    OpType.Rx: (1, 1),
    OpType.Tdg: (1, 0),
    OpType.CX: (2, 0),
    OpType.CH: (2, 0),
    OpType.CRy: (2, 1),
    OpType.CU1: (2, 1),
    OpType.XXPhase: (2, 1),
    OpType.ZZPhase: (2, 1),
    OpType.ZZMax: (2, 0),
    OpType.TK2: (2, 3),
    OpType.ISWAPMax: (2, 0),
    OpType.SWAP: (2, 0),
}


@pytest.mark.parametrize("kind", PYTKET, ids=lambda kind: kind.name)
def test_gates_of_pytket(kind: OpType) -> None:
    qubits, angles = PYTKET[kind]
    circuit = Circuit(3)
    for qubit in range(3):
        circuit.Ry(0.3 + qubit, qubit).Rz(0.8 - 0.3 * qubit, qubit)
    circuit.CX(0, 1).CX(1, 2)
    circuit.add_gate(kind, [0.4, 0.15, -0.7][:angles], [2, 0][:qubits])
    state = circuit.get_statevector()
    assert outputs(qsac.from_circuit(circuit, measure=EVERY).step)[0] == pytest.approx(expected(state), abs=1e-12)


class Diagram(Circuit):  # type: ignore[misc]  # without type information
    """As lambeq's ``to_tk`` gives it: a circuit of pytket with what is post-selected, by bits."""

    post_selection: dict[int, int]


class Sentence:
    """As lambeq's circuit: it knows how to become one of pytket."""

    def to_tk(self) -> Diagram:
        circuit = Diagram(3, 3)
        circuit.H(0).CRz(Symbol("cat__n_0"), 0, 1).Rx(2 * Symbol("sleeps__s_0"), 2).CX(1, 2).H(1)
        circuit.Measure(1, 0).Measure(2, 1).Measure(0, 2)
        circuit.post_selection = {0: 0, 1: 1}
        return circuit


def test_diagrams_of_lambeq() -> None:
    numbers = {"cat__n_0": 0.3, "sleeps__s_0": 0.45}
    found = qsac.from_circuit(Sentence(), values=numbers)
    assert found.parameters == ("cat__n_0", "sleeps__s_0")
    assert found.step["measure"] == {"type": "probabilities", "qubits": [0]}
    circuit = Circuit(3).H(0).CRz(0.3, 0, 1).Rx(0.9, 2).CX(1, 2).H(1)
    kept = (np.abs(circuit.get_statevector()) ** 2).reshape(2, 2, 2)[:, 0, 1]
    assert outputs(found.step)[0] == pytest.approx(kept / kept.sum(), abs=1e-12)
    angle = next(gate[2] for gate in found.step["blocks"][0]["gates"] if gate[0] == "rx")
    assert angle == {"parameter": 1, "factor": pytest.approx(2 * pi), "offset": 0.0}


def _nonlinear() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("a") * Parameter("b"), 0)
    return circuit


def _after() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.x(0)
    return circuit


def _reset() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.reset(0)
    return circuit


def _three() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    circuit.ccx(0, 1, 2)
    return circuit


@pytest.mark.parametrize(
    ("circuit", "options", "code", "said"),
    [
        (_three(), {}, "import.unknown-gate", '"ccx"'),
        (_reset(), {}, "import.unknown-gate", '"reset"'),
        (Circuit(2).add_gate(OpType.CnX, [0, 1]), {}, "import.unknown-gate", '"cnx"'),
        (_nonlinear(), {}, "import.not-affine", "a*b"),
        (_after(), {}, "import.after-measurement", '"x" on qubit 0'),
        (scrambled(), {"inputs": ["x"]}, "import.unknown-symbol", "x"),
        (QuantumCircuit(2), {}, "import.no-gates", ""),
        ("circuit", {}, "option.wrong-type", ""),
    ],
)
def test_what_cannot_be_imported_is_named(circuit: Any, options: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        qsac.from_circuit(circuit, **options)
    assert error.value.code == code
    assert said in str(error.value)
