"""Configurations that train lists of steps in a moment, and their samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from qsac.training.run_folder import Run
from qsac.training.running import train

HYBRID: dict[str, Any] = {
    "steps": [
        {"type": "linear"},
        {
            "type": "circuit",
            "qubits": 2,
            "blocks": [{"type": "angle"}, {"type": "hardware-efficient", "rotations": ["ry", "rz"]}],
            "measure": {"type": "pauli", "each": "Z"},
        },
        {"type": "linear"},
        {"type": "softmax"},
    ]
}
"""A hybrid classifier, all of whose numbers are learned."""

ALONE: dict[str, Any] = {"steps": [{**HYBRID["steps"][1], "measure": {"type": "probabilities", "qubits": [0]}}]}
"""Its circuit, of which one qubit says the class, on two numbers."""


def halves(count: int = 120, width: int = 3) -> dict[str, Any]:
    """Samples on two sides of a plane, by the names of the sides."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(count, width))
    return {"inputs": rows.tolist(), "targets": [["below", "above"][int(row.sum() > 0)] for row in rows]}


def configured(folder: Path, samples: dict[str, Any], model: Any, **fields: Any) -> Path:
    """A configuration in a folder, beside its samples. ``data`` are fields of the data."""
    (folder / "samples.json").write_text(json.dumps(samples))
    data = {"type": "samples", "path": "samples.json", "seed": 0, **fields.pop("data", {})}
    path = folder / "train.json"
    path.write_text(json.dumps({"qsac_train": 1, "model": model, "data": data, "epochs": 10, **fields}))
    return path


def trained(folder: Path, samples: dict[str, Any], model: Any, **fields: Any) -> Run:
    return train(configured(folder, samples, model, **fields))
