"""What PennyLane itself takes for an operation."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from qsac.hosts.pennylane.package import qml

_GATES = {
    "Adjoint(S)",
    "Adjoint(SX)",
    "Adjoint(T)",
    "CNOT",
    "CZ",
    "GlobalPhase",
    "Hadamard",
    "Identity",
    "IsingZZ",
    "PauliX",
    "PauliY",
    "PauliZ",
    "PhaseShift",
    "RX",
    "RY",
    "RZ",
    "Rot",
    "S",
    "SX",
    "T",
}
"""The gates that operations are decomposed into: those of one qubit, and any two-qubit gate that blocks have."""


CONTROLS = 10
"""Most controls of a ``Select`` that is looked at."""

FEW_CONTROLS = 3
"""Most controls of a ``Select`` that PennyLane is asked for: for each more it takes some six times as long."""

_LARGE = 5_000
"""Most gates that are given to ``qml.compile``, which takes a second for them."""


def host_gates(operation: Any) -> int | None:
    """The fewest two-qubit gates that PennyLane takes for an operation: decomposed step by step or by its graph of
    decompositions, as these come or, up to 5,000 gates, after ``qml.compile``. None where it does not get down to gates
    of two qubits. For a ``Select`` of many controls it is a lower bound: each gate that is not the identity is
    controlled by itself there, and no fewer gates than controls connect these with the target.
    """
    if type(operation) is qml.Select and len(operation.hyperparameters["control"]) > FEW_CONTROLS:
        return _least_of_select(operation)
    found = []
    for graph in (False, True):
        gates = _decomposed(operation, graph=graph)
        if gates is not None:
            found.append(_two_qubit_gates(gates))
            if len(gates) <= _LARGE:
                found.append(_two_qubit_gates(_compiled(gates)))
    return min(found, default=None)


def _least_of_select(operation: Any) -> int:
    matrices = [qml.matrix(one) for one in operation.hyperparameters["ops"]]
    controlled = sum(not qml.math.allclose(matrix, np.eye(len(matrix))) for matrix in matrices)
    return controlled * len(operation.hyperparameters["control"])


def _decomposed(operation: Any, *, graph: bool) -> list[Any] | None:
    script = qml.tape.QuantumScript([operation])
    with qml.decomposition.toggle_graph_ctx(graph), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            (decomposed,), _ = qml.transforms.decompose(script, gate_set=_GATES)
        except Exception:  # PennyLane's own rules fail in many ways, and another way may not
            return None
    gates = [one for one in decomposed.operations if one.name != "GlobalPhase"]
    return gates if all(len(one.wires) <= 2 for one in gates) else None


def _compiled(gates: list[Any]) -> list[Any]:
    (compiled,), _ = qml.compile(qml.tape.QuantumScript(gates), num_passes=2)
    return list(compiled.operations)


def _two_qubit_gates(gates: list[Any]) -> int:
    return sum(len(one.wires) == 2 for one in gates)
