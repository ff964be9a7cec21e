"""What does not fit is refused with its place, and what models leave out with what to do instead."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.families.reading import load
from qsac.families.registry import family
from tests.families.steps.models import loaded, named

LAYER = {"type": "hardware-efficient", "layers": 1, "rotations": ["ry"], "parameters": [[[0.1], [0.2]]]}
EACH = {"type": "pauli", "each": "Z"}
CIRCUIT = {"type": "circuit", "qubits": 2, "blocks": [{"type": "angle"}, LAYER], "measure": EACH}
LINEAR = {"type": "linear", "weight": [[1.0, 2.0]], "bias": [0.5]}
STATE = {"qubits": 2, "blocks": [{"type": "angle"}], "measure": {"type": "state"}}
MEASURED = {"type": "measured", "query": STATE, "score": {"type": "overlap-squared"}, "value": {"type": "identity"}}
TOKEN = {"qubits": 2, "blocks": [{"type": "input-ansatz-14"}]}
THEN = {"qubits": 2, "blocks": [LAYER], "measure": EACH}
MIXTURE = {"type": "unitary-mixture", "mixing": [1, 0.5], "polynomial": [0, 1], "token": TOKEN}


def steps(*given: Any, **fields: Any) -> dict[str, Any]:
    return {"qsac": 1, "steps": list(given), **fields}


def attention(change: dict[str, Any], **outer: Any) -> dict[str, Any]:
    return {"type": "attention", "attention": {**MEASURED, **change}, **outer}


def mixture(change: dict[str, Any], **outer: Any) -> dict[str, Any]:
    return {"type": "attention", "attention": {**MIXTURE, **change}, "then": THEN, **outer}


def circuit(*blocks: Any, **fields: Any) -> dict[str, Any]:
    return {**CIRCUIT, "blocks": list(blocks), **fields}


def gates(*given: Any) -> dict[str, Any]:
    return {"type": "gates", "gates": list(given)}


def with_parameters(parameters: Any) -> dict[str, Any]:
    return circuit({"type": "angle"}, {**LAYER, "parameters": parameters})


BLOCKS = "/steps/0/blocks"

CASES: list[tuple[dict[str, Any], str, str]] = [
    (steps({**LINEAR, "weight": [[1.0], [2.0, 3.0]]}), "/steps/0/weight/1", "field.wrong-length"),
    (steps({**LINEAR, "weight": [[1.0, "2"]]}), "/steps/0/weight/0/1", "field.wrong-type"),
    (steps({**LINEAR, "bias": [0.5, 1.0]}), "/steps/0/bias", "field.wrong-length"),
    (steps({**LINEAR, "weight": {"init": "normal"}}), "/steps/0/weight", "array.unknown-shape"),
    (steps({**LINEAR, "weight": {"file": "x"}}), "/steps/0/weight", "array.unknown-form"),
    (steps({**LINEAR, "weight": {"path": "absent.npy"}}), "/steps/0/weight/path", "file.missing"),
    (steps(CIRCUIT, {**LINEAR, "weight": [[1.0, 2.0, 3.0]]}), "/steps/1/weight/0", "field.wrong-length"),
    (steps(LINEAR, CIRCUIT), "/steps/1/blocks", "steps.other-width"),
    (steps({"type": "softmax"}), "/steps", "steps.no-circuit"),
    (steps(with_parameters([[[0.1]]])), f"{BLOCKS}/1/parameters/0", "field.wrong-length"),
    (steps(with_parameters([[[0.1, 0.2], [0.3, 0.4]]])), f"{BLOCKS}/1/parameters/0/0", "field.wrong-length"),
    (steps(with_parameters({"init": "uniform"})), f"{BLOCKS}/1/parameters/init", "field.unknown-choice"),
    (steps(circuit({"type": "angle", "qubits": [0, 2]})), f"{BLOCKS}/0/qubits/1", "steps.wrong-qubits"),
    (steps(circuit({"type": "angle", "qubits": [0, 0]})), f"{BLOCKS}/0/qubits", "steps.wrong-qubits"),
    (steps(circuit({"type": "angle", "start": 1})), BLOCKS, "steps.unused-inputs"),
    (steps(circuit({"type": "angle"}, {"type": "amplitude"})), f"{BLOCKS}/1", "steps.load-not-first"),
    (steps(circuit({"type": "amplitude", "length": 5})), f"{BLOCKS}/0/length", "steps.too-few-qubits"),
    (
        steps(circuit({"type": "rbs", "qubits": [0], "parameters": []})),
        f"{BLOCKS}/0/qubits",
        "steps.too-few-qubits",
    ),
    (
        steps(circuit({"type": "neuron", "sources": [0, 1], "target": 1, "parameters": [0, 0, 0, 0]})),
        f"{BLOCKS}/0/sources",
        "steps.wrong-qubits",
    ),
    (steps(circuit({"type": "repeat", "times": 2, "blocks": []})), f"{BLOCKS}/0/blocks", "field.wrong-type"),
    (
        steps(circuit({"type": "repeat", "times": 2, "blocks": [{"type": "angel"}]})),
        f"{BLOCKS}/0/blocks/0/type",
        "field.unknown-choice",
    ),
    (steps(circuit(3)), f"{BLOCKS}/0", "field.wrong-type"),
    (steps(circuit({"type": "gates", "gates": 0})), f"{BLOCKS}/0/gates", "field.wrong-type"),
    (steps(circuit(gates(["hh", [0]]))), f"{BLOCKS}/0/gates/0/0", "gate.unknown"),
    (steps(circuit(gates(["h", [0], 1]))), f"{BLOCKS}/0/gates/0", "gate.invalid"),
    (steps(circuit(gates(["rx", [0]]))), f"{BLOCKS}/0/gates/0", "gate.invalid"),
    (steps(circuit(gates(["rx", [0], "pi"]))), f"{BLOCKS}/0/gates/0/2", "field.wrong-type"),
    (steps(circuit(gates(["cx", [0, 5]]))), f"{BLOCKS}/0/gates/0/1/1", "gate.wrong-qubits"),
    (steps(circuit(gates(["cx", [0, 0]]))), f"{BLOCKS}/0/gates/0/1", "gate.wrong-qubits"),
    (steps(circuit(gates(["project", [0], 2]))), f"{BLOCKS}/0/gates/0/2", "gate.invalid"),
    (
        steps(circuit(gates(["unitary", [0], [[[1, 0], [1, 0]], [[0, 0], [1, 0]]]]))),
        f"{BLOCKS}/0/gates/0/2",
        "unitary.not-unitary",
    ),
    (steps({**CIRCUIT, "measure": {"type": "state"}}), "/steps/0/measure", "steps.wrong-measure"),
    (steps({**CIRCUIT, "measure": {"type": "pauli"}}), "/steps/0/measure", "steps.wrong-measure"),
    (
        steps({**CIRCUIT, "measure": {"type": "pauli", "observables": ["ZZ", "ZA"]}}),
        "/steps/0/measure/observables/1",
        "steps.wrong-measure",
    ),
    (
        steps({**CIRCUIT, "measure": {"type": "pauli", "each": "ZZ"}}),
        "/steps/0/measure/each",
        "steps.wrong-measure",
    ),
    (
        steps({**CIRCUIT, "measure": {"type": "probabilities", "qubits": [0, 4]}}),
        "/steps/0/measure/qubits/1",
        "steps.wrong-qubits",
    ),
    (steps({"type": "pool", "over": "mean"}, {"type": "flatten"}), "/steps/1", "steps.no-sequence"),
    (steps(attention({}, then=THEN)), "/steps/0/then", "steps.then-without-state"),
    (
        steps(attention({"score": {"type": "gaussian"}})),
        "/steps/0/attention/query/measure",
        "attention.wrong-measure",
    ),
    (
        steps(attention({"query": {**STATE, "measure": EACH}})),
        "/steps/0/attention/query/measure",
        "attention.wrong-measure",
    ),
    (
        steps(
            attention(
                {"key": {"qubits": 3, "blocks": [{"type": "angle", "qubits": [0, 1]}], "measure": STATE["measure"]}}
            )
        ),
        "/steps/0/attention/key/qubits",
        "attention.unequal-states",
    ),
    (
        steps(attention({"score": {"type": "mixed-overlap", "keep": [2]}})),
        "/steps/0/attention/score/keep",
        "steps.wrong-qubits",
    ),
    (
        steps(attention({"value": {"type": "linear", "weight": [[1.0, 0.0]]}, "residual": True})),
        "/steps/0/attention/residual",
        "attention.residual",
    ),
    (
        steps(attention({"value": {"type": "linear", "weight": [[1.0]]}})),
        "/steps/0/attention/value/weight/0",
        "field.wrong-length",
    ),
    (steps(attention({"value": {"type": "mean"}})), "/steps/0/attention/value/type", "field.unknown-choice"),
    (steps({"type": "attention", "attention": MIXTURE}), "/steps/0", "field.missing"),
    (steps(mixture({"mixing": []})), "/steps/0/attention/mixing", "field.wrong-type"),
    (steps(mixture({"mixing": [0, 0]})), "/steps/0/attention/mixing", "attention.polynomial"),
    (steps(mixture({"polynomial": [0.0]})), "/steps/0/attention/polynomial", "attention.polynomial"),
    (
        steps(mixture({"token": {"qubits": 2, "blocks": [{"type": "angle"}, LAYER]}})),
        "/steps/0/attention/token/blocks",
        "attention.token",
    ),
    (
        steps(mixture({"token": {"qubits": 2, "blocks": [{"type": "amplitude"}]}})),
        "/steps/0/attention/token/blocks",
        "attention.token",
    ),
    (steps(mixture({}, then={**THEN, "blocks": [{"type": "angle"}]})), "/steps/0/then/blocks", "steps.no-inputs"),
    (
        steps(mixture({}, then={**THEN, "qubits": 3, "blocks": [{**LAYER, "qubits": [0, 1]}]})),
        "/steps/0/then/qubits",
        "attention.unequal-states",
    ),
    (steps(CIRCUIT, sample=[0.1]), "/sample", "inputs.wrong-shape"),
    (steps(CIRCUIT, sample=[0.1, "x"]), "/sample/1", "field.wrong-type"),
    (steps(attention({}), sample=[0.1, 0.2]), "/sample", "inputs.wrong-shape"),
    (steps(attention({}), sample=[[0.1, 0.2], [0.3]]), "/sample/1", "field.wrong-length"),
]


@pytest.mark.parametrize(("fields", "pointer", "code"), CASES, ids=[f"{code}{pointer}" for _, pointer, code in CASES])
def test_places(fields: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        load(copy.deepcopy(fields))
    assert (caught.value.pointer, caught.value.code) == (pointer, code)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (steps({"type": "encoder", "name": "MiniLM"}), "give the features"),
        (steps({"type": "python", "code": "x"}), "no code"),
        (steps(CIRCUIT, loss="mse"), "training configuration"),
        (steps({"type": "attention", "attention": {"type": "qft"}}), "block of a circuit"),
        (steps({"type": "attention", "attention": {"type": "overlap"}}), "section attention"),
        (steps(attention({"score": {"type": "swap-test"}})), "without a swap test"),
        (steps({**CIRCUIT, "measure": {"type": "density"}}), "density matrices"),
        (steps(circuit({"type": "amplification"})), '"amplified": true'),
        (steps(circuit(gates(["cswap", [0, 1]]))), "without a swap test"),
        (steps(circuit(gates(["measure", [0]]))), "deferral"),
        (steps(circuit(gates(["if", [0]]))), "feed-forward"),
    ],
)
def test_what_models_leave_out_is_told(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        load(copy.deepcopy(fields))
    assert said in (caught.value.help or "")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        (steps({**CIRCUIT, "qubits": 30}), "/steps/0/qubits"),
        (
            steps(
                circuit(
                    {"type": "neuron", "sources": list(range(12)), "target": 12, "parameters": {"init": "normal"}},
                    qubits=13,
                )
            ),
            f"{BLOCKS}/0/sources",
        ),
        (steps(circuit({**LAYER, "layers": 10**12, "parameters": {"init": "normal"}})), f"{BLOCKS}/0"),
        (steps(circuit({"type": "input-ansatz-14", "layers": 10**12})), f"{BLOCKS}/0"),
        (
            steps(
                circuit({"type": "repeat", "times": 10000, "blocks": [gates(*[["h", [0]]] * 200)]}),
            ),
            f"{BLOCKS}/0",
        ),
    ],
)
def test_what_is_too_large_is_refused_before_memory_is_taken(fields: dict[str, Any], pointer: str) -> None:
    with pytest.raises(DoesNotFitError) as caught:
        load(fields)
    assert caught.value.pointer == pointer


def test_inputs_are_refused_with_their_places(tmp_path: Path) -> None:
    model, steps_family = loaded(named("hybrid-classifier")[0]), family("steps")
    for given, pointer in (
        ([[0.0] * 6, [0.0] * 5], "/1"),
        ([[0.0] * 6, [0.0] * 5 + ["x"]], "/1/5"),
        ([], ""),
        (np.zeros((2, 3)), "/0"),
        (np.full((1, 6), np.nan), "/0"),
        ("absent.json", None),
    ):
        with pytest.raises(QsacError) as caught:
            steps_family.samples(model, given)  # type: ignore[attr-defined]
        assert caught.value.pointer == pointer


def test_a_sample_of_other_tokens_than_are_mixed() -> None:
    fields, expected = named("quixer")
    model = loaded(fields, expected[0]["input"][:2])
    with pytest.raises(InvalidInputError) as caught:
        model.readout.closed_form(model)
    assert caught.value.pointer == "/steps/1/attention/mixing"


def test_zero_amplitudes_have_no_direction() -> None:
    model = loaded(named("vqc-amplitude")[0], [0.0] * 8)
    with pytest.raises(InvalidInputError) as caught:
        model.readout.closed_form(model)
    assert (caught.value.pointer, caught.value.code) == ("/steps/0", "steps.zero-amplitudes")
