"""Configurations that train in a moment."""

from typing import Any

WORDS: dict[str, Any] = {
    "qsac_train": 1,
    "name": "tiny",
    "model": {"tokens": {"dimension": 4}, "transformer": {"layers": [{"attention": {"heads": 1}}], "complex": False}},
    "data": {"type": "sequences", "source": {"type": "copying", "letters": 4, "length": 3}},
    "epochs": 6,
    "batch": 16,
    "checkpoint": {"every": 2},
}
"""A transformer that copies three letters: 48 sequences for training, 16 for testing."""

STATES: dict[str, Any] = {
    "qsac_train": 1,
    "name": "tiny",
    "model": {"attention": {"type": "overlap", "kernel": {"type": "monomial", "degree": 2}}},
    "data": {"type": "ising", "sites": 2, "context": 4, "dt": 0.35, "train": 20, "test": 6},
    "epochs": 6,
    "batch": 8,
    "checkpoint": {"every": 2},
}
"""Quantum attention of trajectories of two sites."""


def changed(config: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A configuration with other fields; those that are None are left out."""
    return {name: value for name, value in (config | changes).items() if value is not None}
