"""Model files: what is accepted has one canonical form, and every number that is reported of it is one."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from qsac.compiler.compilation import compile as compile_model
from qsac.errors import DoesNotFitError
from qsac.families.reading import load, load_text
from qsac.families.transformer.model import Model as Transformer
from tests.fuzz import starts
from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import MANY, SOME, Kind
from tests.fuzz.mutations import bytes_mutated, mutated, text_of

SMALL = 16
"""Longest context and largest dimension whose closed form is computed."""


def make(pick: Pick) -> Example:
    documents = starts.models()
    mutant = mutated(documents[pick(len(documents))], pick, starts.words(), most=3, fitting=pick(3) == 2)
    data, edits = text_of(mutant.document), mutant.edits
    if pick(16) == 15:
        data, edit = bytes_mutated(data, pick)
        edits = (*edits, edit)
    return Example(mutant.start, data, edits)


def transformer(pick: Pick) -> Example:
    """One edit of a transformer: `qsac generate` has words of most of them."""
    documents = starts.models()[len(starts.MODELS) :]
    mutant = mutated(documents[pick(len(documents))], pick, starts.words(), most=1, fitting=bool(pick(2)))
    return Example(mutant.start, text_of(mutant.document), mutant.edits)


def feed(example: Example) -> str:
    model = load_text(example.data, "model.json")
    if load(model.canonical).sha256 != model.sha256:
        raise WrongError("the canonical form is another model")
    if not all(np.isfinite(array).all() for array in _numbers(model)):
        raise WrongError("a model of numbers that are not finite")
    if _context(model) <= SMALL and model.dimension <= SMALL:
        json.dumps(model.readout.closed_form(model).to_dict(), allow_nan=False)
    return "accepted"


def _numbers(model: Any) -> list[Any]:
    if isinstance(model, Transformer):
        return [model.inputs, *(layer.kernel for layer in model.layers)]
    return [model.tokens, model.kernel]


def _context(model: Any) -> int:
    return model.tokens if isinstance(model, Transformer) else model.context


def compiled(example: Example) -> str:
    """As :func:`feed`, then compiled and compared with the closed form."""
    model = load_text(example.data, "model.json")
    if _context(model) > SMALL or model.dimension > 4:
        return "accepted, not compiled"
    target, level = (("statevector", 2), ("h1", 1), ("statevector", 3), ("h2", 0))[sum(example.data) % 4]
    try:
        made = compile_model(model, target, optimisation=level, verify=True)
    except DoesNotFitError:
        return "accepted, not compiled"
    if not made.verified:
        raise WrongError("compiled, but not verified")
    json.loads(made.to_json(), parse_constant=_no_number)
    return "accepted"


def _no_number(text: str) -> None:
    raise WrongError(f"the artifact holds {text}")


KINDS = (
    Kind("models", 150, MANY, make, feed, {"accepted": 0.05}, one_of=2),
    Kind("compiled-models", 60, SOME, make, compiled, {"accepted": 0.05}),
)
