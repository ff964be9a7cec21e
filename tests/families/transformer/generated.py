"""Transformers drawn at random, every option among them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator


def drawn(seed: int, *, most: int = 8, width: int = 8, layers: int = 2) -> dict[str, Any]:
    """A model file of up to ``most`` tokens, ``width`` entries and ``layers`` layers, the same for the same seed."""
    rng = np.random.default_rng(seed)
    tokens, dimension = int(rng.integers(1, most + 1)), int(rng.integers(2, width + 1))
    is_complex = bool(rng.random() < 0.3)
    words = bool(rng.random() < 0.4)
    model: dict[str, Any] = {"qsac": 1, "name": f"drawn-{seed}"}
    rows = matrix(rng, int(rng.integers(2, 6)) if words else tokens, dimension, is_complex=is_complex)
    if words:
        sequence = rng.integers(0, len(rows), tokens).tolist()
        model["tokens"] = {"type": "words", "embedding": rows, "sequence": sequence}
    else:
        model["tokens"] = {"type": "inline", "values": rows}
    rotary = bool(rng.random() < 0.25)
    count = 2 if rng.random() < 0.3 and layers > 1 else 1
    model["transformer"] = {
        "position": _position(rng, tokens, dimension, rotary),
        "normalise": bool(rng.random() < 0.6),
        "layers": [_layer(rng, tokens, dimension, rotary, is_complex=is_complex) for _ in range(count)],
    }
    if rng.random() < 0.7:
        known = int(rng.integers(max(2, len(rows) if words else 2), 9))
        vocabulary = matrix(rng, known, dimension, is_complex=is_complex)
        positions: Any = "last" if rng.random() < 0.5 else sorted({int(rng.integers(1, tokens + 1)) for _ in range(2)})
        model["readout"] = {"type": "next-token", "vocabulary": vocabulary, "positions": positions}
    else:
        targets = matrix(rng, tokens, dimension, is_complex=is_complex)
        model["readout"] = {"type": "state-fidelity", "targets": targets}
    return model


def matrix(rng: Generator, rows: int, columns: int, *, is_complex: bool) -> list[Any]:
    """Rows of numbers, or of pairs, of lengths of about 1: success does not fade with their width."""
    scale = 1 / np.sqrt(columns * (1 + is_complex))
    values = rng.normal(scale=scale, size=(rows, columns))
    if not is_complex:
        return values.tolist()
    return np.stack([values, rng.normal(scale=scale, size=values.shape)], axis=-1).tolist()


def unitary(rng: Generator, size: int) -> list[Any]:
    """A real orthogonal matrix."""
    return np.linalg.qr(rng.normal(size=(size, size)))[0].tolist()


def _position(rng: Generator, tokens: int, dimension: int, rotary: bool) -> dict[str, Any]:
    if rotary:
        return {"type": "rotary", "base": 50.0}
    kind = rng.choice(["none", "add", "sinusoidal"])
    if kind == "add":
        return {"type": "add", "values": matrix(rng, tokens + int(rng.integers(0, 2)), dimension, is_complex=False)}
    return {"type": "sinusoidal", "scale": 0.5} if kind == "sinusoidal" else {"type": "none"}


def _layer(rng: Generator, tokens: int, dimension: int, rotary: bool, *, is_complex: bool) -> dict[str, Any]:
    layer: dict[str, Any] = {
        "attention": {
            "mask": str(rng.choice(["causal", "full"])),
            "scale": str(rng.choice(["mean", "sum"])),
            "kernel": _kernel(rng),
            "heads": _heads(rng, dimension, rotary, is_complex=is_complex),
        }
    }
    if rng.random() < 0.7:
        layer["residual"] = [float(rng.normal()), float(rng.normal())]
    chance = rng.random()
    if chance < 0.25:
        layer["norm"] = "centre"
    elif chance < 0.45:
        layer["norm"] = {"scale": rng.uniform(0.5, 2, tokens).tolist()}
    chance = rng.random()
    if chance < 0.3:
        layer |= _gated(rng, dimension, is_complex=is_complex)
    elif chance < 0.55:
        layer |= _polynomial(rng, dimension, is_complex=is_complex)
    return layer


def _kernel(rng: Generator) -> dict[str, Any]:
    kind = rng.choice(["linear", "linear", "monomial", "polynomial", "softmax-taylor"])
    if kind == "monomial":
        return {"type": "monomial", "degree": int(rng.integers(0, 3))}
    if kind == "polynomial":
        return {"type": "polynomial", "coefficients": rng.normal(size=int(rng.integers(1, 4))).tolist()}
    if kind == "softmax-taylor":
        return {"type": "softmax-taylor", "degree": 2, "temperature": 0.7}
    return {"type": "linear"}


def _heads(rng: Generator, dimension: int, rotary: bool, *, is_complex: bool) -> list[dict[str, Any]]:
    if dimension == 4 and rng.random() < 0.5:
        # Orthogonal maps, whose heads can stand beside each other.
        turns = {name: unitary(rng, 4) for name in ("query", "key", "value", "output")}
        return [
            {name: turns[name][2 * h : 2 * h + 2] for name in ("query", "key", "value")}
            | {"output": [row[2 * h : 2 * h + 2] for row in turns["output"]]}
            for h in range(2)
        ]
    heads = []
    for _ in range(int(rng.integers(1, 4))):
        size = 2 * int(rng.integers(1, 3)) if rotary else int(rng.integers(1, 5))
        inner = int(rng.integers(1, 5))
        head = {
            "query": matrix(rng, size, dimension, is_complex=is_complex),
            "key": matrix(rng, size, dimension, is_complex=is_complex),
            "value": matrix(rng, inner, dimension, is_complex=is_complex),
            "output": matrix(rng, dimension, inner, is_complex=is_complex),
        }
        if rng.random() < 0.2 and (not rotary or not dimension % 2):
            del head["query"], head["key"]
            head["score"] = matrix(rng, dimension, dimension, is_complex=is_complex)
        heads.append(head)
    return heads


def _gated(rng: Generator, dimension: int, *, is_complex: bool) -> dict[str, Any]:
    inner = int(rng.integers(2, 6))
    factors = []
    for _ in range(int(rng.integers(1, 4))):
        factor: dict[str, Any] = {"matrix": matrix(rng, inner, dimension, is_complex=is_complex)}
        if rng.random() < 0.6:
            factor["bias"] = matrix(rng, 1, inner, is_complex=is_complex)[0]
        factors.append(factor)
    output = matrix(rng, dimension, inner, is_complex=is_complex)
    found: dict[str, Any] = {"feed_forward": {"type": "gated", "factors": factors, "output": output, "pass": 0.8}}
    if rng.random() < 0.5:
        found["feed_forward_residual"] = [float(rng.normal()), float(rng.normal())]
    return found


def _polynomial(rng: Generator, dimension: int, *, is_complex: bool) -> dict[str, Any]:
    inner = int(rng.integers(2, 6))
    given: dict[str, Any] = {
        "type": "polynomial",
        "input": matrix(rng, inner, dimension, is_complex=is_complex),
        "coefficients": [0.0, *rng.normal(size=int(rng.integers(1, 4))).tolist()],
        "output": matrix(rng, dimension, inner, is_complex=is_complex),
    }
    if rng.random() < 0.4:
        given["coefficients"] = [0.0, 0.5, 0.0, 0.5]
    if rng.random() < 0.5:
        given["bias"] = matrix(rng, 1, inner, is_complex=is_complex)[0]
    return {"feed_forward": given}
