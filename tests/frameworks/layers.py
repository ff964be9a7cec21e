"""A sketch and a model file of small layers, and what their predictions are compared by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import qsac
from tests.families.qsa.learners import states

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SKETCH = {
    "attention": {
        "type": "overlap",
        "heads": [
            {"kernel": {"type": "polynomial", "degree": 2}},
            {"kernel": {"type": "monomial", "degree": 1}, "key_shift": 1, "conjugate": True},
        ],
    }
}


def small(real: bool = False) -> dict[str, Any]:
    """A model file of three heads' worth of numbers."""
    tokens = states(3, 5, 4, real=real)
    values = tokens.tolist() if real else np.stack([tokens.real, tokens.imag], axis=-1).tolist()
    entries = np.zeros((4, 4, 2))
    entries[[0, 1, 2, 3], [1, 2, 3, 0], 0] = 1
    return {
        "qsac": 1,
        "tokens": {"type": "inline", "values": values},
        "attention": {
            "type": "overlap",
            "kernel": {"type": "polynomial", "coefficients": [0.2, 1.0, 0.5]},
            "value": {"type": "hardware-efficient", "layers": 2, "parameters": {"init": "normal", "seed": 1}}
            if not real
            else {"type": "identity"},
            "score": {"type": "matrix", "entries": entries.tolist()},
            "phases": "optimal",
        },
    }


def overlaps(model: qsac.Model, predicted: NDArray[Any]) -> NDArray[Any]:
    """|A_j| / w_j of predictions."""
    targets = model.tokens[1:]  # type: ignore[attr-defined]
    found = np.abs(np.einsum("jd,jd->j", targets.conj(), predicted))
    return np.asarray(found / np.linalg.norm(predicted, axis=1))
