"""The interpreter against an evaluation that shares no code with it: whole registers, one basis state at a time."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from scipy.linalg import expm

from qsac.errors import DoesNotFitError
from qsac.ir.attention import (
    ApplyUnitary,
    LoadTokens,
    Multiply,
    PhaseTable,
    PrepareDegree,
    PrepareIndex,
    PrepareIndices,
    PrepareKeys,
    Project,
    SelectIndex,
)
from qsac.ir.blocks import Diagonal, Measure, Multiplexor, PauliRotation, Reset, UniformlyControlledGate, Unitary
from qsac.ir.interpreter import WIDTH_LIMIT, interpret
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from tests.cases import examples
from tests.strategies import attention_programs, block_programs

PAULI = {"x": np.array([[0, 1], [1, 0]]), "y": np.array([[0, -1j], [1j, 0]]), "z": np.diag([1, -1])}
State = dict[tuple[int, ...], complex]


class _Sparse:
    """A state as a table of amplitudes over the values of every register, dead ones at 0."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = list(program.scope.sizes)
        self.state: State = {(0,) * len(self.names): 1.0}

    def value(self, basis: tuple[int, ...], names: tuple[str, ...]) -> int:
        """The joint value of registers, the first one most significant."""
        total = 0
        for name in names:
            total = (total << self.program.scope.sizes[name]) | basis[self.names.index(name)]
        return total

    def put(self, basis: tuple[int, ...], names: tuple[str, ...], value: int) -> tuple[int, ...]:
        entries = list(basis)
        for name in reversed(names):
            size = self.program.scope.sizes[name]
            entries[self.names.index(name)] = value & ((1 << size) - 1)
            value >>= size
        return tuple(entries)

    def apply(self, names: tuple[str, ...], matrix_of: Any) -> None:
        """Apply ``matrix_of(basis)`` to registers."""
        found: State = {}
        for basis, amplitude in self.state.items():
            column = matrix_of(basis)[:, self.value(basis, names)]
            for value, entry in enumerate(column):
                if entry:
                    place = self.put(basis, names, value)
                    found[place] = found.get(place, 0) + entry * amplitude
        self.state = found

    def project(self, names: tuple[str, ...], vector: NDArray[Any]) -> None:
        found: State = {}
        for basis, amplitude in self.state.items():
            place = self.put(basis, names, 0)
            found[place] = found.get(place, 0) + np.conj(vector[self.value(basis, names)]) * amplitude
        self.state = found

    def prepare(self, names: tuple[str, ...], vector: NDArray[Any]) -> None:
        self.apply(names, lambda _: np.outer(vector, np.eye(len(vector))[0]))

    def distribution(self, names: tuple[str, ...]) -> NDArray[np.float64]:
        found = np.zeros(self.program.scope.dimension(names))
        for basis, amplitude in self.state.items():
            found[self.value(basis, names)] += abs(amplitude) ** 2
        return found

    def norm(self) -> float:
        return sum(abs(amplitude) ** 2 for amplitude in self.state.values())


def _rotation(paulis: str, angle: float) -> NDArray[Any]:
    matrix: NDArray[Any] = np.eye(1)
    for pauli in paulis:
        matrix = np.kron(matrix, PAULI[pauli])
    return np.asarray(expm(-0.5j * angle * matrix))


def _gray_gate(op: UniformlyControlledGate, value: int) -> NDArray[Any]:
    """The ladder gate by gate, with controls in a definite state."""
    total: NDArray[Any] = np.eye(2)
    places = [*op.places().tolist(), None]
    for theta, phi, place in zip(op.theta.values, op.phi.values, places, strict=True):
        total = _rotation("z", phi) @ _rotation("x", theta) @ _rotation("z", -phi) @ total
        if place is not None:
            sign = 1 - 2 * (value >> (len(op.controls) - 1 - place) & 1)
            total = _rotation("z", (-sign if op.inverted else sign) * np.pi / 2) @ total
    return total


def _ansatz(op: ApplyUnitary, program: Program) -> NDArray[Any]:
    if op.form != "hardware-efficient":
        return program.tables[op.table].values
    size = sum(program.scope.sizes[name] for name in op.targets)
    total: NDArray[Any] = np.eye(1 << size)
    for layer in program.tables[op.table].values:
        for qubit, name in product(range(size), range(len(op.rotations))):
            turned = _rotation(op.rotations[name][1], layer[qubit][name])
            total = np.kron(np.kron(np.eye(1 << qubit), turned), np.eye(1 << (size - 1 - qubit))) @ total
        if size == 2:
            total = np.eye(4)[[0, 1, 3, 2]] @ total
    return total


def _indices(op: PrepareIndices, program: Program) -> NDArray[Any]:
    size = 1 << program.scope.sizes[op.query]
    pairs = [(j, i) for j in range(op.length) for i in range(op.length) if op.mask == "full" or i <= j]
    state = np.zeros(size * size)
    for j, i in pairs:
        state[j * size + i] = len(pairs) ** -0.5
    return state


def _unary(amplitudes: tuple[float, ...]) -> NDArray[Any]:
    count = len(amplitudes) - 1
    state = np.zeros(1 << count)
    for power, amplitude in enumerate(amplitudes):
        state[int("1" * power + "0" * (count - power) or "0", 2)] = amplitude
    return state


def _projected(op: Project, program: Program) -> NDArray[Any]:
    if op.state == "unary":
        return _unary(op.amplitudes)
    state = np.zeros(program.scope.dimension(op.registers))
    state[: op.length if op.state == "uniform" else 1] = 1
    return state / np.linalg.norm(state)


def _completed(row: NDArray[Any]) -> NDArray[Any]:
    """Some unitary with this first column."""
    basis, _ = np.linalg.qr(np.column_stack((row, np.eye(len(row)))))
    return basis * np.concatenate(([np.vdot(basis[:, 0], row)], np.ones(len(row) - 1)))


def _loading(
    op: LoadTokens, program: Program, value: Callable[[tuple[int, ...], tuple[str, ...]], int]
) -> Callable[[tuple[int, ...]], NDArray[Any]]:
    """Basis state -> what the data goes through."""
    rows = [_completed(row) for row in program.tables[op.table].values]
    identity = np.eye(len(rows[0]))

    def loaded(basis: tuple[int, ...]) -> NDArray[Any]:
        index = value(basis, op.index)
        chosen = rows[index] if index < len(rows) and all(value(basis, (name,)) for name in op.when) else identity
        return chosen.conj().T if op.inverse else chosen

    return loaded


def _block_step(sparse: _Sparse, op: Op) -> bool:
    """Apply an op of the block level; False if it is of the other one."""
    value = sparse.value
    match op:
        case PauliRotation():
            sparse.apply(op.qubits, lambda _: _rotation(op.paulis, op.angle))
        case Unitary():
            sparse.apply((op.qubit,), lambda _: op.matrix.values)
        case Multiplexor():
            angles = np.zeros(1 << len(op.controls))
            angles[: op.angles.shape[0]] = op.angles.values
            sparse.apply((op.target,), lambda basis: _rotation(op.axis, angles[value(basis, op.controls)]))
        case UniformlyControlledGate():
            sparse.apply((op.target,), lambda basis: _gray_gate(op, value(basis, op.controls)))
        case Diagonal():
            sparse.apply(op.qubits, lambda _: np.diag(np.exp(1j * op.phases.values)))
        case Measure():
            sparse.project((op.qubit,), np.array([1.0, 0.0]))
        case Reset():
            pass
        case _:
            return False
    return True


def _attention_step(sparse: _Sparse, op: Op, program: Program) -> bool:
    """Apply an op of the attention level; False if it is of the other one."""
    value = sparse.value
    match op:
        case Project():
            sparse.project(op.registers, _projected(op, program))
        case PrepareIndices():
            sparse.prepare((op.query, op.key), _indices(op, program))
        case PrepareDegree():
            sparse.prepare(op.degree, _unary(op.amplitudes))
        case PhaseTable():
            phases = np.zeros(program.scope.dimension((op.index,)))
            phases[: op.phases.shape[0]] = op.phases.values
            sparse.apply((op.index,), lambda _: np.diag(np.exp(1j * phases)))
        case ApplyUnitary():
            matrix = _ansatz(op, program)
            sparse.apply(
                op.targets,
                lambda basis: matrix if all(value(basis, (name,)) for name in op.when) else np.eye(len(matrix)),
            )
        case PrepareIndex():
            state = np.arange(program.scope.dimension((op.index,))) < op.length
            sparse.prepare((op.index,), state / np.linalg.norm(state))
        case PrepareKeys() | Multiply() | SelectIndex():
            _copied_step(sparse, op)
        case LoadTokens():
            sparse.apply(op.targets, _loading(op, program, value))
        case SaveProbabilities():
            pass
        case _:
            return False
    return True


def _copied_step(sparse: _Sparse, op: PrepareKeys | Multiply | SelectIndex) -> None:
    """Apply an op that programs of copies have."""
    value, dimension = sparse.value, sparse.program.scope.dimension(op.targets)
    match op:
        case PrepareKeys():

            def keys(basis: tuple[int, ...]) -> NDArray[Any]:
                last = value(basis, (op.query,)) if op.mask == "causal" else op.length - 1
                if last >= op.length:
                    return np.eye(dimension)
                matrix = _completed((np.arange(dimension) <= last) / np.sqrt(last + 1))
                return matrix.conj().T if op.adjoint_load else matrix

            sparse.apply((op.key,), keys)
        case Multiply():

            def taken(basis: tuple[int, ...]) -> NDArray[Any]:
                source = value(basis, (op.by,)) if all(value(basis, (name,)) for name in op.when) else 0
                return np.eye(dimension)[np.arange(dimension) ^ source]

            sparse.apply((op.data,), taken)
        case SelectIndex():
            size = sparse.program.scope.sizes[op.key]

            def chosen(basis: tuple[int, ...]) -> NDArray[Any]:
                matrix = np.zeros((dimension, dimension))
                for position, token in product(range(1 << size), repeat=2):
                    kept = position if value(basis, (op.degree,)) else token
                    matrix[kept << size | (position ^ token), position << size | token] = 1.0
                return matrix.T if op.adjoint_select else matrix

            sparse.apply((op.query, op.key), chosen)


def _step(sparse: _Sparse, op: Op, program: Program) -> None:
    if not _block_step(sparse, op) and not _attention_step(sparse, op, program):
        raise AssertionError(op.name)


@settings(max_examples=examples(60))
@given(block_programs() | attention_programs())
def test_probabilities_are_those_of_an_independent_evaluation(program: Program) -> None:
    found = interpret(program)
    sparse = _Sparse(program)
    reached: set[str] = set()
    norms = {frozenset[str](): 1.0}
    for op in program.ops:
        _step(sparse, op, program)
        reached |= set(op.outcomes)
        norms[frozenset(reached)] = sparse.norm()
        if isinstance(op, SaveProbabilities):
            np.testing.assert_allclose(found.observed[op.quantity], sparse.distribution(op.registers), atol=1e-12)
    for readout in program.readouts:
        expected = norms[frozenset(readout.given)], norms[frozenset((*readout.given, *readout.success))]
        assert found.probabilities[readout.metric] == pytest.approx(expected, abs=1e-12)


def test_wide_programs_are_refused_before_memory_is_taken() -> None:
    names = [f"q[{index}]" for index in range(WIDTH_LIMIT + 1)]
    ops = [PauliRotation("x", (name,), 0.1) for name in names]
    wide = Program("wide", "block", tuple(Register(name, 1) for name in names), {}, tuple(ops[-1:]), ())
    interpret(wide)
    indices = PrepareIndices("query", "key", "full", 1 << 13)
    registers = (Register("query", 13), Register("key", 13))
    with pytest.raises(DoesNotFitError, match="too wide"):
        interpret(Program("wide", "attention", registers, {}, (indices,), ()))


def test_a_value_is_conditional() -> None:
    ops = (
        PauliRotation("x", ("a",), 1.0),
        PauliRotation("x", ("b",), 0.5),
        Measure("a", "bits", 0),
        Measure("b", "bits", 1),
    )
    readout = Readout("fidelity", ("bits[0]",), ("bits[1]",))
    found = interpret(Program("two", "block", (Register("a", 1), Register("b", 1)), {}, ops, (readout,)))
    assert found.probabilities["fidelity"] == pytest.approx((np.cos(0.5) ** 2, np.cos(0.5) ** 2 * np.cos(0.25) ** 2))
    assert found.value("fidelity") == pytest.approx(np.cos(0.25) ** 2)


def test_what_is_discarded_is_traced_out() -> None:
    """Half of a Bell pair is in any basis as often 0 as 1, whatever is done to the other half before or after; and its
    qubit may come back."""
    h = PauliRotation("y", ("q[0]",), np.pi / 2)
    entangled = [h, Multiplexor("x", ("q[0]",), "q[1]", Table(np.array([0.0, np.pi])))]
    again = [Measure("q[1]", "gone", 0, ignored=True), Reset("q[1]"), PauliRotation("y", ("q[1]",), 0.3)]
    ends = [h, Measure("q[0]", "first", 0), Measure("q[1]", "second", 0)]
    registers = (Register("q[0]", 1), Register("q[1]", 1))
    readouts = (Readout("first", (), ("first[0]",)), Readout("both", (), ("first[0]", "second[0]")))
    found = interpret(Program("bell", "block", registers, {}, (*entangled, *again, *ends), readouts)).probabilities
    assert found["first"] == pytest.approx((1.0, 0.5))
    assert found["both"] == pytest.approx((1.0, 0.5 * np.cos(0.15) ** 2))
