"""Overlaps of mixed states by inversion and in the Bell basis: both are exact, and the one of less work is chosen."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.families.steps.model import MeasuredAttention, Model
from qsac.machine.registry import target
from tests.cases import seeds
from tests.families.steps.generated import drawn
from tests.families.steps.models import loaded
from tests.families.steps.test_circuits import agrees

RING = [["cx", [0, 1]], ["cx", [1, 2]], ["cx", [2, 0]]]
ENCODERS: dict[str, list[dict[str, Any]]] = {
    "rings": [
        {"type": "angle", "rotations": ["ry", "rz"]},
        {"type": "gates", "gates": RING},
        {"type": "angle", "rotations": ["ry", "rz"], "start": 0},
        {"type": "gates", "gates": RING},
    ],
    # What is known of the others is a control, and is left out or turned.
    "known controls": [{"type": "gates", "gates": [["x", [2]]]}, {"type": "angle"}, {"type": "gates", "gates": RING}],
    "amplitudes": [{"type": "amplitude", "length": 6}, {"type": "gates", "gates": [["cz", [0, 2]], ["h", [1]]]}],
    "shared end": [
        {"type": "angle", "rotations": ["ry", "rz"]},
        {"type": "gates", "gates": [["cx", [0, 2]], ["cx", [1, 2]], ["h", [0]], ["xx", [0, 1], 0.7]]},
    ],
    "no others": [{"type": "angle", "rotations": ["rx", "ry"]}, {"type": "gates", "gates": [["cx", [0, 1]]]}],
}


def attention(
    blocks: list[dict[str, Any]], form: str, keep: list[int], key: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """A model file of one step."""
    state = {"type": "state"}
    fields: dict[str, Any] = {
        "type": "measured",
        "mask": "causal",
        "query": {"qubits": 3, "blocks": blocks, "measure": state},
        "score": {"type": "mixed-overlap", "keep": keep, "form": form},
        "normaliser": "none",
        "value": {"type": "identity"},
    }
    if key is not None:
        fields["key"] = {"qubits": 3, "blocks": key, "measure": state}
    return {"qsac": 1, "steps": [{"type": "attention", "attention": fields}]}


def model(name: str, form: str, keep: list[int]) -> Model:
    inputs = 3 if name == "known controls" else 6
    return loaded(attention(ENCODERS[name], form, keep), np.random.default_rng(4).normal(size=(2, inputs)).tolist())


@pytest.mark.parametrize("keep", [[0, 1], [1]], ids=str)
@pytest.mark.parametrize("name", ENCODERS)
def test_inverted_circuits_add_up(name: str, keep: list[int]) -> None:
    """Each circuit has its closed form, before passes, after them, and simulated; their sum is the overlap."""
    found = model(name, "inversion", keep)
    compiled = agrees(found, "h2")
    closed = found.readout.closed_form(found).values
    exact = qsac.run(compiled).values
    assert np.array(exact["attention"]) == pytest.approx(np.array(closed["attention"]), abs=1e-9)
    assert np.array(exact["outputs"]) == pytest.approx(np.array(closed["outputs"]), abs=1e-9)
    others = 0 if name == "no others" else 3 - len(keep)
    if name == "no others" and keep == [1]:
        others = 1
    assert len(compiled.circuits) == 3 << others
    assert all(len(circuit.qubits) <= 3 for circuit in compiled.circuits)


def test_a_key_of_its_own() -> None:
    """Its blocks may be others than those of the query."""
    fields = attention(ENCODERS["rings"], "inversion", [2, 0], ENCODERS["amplitudes"])
    found = loaded(fields, np.random.default_rng(5).normal(size=(2, 6)).tolist())
    compiled = agrees(found, "h2")
    closed = found.readout.closed_form(found).values["attention"]
    assert np.array(qsac.run(compiled).values["attention"]) == pytest.approx(np.array(closed), abs=1e-9)


def test_machines_without_mid_circuit_measurement() -> None:
    """What is discarded stays where it is, and others take its place."""
    machine = replace(target("h2"), name="plain", mid_circuit_measurement=False, reset=False)
    found = model("rings", "inversion", [0, 1])
    compiled = agrees(found, machine)
    assert max(len(circuit.qubits) for circuit in compiled.circuits) == 4
    assert all(circuit.count("Reset") == 0 for circuit in compiled.circuits)


@pytest.mark.parametrize("seed", seeds(120, one_of=30))
def test_both_forms_of_drawn_models(seed: int) -> None:
    """Of drawn models those with such scores, in the form that is not chosen."""
    found = next(one for number in range(4 * seed + 2, 4 * seed + 4000, 4) if _is_mixed(one := drawn(number)))
    step = found.steps[0]
    assert isinstance(step, MeasuredAttention)
    for form in ("inversion", "bell-basis"):
        fields = {**found.canonical}
        first, *rest = fields["steps"]
        scored = {**first["attention"], "score": {**first["attention"]["score"], "form": form}}
        agrees(loaded({**fields, "steps": [{**first, "attention": scored}, *rest]}), "h2")


def _is_mixed(found: Model) -> bool:
    step = found.steps[0]
    return isinstance(step, MeasuredAttention) and step.score == "mixed-overlap"


def test_shots_come_near() -> None:
    """Drawn from exact probabilities: within five standard errors of 16 runs, which scatter as they are told to."""
    found = model("rings", "inversion", [0, 1])
    wanted = np.array(found.readout.closed_form(found).values["attention"][0])
    compiled = qsac.compile(found, "statevector")
    runs = [qsac.run(compiled, shots=2000, seed=seed) for seed in range(16)]
    seen = np.array([one.values["attention"][0] for one in runs])
    told = np.mean([one.value_errors["attention"][0] for one in runs], axis=0)
    lower = np.tril_indices(2)
    assert np.all(np.abs(seen.mean(axis=0) - wanted)[lower] < 5 * told[lower] / 4)
    scatter = seen.std(axis=0, ddof=1)[lower]
    assert np.all(scatter < 2 * told[lower])
    assert np.all(scatter > told[lower] / 2.5)


def test_shots_of_circuits_with_measurements_on_the_way() -> None:
    """Aer runs the circuits as they are, the discarded qubit measured and reset."""
    found = model("shared end", "inversion", [0, 1])
    compiled = qsac.compile(found, "h2")
    assert max(circuit.count("Reset") for circuit in compiled.circuits) == 1
    seen = qsac.run(compiled, shots=1000, seed=3)
    wanted = np.array(found.readout.closed_form(found).values["attention"][0])
    told = np.array(seen.value_errors["attention"][0])
    lower = np.tril_indices(2)
    assert np.all(np.abs(np.array(seen.values["attention"][0]) - wanted)[lower] < 5 * told[lower])
    assert np.all((told[lower] > 0.005) & (told[lower] < 0.05))


def test_the_form_of_less_work_is_chosen_and_told() -> None:
    """With as many kept qubits as others both take as many shots, and inversion fewer gates on half the qubits; where
    one qubit is kept of three, it takes more shots."""
    for keep, form in (([0, 1], "inversion"), ([0], "bell-basis")):
        compiled = qsac.compile(model("rings", "auto", keep), "h2")
        told = compiled.stats["mixed_overlaps"]["0"]  # type: ignore[typeddict-item]  # a field of the family's own
        assert told["form"] == form
        works = {name: one["work"] for name, one in told["forms"].items()}
        assert min(works, key=works.__getitem__) == form
        other = "bell-basis" if form == "inversion" else "inversion"
        asked = qsac.compile(model("rings", other, keep), "h2")
        assert asked.stats["mixed_overlaps"]["0"]["form"] == other  # type: ignore[typeddict-item]
        most = {name: one["two_qubit_gates"] for name, one in told["forms"].items()}
        for one, name in ((compiled, form), (asked, other)):
            assert 0 < max(circuit.two_qubit_gates for circuit in one.circuits) <= most[name]
    assert "form" not in model("rings", "auto", [0]).canonical["steps"][0]["attention"]["score"]
