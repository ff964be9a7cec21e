"""What the emission of both families is checked for."""

import numpy as np
import pytest

from qsac.emit.emit import emit
from qsac.ir.interpreter import interpret
from qsac.ir.program import Program
from qsac.machine.registry import target
from qsac.native.circuit import GATES, KIND, NativeCircuit
from qsac.pipeline.contract import PassContext
from qsac.simulation.statevector import simulate

ONE_QUBIT = {"PhasedX", "Rz", "SX", "X"}


def emitted(program: Program, name: str) -> NativeCircuit:
    return emit(program, PassContext(target(name)))


def assert_same_probabilities(program: Program, circuit: NativeCircuit) -> None:
    expected, found = interpret(program), simulate(circuit)
    for metric, (given, both) in expected.probabilities.items():
        assert found.given == pytest.approx(given, abs=1e-12)
        assert found.success[metric] == pytest.approx(both, abs=1e-12)


def assert_native(circuit: NativeCircuit, name: str) -> None:
    """Only gates of the machine, every angle in (-1, 1] half-turns, no gate that does nothing."""
    assert {GATES[kind].name for kind in set(circuit.kind.tolist())} <= set(target(name).gates)
    angles = circuit.angles
    assert np.all((angles > -1) & (angles <= 1))
    turned = np.isin(circuit.kind, [KIND["PhasedX"], KIND["ZZPhase"], KIND["Rz"]])
    assert np.all(np.abs(angles[turned, 0]) > 0)
    assert np.all(np.abs(angles[circuit.kind == KIND["ZZPhase"], 0]) <= 0.5)


def runs_of_one_qubit_gates(circuit: NativeCircuit) -> list[list[str]]:
    """The names of one-qubit gates that follow each other on a qubit with nothing in between."""
    open_runs: dict[int, list[str]] = {}
    runs = []
    for kind, first, second in zip(circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), strict=True):
        name = GATES[kind].name
        if name in ONE_QUBIT:
            open_runs.setdefault(first, []).append(name)
            continue
        for qubit in (first, second) if GATES[kind].qubits == 2 else (first,):
            if qubit in open_runs:
                runs.append(open_runs.pop(qubit))
    return [*runs, *open_runs.values()]
