"""The trained model as it was, against loops over single numbers written from the papers' formulas."""

import math

import numpy as np
import pytest

from qsac.importing.collecting import collected
from qsac.importing.names import named_arrays, names_of
from qsac.importing.original import Original, Real, forward, probabilities
from qsac.importing.weights import weights_of
from tests.importing.trained import Arrays, gpt2, torch

SEQUENCE = np.array([3, 0, 2, 1, 1])


def model_of(arrays: Arrays, names: object, heads: int = 2) -> Original:
    return collected(named_arrays(weights_of(arrays), names_of(names)), heads)


def _norm(row: list[float], gain: Real, offset: Real) -> list[float]:
    mean = sum(row) / len(row)
    variance = sum((x - mean) ** 2 for x in row) / len(row)
    return [g * (x - mean) / math.sqrt(variance + 1e-5) + o for x, g, o in zip(row, gain, offset, strict=True)]


def _linear(row: list[float], matrix: Real, bias: Real) -> list[float]:
    """matrix row + bias; matrix (out, in)."""
    return [sum(m * x for m, x in zip(line, row, strict=True)) + b for line, b in zip(matrix, bias, strict=True)]


def _attention(rows: list[list[float]], into: Real, bias: Real, out: Real, out_bias: Real, heads: int, causal: bool):
    width = len(rows[0])
    size = width // heads
    joint = [_linear(row, into, bias) for row in rows]
    result = []
    for j in range(len(rows)):
        mixed = []
        for h in range(heads):
            part = slice(h * size, (h + 1) * size)
            query = joint[j][:width][part]
            visible = range(j + 1) if causal else range(len(rows))
            scores = [
                math.exp(sum(q * k for q, k in zip(query, joint[i][width : 2 * width][part], strict=True)) / size**0.5)
                for i in visible
            ]
            for place in range(size):
                values = [joint[i][2 * width :][part][place] for i in visible]
                mixed.append(sum(s * v for s, v in zip(scores, values, strict=True)) / sum(scores))
        result.append(_linear(mixed, out, out_bias))
    return result


def _added(one: list[float], other: list[float]) -> list[float]:
    return [x + y for x, y in zip(one, other, strict=True)]


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("heads", [1, 2])
def test_gpt2(layers: int, heads: int) -> None:
    a = gpt2(layers=layers)
    rows = [list(a["wte.weight"][word] + a["wpe.weight"][place]) for place, word in enumerate(SEQUENCE)]
    for layer in range(layers):
        w = {name.removeprefix(f"h.{layer}."): values for name, values in a.items()}
        read = [_norm(row, w["ln_1.weight"], w["ln_1.bias"]) for row in rows]
        joint = w["attn.c_attn.weight"].T, w["attn.c_attn.bias"], w["attn.c_proj.weight"].T, w["attn.c_proj.bias"]
        rows = list(map(_added, rows, _attention(read, *joint, heads, True)))
        for place, row in enumerate(rows):
            read_row = _norm(row, w["ln_2.weight"], w["ln_2.bias"])
            hidden = _linear(read_row, w["mlp.c_fc.weight"].T, w["mlp.c_fc.bias"])
            hidden = [x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) for x in hidden]
            rows[place] = _added(row, _linear(hidden, w["mlp.c_proj.weight"].T, w["mlp.c_proj.bias"]))
    rows = [_norm(row, a["ln_f.weight"], a["ln_f.bias"]) for row in rows]
    logits = [_linear(row, a["wte.weight"], np.zeros(4)) for row in rows]
    wanted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)

    model = model_of(a, "gpt2", heads)
    trace = forward(model, model.inputs(SEQUENCE))
    assert np.abs(trace.outputs - rows).max() < 1e-12
    assert np.abs(probabilities(model, trace) - wanted).max() < 1e-12


@pytest.mark.parametrize("layers", [None, 2])
@pytest.mark.parametrize("before", [False, True])
def test_torch(layers: int | None, before: bool) -> None:
    a = torch(layers=layers)
    inputs = np.random.default_rng(1).normal(size=(5, 4))
    rows = inputs.tolist()
    for layer in range(layers or 1):
        w = {name.removeprefix("" if layers is None else f"layers.{layer}."): values for name, values in a.items()}
        joint = tuple(w[f"self_attn.{name}"] for name in ("in_proj_weight", "in_proj_bias"))
        joint += tuple(w[f"self_attn.out_proj.{name}"] for name in ("weight", "bias"))
        norms = [(w[f"norm{place}.weight"], w[f"norm{place}.bias"]) for place in (1, 2)]
        read = [_norm(row, *norms[0]) for row in rows] if before else rows
        rows = list(map(_added, rows, _attention(read, *joint, 2, False)))
        rows = rows if before else [_norm(row, *norms[0]) for row in rows]
        for place, row in enumerate(rows):
            hidden = _linear(_norm(row, *norms[1]) if before else row, w["linear1.weight"], w["linear1.bias"])
            fed = _added(row, _linear([max(x, 0) for x in hidden], w["linear2.weight"], w["linear2.bias"]))
            rows[place] = fed if before else _norm(fed, *norms[1])
    model = model_of(a, {"like": "torch", "norms": "before" if before else "after"})
    assert np.abs(forward(model, inputs).outputs - rows).max() < 1e-12
