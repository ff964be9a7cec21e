"""Lists of steps as functions for JAX against the NumPy closed form, and their gradients against its differences."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qsac.families.steps.evaluation import Trace, batches, traced
from qsac.families.steps.learning import traced_circuit
from qsac.families.steps.learning.arrays_of_model import arrays_of, written
from qsac.families.steps.learning.measuring import grouped
from qsac.families.steps.learning.stages import Phases, Rearranged, Row, groups_of
from qsac.families.steps.learning.traced_circuit import Traced
from qsac.families.steps.learning.traced_model import Outcome, TracedModel
from qsac.families.steps.model import CircuitOf, Model
from qsac.families.steps.samples import samples_of
from qsac.families.steps.statevector import states
from tests.cases import ALL, seeds
from tests.families.steps.models import VECTORS, loaded, vector

Arrays = dict[str, Any]


@pytest.fixture(autouse=True)
def _in_double() -> Any:
    with jax.enable_x64(True):
        yield


def of(model: Model) -> Arrays:
    return {name: numbers for name, (_, numbers) in arrays_of(model).items()}


def with_arrays(model: Model, arrays: Arrays) -> Model:
    pointers = {name: pointer for name, (pointer, _) in arrays_of(model).items()}
    return loaded(written(model.fields, pointers, arrays))


def moved(model: Model, arrays: Arrays, along: Arrays, batch: Any, shift: Any, step: float) -> Any:
    """What the closed form gives a step away: outputs, then the success."""
    there = {name: numbers + step * along[name] for name, numbers in arrays.items()}
    found = traced(with_arrays(model, there), batch + step * shift)
    return np.concatenate([found.output.reshape(-1), found.success])


def own_samples(path: Path) -> tuple[Model, Any]:
    """The model of a vector, and its samples as a batch."""
    fields, expected = vector(path)
    model = loaded(fields)
    ((_, batch),) = batches(samples_of([one["input"] for one in expected], model.shape))
    return model, batch


DIFFERENTIATED = VECTORS if ALL else VECTORS[2::6]


def as_wanted(found: Outcome, wanted: Trace) -> None:
    assert np.asarray(found.outputs) == pytest.approx(wanted.output, abs=1e-10)
    assert np.asarray(found.success) == pytest.approx(wanted.success, abs=1e-10)
    assert len(found.weights) == len(wanted.weights)
    for one, other in zip(found.weights, wanted.weights, strict=True):
        assert np.asarray(one) == pytest.approx(other, abs=1e-10)


@pytest.mark.parametrize("path", [path for path in VECTORS if path not in DIFFERENTIATED], ids=lambda path: path.stem)
def test_outputs_are_those_of_the_closed_form(path: Path) -> None:
    model, batch = own_samples(path)
    own = TracedModel(model.steps)
    found = jax.jit(lambda arrays, batch: own(arrays, batch)._replace(logarithms=None))(of(model), jnp.asarray(batch))
    as_wanted(found, traced(model, batch))


@pytest.mark.parametrize("path", DIFFERENTIATED, ids=lambda path: path.stem)
def test_outputs_are_those_of_the_closed_form_and_gradients_its_differences(path: Path) -> None:
    model, batch = own_samples(path)
    arrays, own = of(model), TracedModel(model.steps)
    rng = np.random.default_rng(5)
    weights = rng.normal(size=traced(model, batch).output.size + len(batch))

    def told(arrays: Arrays, batch: Any) -> Any:
        found = own(arrays, batch)._replace(logarithms=None)
        return jnp.concatenate([found.outputs.reshape(-1), found.success]) @ weights, found

    gradient, found = jax.jit(jax.grad(told, argnums=(0, 1), has_aux=True))(arrays, jnp.asarray(batch))
    as_wanted(found, traced(model, batch))
    # bits are read by a threshold: they do not move
    shift = 0 * batch if path.stem == "qrnn" else rng.normal(size=batch.shape)
    # Along all arrays at once, or each by itself, which says which one is wrong.
    for names in [[name] for name in arrays] if ALL else [list(arrays)]:
        along = {name: rng.normal(size=numbers.shape) * (name in names) for name, numbers in arrays.items()}
        slope = sum(np.sum(np.asarray(gradient[0][name]) * along[name]) for name in arrays)
        slope += np.sum(np.asarray(gradient[1]) * shift)
        near, far = (
            moved(model, arrays, along, batch, shift, step) - moved(model, arrays, along, batch, shift, -step)
            for step in (1e-3, 2e-3)
        )
        assert slope == pytest.approx((8 * near - far) @ weights / 12e-3, abs=1e-6)
    assert any(np.any(np.asarray(one)) for one in gradient[0].values())


ONE = ("h", "x", "y", "z", "s", "sdg", "t", "rx", "ry", "rz")
TWO = ("cx", "cy", "cz", "swap", "crx", "cry", "crz", "xx", "yy", "zz", "rbs")


def drawn(seed: int, qubits: int, count: int = 14 if ALL else 5) -> dict[str, Any]:
    """A model of gates in any order, between two uploads of angles."""
    rng = np.random.default_rng(seed)
    gates: list[Any] = []
    for _ in range(count):
        name = str(rng.choice(ONE if qubits == 1 or rng.random() < 0.5 else TWO))
        on = rng.choice(qubits, 1 if name in ONE else 2, replace=False).tolist()
        gates.append([name, on, *([float(rng.normal())] if name[0] in "rcxyz" and len(name) > 1 else [])])
        if name in ("cx", "cy", "cz"):
            gates[-1] = gates[-1][:2]
    matrix = np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))[0]
    if qubits > 1:
        pairs = np.stack([matrix.real, matrix.imag], axis=-1).tolist()
        gates.insert(count // 2, ["unitary", rng.choice(qubits, 2, replace=False).tolist(), pairs])
    if seed % 2:
        gates.insert(count // 3, ["project", [int(rng.integers(qubits))], int(rng.integers(2))])
    blocks = [
        {"type": "angle", "rotations": ["ry", "rz"]},
        {"type": "gates", "gates": gates},
        {"type": "hardware-efficient", "layers": 1, "parameters": {"init": "normal", "seed": seed}},
        {"type": "angle", "rotations": ["rx"], "factor": 2.0},
    ]
    letters = ["".join(rng.choice(list("IXYZ"), qubits)) for _ in range(5)]
    measure = {"type": "pauli", "observables": letters}
    if seed % 3 == 0:
        measure = {"type": "probabilities", "qubits": rng.permutation(qubits)[: max(1, qubits - 1)].tolist()}
    return {"qsac": 1, "steps": [{"type": "circuit", "qubits": qubits, "blocks": blocks, "measure": measure}]}


def _agreed(model: Model, batch: Any) -> tuple[Any, Any]:
    """The gradient by the arrays and the batch of a function of the outputs, once these are right."""
    own, wanted = TracedModel(model.steps), traced(model, batch)

    def told(arrays: Arrays, batch: Any) -> Any:
        found = own(arrays, batch)
        return jnp.sum(jnp.sin(found.outputs)) + jnp.sum(found.success), found

    function = jax.jit(jax.value_and_grad(told, argnums=(0, 1), has_aux=True))
    (_, found), gradient = function(of(model), jnp.asarray(batch))
    assert np.asarray(found.outputs) == pytest.approx(wanted.output, abs=1e-10)
    assert np.asarray(found.success) == pytest.approx(wanted.success, abs=1e-10)
    return gradient


@pytest.mark.parametrize("seed", seeds(24, one_of=13))
def test_any_gates(seed: int) -> None:
    qubits = 1 + seed % 6
    model = loaded(drawn(seed, qubits))
    batch = np.random.default_rng(seed).normal(size=(3, 3 * qubits))
    gradient = _agreed(model, batch)
    (name,) = of(model)
    assert np.isfinite(np.asarray(gradient[0][name])).all()


def test_wide_circuits_undo_their_gates_in_place_of_keeping_states(monkeypatch: pytest.MonkeyPatch) -> None:
    layered = {
        "type": "gates",
        "gates": [["ry", [0], {"parameter": 0}], ["cx", [0, 1]], ["zz", [0, 1], {"parameter": 1}]],
        "parameters": [0.3, -0.8],
    }
    blocks = [{"type": "angle"}, layered, {"type": "gates", "gates": [["project", [1], 0], ["crx", [0, 1], 0.4]]}]
    circuit = {"type": "circuit", "qubits": 2, "blocks": [*blocks, layered]}
    model = loaded({"qsac": 1, "steps": [{**circuit, "measure": {"type": "pauli", "each": "X"}}]})
    batch = np.random.default_rng(0).normal(size=(3, 2))
    kept = _agreed(model, batch)
    calls = []
    undoing = Traced._reversible
    monkeypatch.setattr(Traced, "_reversible", lambda *given: calls.append(1) or undoing(*given))  # type: ignore[func-returns-value]
    monkeypatch.setattr(traced_circuit, "ADJOINT", 1)
    undone = _agreed(model, batch)
    assert len(calls) == 2, "a projection stands between two runs of unitary stages"
    for one, other in zip(jax.tree.leaves(kept), jax.tree.leaves(undone), strict=True):
        assert np.asarray(one) == pytest.approx(np.asarray(other), abs=1e-12)


@cache
def _layered(qubits: int, layers: int) -> Model:
    blocks = [{"type": "angle"}, {"type": "hardware-efficient", "layers": layers, "parameters": {"init": "normal"}}]
    circuit = {"type": "circuit", "qubits": qubits, "blocks": blocks, "measure": {"type": "pauli", "each": "Z"}}
    return loaded({"qsac": 1, "steps": [circuit]})


def test_a_layer_is_two_stages() -> None:
    step = _layered(6, 3).steps[0]
    assert isinstance(step, CircuitOf)
    stages = Traced.of(step.measured.circuit).stages
    assert [type(stage) for stage in stages] == [Row, Rearranged] * 3
    assert [len(group) for group in groups_of(8)] == [4, 4]
    assert [len(group) for group in groups_of(14)] == [3, 4, 3, 4]
    assert groups_of(1) == [range(1)]


def test_diagonal_gates_are_one_stage() -> None:
    blocks = [{"type": "iqp", "layers": 2, "parameters": {"init": "normal"}}]
    circuit = {"type": "circuit", "qubits": 4, "blocks": blocks, "measure": {"type": "pauli", "each": "X"}}
    step = loaded({"qsac": 1, "steps": [circuit]}).steps[0]
    assert isinstance(step, CircuitOf)
    assert [type(stage) for stage in Traced.of(step.measured.circuit).stages] == [Row, Phases, Row, Phases, Row]


def test_vmap_and_forward_mode() -> None:
    model = _layered(2, 1)
    own, arrays = TracedModel(model.steps), of(model)
    batch = np.random.default_rng(1).normal(size=(4, 2))

    def one(row: Any) -> Any:
        return own(arrays, row[None]).outputs[0]

    mapped = jax.jit(jax.vmap(one))(jnp.asarray(batch))
    assert np.asarray(mapped) == pytest.approx(traced(model, batch).output, abs=1e-10)
    forward, reverse = (jax.jit(way(one))(jnp.asarray(batch[0])) for way in (jax.jacfwd, jax.jacrev))
    assert np.asarray(forward) == pytest.approx(np.asarray(reverse), abs=1e-12)


def test_observables_that_commute_qubit_by_qubit_share_a_basis() -> None:
    assert grouped(("ZI", "IX", "XI", "ZX", "YY", "II")) == [("ZX", [0, 1, 3, 5]), ("XI", [2]), ("YY", [4])]
    assert len(grouped(tuple(a + b for a in "XYZ" for b in "XYZ"))) == 9


def test_states_from_a_given_one() -> None:
    step = _layered(3, 2).steps[0]
    assert isinstance(step, CircuitOf)
    rng = np.random.default_rng(3)
    initial = rng.normal(size=(2, 8)) + 1j * rng.normal(size=(2, 8))
    batch = rng.normal(size=(2, 3))
    circuit = replace(step.measured.circuit, phase=0.3)
    own = jax.jit(Traced.of(circuit).states)(batch, step.measured.parameters, initial)
    assert np.asarray(own) == pytest.approx(states(circuit, batch, step.measured.parameters, initial), abs=1e-12)
