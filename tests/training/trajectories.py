"""A small run on Ising trajectories, and what its model predicts by NumPy alone."""

from typing import Any

import numpy as np

States = np.ndarray[Any, Any]

DEGREE = 2
COMPARED = ["softmax", "twin"]

ISING: dict[str, Any] = {
    "qsac_train": 1,
    "name": "chains",
    "model": {"attention": {"type": "overlap", "kernel": {"type": "monomial", "degree": DEGREE}}},
    "data": {"type": "ising", "sites": 2, "context": 4, "train": 24, "test": 6},
    "optimiser": {"type": "adam", "rate": 0.05},
    "epochs": 3,
    "batch": 8,
    "validation": {"share": 0.25},
}


def matrix(entries: Any) -> States:
    """A matrix of a model file."""
    pairs = np.array(entries)
    return pairs[..., 0] + 1j * pairs[..., 1]


def following(attention: dict[str, Any], context: States) -> States:
    """z after the last of some tokens (t, d), by the section of a model file with one head of the kernel s^k."""
    value, score = (matrix(attention[side]["entries"]) for side in ("value", "score"))
    state = np.zeros(context.shape[1], dtype=complex)
    for token in context:
        state += np.vdot(context[-1], score @ token) ** DEGREE * (value @ token)
    return state
