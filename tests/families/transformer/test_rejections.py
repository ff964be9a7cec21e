"""Every rejection of a model file: what is wrong, and where."""

import re
from pathlib import Path
from typing import Any

import pytest

from qsac.error_codes import CODES
from qsac.errors import QsacError
from qsac.families import transformer
from tests.families.transformer.models import (
    FEED,
    FIDELITY,
    HEAD,
    LAYER,
    MISSING,
    changed,
    fed,
    inline,
    loaded,
    next_token,
    polynomial,
    rotary,
)

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
    folder = Path(transformer.__file__).parent
    sources = [path.read_text(encoding="utf-8") for path in (*folder.glob("*.py"), *folder.glob("readouts/*.py"))]
    said = {code for source in sources for code in re.findall(r'code="([^"]+)"', source)}
    known = {code for code in said if code.startswith(own)} | {"readout.repeated-position", "readout.wrong-targets"}
    assert known <= {case[0] for case in BROKEN}
