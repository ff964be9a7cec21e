"""Learners of small sketches, and what they learn from."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from qsac.families.learning import Given
from qsac.families.qsa.family import FAMILY
from qsac.families.qsa.learning.learner import OverlapLearner

FOLDER = Path()
LABELS = ("a", "b", "c", "d", "e")
CONTEXT = 8

_IDENTITY = {"type": "identity"}
_CUBIC = {"type": "monomial", "degree": 3}
_LEARNED = {"type": "polynomial", "degree": 2}
_ANSATZ = {"type": "hardware-efficient", "layers": 3}


def _attention(**fields: Any) -> dict[str, Any]:
    return {"attention": {"type": "overlap", **fields}}


SKETCHES: dict[str, dict[str, Any]] = {
    "linear": _attention(kernel={"type": "monomial", "degree": 1}),
    "free": _attention(kernel=_CUBIC),
    "full": _attention(mask="full", kernel={"type": "softmax-taylor", "degree": 2}, phases="none"),
    "ansatz": _attention(kernel=_LEARNED, value=_ANSATZ),
    "real": _attention(kernel=_CUBIC, score={"type": "hardware-efficient", "rotations": ["ry"], "layers": 2}),
    "heads": _attention(
        heads=[
            {"kernel": {"type": "monomial", "degree": 2}},
            {"kernel": _LEARNED, "key_shift": 1, "conjugate": True, "score": _IDENTITY},
            {"kernel": _CUBIC, "key_shift": 2, "value": _IDENTITY, "score": _IDENTITY},
        ]
    ),
    "shifted": _attention(heads=[{"kernel": _LEARNED, "key_shift": 1, "conjugate": True, "weight": -2.0}]),
    "words": {"tokens": {"type": "text", "dimension": 3}, **_attention(kernel=_LEARNED)},
    "real words": {"tokens": {"type": "text", "dimension": 2, "real": True}, **_attention(kernel=_CUBIC)},
}

_GIVEN = {
    "real": Given(CONTEXT + 1, 3, real=True),
    "ansatz": Given(CONTEXT + 1, 3),
    "words": Given(CONTEXT + 1, None, labels=LABELS),
    "real words": Given(CONTEXT + 1, None, labels=LABELS),
}


def learner_of(sketch: dict[str, Any], given: Given) -> OverlapLearner:
    """The learner of a sketch."""
    return FAMILY.learner(FAMILY.sketch.model_validate(sketch), given, FOLDER)


@functools.cache
def learner(name: str) -> OverlapLearner:
    """The learner of one of the sketches."""
    return learner_of(SKETCHES[name], _GIVEN.get(name, Given(CONTEXT + 1, 4)))


def sequence(name: str) -> NDArray[Any]:
    """What one of the learners may learn from."""
    given = _GIVEN.get(name, Given(CONTEXT + 1, 4))
    if given.dimension is None:
        return np.array([0, 1, 4, 2, 2, 3, 0, 1, 3])
    return states(0, CONTEXT, given.dimension, real=given.real)


def states(seed: int, context: int, dimension: int, *, real: bool) -> NDArray[Any]:
    """Unit rows, (T+1, d)."""
    rng = np.random.default_rng([31, seed])
    rows = rng.normal(size=(context + 1, dimension)) + (0 if real else 1j * rng.normal(size=(context + 1, dimension)))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def compiled(function: Any, *arguments: Any) -> Any:
    """A function compiled for some arguments by the least effort: what takes time in these tests is compiling."""
    return jax.jit(function).lower(*arguments).compile({"xla_backend_optimization_level": 0})


_compiled: dict[tuple[int, tuple[int, ...]], tuple[OverlapLearner, Any]] = {}


def metrics(own: OverlapLearner, trained: Mapping[str, Any], sequence: NDArray[Any]) -> dict[str, float]:
    """The metrics of one sequence in double precision."""
    batch = sequence[None]
    with jax.enable_x64(True):
        place = id(own), batch.shape
        if place not in _compiled:
            _compiled[place] = own, compiled(own.metrics, dict(trained), batch)
        found = _compiled[place][1](dict(trained), batch)
    return {name: float(array[0]) for name, array in found.items()}
