"""From model files to models: defaults, the canonical form, and files beside the model."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.errors import QsacError
from qsac.families.transformer.functions import fitted
from qsac.families.transformer.model import Gated, Polynomial
from qsac.families.transformer.readouts.next_token import NextToken
from qsac.files import limits
from tests.cases import seeds
from tests.families.transformer.generated import drawn
from tests.families.transformer.models import (
    FEED,
    FIDELITY,
    HEAD,
    INLINE,
    LAYER,
    changed,
    fed,
    inline,
    loaded,
    minimal,
    next_token,
    polynomial,
    rotary,
)


def test_defaults() -> None:
    given = {"qsac": 1, "tokens": INLINE, "transformer": {"layers": [{}]}, "readout": next_token()}
    model = loaded(given)
    (layer,) = model.layers
    assert (model.name, model.tokens, model.dimension, model.rotary, model.sequence) == ("model", 3, 2, None, None)
    assert (layer.mask, layer.scale, layer.kernel) == ("causal", "mean", (0.0, 1.0))
    assert (layer.residual, layer.centre, layer.factors) == ((0.0, 1.0), False, None)
    assert (layer.feed_forward, layer.feed_forward_residual) == (None, (0.0, 1.0))
    (head,) = layer.heads
    for matrix in (head.query, head.key, head.value, head.output):
        np.testing.assert_array_equal(matrix, np.eye(2))
    assert model.readout.positions == (3,)  # type: ignore[union-attr]
    np.testing.assert_array_equal(model.inputs, INLINE["values"])
    assert model.canonical["transformer"] == {
        "position": {"type": "none"},
        "normalise": False,
        "layers": [
            {
                "attention": {"mask": "causal", "scale": "mean", "kernel": {"type": "linear"}, "heads": [{}]},
                "residual": [0.0, 1.0],
                "norm": "none",
                "feed_forward_residual": [0.0, 1.0],
            }
        ],
    }


def test_one_token_is_enough() -> None:
    model = loaded(inline(next_token(), values=[[1, 2]]))
    assert model.tokens == 1
    assert loaded(changed("/readout/targets", [[1, 0]], inline(dict(FIDELITY), values=[[1, 2]]))).tokens == 1


@pytest.mark.parametrize("seed", seeds(60, one_of=3))
def test_the_canonical_form_reads_back(seed: int) -> None:
    model = loaded(drawn(seed))
    text = json.dumps(model.canonical)
    again = loaded(json.loads(text))
    assert json.dumps(again.canonical) == text
    assert again.sha256 == model.sha256
    assert again.inputs.tobytes() == model.inputs.tobytes()
    assert again.outputs.tobytes() == model.outputs.tobytes()


@pytest.mark.parametrize(
    "given",
    [
        changed("/tokens/labels", ["a", "b", "c"]),
        changed(FEED, {"type": "polynomial", "function": {"name": "gelu", "degree": 2, "range": 1}}),
        changed("/readout", next_token(positions="targets")),
        changed("/readout", next_token(positions=[3, 1], targets=[0, 2])),
        inline(next_token(positions="targets", targets=[0, 2])),
        fed([0.5, 0.25]),
        rotary(changed(f"{LAYER}/attention/heads", [{}])),
    ],
)
def test_the_canonical_form_of_other_options_reads_back(given: dict[str, Any]) -> None:
    model = loaded(given)
    text = json.dumps(model.canonical)
    again = loaded(json.loads(text))
    assert json.dumps(again.canonical) == text
    assert again.outputs.tobytes() == model.outputs.tobytes()
    assert again.labels == model.labels


def test_numbers_are_told_from_pairs_by_depth() -> None:
    model = loaded(changed(f"{HEAD}/query", [[[1, 2], [3, 4]]]))
    np.testing.assert_array_equal(model.layers[0].heads[0].query, [[1 + 2j, 3 + 4j]])
    real = loaded(changed(f"{HEAD}/query", [[[1, 0], [3, 0]]]))
    assert real.layers[0].heads[0].query.dtype == np.float64
    assert real.canonical == loaded(changed(f"{HEAD}/query", [[1, 3]])).canonical


def test_arrays_are_read_only() -> None:
    model = loaded(minimal())
    for array in (model.inputs, model.outputs, model.layers[0].heads[0].query, model.sequence):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0  # type: ignore[index]


def test_matrices_in_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    query, embedding = rng.normal(size=(1, 2)), rng.normal(size=(3, 2))
    np.save(tmp_path / "query.npy", query)
    np.savez(tmp_path / "more.npz", embedding=embedding, vocabulary=np.eye(3)[:, :2])
    given = changed(f"{HEAD}/query", {"path": "query.npy"})
    given = changed("/tokens/embedding", {"path": "more.npz", "array": "embedding"}, given)
    given = changed("/readout/vocabulary", {"path": "more.npz", "array": "vocabulary"}, given)
    model = loaded(given, tmp_path)
    np.testing.assert_array_equal(model.layers[0].heads[0].query, query)
    np.testing.assert_array_equal(model.inputs, embedding[[0, 1, 2, 1]])
    assert model.canonical["tokens"]["embedding"] == embedding.tolist()
    np.save(tmp_path / "query.npy", np.zeros(3))
    with pytest.raises(QsacError) as raised:
        loaded(given, tmp_path)
    assert (raised.value.code, raised.value.pointer) == ("array.wrong-shape", f"{HEAD}/query/path")


def test_tokens_in_a_file(tmp_path: Path) -> None:
    np.save(tmp_path / "tokens.npy", np.array([[1.0, 2.0]]))
    given = changed("/tokens", {"type": "file", "path": "tokens.npy"})
    np.testing.assert_array_equal(loaded(given, tmp_path).inputs, [[1, 2]])


def test_matrices_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TOKEN_ENTRIES", 12)
    with pytest.raises(QsacError) as raised:
        loaded(minimal())
    assert (raised.value.code, raised.value.pointer) == ("capacity.array-too-large", "/readout/vocabulary")


def test_positions_and_lengths() -> None:
    added = [[0.5, 0], [0, 0.5], [1, 1], [0, 0], [7, 7]]
    given = changed("/transformer/position", {"type": "add", "values": added})
    rows = np.array([[1, 0], [0.6, 0.8], [0, 1], [0.6, 0.8]]) + np.array(added[:4])
    np.testing.assert_allclose(loaded(given).inputs, rows, rtol=1e-15)
    normalised = loaded(changed("/transformer/normalise", True, given)).inputs
    np.testing.assert_allclose(normalised, rows / np.linalg.norm(rows, axis=1, keepdims=True), rtol=1e-15)


def test_sinusoids_of_an_odd_dimension_end_with_a_sine() -> None:
    given = inline(next_token(vocabulary=[[1, 0, 0]]), values=[[0, 0, 0]] * 2)
    given = changed("/transformer/position", {"type": "sinusoidal", "base": 8.0}, given)
    inputs = loaded(changed("/transformer/layers", [{}], given)).inputs
    t = 8 ** (-2 / 3)
    np.testing.assert_allclose(inputs, [[0, 1, 0], [np.sin(1), np.cos(1), np.sin(t)]], atol=1e-15)


def test_a_residual_past_a_polynomial_is_a_part_of_it() -> None:
    layer = loaded(fed([0.5, 0.25])).layers[0]
    assert isinstance(layer.feed_forward, Polynomial)
    assert layer.feed_forward.coefficients == (0.0, 0.75, 0.125)
    assert layer.feed_forward_residual == (0.0, 1.0)
    assert loaded(fed([0.5, 0])).layers[0].feed_forward.coefficients == (0.0, 0.5)  # type: ignore[union-attr]


def test_zeros_at_the_end_of_a_polynomial_cost_no_copy() -> None:
    assert loaded(polynomial(coefficients=[0, 1, 2, 0])).layers[0].feed_forward.coefficients == (0, 1, 2)  # type: ignore[union-attr]


def test_a_gated_feed_forward_keeps_its_residual() -> None:
    layer = loaded(changed(f"{LAYER}/feed_forward_residual", [0.5, 0.25])).layers[0]
    assert isinstance(layer.feed_forward, Gated)
    assert layer.feed_forward_residual == (0.5, 0.25)


def test_targets_are_the_words_that_follow() -> None:
    readout = loaded(changed("/readout", next_token(positions="targets"))).readout
    assert isinstance(readout, NextToken)
    assert readout.positions == (1, 2, 3)
    assert readout.targets == (1, 2, 1)


@pytest.mark.parametrize(
    ("name", "degree", "radius", "error", "scale"),
    [
        ("gelu", 2, 1, 0.015, 1.0),
        ("gelu", 4, 1, 0.001, 1.13),
        ("gelu", 4, 2, 0.020, 1.55),
        ("tanh", 3, 1, 0.009, 1.6),
        ("relu", 2, 1, 0.12, 1.0),
        ("relu", 4, 1, 0.060, 2.4),
    ],
)
def test_functions_are_fitted(name: str, degree: int, radius: float, error: float, scale: float) -> None:
    """The table of the specification: the largest error, and sum |c_p| r^p over the largest value."""
    coefficients, fit = fitted(name, degree, radius)
    assert fit.error == pytest.approx(error, rel=0.05, abs=6e-4)
    points = np.linspace(-radius, radius, 10_001)
    largest = np.abs(np.polynomial.polynomial.polyval(points, coefficients)).max()
    found = sum(abs(c) * radius**p for p, c in enumerate(coefficients)) / largest
    assert found == pytest.approx(scale, rel=0.01)
    assert coefficients[0] == 0
    # No power that the function's symmetry excludes, each of which would be a copy.
    excluded = coefficients[2::2] if name == "tanh" else coefficients[3::2]
    assert not any(excluded)


@pytest.mark.parametrize("name", ["gelu", "tanh", "relu"])
def test_a_fit_is_the_nearest_polynomial(name: str) -> None:
    """No change of a coefficient makes the sum of squares smaller."""
    coefficients, _ = fitted(name, 4, 1.5)
    points = 1.5 * np.linspace(-1, 1, 4001)
    exact = {
        "gelu": [x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in points],
        "tanh": [math.tanh(x) for x in points],
        "relu": [max(x, 0.0) for x in points],
    }
    wanted = np.array(exact[name])
    least = ((np.polynomial.polynomial.polyval(points, coefficients) - wanted) ** 2).sum()
    for power in range(1, 5):
        for step in (1e-3, -1e-3):
            other = list(coefficients)
            other[power] += step
            assert ((np.polynomial.polynomial.polyval(points, other) - wanted) ** 2).sum() > least


def test_the_fit_is_told() -> None:
    given = changed(FEED, {"type": "polynomial", "function": {"name": "gelu", "degree": 2, "range": 1}})
    found = loaded(given).layers[0].feed_forward
    assert isinstance(found, Polynomial)
    assert found.fit is not None
    assert (found.fit.name, found.fit.degree, found.fit.range) == ("gelu", 2, 1.0)
    assert found.fit.error == pytest.approx(0.0151, abs=1e-4)
    assert found.coefficients == pytest.approx((0, 0.5, 0.356), abs=1e-3)
