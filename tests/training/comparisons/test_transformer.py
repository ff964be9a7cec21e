"""The standard transformer: what it computes, how large it is, and that it learns."""

from __future__ import annotations

from math import erf
from typing import Any

import jax
import numpy as np
import pytest

from qsac.errors import InvalidInputError
from qsac.families.learning import Given
from qsac.training.comparisons.making import compared
from qsac.training.comparisons.transformer import HEADS, StandardTransformer, of_size
from qsac.training.precision import precision
from qsac.training.reading import load

WORDS = Given(6, None, labels=("a", "b", "c"))
STATES = Given(6, 3)


def written_out(model: StandardTransformer, trained: Any, tokens: Any) -> Any:
    """What is written after each token of one sequence, position by position and head by head."""

    def normalised(number: int, row: Any) -> Any:
        centred = row - row.mean()
        gain, offset = trained[f"norm_{number}.gain"], trained[f"norm_{number}.offset"]
        return centred / np.sqrt((centred**2).mean() + 1e-5) * gain + offset

    def read(token: Any) -> Any:
        if model.given.labels is not None:
            return trained["embedding"][token]
        return np.concatenate([token.real, token.imag]) @ trained["embedding"]

    rows = [read(token) + trained["positions"][place] for place, token in enumerate(tokens)]
    inner = [normalised(0, row) for row in rows]
    parts = {
        name: [row @ trained[f"attention.{name}"] + trained[f"attention.{name}_bias"] for row in inner]
        for name in ("query", "key", "value")
    }
    size, found = model.width // HEADS, []
    for j, row in enumerate(rows):
        mixed = []
        for head in range(HEADS):
            own = slice(head * size, (head + 1) * size)
            scores = [parts["query"][j][own] @ parts["key"][i][own] / np.sqrt(size) for i in range(j + 1)]
            weights = np.exp(scores) / np.exp(scores).sum()
            mixed.append(sum(w * parts["value"][i][own] for i, w in enumerate(weights)))
        after = row + np.concatenate(mixed) @ trained["attention.output"] + trained["attention.output_bias"]
        inside = normalised(1, after) @ trained["inward"] + trained["inward_bias"]
        bent = np.array([x * (1 + erf(x / np.sqrt(2))) / 2 for x in inside])
        after = after + bent @ trained["outward"] + trained["outward_bias"]
        found.append(normalised(2, after) @ trained["logits"])
    return np.array(found)


def drawn(model: StandardTransformer, seed: int) -> dict[str, Any]:
    """Numbers none of which is 0 or 1."""
    random = np.random.default_rng(seed)
    return {name: values + 0.3 * random.normal(size=values.shape) for name, values in model.initial(seed).items()}


def test_words_are_predicted_as_written_out() -> None:
    model = StandardTransformer(WORDS, 4, 5)
    trained, batch = drawn(model, 3), np.array([[0, 1, 2, 2, 1, 0], [1, 1, 0, 2, 0, 1]])
    with precision(True):
        metrics = jax.jit(model.metrics)(trained, batch)
        predictions = np.asarray(jax.jit(model.predictions)(trained, batch))
        entropies = np.asarray(metrics["cross_entropy"])
    for row, words in enumerate(batch):
        logits = written_out(model, trained, words[:-1])
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(predictions[row], shares, atol=1e-12)
        assert entropies[row] == pytest.approx(-np.log(shares[np.arange(5), words[1:]]).mean(), rel=1e-12)


def test_states_are_predicted_as_written_out() -> None:
    model = StandardTransformer(STATES, 4, 5)
    random = np.random.default_rng(0)
    rows = random.normal(size=(1, 6, 3)) + 1j * random.normal(size=(1, 6, 3))
    rows /= np.linalg.norm(rows, axis=2, keepdims=True)
    trained = drawn(model, 3)
    with precision(True):
        metrics = {name: float(values[0]) for name, values in jax.jit(model.metrics)(trained, rows).items()}
    found = written_out(model, trained, rows[0, :-1])
    states = found[:, :3] + 1j * found[:, 3:]
    overlaps = np.abs((rows[0, 1:].conj() * states).sum(axis=1))
    lengths = np.linalg.norm(states, axis=1)
    assert metrics["cross_entropy"] == pytest.approx(-2 * np.log(overlaps / lengths).mean(), rel=1e-12)
    assert metrics["loss_a"] == pytest.approx(-np.log((overlaps**2).sum() / (lengths**2).sum()), rel=1e-12)
    wanted = -np.log(overlaps.sum() ** 2 / (5 * (lengths**2).sum()))
    assert metrics["loss"] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("given", [WORDS, STATES, Given(9, 4, real=True)])
@pytest.mark.parametrize("size", [400, 666, 5000, 41_000])
def test_its_size_is_nearest_to_the_model_s(given: Given, size: int) -> None:
    found = of_size(given, size)
    assert found.size == sum(values.size for values in found.initial(0).values())
    assert abs(found.size - size) <= found.width + 1
    assert found.hidden >= found.width


def test_the_least_one() -> None:
    assert (of_size(WORDS, 1).width, of_size(WORDS, 1).hidden) == (4, 1)


def test_it_learns_to_repeat() -> None:
    """It is trained by the loop, beside a transformer of amplitudes of about its size."""
    config = load(
        {
            "qsac_train": 1,
            "model": {"tokens": {"type": "words", "dimension": 8}, "transformer": {"layers": [{}]}},
            "data": {"type": "sequences", "source": {"type": "copying", "letters": 8, "length": 1}, "context": 3},
            "epochs": 100,
            "batch": 6,
        }
    )
    data = config.data(0)
    [found] = compared("transformer", config, data, 0)
    assert found.label == "transformer"
    own = config.learner(data)
    assert found.size == pytest.approx(sum(values.size for values in own.initial(0).values()), abs=5)
    assert found.metrics["train"]["cross_entropy"] < 0.6  # guesses: 1.79


def test_it_has_no_model_file() -> None:
    model = StandardTransformer(WORDS, 4, 5)
    with pytest.raises(InvalidInputError) as raised:
        model.model(model.initial(0), np.array([0, 1]), "none")
    assert raised.value.code == "train.no-model-file"
    assert model.easier() is None
    assert model.facts() == [("transformer", f"one layer, width 4, 5 in the feed-forward; {model.size} real numbers")]
