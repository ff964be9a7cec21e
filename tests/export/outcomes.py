"""Outcomes of exported circuits, by readers that are not ours: Qiskit's importers, and PyQIR for QIR.

Every path of measurements is followed with its own state, so branches and resets are run as they are written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qsac.export.names import bit_name
from qsac.native.circuit import NativeCircuit

NEGLIGIBLE = 1e-14
OUTCOME = "?"
ONE = np.array([[0, 1], [1, 0]], dtype=complex)


@dataclass
class Path:
    """One sequence of outcomes: an unnormalised state, qubit 0 its first axis; what was read, gates done so far."""

    state: NDArray[np.complex128]
    bits: dict[str, int] = field(default_factory=dict)
    gates: int = 0

    @classmethod
    def start(cls, qubits: int) -> "Path":
        state = np.zeros((2,) * qubits, dtype=complex)
        state[(0,) * qubits] = 1
        return cls(state)

    @property
    def probability(self) -> float:
        return float(np.vdot(self.state, self.state).real)

    def apply(self, matrix: NDArray[Any], qubits: Sequence[int]) -> None:
        """``matrix`` counts the first of ``qubits`` as its most significant."""
        count = len(qubits)
        tensor = np.tensordot(matrix.reshape((2,) * (2 * count)), self.state, (range(count, 2 * count), qubits))
        self.state = np.moveaxis(tensor, range(count), qubits)
        self.gates += count == 2

    def measured(self, qubit: int, bit: str) -> list["Path"]:
        paths = []
        for value in (0, 1):
            kept = np.zeros_like(self.state)
            place = (slice(None),) * qubit + (value,)
            kept[place] = self.state[place]
            path = Path(kept, self.bits | {bit: value}, self.gates)
            if path.probability > NEGLIGIBLE:
                paths.append(path)
        return paths

    def reset(self, qubit: int) -> None:
        """Of a qubit whose value is definite."""
        zero, one = (np.linalg.norm(np.take(self.state, value, qubit)) for value in (0, 1))
        assert min(zero, one) ** 2 <= NEGLIGIBLE
        if one > zero:
            gates = self.gates
            self.apply(ONE, [qubit])
            self.gates = gates


def qiskit_paths(circuit: Any) -> list[Path]:
    """Of a circuit of Qiskit's; qubits that nothing acts on are left out."""
    from qiskit.quantum_info import Operator

    used = sorted({circuit.find_bit(qubit).index for one in circuit.data for qubit in one.qubits})
    paths = [Path.start(len(used))]
    matrices: dict[tuple[Any, ...], NDArray[Any]] = {}
    for one in circuit.data:
        qubits = [used.index(circuit.find_bit(qubit).index) for qubit in one.qubits]
        if one.operation.name == "measure":
            ((register, index),) = circuit.find_bit(one.clbits[0]).registers
            paths = [after for path in paths for after in path.measured(qubits[0], f"{register.name}[{index}]")]
        elif one.operation.name == "reset":
            for path in paths:
                path.reset(qubits[0])
        else:
            key = (one.operation.name, tuple(one.operation.params))
            if key not in matrices:
                matrices[key] = Operator(one.operation).data
            matrix = matrices[key]
            for path in paths:  # Qiskit counts the last qubit as the most significant
                path.apply(matrix, qubits[::-1])
    return paths


def cirq_paths(circuit: Any) -> list[Path]:
    """Of a circuit of Cirq's."""
    cirq = pytest.importorskip("cirq")
    qubits = sorted(circuit.all_qubits())
    paths = [Path.start(len(qubits))]
    for one in circuit.all_operations():
        places = [qubits.index(qubit) for qubit in one.qubits]
        if cirq.is_measurement(one):
            key = cirq.measurement_key_name(one)
            paths = [after for path in paths for after in path.measured(places[0], key)]
        elif isinstance(one.gate, cirq.ResetChannel):
            for path in paths:
                path.reset(places[0])
        else:
            for path in paths:
                path.apply(cirq.unitary(one), places)
    return paths


def pennylane_paths(circuit: NativeCircuit) -> list[Path]:
    """Of a circuit as PennyLane has it, its bits as the values that are handed out."""
    qml = pytest.importorskip("pennylane")
    from qsac.export.pennylane import to_pennylane

    values: list[Any] = []
    tape = qml.tape.make_qscript(lambda: values.extend(to_pennylane(circuit)))()
    labels = {value.measurements[0]: bit_name(bit) for value, bit in zip(values, circuit.bits, strict=True)}
    wires = list(tape.wires)
    paths = [Path.start(len(wires))]
    for one in tape.operations:
        places = [wires.index(wire) for wire in one.wires]
        if isinstance(one, qml.ops.MidMeasure):
            if one in labels:
                paths = [after for path in paths for after in path.measured(places[0], labels[one])]
            if one.reset:
                for path in paths:
                    path.reset(places[0])
        else:
            for path in paths:
                path.apply(qml.matrix(one), places)
    return paths


def _rotation(axis: NDArray[Any], angle: float) -> NDArray[Any]:
    return np.asarray(np.cos(angle / 2) * np.eye(len(axis)) - 1j * np.sin(angle / 2) * axis)


Z = np.diag([1, -1]).astype(complex)
Y = np.array([[0, -1j], [1j, 0]])
QIR_GATES: dict[str, Callable[..., NDArray[Any]]] = {
    "phasedx": lambda angle, phase: _rotation(np.cos(phase) * ONE + np.sin(phase) * Y, angle),
    "rz": lambda angle: _rotation(Z, angle),
    "rx": lambda angle: _rotation(ONE, angle),
    "x": lambda: ONE,
    "rzz": lambda angle: _rotation(np.kron(Z, Z), angle),
    "cz": lambda: np.diag([1, 1, 1, -1]).astype(complex),
    "cnot": lambda: np.kron(np.diag([1, 0]), np.eye(2)) + np.kron(np.diag([0, 1]), ONE),
}


def qir_paths(text: str) -> list[Path]:
    """Of a QIR module's text, walked instruction by instruction along its branches. Its bits are those recorded."""
    pyqir = pytest.importorskip("pyqir")
    module = pyqir.Module.from_ir(pyqir.Context(), text)
    assert module.verify() is None
    (main,) = (function for function in module.functions if pyqir.is_entry_point(function))
    return _Walk(pyqir).run(main.basic_blocks[0], None, Path.start(pyqir.required_num_qubits(main)), {}, {})


class _Walk:
    def __init__(self, pyqir: Any) -> None:
        self.pyqir = pyqir

    def run(
        self, block: Any, origin: Any, path: Path, values: dict[str, int], results: dict[int, int], start: int = 0
    ) -> list[Path]:
        """Every path from an instruction of a block on. ``values`` are those of names, ``results`` of result ids."""
        pyqir = self.pyqir
        for place, one in enumerate(block.instructions[start:], start):
            if isinstance(one, pyqir.Phi):
                ((value, _),) = [way for way in one.incoming if way[1].name == origin]
                values[_name(one)] = self._number(value, values)
            elif one.opcode == pyqir.Opcode.BR:
                # A conditional branch's operands are the condition, where to go at 0, and where at 1.
                target = one.operands[-1]
                if len(one.operands) > 1 and not self._number(one.operands[0], values):
                    target = one.operands[1]
                return self.run(target, block.name, path, values, results)
            elif one.opcode == pyqir.Opcode.RET:
                return [path]
            elif (called := one.callee.name.split("__")[3]) == "mz":
                qubit, result = map(pyqir.ptr_id, one.args)
                found = []
                for after in path.measured(qubit, OUTCOME):
                    known = results | {result: after.bits.pop(OUTCOME)}
                    found += self.run(block, origin, after, dict(values), known, place + 1)
                return found
            elif called == "read_result":
                values[_name(one)] = results[pyqir.ptr_id(one.args[0])]
            elif called == "bool_record_output":
                label = pyqir.extract_byte_string(one.args[1]).decode().rstrip("\0")
                path.bits[label] = self._number(one.args[0], values)
            elif called == "reset":
                path.reset(pyqir.ptr_id(one.args[0]))
            else:
                angles = [arg.value for arg in one.args if isinstance(arg, pyqir.FloatConstant)]
                path.apply(QIR_GATES[called](*angles), [pyqir.ptr_id(arg) for arg in one.args[len(angles) :]])
        raise AssertionError("a block without an end")

    def _number(self, value: Any, values: dict[str, int]) -> int:
        return int(value.value) if isinstance(value, self.pyqir.IntConstant) else values[_name(value)]


def _name(value: Any) -> str:
    """How the module's text calls a value."""
    return str(value).strip().split(" ")[0]


def distribution(paths: Sequence[Path]) -> dict[tuple[tuple[str, int], ...], float]:
    """Probability of each outcome, as sorted bits with their values."""
    found: dict[tuple[tuple[str, int], ...], float] = {}
    for path in paths:
        key = tuple(sorted(path.bits.items()))
        found[key] = found.get(key, 0.0) + path.probability
    return found
