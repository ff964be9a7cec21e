"""Emission of block programs as unitaries: with the frames that other emission leaves out."""

from __future__ import annotations

import numpy as np
import pytest

from qsac.emit import cz, zzphase
from qsac.emit.closed import emit_closed
from qsac.export.tket import to_tket
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, UniformlyControlledGate, Unitary
from qsac.ir.op import ControlledUnitary, Op, Register
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.native.circuit import GateFamily
from qsac.simulation.statevector import amplitudes

QUBITS = ("q[0]", "q[1]", "q[2]")


def _program(ops: list[Op]) -> Program:
    return Program("some", "block", tuple(Register(name, 1) for name in QUBITS), {}, tuple(ops), ())


def _some_ops(rng: np.random.Generator, count: int) -> list[Op]:
    ops: list[Op] = []
    for _ in range(count):
        a, b, c = rng.permutation(QUBITS).tolist()
        gate = np.linalg.qr(rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2)))[0]
        ops.append(
            [
                Diagonal((a, b), Table(rng.uniform(-4, 4, 4))),
                Multiplexor("xyz"[rng.integers(3)], (a, b), c, Table(rng.uniform(-4, 4, 4))),  # type: ignore[arg-type]
                PauliRotation("zx", (a, b), rng.uniform(-4, 4)),
                PauliRotation("z", (a,), rng.uniform(-4, 4)),
                Unitary(a, Table(gate)),
                UniformlyControlledGate((a,), b, *(Table(rng.uniform(-3, 3, 2)) for _ in range(2))),
            ][rng.integers(6)]
        )
    return ops


def _unitary(program: Program) -> np.ndarray:
    """From the meaning of each op."""
    unitary = np.eye(8, dtype=complex)
    for op in program.ops:
        assert isinstance(op, ControlledUnitary)
        named = [*op.controlled_by, *op.targets]
        axes = [QUBITS.index(name) for name in (*named, *(name for name in QUBITS if name not in named))]
        matrices = op.matrices(program.scope)
        state = unitary.reshape(2, 2, 2, 8).transpose(*axes, 3)
        turned = np.matmul(matrices, state.reshape(len(matrices), matrices.shape[1], -1)).reshape(2, 2, 2, 8)
        unitary = turned.transpose(*np.argsort(axes), 3).reshape(8, 8)
    return unitary


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    """Up to a global phase."""
    overlap = np.vdot(one, other)
    return float(np.abs(other - one * overlap / abs(overlap)).max())


@pytest.mark.parametrize("family", ["zzphase", "cz"])
def test_it_is_the_unitary(family: GateFamily) -> None:
    rng = np.random.default_rng(5)
    left_out = 0
    for count in [1, 1, 1, 2, 2, 3, 5, 8, 12, 12]:
        program = _program(_some_ops(rng, count))
        circuit = emit_closed(program, family)
        unitary = to_tket(circuit).get_unitary()
        assert _distance(unitary, _unitary(program)) < 1e-12
        usual = (zzphase if family == "zzphase" else cz).emit(program)
        left_out += circuit.count("Rz") > usual.count("Rz")
        assert circuit.two_qubit_gates == usual.two_qubit_gates
        assert usual.count("Rz") == 0 or family == "cz"
        # Each qubit has at most one Rz after its last other gate.
        ends = [circuit.kind[circuit.first == qubit][-2:].tolist() for qubit in range(3)]
        assert all(len(end) < 2 or end != [1, 1] for end in ends)
        # The simulation has pytket's phases, from any state.
        start = rng.normal(size=8) + 1j * rng.normal(size=8)
        assert np.abs(amplitudes(circuit, start) - unitary @ start).max() < 1e-12
    assert left_out > 5
