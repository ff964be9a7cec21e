"""Models of several heads, drawn: of every kernel, key shifts, conjugated scores, both masks, real and complex."""

from typing import Any

import numpy as np

from tests.strategies import unitary_entries

IDENTITY = {"type": "identity"}


def heads_model(seed: int) -> dict[str, Any]:
    """The model of a seed: T 1 to 8, d 2 to 4, one to three heads. All of them are valid; some predictions are zero, as
    the key shifts have it."""
    rng = np.random.default_rng([1212, seed])
    context, dimension = int(rng.integers(1, 9)), int(rng.integers(2, 5))
    real = bool(rng.random() < 0.4)
    count = int(rng.choice([1, 2, 2, 2, 3, 3]))
    heads = [drawn_head(rng, dimension, real, context) for _ in range(count)]
    if rng.random() < 0.25:  # V and W in common, which heads may differ from in the kernel alone
        for head in heads[1:]:
            head |= {name: heads[0][name] for name in ("value", "score")}
            if rng.random() < 0.5:
                head |= {name: heads[0][name] for name in ("key_shift", "conjugate")}
    settle(heads, context)
    attention: dict[str, Any] = {"type": "overlap", "mask": str(rng.choice(["causal", "full"])), "heads": heads}
    phases = rng.choice(["absent", "given", "optimal"])
    if phases == "given":
        attention["phases"] = np.round(rng.uniform(-np.pi, np.pi, context), 4).tolist()
    elif phases == "optimal":
        attention["phases"] = "optimal"
    shape = (context + 1, dimension) if real else (context + 1, dimension, 2)
    values = np.round(rng.normal(size=shape), 4).tolist()
    model = {"qsac": 1, "name": f"heads-{seed}", "tokens": {"type": "inline", "values": values}, "attention": attention}
    if rng.random() < 0.3:
        model["readout"] = _prediction(rng, context, dimension)
    return model


def settle(heads: list[dict[str, Any]], context: int) -> None:
    """Have some head attend to something."""
    if min(head["key_shift"] for head in heads) >= context or not any(head["weight"] for head in heads):
        heads[0] |= {"key_shift": 0, "weight": 1.0}


def drawn_head(rng: np.random.Generator, dimension: int, real: bool, context: int) -> dict[str, Any]:
    """Any head for so many context tokens of a dimension before padding, real ones or not."""
    return {
        "kernel": _kernel(rng),
        "value": _unitary(rng, dimension, real),
        "score": _unitary(rng, dimension, real),
        "key_shift": int(rng.choice([0, 0, 1, 1, 2])),
        "conjugate": bool(rng.random() < 0.4),
        "weight": float(np.round(rng.choice([1.0, rng.normal(), -1.0]), 3)),
    }


def _kernel(rng: np.random.Generator) -> dict[str, Any]:
    kind = rng.choice(["monomial", "polynomial", "polynomial", "softmax-taylor"])
    if kind == "monomial":
        return {"type": "monomial", "degree": int(rng.integers(0, 4))}
    if kind == "softmax-taylor":
        return {"type": "softmax-taylor", "degree": int(rng.integers(1, 4))}
    coefficients = np.round(rng.normal(size=rng.integers(1, 4)), 3)
    coefficients[rng.random(len(coefficients)) < 0.25] = 0
    coefficients[-1] = coefficients[-1] or -0.5
    return {"type": "polynomial", "coefficients": coefficients.tolist()}


def _unitary(rng: np.random.Generator, dimension: int, real: bool) -> dict[str, Any]:
    real = real and bool(rng.random() < 0.8)
    kind = rng.choice(["identity", "matrix", "matrix", "hardware-efficient"])
    if kind == "identity":
        return IDENTITY
    if kind == "matrix":
        return {"type": "matrix", "entries": unitary_entries(rng, dimension, real)}
    rotations = ["ry"] if real else ["rz", "ry"]
    angles = rng.normal(size=(2, max(1, (dimension - 1).bit_length()), len(rotations)))
    return {"type": kind, "rotations": rotations, "layers": 2, "parameters": np.round(angles, 4).tolist()}


def _prediction(rng: np.random.Generator, context: int, dimension: int) -> dict[str, Any]:
    readout: dict[str, Any] = {"type": "predict"}
    if rng.random() < 0.5:
        readout["position"] = int(rng.integers(1, context + 2))
    kind = rng.choice(["basis", "tokens", "states", "vocabulary"])
    if kind == "tokens":
        readout["states"] = "tokens"
    elif kind == "states":
        readout["states"] = unitary_entries(rng, dimension)[: int(rng.integers(1, dimension + 1))]
    elif kind == "vocabulary":
        rows = np.array(unitary_entries(rng, dimension + 2))[:, :dimension]
        readout["vocabulary"] = rows.tolist()
    return readout
