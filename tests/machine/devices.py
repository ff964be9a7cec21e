"""Machines as Qiskit and pytket describe them, and what must hold of a circuit that is compiled for one."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest
from pytket.backends.backendinfo import BackendInfo
from pytket.circuit import OpType
from qiskit.circuit import Measure, Parameter, Reset
from qiskit.circuit.library import CXGate, CZGate, ECRGate, RZGate, RZZGate, SXGate, XGate
from qiskit.transpiler import InstructionProperties
from qiskit.transpiler import Target as QiskitTarget

import qsac
from qsac.families.qsa.metrics import closed_form
from qsac.machine.read import find_target
from qsac.machine.target import Target

MODEL: dict[str, Any] = {
    "qsac": 1,
    "tokens": {"type": "inline", "values": np.random.default_rng(5).normal(size=(4, 4)).tolist()},
    "attention": {
        "type": "overlap",
        "kernel": {"type": "monomial", "degree": 1},
        "value": {"type": "identity"},
        "score": {"type": "identity"},
    },
}

SMALL = {**MODEL, "tokens": {"type": "inline", "values": [[1, 2], [2, 1], [1, -1]]}}

LINE = [(place, place + 1) for place in range(7)]
TWO_QUBIT: dict[str, Any] = {
    "cz": CZGate(),
    "cx": CXGate(),
    "ecr": ECRGate(),
    "rzz": RZZGate(Parameter("d")),
    "rzz by 1/2": RZZGate(0.5),
}
SUPERCONDUCTING = ("rz", "sx", "x")


def both(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    return [pair for a, b in pairs for pair in ((a, b), (b, a))]


def qiskit_target(
    two_qubit: Mapping[str, Iterable[tuple[int, int]] | None],
    one_qubit: Iterable[Any] = (RZGate(Parameter("t")), SXGate(), XGate()),
    qubits: int = 8,
    *,
    missing: Iterable[int] = (),
    reset: bool = True,
    errors: Mapping[tuple[int, ...], float] | None = None,
) -> QiskitTarget:
    """A target of Qiskit's with given two-qubit gates; the gates on ``missing`` qubits are left out."""
    made = QiskitTarget(num_qubits=qubits)
    here = [qubit for qubit in range(qubits) if qubit not in set(missing)]
    for gate in (*one_qubit, Measure(), *([Reset()] if reset else [])):
        made.add_instruction(
            gate, {(qubit,): InstructionProperties(error=(errors or {}).get((qubit,))) for qubit in here}
        )
    for name, pairs in two_qubit.items():
        gate = TWO_QUBIT[name]
        if pairs is None:
            made.add_instruction(gate, None)
        else:
            made.add_instruction(gate, {pair: InstructionProperties(error=(errors or {}).get(pair)) for pair in pairs})
    return made


def pytket_info(
    architecture: Any, gates: Iterable[OpType] = (OpType.SX, OpType.X, OpType.Rz, OpType.CZ), **fields: Any
) -> BackendInfo:
    given = {"supports_reset": True, "supports_midcircuit_measurement": True, **fields}
    return BackendInfo("SomeBackend", "some-device", "1.0", architecture, {*gates, OpType.Measure}, **given)


def assert_respects(compiled: qsac.Compiled, machine: Target) -> None:
    """Whether every gate is one of the machine's, on a pair that it has, in a direction that it has."""
    circuit = compiled.to_tket()
    assert circuit.n_gates > 0
    directions = set(machine.directions or ())
    nodes = [index for _, index in compiled.circuits[0].qubits]
    seen = 0
    for command in circuit.get_commands():
        assert command.op.type.name in machine.gates
        if len(command.qubits) == 2:
            seen += 1
            # Circuits for pytket name the qubits by their place among those that are used.
            a, b = (qubit.index[0] if qubit.reg_name == "node" else nodes[qubit.index[0]] for qubit in command.qubits)
            if machine.coupling is not None:
                assert (min(a, b), max(a, b)) in machine.coupling
            if directions:
                assert (a, b) in directions
    assert seen == compiled.stats["two_qubit_gates"] > 0


def assert_compiles(given: Any, model: dict[str, Any] = MODEL) -> Target:
    """Compile and verify a small model for a machine; its target."""
    machine = find_target(given)
    compiled = qsac.compile(model, given, optimization_level=1, verify=True)
    assert compiled.verified
    assert_respects(compiled, machine)
    assert compiled.target["name"] == machine.name
    # The target is plain data: without the object it gives the same circuit.
    assert qsac.compile(model, machine, optimisation=1, verify=False) == compiled.unverified()
    result = qsac.run(compiled, given)
    assert result.target == machine.name
    assert result.metrics["loss"] == pytest.approx(closed_form(compiled.model).values["loss"], abs=1e-9)
    return machine
