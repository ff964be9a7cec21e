"""The models that are learned: their closed form in JAX against that of a model file."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from qsac.families.learning import Given, Learns
from qsac.families.qsa.family import FAMILY
from qsac.families.qsa.learning import closed_form as core
from qsac.families.qsa.learning.learner import OverlapLearner
from qsac.families.qsa.learning.sketch import OverlapSketch
from qsac.families.qsa.metrics import closed_form
from qsac.families.qsa.model import Model
from qsac.families.reading import load
from tests.families.qsa import learners
from tests.families.qsa.drawn_heads import heads_model
from tests.families.qsa.learners import compiled, learner, metrics, states
from tests.families.qsa.texts import drawn as text_model
from tests.strategies import random_model

COUNTED = ("loss", "loss_a", "cross_entropy", "renyi_half")


def loss_model(seed: int, kind: str) -> Model:
    """The drawn model of a seed, without phases of its own, with the readout ``loss``."""
    drawn = {"plain": random_model, "heads": heads_model, "text": text_model}[kind](seed)
    drawn["attention"].pop("phases", None)
    if seed % 2:
        drawn["attention"]["phases"] = "optimal"
    return load({**drawn, "readout": {"type": "loss"}})


def expected(model: Model) -> dict[str, float]:
    """The metrics that exist, by their names in learning."""
    values = closed_form(model, prefix=False).values
    found = {name: value for name in COUNTED if (value := values[name]) is not None}
    if values["zeta"]:
        found["ln_success"] = math.log(values["zeta"])
    return found


def agree(found: Mapping[str, float], wanted: Mapping[str, float], tolerance: float = 1e-10) -> int:
    """Compare metrics that are resolved: those far from the bounds of logarithms."""
    compared = 0
    for name, value in wanted.items():
        if name in found and value < 12:
            assert found[name] == pytest.approx(value, abs=tolerance), name
            compared += 1
    return compared


def in_numpy(model: Model) -> dict[str, float]:
    """The metrics of a model by the functions that JAX traces, with NumPy's arrays."""
    d, shifts = model.dimension, tuple(head.key_shift for head in model.heads)
    length = 1 + max(head.degree for head in model.heads)
    coefficients = np.zeros((len(model.heads), length))
    for row, head in zip(coefficients, model.heads, strict=True):
        row[: len(head.kernel)] = head.weight * np.array(head.kernel)
    causal = model.mask == "causal"
    heads = core.Heads(
        coefficients / np.abs(coefficients).sum(),
        np.stack([head.value.matrix(d) for head in model.heads]),
        np.stack([head.score.matrix(d) for head in model.heads]),
        np.array([head.conjugate for head in model.heads])[:, None, None],
        core.shifted_keys(shifts, model.context),
        core.visibility(shifts, model.context, causal=causal),
    )
    predicted = core.predictions(np, heads, model.tokens[:-1])
    lengths = 1.0 if model.lengths is None else model.lengths
    found = core.metrics(
        np,
        core.overlaps(np, model.tokens[1:], predicted) * lengths,
        core.squares(np, predicted),
        model.pairs,
        phases=model.phases_given,
        blank=min(min(shifts), model.context - 1) if causal else 0,
    )
    return {name: float(value) for name, value in found.items()}


@pytest.mark.parametrize("kind", ["plain", "heads", "text"])
def test_the_traced_functions_are_the_closed_form(kind: str) -> None:
    compared = 0
    for seed in range(60):
        model = loss_model(seed, kind)
        compared += agree(in_numpy(model), expected(model), 1e-9)
    assert compared > 180


@pytest.mark.parametrize(("kind", "seed"), [("plain", 3), ("plain", 8), ("heads", 11), ("text", 5)])
def test_the_learner_of_a_model_starts_at_the_model(kind: str, seed: int) -> None:
    model = loss_model(seed, kind)
    own = FAMILY.learner_of(model)
    sequence = model.tokens if model.text is None else model.text.sequence
    if model.text is None:
        sequence = sequence[:, : own.outline.given]
    found = metrics(own, own.initial(0), sequence)
    assert agree(found, expected(model)) > 1
    again = own.model(own.initial(0), sequence, "again")
    assert agree(expected(again), expected(model), 1e-8) > 1


@pytest.mark.parametrize("name", sorted(learners.SKETCHES))
def test_a_model_file_has_the_metrics_that_were_learned(name: str) -> None:
    own, sequence = learners.learner(name), learners.sequence(name)
    trained = own.initial(5)
    found = metrics(own, trained, sequence)
    model = own.model(trained, sequence, "learned")
    wanted = expected(model)
    assert set(wanted) - {"ln_success"} <= set(own.objectives)
    assert agree(found, wanted) == len(wanted) > 2
    back = own.trained_of(model)
    assert back.keys() == trained.keys()
    assert {key: value.shape for key, value in back.items()} == {key: value.shape for key, value in trained.items()}
    assert agree(metrics(own, back, sequence), wanted, 1e-9) == len(wanted)


@pytest.mark.parametrize("name", ["heads", "ansatz", "real words"])
def test_gradients_are_the_differences(name: str) -> None:
    """Of a drawn combination of all objectives, in a drawn direction of everything that is learned at once."""
    own, sequence = learners.learner(name), learners.sequence(name)
    rng = np.random.default_rng(2)
    trained = own.initial(1)
    direction = {key: rng.normal(size=value.shape) for key, value in trained.items()}
    weights = {objective: rng.normal() for objective in (*own.objectives, "ln_success")}

    def combined(found: Mapping[str, Any]) -> Any:
        return sum(weight * found[objective] for objective, weight in weights.items())

    with jax.enable_x64(True):
        gradient = compiled(jax.grad(lambda numbers: combined(own.metrics(numbers, sequence[None]))[0]), trained)(
            trained
        )
    slope = sum(float(np.vdot(gradient[key], direction[key])) for key in trained)
    high, low = (
        combined(metrics(own, {key: trained[key] + step * direction[key] for key in trained}, sequence))
        for step in (1e-5, -1e-5)
    )
    assert slope == pytest.approx((high - low) / 2e-5, rel=1e-6, abs=1e-7)
    assert all(np.any(gradient[key]) for key in trained)


def test_the_precision_is_the_callers() -> None:
    own, sequence = learners.learner("heads"), learners.sequence("heads")
    trained = own.initial(1)
    double = metrics(own, trained, sequence)
    single = {key: np.asarray(value, dtype=np.float32) for key, value in trained.items()}
    batch = sequence[None].astype(np.complex64)
    found = compiled(own.metrics, single, batch)(single, batch)
    assert {array.dtype for array in found.values()} == {np.dtype(np.float32)}
    for name, array in found.items():
        assert float(array[0]) == pytest.approx(double[name], abs=1e-4), name


def test_an_easier_objective_has_linear_kernels_and_the_same_parameters() -> None:
    own, sequence = learners.learner("heads"), learners.sequence("heads")
    easier = own.easier()
    assert easier is not None
    assert easier.easier() is None
    trained = own.initial(0)
    document = own.model(trained, sequence, "linear").canonical
    for head in document["attention"]["heads"]:
        head["kernel"] = {"type": "monomial", "degree": 1}
    linear = expected(load(document))
    assert agree(metrics(easier, trained, sequence), linear) == len(linear)
    assert learner("linear").easier() is None

    def either(parameters: Mapping[str, Any], batch: Any, when: Any) -> Any:
        chosen = own.easier(when)
        assert chosen is not None
        return chosen.metrics(parameters, batch)

    with jax.enable_x64(True):
        given = dict(trained), sequence[None]
        function = compiled(either, *given, np.bool_(True))
        for when, wanted in ((True, linear), (False, expected(own.model(trained, sequence, "own")))):
            found = {name: float(array[0]) for name, array in function(*given, np.bool_(when)).items()}
            assert agree(found, wanted) == len(wanted), when


def test_predictions_are_those_of_the_model() -> None:
    own, sequence = learners.learner("shifted"), learners.sequence("shifted")
    trained = own.initial(3)
    with jax.enable_x64(True):
        predicted = np.asarray(compiled(own.predictions, trained, sequence[None])(trained, sequence[None]))[0]
    model = own.model(trained, sequence, "predicting")
    head = model.heads[0]
    score, value = head.score.matrix(4), head.value.matrix(4)
    wanted = np.zeros_like(predicted)
    for j in range(len(predicted)):
        for i in range(head.key_shift, j + 1):
            s = np.conj(sequence[j]) @ score @ sequence[i - head.key_shift]
            g = sum(c * np.conj(s) ** p for p, c in enumerate(head.kernel))
            wanted[j] += g * (value @ sequence[i])
    factor = np.vdot(wanted, predicted) / np.vdot(wanted, wanted)  # predictions are not normalised
    assert abs(factor.imag) < 1e-12
    assert predicted == pytest.approx(wanted * factor, abs=1e-12)
    assert not predicted[0].any()


def test_words_are_predicted_with_probabilities() -> None:
    own, sequence = learners.learner("words"), learners.sequence("words")
    trained = own.initial(3)
    with jax.enable_x64(True):
        shares = np.asarray(compiled(own.predictions, trained, sequence[None])(trained, sequence[None]))[0]
    assert shares.shape == (len(sequence) - 1, len(learners.LABELS))
    assert shares.sum(axis=1) == pytest.approx(1, abs=1e-12)
    following = shares[np.arange(len(shares)), sequence[1:]]
    assert -np.log(following).mean() == pytest.approx(metrics(own, trained, sequence)["cross_entropy"], abs=1e-10)


@pytest.mark.parametrize(("name", "blank"), [("heads", 0), ("real", 0), ("shifted", 1)])
def test_a_roll_out_feeds_predictions_back(name: str, blank: int) -> None:
    """From every position on, but the ``blank`` ones at the beginning, which attend to nothing."""
    own, sequence = learners.learner(name), learners.sequence(name)
    trained = own.initial(4)
    with jax.enable_x64(True):
        batch = sequence[None]
        rolled = compiled(lambda numbers, rows: own.roll_out(numbers, rows, 3), trained, batch)
        found = np.asarray(rolled(trained, batch))[0]
        following = compiled(own.predictions, trained, batch)
        wanted: list[list[float]] = [[], [], []]
        for start in range(1 + blank, len(sequence)):
            context = sequence[:start]
            for step in range(min(3, len(sequence) - start)):
                # Tokens after the context are not looked at: all lengths are one that is compiled once.
                filled = np.concatenate([context, np.repeat(context[-1:], len(sequence) - len(context), axis=0)])
                state = np.asarray(following(trained, filled[None]))[0, len(context) - 1]
                length = np.linalg.norm(state)
                state = state / length if length > 1e-9 else state
                wanted[step].append(-math.log(abs(np.vdot(sequence[start + step], state)) ** 2 + core.TINY))
                context = np.concatenate([context, state[None]])
    assert found == pytest.approx([np.mean(one) for one in wanted], abs=1e-9)


def test_initial_numbers_are_drawn_by_the_seed() -> None:
    own = learners.learner("heads")
    first, again, other = own.initial(7), own.initial(7), own.initial(8)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not any(np.array_equal(first[name], other[name]) for name in first if name[-5:] in ("value", "score"))
    assert first["heads.0.value"].std() == pytest.approx(0.1, rel=0.3)
    assert np.abs(first["heads.1.kernel"]).sum() == pytest.approx(1)


def test_facts_count_what_the_matrices_depend_on() -> None:
    own = learners.learner("heads")
    assert own.size == 3 * 16 + 3 + 2  # three free unitaries of dimension 4, a kernel of degree 2, two weights
    assert dict(own.facts())["learned"] == "53 real numbers of 3 heads"
    assert learners.learner("words").dimension == 3
    assert learners.learner("free").dimension is None
    assert learners.learner("ansatz").angles == ("value",)


def test_the_family_learns() -> None:
    assert isinstance(FAMILY, Learns)
    sketch = FAMILY.sketch.model_validate(learners.SKETCHES["free"])
    assert isinstance(sketch, OverlapSketch)
    assert isinstance(FAMILY.learner(sketch, Given(9, 4), learners.FOLDER), OverlapLearner)


def test_a_sketch_is_read_without_jax() -> None:
    program = (
        "import sys\nfrom qsac.families.qsa.family import FAMILY\nfrom qsac.families.learning import Given\n"
        "from pathlib import Path\n"
        f"sketch = FAMILY.sketch.model_validate({learners.SKETCHES['heads']!r})\n"
        "FAMILY.learner(sketch, Given(9, 4), Path()).initial(0)\nassert 'jax' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_more_sequences_at_once_are_each_by_itself() -> None:
    own = learners.learner("free")
    trained = own.initial(0)
    several: NDArray[Any] = np.stack([states(seed, 8, 4, real=False) for seed in range(3)])
    with jax.enable_x64(True):
        found = {
            name: np.asarray(array) for name, array in compiled(own.metrics, trained, several)(trained, several).items()
        }
    for number, sequence in enumerate(several):
        alone = metrics(own, trained, sequence)
        assert {name: array[number] for name, array in found.items()} == pytest.approx(alone, abs=1e-12)
