"""What the page on construction says that heads cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from qsac.compiler.estimation import estimate
from tests.docs.rows import rows
from tests.strategies import unitary_entries

CONTEXT, DIMENSION = 32, 16


def cost() -> str:
    """Two-qubit gates of heads with generic V and W, complex and real."""
    lines = ["| heads | complex | real |", "| --- | --: | --: |"]
    for name, kernels, more in rows(_CASES, 3):
        counts = [_gates(kernels, more, real=real) for real in (False, True)]
        lines.append(f"| {name} | " + " | ".join(f"{count:,}" for count in counts) + " |")
    return "\n".join(lines)


def _polynomial(degree: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(degree)
    return [{"type": "polynomial", "coefficients": rng.normal(size=degree + 1).tolist()} for _ in range(2)]


_CUBE = {"type": "monomial", "degree": 3}
_SHIFTED = [{}, {"key_shift": 1}]
_CONJUGATED = [{}, {"key_shift": 1, "conjugate": True}]
_CASES: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]] = [
    ("one, s^3", [_CUBE], [{}]),
    ("one, polynomial of degree 6", _polynomial(6)[:1], [{}]),
    ("two, s^3", [_CUBE, _CUBE], [{}, {}]),
    ("two, s^3, key shifts 0 and 1", [_CUBE, _CUBE], _SHIFTED),
    ("two, polynomials of degree 3", _polynomial(3), [{}, {}]),
    ("two, polynomials of degree 3, key shifts 0 and 1", _polynomial(3), _SHIFTED),
    ("two, polynomials of degree 4, key shifts 0 and 1", _polynomial(4), _SHIFTED),
    ("the same, the shifted one conjugated", _polynomial(4), _CONJUGATED),
]


def _gates(kernels: list[dict[str, Any]], more: list[dict[str, Any]], *, real: bool) -> int:
    rng = np.random.default_rng(1)
    shape = (CONTEXT + 1, DIMENSION) if real else (CONTEXT + 1, DIMENSION, 2)
    heads = [
        {"kernel": kernel, "value": _matrix(rng, real), "score": _matrix(rng, real), **fields}
        for kernel, fields in zip(kernels, more, strict=True)
    ]
    model = {
        "qsac": 1,
        "tokens": {"type": "inline", "values": rng.normal(size=shape).tolist()},
        "attention": {"type": "overlap", "heads": heads},
    }
    return int(estimate(model, "h2").counts["two_qubit_gates"])


def _matrix(rng: np.random.Generator, real: bool) -> dict[str, Any]:
    return {"type": "matrix", "entries": unitary_entries(rng, DIMENSION, real)}
