"""Baselines: what they minimise, how sure their figures are, and what they say of two models."""

from typing import Any

import numpy as np
import pytest
import scipy.sparse
from numpy.typing import NDArray
from scipy.special import log_softmax

from qsac.errors import InvalidInputError
from qsac.text.baselines import classical_twin, difference, logistic, logistic_regression, scored, table, twin
from qsac.text.samples import LabelledSamples
from qsac.text.splitting import Part


def samples(number: int = 300, classes: int = 2, seed: int = 0, width: int = 5, noise: float = 0.5) -> LabelledSamples:
    """Classes by the largest of linear functions, with noise."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(number, width))
    logits = rows @ rng.normal(size=(width, classes)) + noise * rng.normal(size=(number, classes))
    parts = np.full(number, Part.TRAIN, dtype=np.int8)
    parts[number // 2 :] = Part.TEST
    parts[: number // 10] = Part.VALIDATION
    return LabelledSamples(rows, np.argmax(logits, axis=1), tuple(map(str, range(classes))), parts)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("penalty", [1e-4, 1e-1])
def test_logistic_regression_is_that_of_scikit_learn(classes: int, penalty: float) -> None:
    sklearn = pytest.importorskip("sklearn.linear_model")
    given = samples(classes=classes)
    rows, labels = given.of("train")
    other = sklearn.LogisticRegression(C=1 / (penalty * len(rows)), tol=1e-10, max_iter=10_000).fit(rows, labels)
    found = logistic_regression(given, penalties=[penalty])
    assert found.parameters == (6 if classes == 2 else 24)
    flat = logistic._fitted(rows, labels, classes, penalty, np.zeros(found.parameters))
    weights = flat.reshape(-1, 6)[:, :-1]
    theirs = other.coef_
    if classes > 2:  # a constant may be added to all
        weights, theirs = weights - weights.mean(axis=0), theirs - theirs.mean(axis=0)
    np.testing.assert_allclose(weights, theirs, atol=1e-4)
    np.testing.assert_array_equal(found.predictions[0], other.predict(given.features))


def test_the_validation_part_chooses_the_penalty() -> None:
    """Where the inputs say nothing, the largest; where they say all, a small one."""
    rng = np.random.default_rng(1)
    nothing = samples(noise=0.0)
    shuffled = LabelledSamples(nothing.features, rng.permutation(nothing.labels), nothing.classes, nothing.parts)
    for given, expected in ((nothing, 1e-6), (shuffled, 10.0)):
        found = logistic_regression(given, penalties=[1e-6, 10.0])
        alone = logistic_regression(given, penalties=[expected])
        np.testing.assert_array_equal(found.predictions, alone.predictions)
    assert logistic_regression(nothing).accuracy("test").mean > 0.95


def test_sparse_inputs_in_place_of_the_vectors() -> None:
    given = samples()
    found = logistic_regression(given, features=scipy.sparse.csr_matrix(given.features))
    np.testing.assert_array_equal(found.predictions, logistic_regression(given).predictions)


def test_the_gradient_of_the_twin() -> None:
    rng = np.random.default_rng(0)
    shapes: list[tuple[int, ...]] = [(4, 5), (4,), (3, 4), (3,)]
    weights = [rng.normal(size=shape) for shape in shapes]
    rows, labels = rng.normal(size=(7, 5)), rng.integers(3, size=7)

    def loss() -> float:
        return -float(log_softmax(twin._forward(weights, rows)[1], axis=1)[np.arange(7), labels].mean())

    for part, gradient in zip(weights, twin._gradients(weights, rows, labels), strict=True):
        for place in np.ndindex(part.shape):
            part[place] += 1e-6
            above = loss()
            part[place] -= 2e-6
            below = loss()
            part[place] += 1e-6
            np.testing.assert_allclose(gradient[place], (above - below) / 2e-6, atol=1e-8)


def test_the_twin_learns_what_a_line_cannot_tell() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(600, 2))
    labels = (rows[:, 0] * rows[:, 1] > 0).astype(np.int64)
    parts = np.array([Part.TRAIN] * 300 + [Part.VALIDATION] * 100 + [Part.TEST] * 200, dtype=np.int8)
    given = LabelledSamples(rows, labels, ("a", "b"), parts)
    found = classical_twin(given, seeds=(0, 1, 2))
    assert found.predictions.shape == (3, 600)
    assert found.parameters == 4 * 3 + 2 * 5
    assert found.accuracy("test").mean > 0.85
    assert logistic_regression(given).accuracy("test").mean < 0.65
    np.testing.assert_array_equal(classical_twin(given, seeds=(1,)).predictions[0], found.predictions[1])
    assert (found.predictions[0] != found.predictions[1]).any()


def test_training_ends_where_nothing_is_gained() -> None:
    """Labels without a reason: the best epoch is an early one, so that many more change nothing."""
    rng = np.random.default_rng(3)
    given = samples(number=200)
    given = LabelledSamples(given.features, rng.integers(2, size=200), given.classes, given.parts)
    few = classical_twin(given, seeds=(0,), epochs=600)
    many = classical_twin(given, seeds=(0,), epochs=900)
    np.testing.assert_array_equal(few.predictions, many.predictions)
    assert few.accuracy("train").mean < 0.8


def _scored(right: NDArray[np.int64], given: LabelledSamples, label: str = "model") -> Any:
    """A model that is right where it is told to be, on the test part."""
    assert given.labels is not None
    predictions = np.repeat(given.labels[None], len(right), axis=0)
    predictions[:, given.places("test")] ^= 1 - right
    return scored(label, 3, predictions, given)


def test_accuracies_and_their_errors() -> None:
    given = samples(number=8)
    right = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 1]])
    found = _scored(right, given).accuracy("test")
    assert found.mean == pytest.approx(9 / 12)
    assert found.over_seeds == pytest.approx(np.std([0.75, 0.5, 1], ddof=1) / np.sqrt(3))
    assert found.over_samples == pytest.approx(np.std([1, 2 / 3, 1, 1 / 3], ddof=1) / 2)
    assert (found.samples, found.seeds) == (4, 3)
    assert _scored(right[:1], given).accuracy("test").over_seeds is None
    assert _scored(right, given).to_dict()["train"]["mean"] == 1


def test_paired_differences() -> None:
    given = samples(number=8)
    one = _scored(np.array([[1, 1, 1, 0], [1, 0, 1, 0]]), given)
    other = _scored(np.array([[1, 0, 1, 0], [0, 0, 1, 0]]), given)
    found = difference(one, other)
    apart = np.array([[0, 1, 0, 0], [1, 0, 0, 0]])
    assert found.mean == pytest.approx(apart.mean())
    seeds, texts = np.var(apart.mean(axis=1), ddof=1) / 2, np.var(apart.mean(axis=0), ddof=1) / 4
    assert found.standard_error == pytest.approx(np.sqrt(seeds + texts))
    assert difference(other, one).mean == -found.mean
    alone = difference(one, _scored(np.array([[1, 0, 1, 0]]), given))
    assert alone.seeds == 2
    assert not difference(
        _scored(np.ones((2, 4), dtype=int), given), _scored(np.zeros((2, 4), dtype=int), given)
    ).within
    assert difference(one, one).within
    with pytest.raises(InvalidInputError, match="pair by pair"):
        difference(one, _scored(np.ones((3, 4), dtype=int), given))


def test_the_standard_error_is_that_of_repetitions() -> None:
    """Two models that are as often right, on samples of which some are hard for both: over many draws of samples and
    seeds the difference spreads no wider than is said, and not much less."""
    rng = np.random.default_rng(5)
    given = samples(number=400)
    means, errors = [], []
    for _ in range(200):
        hard = rng.random(200)
        own = rng.normal(0, 0.05, size=(2, 5, 1))
        rights = (rng.random((2, 5, 200)) < np.clip(hard + own, 0, 1)).astype(int)
        found = difference(_scored(rights[0], given), _scored(rights[1], given))
        means.append(found.mean)
        errors.append(found.standard_error)
    assert np.std(means) < np.mean(errors) < 1.6 * np.std(means)


def test_the_table() -> None:
    given = samples()
    rows = [logistic_regression(given), classical_twin(given, seeds=(0, 1))]
    lines = table(rows, rows[1])
    assert [len(line) for line in lines] == [6, 6, 6]
    assert lines[0][-1] == "less classical twin"
    assert [line[0] for line in lines[1:]] == ["logistic regression", "classical twin"]
    apart = difference(rows[0], rows[1])
    assert lines[1][-1] == f"{apart.mean:+.3f} ± {apart.standard_error:.3f}"
    assert "±" in lines[2][3]
    assert "±" not in lines[1][3]
    assert [len(line) for line in table(rows)] == [5, 5, 5]


def test_what_cannot_be_learned() -> None:
    given = samples()
    one = LabelledSamples(given.features, np.zeros(300, dtype=np.int64), ("a",), given.parts)
    none = LabelledSamples(given.features, None, (), given.parts)
    whole = LabelledSamples(given.features, given.labels, given.classes, None)
    for kind in (logistic_regression, classical_twin):
        for bad, code in (
            (one, "features.unlabelled"),
            (none, "features.unlabelled"),
            (whole, "features.too-few-texts"),
        ):
            with pytest.raises(InvalidInputError) as caught:
                kind(bad)
            assert caught.value.code == code
    for predictions in (np.zeros((2, 299), dtype=int), np.zeros(300), np.zeros((1, 2, 300), dtype=int)):
        with pytest.raises(InvalidInputError, match="do not go with"):
            scored("x", 1, predictions, given)
    with pytest.raises(InvalidInputError, match="hidden"):
        classical_twin(given, hidden=0)
