"""From model files to models: defaults, the canonical form, files beside the model, and every rejection."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.error_codes import CODES
from qsac.errors import QsacError
from qsac.families.transformer.functions import fitted
from qsac.families.transformer.model import Gated, Polynomial
from qsac.families.transformer.readouts.next_token import NextToken
from qsac.files import limits
from tests.families.transformer.generated import drawn
from tests.families.transformer.models import MISSING, changed, loaded, minimal

LAYER = "/transformer/layers/0"
HEAD = f"{LAYER}/attention/heads/0"
FEED = f"{LAYER}/feed_forward"

POLYNOMIAL = {"type": "polynomial", "input": [[1, 0], [0, 1]], "coefficients": [0, 1, 0.5], "output": [[1, 0], [0, 1]]}
INLINE = {"type": "inline", "values": [[1, 0], [0.6, 0.8], [0, 1]]}
FIDELITY = {"type": "state-fidelity", "targets": [[1, 0], [0, 1], [1, 1], [1, -1]]}


def polynomial(**fields: Any) -> dict[str, Any]:
    """The minimal model with a polynomial feed-forward."""
    return changed(FEED, {**POLYNOMIAL, **fields})


def fed(residual: list[float], **fields: Any) -> dict[str, Any]:
    return changed(f"{LAYER}/feed_forward_residual", residual, polynomial(**fields))


def inline(readout: dict[str, Any] | None = None, **tokens: Any) -> dict[str, Any]:
    given = changed("/tokens", {**INLINE, **tokens})
    return given if readout is None else changed("/readout", readout, given)


def rotary(given: dict[str, Any] | None = None) -> dict[str, Any]:
    return changed("/transformer/position", {"type": "rotary"}, given)


def next_token(**fields: Any) -> dict[str, Any]:
    return {"type": "next-token", "vocabulary": [[1, 0], [0, 1], [0.6, 0.8]], **fields}


BROKEN: list[tuple[str, dict[str, Any], str, str]] = [
    # Tokens
    ("field.unknown-choice", changed("/tokens", {"type": "tfim", "sites": 2}), "/tokens/type", "words"),
    ("field.missing", changed("/tokens/sequence", MISSING), "/tokens", "sequence"),
    ("words.unknown-word", changed("/tokens/sequence", [0, 1, 3, 1]), "/tokens/sequence/2", "0 to 2"),
    ("field.out-of-range", changed("/tokens/sequence", [0, -1]), "/tokens/sequence/1", "0 or more"),
    ("field.wrong-length", changed("/tokens/sequence", []), "/tokens/sequence", "1 item"),
    ("field.wrong-length", changed("/tokens/labels", ["a"]), "/tokens/labels", "3 labels"),
    ("words.repeated-label", changed("/tokens/labels", ["a", "b", "a"]), "/tokens/labels/2", "differ"),
    ("field.wrong-type", changed("/tokens/labels", ["a", 1, "b"]), "/tokens/labels/1", "text"),
    ("field.wrong-type", changed("/tokens/embedding", "rows"), "/tokens/embedding", "list"),
    ("field.wrong-type", changed("/tokens/embedding", []), "/tokens/embedding", "at least one row"),
    ("tokens.unequal-rows", changed("/tokens/embedding", [[1, 0], [1]]), "/tokens/embedding/1", "2 entries"),
    ("tokens.dimension-too-small", changed("/tokens/embedding", [[1], [2]]), "/tokens/embedding/0", "at least 2"),
    ("field.wrong-type", inline(values=3), "/tokens/values", "at least one row"),
    ("field.wrong-type", inline(values=[]), "/tokens/values", "at least one row"),
    ("number.mixed-with-pairs", inline(values=[[1, [1, 0]]]), "/tokens/values/0/1", "number"),
    # Positions and norms before the first layer
    (
        "field.unknown-choice",
        changed("/transformer/position", {"type": "learned"}),
        "/transformer/position/type",
        "add",
    ),
    (
        "matrix.wrong-shape",
        changed("/transformer/position", {"type": "add", "values": [[1, 0]]}),
        "/transformer/position/values",
        "at least 4 rows",
    ),
    (
        "matrix.wrong-shape",
        changed("/transformer/position", {"type": "add", "values": [[1, 0, 0]] * 4}),
        "/transformer/position/values",
        "2 entries",
    ),
    (
        "field.out-of-range",
        changed("/transformer/position", {"type": "sinusoidal", "base": 0}),
        "/transformer/position/base",
        "1 or more",
    ),
    ("position.odd-dimension", rotary(), HEAD, "even"),
    (
        "tokens.zero-token",
        changed("/transformer/normalise", True, changed("/tokens/embedding", [[1, 0], [0, 0], [0, 1]])),
        "/tokens/sequence/1",
        "divides each row",
    ),
    (
        "tokens.zero-token",
        changed("/transformer/normalise", True, inline(values=[[1, 0], [0, 0]])),
        "/tokens/values/1",
        "divides each row",
    ),
    # Heads
    ("field.wrong-length", changed(f"{LAYER}/attention/heads", []), f"{LAYER}/attention/heads", "1 item"),
    ("field.unknown", changed(f"{HEAD}/querry", [[1, 0]]), f"{HEAD}/querry", "query, key"),
    ("matrix.wrong-shape", changed(f"{HEAD}/query", [[1, 0, 1]]), f"{HEAD}/query", "2 entries"),
    ("matrix.wrong-shape", changed(f"{HEAD}/key", [[1, 0], [0, 1]]), f"{HEAD}/key", "1 row of 2"),
    ("matrix.wrong-shape", changed(f"{HEAD}/key", MISSING), f"{HEAD}/query", '"key" too'),
    ("matrix.wrong-shape", changed(f"{HEAD}/query", MISSING), f"{HEAD}/key", "2 rows of 2"),
    ("matrix.wrong-shape", changed(f"{HEAD}/value", [[1, 0]]), f"{HEAD}/value", '"output" too'),
    ("matrix.wrong-shape", changed(f"{HEAD}/output", [[1], [0]]), f"{HEAD}/output", "2 rows of 2 entries"),
    ("head.score-and-query", changed(f"{HEAD}/score", [[1, 0], [0, 1]]), f"{HEAD}/score", '"query" and "key"'),
    (
        "matrix.wrong-shape",
        changed(f"{LAYER}/attention/heads", [{"score": [[1, 0]]}]),
        f"{HEAD}/score",
        "2 rows of 2 entries",
    ),
    ("field.wrong-type", changed(f"{HEAD}/query", 3), f"{HEAD}/query", "rows of numbers"),
    ("field.wrong-type", changed(f"{HEAD}/query", None), f"{HEAD}/query", "rows of numbers"),
    ("field.wrong-type", changed(f"{HEAD}/query", [[1, "x"]]), f"{HEAD}/query/0/1", "finite number"),
    ("field.wrong-length", changed(f"{HEAD}/query", [[1, 0], [1]]), f"{HEAD}/query/1", "first row"),
    ("number.not-finite", changed(f"{HEAD}/query", [[1, float("nan")]]), f"{HEAD}/query/0/1", "finite"),
    ("field.wrong-type", changed(f"{HEAD}/query", [[[1, 0], 1]]), f"{HEAD}/query/0/1", "list of two numbers"),
    ("matrix.invalid-file", changed(f"{HEAD}/query", {"file": "a.npy"}), f"{HEAD}/query", '"path"'),
    ("file.missing", changed(f"{HEAD}/query", {"path": "missing.npy"}), f"{HEAD}/query/path", "a file"),
    ("tokens.outside-folder", changed(f"{HEAD}/query", {"path": "../a.npy"}), f"{HEAD}/query/path", "relative"),
    # Kernels
    (
        "kernel.zero",
        changed(f"{LAYER}/attention/kernel", {"type": "polynomial", "coefficients": [0, 0]}),
        f"{LAYER}/attention/kernel/coefficients",
        "other than 0",
    ),
    (
        "field.unknown-choice",
        changed(f"{LAYER}/attention/kernel", {"type": "softmax"}),
        f"{LAYER}/attention/kernel/type",
        "softmax-taylor",
    ),
    (
        "field.missing",
        changed(f"{LAYER}/attention/kernel", {"degree": 2}),
        f"{LAYER}/attention/kernel",
        '"linear", "monomial"',
    ),
    (
        "field.unknown",
        changed(f"{LAYER}/attention/kernel", {"type": "linear", "degre": 2}),
        f"{LAYER}/attention/kernel/degre",
        "type",
    ),
    (
        "head.unequal-queries",
        changed(
            f"{LAYER}/attention",
            {"kernel": {"type": "softmax-taylor", "degree": 2}, "heads": [{}, {"query": [[1, 0]], "key": [[1, 0]]}]},
        ),
        f"{LAYER}/attention/kernel",
        '"temperature"',
    ),
    ("field.unknown-choice", changed(f"{LAYER}/attention/mask", "both"), f"{LAYER}/attention/mask", "causal"),
    ("field.unknown-choice", changed(f"{LAYER}/attention/scale", "max"), f"{LAYER}/attention/scale", "mean"),
    # Residuals and norms
    ("layer.zero", changed(f"{LAYER}/residual", [0, 0]), f"{LAYER}/residual", "other than 0"),
    ("field.wrong-length", changed(f"{LAYER}/residual", [1]), f"{LAYER}/residual", "at least 2"),
    ("layer.row-norm", changed(f"{LAYER}/norm", "layer"), f"{LAYER}/norm", "its norms are results of the circuit"),
    ("layer.row-norm", changed(f"{LAYER}/norm", "RMS-norm"), f"{LAYER}/norm", '"normalise"'),
    ("field.unknown-choice", changed(f"{LAYER}/norm", "center"), f"{LAYER}/norm", '"centre"'),
    ("field.wrong-type", changed(f"{LAYER}/norm", 3), f"{LAYER}/norm", '"centre"'),
    ("field.missing", changed(f"{LAYER}/norm", {"factors": [1] * 4}), f"{LAYER}/norm", "scale"),
    ("field.wrong-length", changed(f"{LAYER}/norm", {"scale": [1, 1]}), f"{LAYER}/norm/scale", "4 numbers"),
    ("field.out-of-range", changed(f"{LAYER}/norm", {"scale": [1, 1, 0, 1]}), f"{LAYER}/norm/scale/2", "more than 0"),
    # Feed-forwards
    (
        "feed-forward.residual",
        changed(f"{LAYER}/feed_forward_residual", [0.5, 0.5], changed(FEED, MISSING)),
        f"{LAYER}/feed_forward_residual",
        "without a feed-forward",
    ),
    ("layer.zero", changed(f"{LAYER}/feed_forward_residual", [0, 0]), f"{LAYER}/feed_forward_residual", "other than 0"),
    ("field.wrong-length", changed(f"{FEED}/factors", []), f"{FEED}/factors", "1 item"),
    ("field.missing", changed(f"{FEED}/factors", [{"bias": [1, 1]}]), f"{FEED}/factors/0", '"matrix": '),
    ("field.wrong-length", changed(f"{FEED}/factors/0/bias", [1]), f"{FEED}/factors/0/bias", "2 numbers"),
    (
        "matrix.wrong-shape",
        changed(f"{FEED}/factors", [{"matrix": [[1, 0]]}, {"matrix": [[1, 0], [0, 1]]}]),
        f"{FEED}/factors/1/matrix",
        "first factor 1 row",
    ),
    ("matrix.wrong-shape", changed(f"{FEED}/factors", [{"matrix": [[1, 0]]}]), FEED, '"output" too'),
    ("matrix.wrong-shape", changed(f"{FEED}/output", [[1, 0]]), f"{FEED}/output", "2 rows of 2"),
    ("field.out-of-range", changed(f"{FEED}/pass", 0), f"{FEED}/pass", "more than 0"),
    ("field.unknown", changed(f"{FEED}/pas", 1), f"{FEED}/pas", "pass"),
    ("feed-forward.constant", polynomial(coefficients=[0.1, 1]), f"{FEED}/coefficients/0", '"bias"'),
    ("feed-forward.zero", polynomial(coefficients=[0, 0]), f"{FEED}/coefficients", "other than 0"),
    ("capacity.degree-too-high", polynomial(coefficients=[0] * 65 + [1]), f"{FEED}/coefficients", "at most 64"),
    (
        "feed-forward.no-polynomial",
        polynomial(function={"name": "gelu", "degree": 2, "range": 1}),
        f"{FEED}/function",
        "both",
    ),
    ("feed-forward.no-polynomial", changed(f"{FEED}/coefficients", MISSING, polynomial()), FEED, "neither"),
    ("matrix.wrong-shape", polynomial(input=[[1, 0, 0]]), f"{FEED}/input", "2 entries"),
    ("field.wrong-length", polynomial(bias=[1, 2, 3]), f"{FEED}/bias", "2 numbers"),
    ("feed-forward.residual", fed([0.5, 0.5], bias=[0, 0.1]), f"{LAYER}/feed_forward_residual", "no bias"),
    (
        "feed-forward.residual",
        fed([0.5, 0.5], output=[[1, 0.001], [0, 1]]),
        f"{LAYER}/feed_forward_residual",
        "inverse of the input",
    ),
    ("feed-forward.zero", fed([-0.5, 0.5], coefficients=[0, 1]), f"{LAYER}/feed_forward_residual", "other than 0"),
    (
        "field.unknown-choice",
        changed(f"{FEED}/coefficients", MISSING, polynomial(function={"name": "sin", "degree": 2, "range": 1})),
        f"{FEED}/function/name",
        "gelu",
    ),
    (
        "field.out-of-range",
        changed(f"{FEED}/coefficients", MISSING, polynomial(function={"name": "relu", "degree": 0, "range": 1})),
        f"{FEED}/function/degree",
        "1 or more",
    ),
    # Readouts
    ("field.missing", changed("/readout", MISSING), "", "readout"),
    ("field.unknown-choice", changed("/readout/type", "loss"), "/readout/type", "next-token"),
    ("matrix.wrong-shape", changed("/readout/vocabulary", [[1, 0, 0]] * 3), "/readout/vocabulary", "2 entries"),
    ("words.unknown-word", changed("/readout/vocabulary", [[1, 0]] * 2), "/readout/vocabulary", "at least 3 rows"),
    ("readout.zero-state", changed("/readout/vocabulary", [[0, 0]] * 3), "/readout/vocabulary", "other than 0"),
    ("field.wrong-type", changed("/readout/positions", "first"), "/readout/positions", '"targets"'),
    ("readout.unknown-position", changed("/readout/positions", [1, 5]), "/readout/positions/1", "1 to 4"),
    ("readout.unknown-position", changed("/readout/positions", [0]), "/readout/positions/0", "1 to 4"),
    ("readout.unknown-position", changed("/readout/positions", [True]), "/readout/positions/0", "1 to 4"),
    ("readout.repeated-position", changed("/readout/positions", [2, 2]), "/readout/positions/1", "once"),
    ("readout.wrong-targets", changed("/readout/targets", [0, 1]), "/readout/targets", "1: one for each"),
    ("words.unknown-word", changed("/readout/targets", [3]), "/readout/targets/0", "0 to 2"),
    (
        "readout.wrong-targets",
        changed("/readout", next_token(positions="targets", targets=[1, 2, 1])),
        "/readout/targets",
        "one of the two",
    ),
    ("readout.wrong-targets", inline(next_token(positions="targets")), "/readout/positions", '"targets": 2 words'),
    ("readout.wrong-targets", inline(next_token(positions="targets", targets=[0])), "/readout/targets", "2: one"),
    (
        "readout.wrong-targets",
        inline(next_token(positions="targets"), values=[[1, 0]]),
        "/readout/positions",
        "at least 2 tokens",
    ),
    ("matrix.wrong-shape", changed("/readout", {**FIDELITY, "targets": [[1, 0]]}), "/readout/targets", "4 rows"),
    (
        "readout.zero-state",
        changed("/readout", {**FIDELITY, "targets": [[1, 0], [0, 0], [1, 0], [1, 0]]}),
        "/readout/targets/1",
        "normalised",
    ),
    # Around them
    ("field.unknown", changed("/attention", {}), "/attention", "only the fields"),
    ("field.unknown", changed("/transformer/heads", []), "/transformer/heads", "layers"),
    ("field.wrong-length", changed("/transformer/layers", []), "/transformer/layers", "1 item"),
    ("field.wrong-type", changed("/transformer/layers/0", 3), "/transformer/layers/0", "an object"),
]


@pytest.mark.parametrize(
    ("code", "given", "pointer", "said"), BROKEN, ids=[f"{place}-{case[0]}" for place, case in enumerate(BROKEN)]
)
def test_broken_models(code: str, given: dict[str, Any], pointer: str, said: str) -> None:
    with pytest.raises(QsacError) as raised:
        loaded(given)
    error = raised.value
    assert (error.code, error.pointer or "") == (code, pointer)
    assert said in " ".join(filter(None, (error.title, error.found, error.wanted, error.help)))
    assert code in CODES


def test_every_error_of_the_family_is_here() -> None:
    own = ("words.", "matrix.", "head.", "position.", "layer.", "feed-forward.")
    known = {code for code in CODES if code.startswith(own)} | {"readout.repeated-position", "readout.wrong-targets"}
    assert known <= {case[0] for case in BROKEN}


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


@pytest.mark.parametrize("seed", range(60))
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
