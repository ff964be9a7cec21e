"""Generated models: `random_model(seed)` for a fixed sequence of them, `models()` for hypothesis."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

_MAX_CONTEXT = 9
_DIMENSIONS = (2, 3, 4, 5, 8)
_REAL_ROTATIONS = (("ry",), ("ry", "ry"))
_COMPLEX_ROTATIONS = (("rx", "ry", "rz"), ("rz", "ry"), ("rx",))


def _qubits(dimension: int) -> int:
    return max(1, (dimension - 1).bit_length())


def unitary_entries(rng: np.random.Generator, size: int, real: bool = False) -> list[Any]:
    """A random unitary (or orthogonal) matrix as rows of [re, im] pairs."""
    matrix = rng.normal(size=(size, size)) + (0 if real else 1j * rng.normal(size=(size, size)))
    matrix, _ = np.linalg.qr(matrix)
    return np.stack([matrix.real, matrix.imag], axis=-1).tolist()


def _random_unitary(rng: np.random.Generator, dimension: int, real: bool) -> dict[str, Any]:
    kind = rng.choice(["identity", "hardware-efficient", "hardware-efficient", "matrix"])
    if kind == "identity":
        return {"type": "identity"}
    if kind == "matrix":
        size = int(rng.choice([dimension, 2 ** _qubits(dimension)]))
        return {"type": "matrix", "entries": unitary_entries(rng, size, real)}
    choices = _REAL_ROTATIONS if real else _COMPLEX_ROTATIONS
    rotations = choices[rng.integers(len(choices))]
    layers = int(rng.integers(1, 4))
    shape = (layers, _qubits(dimension), len(rotations))
    parameters: Any = np.round(rng.normal(size=shape), 4).tolist()
    if rng.random() < 0.3:
        parameters = {"init": "normal", "scale": 1.0, "seed": int(rng.integers(100))}
    return {"type": "hardware-efficient", "rotations": list(rotations), "layers": layers, "parameters": parameters}


def _random_kernel(rng: np.random.Generator) -> dict[str, Any]:
    kind = rng.choice(["monomial", "monomial", "polynomial", "softmax-taylor"])
    if kind == "monomial":
        return {"type": "monomial", "degree": int(rng.integers(1, 5))}
    if kind == "softmax-taylor":
        kernel: dict[str, Any] = {"type": "softmax-taylor", "degree": int(rng.integers(1, 4))}
        if rng.random() < 0.5:
            kernel["temperature"] = round(float(rng.uniform(0.3, 2)), 3)
        return kernel
    coefficients = np.round(rng.normal(size=rng.integers(1, 5)), 3)
    coefficients[rng.random(len(coefficients)) < 0.3] = 0
    coefficients[-1] = coefficients[-1] or 0.5
    return {"type": "polynomial", "coefficients": coefficients.tolist()}


def random_model(seed: int) -> dict[str, Any]:
    """The model of a seed: the same one in any process. All of them are valid and all their overlaps generic."""
    rng = np.random.default_rng([2602, 6699, seed])
    context = int(rng.integers(1, _MAX_CONTEXT + 1))
    dimension = int(rng.choice(_DIMENSIONS))
    real = bool(rng.random() < 0.4)
    shape = (context + 1, dimension) if real else (context + 1, dimension, 2)
    attention: dict[str, Any] = {
        "type": "overlap",
        "mask": str(rng.choice(["causal", "causal", "full"])),
        "kernel": _random_kernel(rng),
        "value": _random_unitary(rng, dimension, real and bool(rng.random() < 0.8)),
        "score": _random_unitary(rng, dimension, real and bool(rng.random() < 0.8)),
    }
    phases = rng.choice(["absent", "absent", "given", "optimal"])
    if phases == "given":
        attention["phases"] = np.round(rng.uniform(-np.pi, np.pi, context), 4).tolist()
    elif phases == "optimal":
        attention["phases"] = "optimal"
    values = np.round(rng.normal(size=shape), 4).tolist()
    return {"qsac": 1, "name": f"random-{seed}", "tokens": {"type": "inline", "values": values}, "attention": attention}


_ANGLES = st.integers(-8, 8).map(lambda eighths: eighths * np.pi / 4) | st.floats(-4, 4, width=32)
# Small whole numbers make parallel and orthogonal tokens, equal rows and vanishing overlaps likely.
_ENTRIES = st.integers(-2, 2).map(float) | st.floats(-2, 2, width=32).map(lambda x: round(x, 4))


@st.composite
def _kernels(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["monomial", "polynomial", "softmax-taylor"]))
    if kind == "monomial":
        return {"type": kind, "degree": draw(st.integers(1, 4))}
    if kind == "polynomial":
        coefficients = st.lists(st.sampled_from([1.0, 0.0, -1.0, 0.5, -0.25, 2.0]), min_size=1, max_size=4)
        return {"type": kind, "coefficients": draw(coefficients.filter(any))}
    kernel: dict[str, Any] = {"type": kind, "degree": draw(st.integers(1, 3))}
    if draw(st.booleans()):
        kernel["temperature"] = draw(st.sampled_from([1.0, 0.3, 2.0]))
    return kernel


@st.composite
def _unitaries(draw: st.DrawFn, dimension: int, real: bool) -> dict[str, Any]:
    kind = draw(st.sampled_from(["identity", "hardware-efficient", "matrix"]))
    if kind == "identity":
        return {"type": kind}
    if kind == "matrix":
        size = draw(st.sampled_from(sorted({dimension, 2 ** _qubits(dimension)})))
        return {"type": kind, "entries": unitary_entries(np.random.default_rng(draw(st.integers(0, 99))), size, real)}
    rotations = draw(st.sampled_from(_REAL_ROTATIONS if real else _COMPLEX_ROTATIONS))
    layers = draw(st.integers(1, 2))
    count = layers * _qubits(dimension) * len(rotations)
    angles = np.array(draw(st.lists(_ANGLES, min_size=count, max_size=count)))
    parameters = angles.reshape(layers, _qubits(dimension), len(rotations)).tolist()
    return {"type": kind, "rotations": list(rotations), "layers": layers, "parameters": parameters}


@st.composite
def models(draw: st.DrawFn, max_context: int = _MAX_CONTEXT, max_dimension: int = 8) -> dict[str, Any]:
    """Valid models, degenerate ones included: zero overlaps, repeated tokens, predictions that vanish.

    Shrinks towards one context token of dimension 2, the identity and the kernel s.
    """
    context = draw(st.integers(1, max_context))
    dimension = draw(st.sampled_from([d for d in _DIMENSIONS if d <= max_dimension]))
    real = draw(st.booleans())
    width = dimension if real else 2 * dimension
    row = st.lists(_ENTRIES, min_size=width, max_size=width).filter(any)
    rows = draw(st.lists(row, min_size=context + 1, max_size=context + 1))
    values = np.array(rows) if real else np.array(rows).reshape(context + 1, dimension, 2)
    attention: dict[str, Any] = {
        "type": "overlap",
        "mask": draw(st.sampled_from(["causal", "full"])),
        "kernel": draw(_kernels()),
        "value": draw(_unitaries(dimension, real)),
        "score": draw(_unitaries(dimension, real)),
    }
    phases = draw(st.sampled_from(["absent", "optimal", "given"]))
    if phases == "optimal":
        attention["phases"] = "optimal"
    elif phases == "given":
        attention["phases"] = draw(st.lists(_ANGLES, min_size=context, max_size=context))
    return {
        "qsac": 1,
        "name": "generated",
        "tokens": {"type": "inline", "values": values.tolist()},
        "attention": attention,
    }
