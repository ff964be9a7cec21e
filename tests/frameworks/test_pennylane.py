"""``qsac.pennylane``: tapes as steps, and steps as QNodes."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import jax
import numpy as np
import pytest

import qsac
from qsac.errors import InvalidInputError
from tests.families.steps.models import loaded, named

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    qml = pytest.importorskip("pennylane")


def outputs(step: dict[str, Any], rows: Any = None) -> Any:
    from qsac.families.steps.evaluation import traced

    model = loaded({"qsac": 1, "steps": [step]})
    return traced(model, np.zeros((1, 0)) if rows is None else np.asarray(rows)).output


def test_a_tape_gives_the_same() -> None:
    operations = [
        qml.Hadamard(0),
        qml.RX(0.3, 1),
        qml.Rot(0.1, 0.2, 0.3, 2),
        qml.CRY(0.7, wires=[2, 0]),
        qml.IsingXX(0.4, wires=[0, 1]),
        qml.adjoint(qml.S(1)),
        qml.ControlledPhaseShift(0.9, wires=[1, 2]),
        qml.StronglyEntanglingLayers(np.linspace(0, 1, 9).reshape(1, 3, 3), wires=range(3)),
        qml.QubitUnitary(qml.Hadamard.compute_matrix(), 1),
        qml.Toffoli(wires=[0, 1, 2]),
    ]
    measurements = [qml.expval(qml.Z(0)), qml.expval(qml.X(1) @ qml.Y(2)), qml.expval(qml.Z(2))]
    tape = qml.tape.QuantumScript(operations, measurements)
    tape.trainable_params = [0, 1, 4, 7]
    found = qsac.pennylane.from_tape(tape)
    assert found.step["measure"]["observables"] == ["ZII", "IXY", "IIZ"]
    assert found.parameters[:3] == ("p0", "p1", "p4")
    assert len(found.parameters) == 3 + 9
    wanted = qml.execute([tape], qml.device("default.qubit", wires=3))[0]
    assert outputs(found.step)[0] == pytest.approx(np.array(wanted), abs=1e-10)


def test_places_of_inputs() -> None:
    tape = qml.tape.QuantumScript([qml.RX(0.3, 0), qml.CNOT([0, 1]), qml.RY(0.4, 1)], [qml.probs(wires=[1, 0])])
    found = qsac.pennylane.from_tape(tape, inputs=[1])
    assert (found.inputs, found.parameters) == (("p1",), ("p0",))
    wanted = qml.execute([tape], qml.device("default.qubit", wires=2))[0]
    assert outputs(found.step, [[0.4]])[0] == pytest.approx(np.asarray(wanted), abs=1e-12)


def test_unknown_parts_are_named() -> None:
    with pytest.raises(InvalidInputError, match="DepolarizingChannel"):
        qsac.pennylane.from_tape(qml.tape.QuantumScript([qml.RX(0.1, 0), qml.DepolarizingChannel(0.1, 0)], []))
    with pytest.raises(InvalidInputError, match="counterpart"):
        qsac.pennylane.from_tape(qml.tape.QuantumScript([qml.RX(0.1, 0)], [qml.var(qml.Z(0))]))


@pytest.mark.parametrize(
    "name", ["vqc-amplitude", "qcnn", "neuron-amplified", "gan-generator", "fourier", "lambeq-iqp", "quddpm-step"]
)
def test_vectors_as_qnodes(name: str) -> None:
    fields, expected = named(name)
    node = qsac.pennylane.to_qnode(fields)
    rows = [one["input"] for one in expected]
    given = (np.array(rows).reshape(len(rows), -1),) if rows[0] else ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = np.array(node.qnode(*given, **node.weights))
    wanted = np.array([one["output"] for one in expected])
    if fields["steps"][0]["measure"]["type"] == "pauli":
        found = np.atleast_2d(found.T) if found.ndim > 1 else found[None]
    assert np.reshape(found, wanted.shape) == pytest.approx(wanted, abs=1e-8)


def test_a_qnode_has_the_arguments_that_layers_look_for() -> None:
    circuit = {
        "type": "circuit",
        "qubits": 2,
        "blocks": [{"type": "angle"}, {"type": "two-local"}],
        "measure": {"type": "pauli", "each": "Z"},
    }
    node = qsac.pennylane.to_qnode(circuit, seed=3)
    assert node.weight_shapes == {"blocks_1_parameters": (2, 2)}
    assert list(inspect.signature(node.qnode.func).parameters) == ["inputs", "blocks_1_parameters"]
    rows = np.random.default_rng(0).normal(size=(4, 2))
    found = np.array(node.qnode(rows, **node.weights))
    apply, init = qsac.jax.layer(circuit)
    assert pytest.approx(np.asarray(jax.jit(apply)(init(3), rows)), abs=1e-6) == found.T
    damped = qsac.pennylane.to_qnode(named("neuron-postselected")[0])
    with pytest.raises(InvalidInputError, match="damped"):
        damped.qnode(np.zeros(3), **damped.weights)
