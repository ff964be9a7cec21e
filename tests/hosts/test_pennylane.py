"""The transform for PennyLane: the same circuits, global phase included, never more two-qubit gates than PennyLane
takes."""

from __future__ import annotations

import inspect
import tomllib
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import block_diag

import qsac
from qsac import synthesis
from qsac.errors import InvalidInputError
from tests.cases import seeds
from tests.hosts.inputs_of_seeds import (
    random_gates,
    selected,
    structured_gates,
    structured_phases,
    structured_state,
)
from tests.shares import Share
from tests.structured_states import generic

qml = pytest.importorskip("pennylane")
hosts = pytest.importorskip("qsac.hosts.pennylane")

EXACT = 1e-9
GATES = {"CNOT", "CZ", "IsingZZ", "RX", "RY", "RZ", "Rot", "SX", "X", "S", "T", "H", "PhaseShift", "GlobalPhase"}
GATES |= {"Adjoint(S)", "Adjoint(T)", "Adjoint(SX)", "PauliX", "PauliY", "PauliZ", "Hadamard"}


def test_the_names_of_qsac_stay_what_they_are() -> None:
    """As :mod:`tests.test_namespace` has it for all that is imported faster."""
    for name in qsac.__all__:
        found = getattr(qsac, name)
        assert inspect.isclass(found) or inspect.isfunction(found), name


def _two(tape: Any) -> int:
    """Two-qubit gates of a tape as PennyLane decomposes it, by the better of its two ways."""
    found = []
    for graph in (False, True):
        with qml.decomposition.toggle_graph_ctx(graph):
            (decomposed,), _ = qml.decompose(tape, gate_set=GATES)
        gates = [one for one in decomposed.operations if one.name != "GlobalPhase"]
        assert max((len(one.wires) for one in gates), default=0) <= 2
        found.append(sum(len(one.wires) == 2 for one in gates))
    return min(found)


def _transformed(tape: Any, **options: Any) -> Any:
    (found,), results = hosts.qsac_synthesis(tape, **options)
    assert results(("one",)) == "one"
    return found


def _random(seed: int) -> tuple[Any, np.ndarray]:
    """An operation of random numbers on wires in any order, and what it does: a state, or a unitary."""
    rng = np.random.default_rng(seed)
    qubits = max(1 + seed // 7 % 4, 2 if seed % 7 in (3, 5) else 1)
    wires = [f"w{place}" for place in rng.permutation(qubits)]
    v = generic(rng, qubits, real=bool(rng.integers(2)))
    gates = random_gates(rng, 1 << (qubits - 1))
    phases = rng.uniform(-9, 9, 1 << qubits)
    *controls, target = wires
    match seed % 7:
        case 0:
            return qml.StatePrep(v, wires=wires), v
        case 1:
            embedded = qml.AmplitudeEmbedding(3 * v[: (1 << qubits) - 1], wires, pad_with=0.4, normalize=True)
            given = np.append(3 * v[: (1 << qubits) - 1], 0.4)
            return embedded, given / np.linalg.norm(given)
        case 2:
            return qml.MottonenStatePreparation(v, wires=wires), v
        case 3:
            axis = "xyz"[int(rng.integers(3))]
            angles = rng.uniform(-9, 9, 1 << (qubits - 1))
            rotations = [qml.matrix({"x": qml.RX, "y": qml.RY, "z": qml.RZ}[axis](angle, 0)) for angle in angles]
            return qml.SelectPauliRot(angles, controls, target, rot_axis=axis.upper()), block_diag(*rotations)
        case 4:
            return qml.DiagonalQubitUnitary(np.exp(1j * phases), wires=wires), np.diag(np.exp(1j * phases))
        case 5:
            # fewer gates than values of the controls, where there are that many
            some = gates[: max(1, len(gates) - seed // 7 % 2)]
            whole = [*some, *([np.eye(2)] * (len(gates) - len(some)))]
            return qml.Select([qml.QubitUnitary(gate, target) for gate in some], controls), block_diag(*whole)
        case _:
            unitary = selected(gates, int(rng.integers(qubits)))
            return qml.QubitUnitary(unitary, wires=wires), unitary


def _wires(operation: Any) -> list[Any]:
    """In the order in which the numbers count them."""
    if isinstance(operation, qml.Select):
        return [*operation.hyperparameters["control"], *operation.hyperparameters["target_wires"]]
    return list(operation.wires)


def test_random_operations_stay_exact() -> None:
    with Share(0.4) as share:
        for seed in seeds(100, one_of=5):
            operation, wanted = _random(seed)
            found = _transformed(
                qml.tape.QuantumScript([operation]), target="h2" if seed % 4 == 3 else "ibm-fez", optimisation=1
            )
            if share.saw(found.operations != [operation]):
                unitary = qml.matrix(found, wire_order=_wires(operation))
                assert np.abs((unitary[:, 0] if wanted.ndim == 1 else unitary) - wanted).max() < EXACT, seed
                assert sum(len(one.wires) == 2 and one.name != "GlobalPhase" for one in found.operations) < _two(
                    qml.tape.QuantumScript([operation])
                )


def _structured(seed: int) -> Any:
    rng = np.random.default_rng(seed)
    match seed % 4:
        case 0 | 1:
            _, v = structured_state(seed // 2)
            kind = qml.StatePrep if seed % 4 else qml.MottonenStatePreparation
            return kind(v, wires=range(len(v).bit_length() - 1))
        case 2:
            _, phases = structured_phases(seed // 4)
            return qml.DiagonalQubitUnitary(np.exp(1j * phases), wires=range(len(phases).bit_length() - 1))
        case _:
            _, gates = structured_gates(seed // 4)
            controls = range(len(gates).bit_length() - 1)
            if rng.integers(2):
                return qml.Select([qml.QubitUnitary(gate, len(controls)) for gate in gates], controls)
            angles = np.angle(gates[:, 0, 0]) * np.arange(len(gates))
            return qml.SelectPauliRot(angles, controls, len(controls), rot_axis="XYZ"[int(rng.integers(3))])


def test_never_worse_than_pennylane() -> None:
    with Share(0.5) as share:
        for seed in seeds(100, one_of=5):
            operation = _structured(seed)
            tape = qml.tape.QuantumScript([operation])
            found = _transformed(tape)
            assert _two(found) <= _two(tape), seed
            if share.saw(found.operations != [operation]):
                assert _two(found) < _two(tape), seed
                own = qml.matrix(found, wire_order=_wires(operation))
                if isinstance(operation, qml.StatePrep | qml.MottonenStatePreparation):
                    assert np.abs(own[:, 0] - operation.parameters[0]).max() < EXACT, seed
                else:
                    decomposed = qml.tape.QuantumScript(operation.decomposition())
                    assert np.abs(own - qml.matrix(decomposed, wire_order=_wires(operation))).max() < EXACT, seed


def test_what_is_not_known_is_left() -> None:
    rng = np.random.default_rng(3)
    v, other = generic(rng, 3), generic(rng, 3)
    gates = random_gates(rng, 4)
    m = qml.measure("m")
    assert m is not None
    left = [
        qml.StatePrep(np.array([v, other]), wires=range(3)),  # batched
        qml.StatePrep(qml.numpy.array(v.real / np.linalg.norm(v.real), requires_grad=True), wires=range(3, 6)),
        qml.ops.Conditional(m, qml.MottonenStatePreparation(v, wires=range(6, 9))),
        qml.adjoint(qml.StatePrep(v, wires=range(9, 12))),
        qml.SelectPauliRot(rng.normal(size=(2, 4)), [0, 1], 2),  # batched
        qml.Select([qml.CNOT([2, 3]), qml.SWAP([2, 3])], [0]),
        qml.Select([qml.RX(np.array([0.1, 0.2]), 2), qml.RX(0.3, 2)], [0]),
        qml.QubitUnitary(np.linalg.qr(rng.normal(size=(8, 8)))[0], wires=range(3)),
        qml.ctrl(qml.SelectPauliRot(rng.normal(size=4), [0, 1], 2), control=3),
        qml.BasisState([1, 0], wires=[12, 13]),
        qml.StatePrep(v, wires=[0, 14, 15]),  # wire 0 is no longer in zero
        qml.Select([qml.Identity(2)] * 4, [0, 1]),  # nothing to gain
        qml.Toffoli([0, 1, 2]),
        qml.Snapshot(),
    ]
    assert _transformed(qml.tape.QuantumScript(left)).operations == left
    known = [qml.StatePrep(v, wires=range(3)), qml.Select([qml.QubitUnitary(gate, 2) for gate in gates], [0, 1])]
    assert len(_transformed(qml.tape.QuantumScript(known)).operations) > 40


def test_controlled_unitaries_and_preparations_in_a_circuit() -> None:
    """Diagonal and controlled matrices, by any control values; a state beside other operations, not after them."""
    rng = np.random.default_rng(8)
    (gate,) = random_gates(rng, 1)
    v = generic(rng, 3)
    phases = np.exp(1j * np.where(np.arange(8) & 5 == 5, 0.7, 0.0))
    operations = [
        qml.Hadamard("a"),
        qml.StatePrep(v, wires=["b", "c", "d"]),
        qml.ControlledQubitUnitary(gate, wires=["a", "c", "b"], control_values=[0, 1]),
        qml.QubitUnitary(np.diag(phases), wires=["d", "a", "b"]),
        qml.DiagonalQubitUnitary(phases, wires=["c", "d", "a"]),
    ]
    found = _transformed(qml.tape.QuantumScript(operations))
    names = {one.name for one in found.operations}
    assert names == {"Hadamard", "SX", "RZ", "CZ", "GlobalPhase"}
    order = ["a", "b", "c", "d"]
    start = np.kron([np.sqrt(0.5), np.sqrt(0.5)], v)
    wanted = qml.matrix(qml.tape.QuantumScript(operations[2:]), wire_order=order) @ start
    assert np.abs(qml.matrix(found, wire_order=order)[:, 0] - wanted).max() < EXACT


def test_many_controls_are_compared_with_a_bound() -> None:
    rng = np.random.default_rng(6)
    gates = random_gates(rng, 16)
    operation = qml.Select([qml.QubitUnitary(gate, "t") for gate in gates], range(4))
    found = _transformed(qml.tape.QuantumScript([operation]))
    assert np.abs(qml.matrix(found, wire_order=_wires(operation)) - block_diag(*gates)).max() < EXACT
    assert sum(len(one.wires) == 2 for one in found.operations) <= 45
    # One gate that is not the identity may take as few as its controls: nothing is sure to be gained.
    one = qml.Select([*[qml.Identity("t")] * 15, qml.X("t")], range(4))
    assert _transformed(qml.tape.QuantumScript([one])).operations == [one]
    helped = qml.Select([qml.QubitUnitary(gate, "t") for gate in gates], range(4), work_wires=["a", "b", "c"])
    assert _transformed(qml.tape.QuantumScript([helped])).operations == [helped]


def test_traced_and_differentiated_parameters_are_left() -> None:
    import jax

    names: list[str] = []

    def applied(angles: Any) -> Any:
        found = _transformed(qml.tape.QuantumScript([qml.SelectPauliRot(angles, [0, 1], 2, rot_axis="Y")]))
        names.extend(one.name for one in found.operations)
        return angles.sum()

    angles = jax.numpy.array([0.3, 0.8, 0.3, 0.8])
    jax.grad(applied)(angles)
    jax.jit(applied)(angles)
    assert names == ["SelectPauliRot"] * 2
    applied(angles)
    assert names.count("SelectPauliRot") == 2
    assert names.count("CZ") == 2


def test_in_a_quantum_function() -> None:
    v = generic(np.random.default_rng(5), 4)

    @qml.qnode(qml.device("default.qubit", wires=4))
    def prepared(x: float) -> Any:
        qml.StatePrep(v, wires=range(4))
        qml.RX(x, wires=1)
        return qml.expval(qml.Z(1)), qml.state()

    better = hosts.qsac_synthesis(prepared, target="h2", optimisation=1)
    plain, found = prepared(0.4), better(0.4)
    assert plain[0] == pytest.approx(found[0])
    assert np.abs(plain[1] - found[1]).max() < EXACT
    specs = qml.specs(better, level="device")(0.4)["resources"]
    assert specs.gate_types["IsingZZ"] == 7
    x = qml.numpy.array(0.4, requires_grad=True)
    gradients = [qml.grad(lambda x, node=node: node(x)[0])(x) for node in (prepared, better)]
    assert gradients[0] == pytest.approx(gradients[1])


def test_operators_by_graph() -> None:
    rng = np.random.default_rng(2)
    v, table = generic(rng, 3), np.array([generic(rng, 1) for _ in range(4)])
    gates = {"CZ", "SX", "RZ", "PauliX", "GlobalPhase", "Adjoint(SX)"}
    for operation in (hosts.State(v, wires=["a", "b", "c"]), hosts.Rows(table, wires=["i", "j", "d"])):
        qml.ops.functions.assert_valid(operation, skip_differentiation=True, skip_capture=True)
        for graph in (False, True):
            with qml.decomposition.toggle_graph_ctx(graph):
                tape = qml.tape.QuantumScript([operation, qml.adjoint(operation)])
                (found,), _ = qml.decompose(tape, gate_set=gates)
            assert {one.name for one in found.operations} <= gates
            assert sum(one.name == "CZ" for one in found.operations) == 2 * operation.block.two_qubit_gates
            assert np.abs(qml.matrix(found, wire_order=operation.wires) - np.eye(8)).max() < EXACT
    block = synthesis.state(v, target="ibm-fez")
    (found,), _ = qml.decompose(qml.tape.QuantumScript([hosts.State(v, wires=range(3))]), gate_set=gates)
    assert np.abs(qml.matrix(found, wire_order=range(3))[:, 0] - v).max() < EXACT
    assert len(found.operations) == len(block.circuit) + 1


def test_operators_refuse() -> None:
    for make, code in (
        (lambda: hosts.State([1.0, 1.0], wires=[0]), "block.not-normalised"),
        (lambda: hosts.State([1.0, 0.0], wires=[0, 1]), "option.out-of-range"),
        (lambda: hosts.Rows(qml.numpy.eye(2), wires=[0, 1]), "array.not-numbers"),
    ):
        with pytest.raises(InvalidInputError) as error:
            make().decomposition()
        assert error.value.code == code


def test_a_rule_for_states() -> None:
    v = generic(np.random.default_rng(4), 3)
    uniform = np.full(4, 0.5)
    batch = np.array([v, v[::-1]])
    gates = {"CZ", "SX", "RZ", "PauliX", "GlobalPhase", "RY", "CNOT"}
    with qml.decomposition.toggle_graph_ctx(True):
        for values, cz in ((v, 3), (uniform, 0), (batch, 0)):
            wires = range(values.shape[-1].bit_length() - 1)
            tape = qml.tape.QuantumScript([qml.StatePrep(values, wires=wires)])
            (found,), _ = qml.decompose(tape, gate_set=gates, fixed_decomps={qml.StatePrep: hosts.state_rule})
            assert sum(one.name == "CZ" for one in found.operations) == cz
            unitary = qml.matrix(found, wire_order=wires)
            assert np.abs(unitary[..., 0] - values).max() < EXACT


def test_the_entry_point() -> None:
    """PennyLane finds transforms by this group; where qsac is installed with it, the transform is an attribute."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    ((name, value),) = project["project"]["entry-points"]["pennylane.transforms"].items()
    assert EntryPoint(name, value, "pennylane.transforms").load() is hosts.qsac_synthesis
    if name in entry_points(group="pennylane.transforms").names:
        assert getattr(qml.transforms, name) is hosts.qsac_synthesis


@pytest.mark.parametrize(
    ("options", "code"), [({"target": "h9"}, "target.unknown"), ({"optimisation": 7}, "option.out-of-range")]
)
def test_options_are_checked(options: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        hosts.qsac_synthesis(qml.tape.QuantumScript([]), **options)
    assert error.value.code == code
