"""Circuits of transformers against the project's own vectors, their limits, and drawn models."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.artifact.compiled import Compiled
from qsac.errors import InvalidInputError
from qsac.families.reading import load
from qsac.families.transformer.model import Model
from qsac.native.circuit import GATES
from qsac.simulation.statevector import simulate
from tests.cases import seeds, some
from tests.families.transformer import agreement
from tests.families.transformer.agreement import FAMILY, TOLERANCE, of_compiled, of_plan, widest
from tests.families.transformer.generated import drawn
from tests.families.transformer.models import changed, loaded, minimal

FOLDER = Path(__file__).parent.parent.parent / "vectors"
VECTORS = {path.stem: path for path in sorted((FOLDER / "transformer").glob("*.json"))}
REACH = {path.stem: path for path in sorted((FOLDER / "transformer-reach").glob("*.json"))}

SMALL = (
    "gpt-N4-d2-h1-complex",
    "gpt-N4-d4-h1-taylor2",
    "gpt-N5-d4-h1-gated-residual",
    "gpt-N6-d4-h1-rotary-sum-raw",
    "gpt-N8-d4-h1-residual",
    "gpt-N8-d4-h2-centre",
)
"""Vectors that are routed quickly."""

LIMITS_WITHOUT_UNITARIES = {"reach-5-N15-d8": 165, "reach-5-N15-d8-gelu": 384}
"""Most two-qubit gates but those of 8 x 8 unitaries, which the file's own limit does not count."""


def vector(name: str) -> dict[str, Any]:
    return json.loads((VECTORS | REACH)[name].read_text())


def test_there_are_vectors() -> None:
    assert len(VECTORS) >= 13
    assert len(REACH) >= 17
    assert set(LIMITS_WITHOUT_UNITARIES) <= set(REACH)


@pytest.mark.parametrize(("name", "level"), some(product(VECTORS, range(4)), 3))
def test_all_answers_agree(name: str, level: int) -> None:
    given = vector(name)
    compiled = qsac.compile(load(given["model"]), "h1", optimisation=level, verify=False)
    assert of_compiled(compiled) <= TOLERANCE
    agrees(compiled, given["expected"])


@pytest.mark.usefixtures("short_search")
@pytest.mark.parametrize("name", some(SMALL, 2))
def test_all_answers_agree_where_qubits_are_coupled(name: str) -> None:
    given = vector(name)
    compiled = qsac.compile(load(given["model"]), "ibm-fez", optimisation=1, verify=False)
    assert of_compiled(compiled) <= TOLERANCE
    agrees(compiled, given["expected"])


def agrees(compiled: Compiled, expected: dict[str, Any]) -> None:
    """What the circuits give is what the vector says, their success times the square of how lambda was changed."""
    found = [simulate(circuit) for circuit in compiled.circuits]
    successes = [one.given * scale**2 for one, scale in zip(found, compiled.subnormalisations, strict=True)]
    if "positions" not in expected:
        assert successes == [pytest.approx(expected["success_probability"], rel=TOLERANCE)]
        for metric in ("fidelity", "token_fidelity"):
            assert found[0].share(metric) == pytest.approx(expected[metric], rel=TOLERANCE)
        return
    assert list(compiled.names) == [f"position-{position}" for position in expected["positions"]]
    assert successes == pytest.approx(expected["success_probability"], rel=TOLERANCE)
    for one, probabilities in zip(found, expected["probabilities"], strict=True):
        assert one.index is not None
        assert one.index.joint[: len(probabilities)] / one.given == pytest.approx(probabilities, abs=TOLERANCE)
        assert one.index.joint[len(probabilities) :] == pytest.approx(0, abs=TOLERANCE * one.given)


# Limits


@pytest.fixture(scope="module", params=REACH)
def reached(request: pytest.FixtureRequest) -> tuple[str, Compiled]:
    """A model that has limits, compiled at the default level."""
    return request.param, qsac.compile(load(vector(request.param)["model"]), "h1", verify=False)


def test_limits_are_kept(reached: tuple[str, Compiled]) -> None:
    name, compiled = reached
    limits = vector(name)["reach"]
    assert set(limits) == {"two_qubit_gates", "qubits", "success_probability"}
    (found,) = [simulate(circuit) for circuit in compiled.circuits]
    assert compiled.stats["qubits"] <= limits["qubits"]
    if limits["two_qubit_gates"] is not None:
        assert compiled.stats["two_qubit_gates"] <= limits["two_qubit_gates"]
    if limits["success_probability"] is not None:
        assert found.given >= limits["success_probability"]
    if name in LIMITS_WITHOUT_UNITARIES:
        assert without_unitaries(compiled) <= LIMITS_WITHOUT_UNITARIES[name]


def test_circuits_with_limits_are_right(reached: tuple[str, Compiled]) -> None:
    name, compiled = reached
    assert of_compiled(compiled) <= TOLERANCE
    expected = vector(name).get("expected")
    if expected:
        (found,) = [simulate(circuit) for circuit in compiled.circuits]
        (probabilities,) = expected["probabilities"]
        assert found.index is not None
        assert found.index.joint[: len(probabilities)] / found.given == pytest.approx(probabilities, abs=TOLERANCE)


def test_estimates_are_exact(reached: tuple[str, Compiled]) -> None:
    _, compiled = reached
    estimate = qsac.estimate(compiled.model, "h1")
    assert estimate.exact
    for count in ("qubits", "two_qubit_gates", "one_qubit_gates", "measurements", "resets"):
        assert estimate.counts[count] == compiled.stats[count], count


def without_unitaries(compiled: Compiled) -> int:
    """Two-qubit gates that are not of unitaries alone."""
    (circuit,) = compiled.circuits
    unitary = {place for place, op in enumerate(compiled.program.ops) if op.name == "apply-unitary"}
    of_unitaries = [bool(ids) and set(ids) <= unitary for ids in circuit.provenance.sets]
    two = np.array([gate.qubits == 2 for gate in GATES])[circuit.kind]
    kept = two & ~np.array(of_unitaries)[circuit.provenance.of]
    assert two.sum() == compiled.stats["two_qubit_gates"]
    return int(kept.sum())


# Drawn models


@pytest.mark.parametrize("seed", seeds(60, one_of=6))
def test_drawn_models_agree(seed: int) -> None:
    model = loaded(drawn(seed, most=4, width=4))
    assert widest(model) <= agreement.INTERPRETED
    assert of_plan(model) <= TOLERANCE
    if not seed % 4:
        assert of_compiled(qsac.compile(model, "statevector", verify=False)) <= TOLERANCE


@pytest.mark.parametrize("seed", seeds(40))
def test_the_smallest_drawn_models_agree(seed: int) -> None:
    """Heads of one entry, and of more entries than tokens have."""
    model = loaded(drawn(seed, most=3, width=3))
    assert widest(model) <= agreement.INTERPRETED
    assert of_plan(model) <= TOLERANCE


@pytest.mark.parametrize("kernel", [{"type": "linear"}, {"type": "softmax-taylor", "degree": 2}])
@pytest.mark.parametrize("residual", [[0.5, 0.5], [0, 1]])
def test_three_layers_agree(kernel: dict[str, Any], residual: list[float]) -> None:
    """Adjoints of adjoints: what a score of the third layer undoes."""
    rng = np.random.default_rng(11)
    layers = [
        {
            "attention": {"kernel": kernel, "heads": [{"query": rows, "key": rows}]},
            "residual": residual,
        }
        for rows in (rng.normal(size=(3, 2, 2)) / 2).tolist()
    ]
    given = minimal()
    given["tokens"] = {"type": "inline", "values": [[1.0, 0.2], [0.3, 0.7]]}
    given["transformer"] = {"layers": layers}
    model = loaded(given)
    assert widest(model) <= agreement.INTERPRETED
    assert of_plan(model) <= TOLERANCE


def test_drawn_models_have_every_option() -> None:
    models = [loaded(drawn(seed, most=4, width=4)) for seed in seeds(60, one_of=6)]
    layers = [layer for model in models for layer in model.layers]
    assert {type(layer.feed_forward).__name__ for layer in layers} == {"NoneType", "Gated", "Polynomial"}
    assert {(layer.mask, layer.scale) for layer in layers} == {
        (mask, scale) for mask in ("causal", "full") for scale in ("mean", "sum")
    }
    assert {len(layer.heads) for layer in layers} >= {1, 2, 3}
    assert {model.readout.type for model in models} == set(FAMILY.readouts)
    assert {len(model.layers) for model in models} == {1, 2}
    for has in (
        [np.iscomplexobj(model.inputs) for model in models],
        [model.rotary is not None for model in models],
        [layer.centre for layer in layers],
        [layer.factors is not None for layer in layers],
        [layer.residual[0] != 0 for layer in layers],
        [layer.feed_forward_residual[0] != 0 for layer in layers],
        [sum(c != 0 for c in layer.kernel) > 1 for layer in layers],
    ):
        assert set(has) == {True, False}


def test_disagreement_is_found() -> None:
    one, other = (loaded(changed("/transformer/layers/0/residual", given)) for given in ([0.5, 0.5], [0.5, 0.4]))
    compiled = qsac.compile(one, "h1", verify=False)
    assert of_compiled(compiled) <= TOLERANCE
    assert of_compiled(replaced(compiled, other)) > 1e-3


def replaced(compiled: Compiled, model: Model) -> Compiled:
    """The circuits of one model as those of another."""
    return replace(compiled, model=model)


def test_drawing_many_models_counts_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert agreement.main(["--models", "3", "--tokens", "3", "--dimension", "3", "--compiled", "2"]) == 0
    assert "agree 3, simulated 2, not simulated 0, too wide 0, disagree 0" in capsys.readouterr().out


# Scale


def scaled(tokens: float, vocabulary: float) -> Model:
    given = minimal()
    for part, name, factor in (("tokens", "embedding", tokens), ("readout", "vocabulary", vocabulary)):
        given[part][name] = (np.array(given[part][name]) * factor).tolist()
    return loaded(given)


@pytest.mark.parametrize(
    ("tokens", "vocabulary"), [(1e-80, 1.0), (1e-160, 1.0), (1e80, 1.0), (1.0, 1e-160), (1.0, 1e160)]
)
def test_numbers_of_any_scale_are_computed_with(tokens: float, vocabulary: float) -> None:
    assert of_plan(scaled(tokens, vocabulary)) <= TOLERANCE


@pytest.mark.parametrize(
    ("tokens", "vocabulary", "said"),
    [(1e300, 1.0, "too large"), (1e160, 1.0, "too large"), (1e-160, 1e-150, "too small"), (1e80, 1e250, "too large")],
)
def test_numbers_beyond_double_precision_are_refused(tokens: float, vocabulary: float, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said) as caught:
        [step.program for step in FAMILY.plan(scaled(tokens, vocabulary)).circuits]
    assert caught.value.code == "model.out-of-scale"


def test_a_constant_that_is_too_small_is_refused() -> None:
    """What undoes it is beyond double precision."""
    factors = [{"matrix": [[1, 0], [0, 1]]}] * 2
    given = changed("/transformer/layers/0/feed_forward", {"type": "gated", "factors": factors, "pass": 5e-324})
    given["transformer"]["layers"][0]["feed_forward_residual"] = [1, 1]
    with pytest.raises(InvalidInputError) as caught:
        [step.program for step in FAMILY.plan(loaded(given)).circuits]
    assert caught.value.code == "model.out-of-scale"


@pytest.mark.parametrize("factor", [1e160, 1e300])
def test_large_numbers_are_estimated(factor: float) -> None:
    found, wanted = (qsac.estimate(scaled(1.0, one), "h2") for one in (factor, 1.0))
    assert found.counts["two_qubit_gates"] == wanted.counts["two_qubit_gates"] > 0


def test_how_long_words_are_changes_no_op() -> None:
    programs = [FAMILY.plan(scaled(1.0, factor)).circuits[0].program for factor in (1e-120, 1.0, 1e120)]
    assert len({tuple(op.name for op in program.ops) for program in programs}) == 1


@pytest.mark.parametrize("coefficients", [[1, 1], [-1, 0, 2], [1, -2, 0.5]])
@pytest.mark.parametrize("readout", ["next-token", "state-fidelity"])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_kernel_of_scores_that_are_all_zero_is_its_constant(
    coefficients: list[float], readout: str, layers: int
) -> None:
    given = changed("/tokens", {"type": "inline", "values": [[0, 1], [0, 2]]})
    layer: dict[str, Any] = {
        "attention": {
            "kernel": {"type": "polynomial", "coefficients": coefficients},
            "heads": [{"query": [[[0, 1], [1, 1]]], "key": [[1, 0]], "value": [[0, 1], [0, 1]]}],
        },
        "residual": [0.25, 0.5],
    }
    # The second layer's keys see only an entry that is zero after the first one.
    second = {**layer, "attention": {**layer["attention"], "heads": [{"score": [[0, 0], [0, 0]]}]}}
    given["transformer"]["layers"] = [layer, second][:layers]
    if readout == "state-fidelity":
        given["readout"] = {"type": "state-fidelity", "targets": [[1, 1], [1, 2]]}
    assert of_plan(loaded(given)) <= TOLERANCE


@pytest.mark.parametrize("position", [1, 2])
def test_what_is_projected_after_an_identity_begins_with_it_in_the_layer_above(position: int) -> None:
    given = changed("/tokens", {"type": "inline", "values": [[1, 0.5], [0.25, 1]]})
    polynomial = {
        "type": "polynomial",
        "input": [[1, 0], [0, 1], [0.5, 0.5]],
        "coefficients": [0, 1, 0.5],
        "output": [[1, 0, 0], [0, 1, 0]],
    }
    given["transformer"]["layers"] = [{"feed_forward": polynomial}, {}]
    given["readout"]["positions"] = [position]
    model = loaded(given)
    assert of_plan(model) <= TOLERANCE
    assert of_compiled(qsac.compile(model, "h1", verify=False)) <= TOLERANCE
