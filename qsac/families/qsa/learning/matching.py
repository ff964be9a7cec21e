"""What would have been learned where a model is what was learned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.qsa.learning.outline import SIDES, Outline
from qsac.families.qsa.learning.unitaries import TOLERANCE
from qsac.families.qsa.model import Model
from qsac.files.numbers import Numbers
from qsac.files.pointer import counted


def matched(outline: Outline, model: Model) -> dict[str, NDArray[np.float64]]:
    """What an outline would have to have learned to be a model. Raises :class:`~qsac.errors.InvalidInputError` for a
    model of another shape."""
    _check_shape(outline, model)
    found: dict[str, NDArray[np.float64]] = {}
    for number, head in enumerate(outline.heads):
        own = model.heads[number]
        for side in SIDES:
            matrix = _cut(getattr(own, side).matrix(model.dimension), outline.dimension)
            learned = None if matrix is None else head.form(side).learned_of(getattr(own, side), matrix)
            if learned is None:
                raise _other(model.place(number, side), f"another {side} unitary", head.form(side).described())
            found[head.name + side] = learned
        kernel = head.kernel.learned_of(own.kernel)
        if kernel is None:
            raise _other(model.place(number, "kernel"), "another kernel", head.kernel.described())
        # learned coefficients take a weight in that is not learned
        absorbed = head.kernel.is_learned and not head.weighs and head.weight
        found[f"{head.name}kernel"] = kernel * (own.weight / head.weight) if absorbed else kernel
        found[f"{head.name}weight"] = np.array(own.weight)
        if not (head.weighs or absorbed or own.weight == head.weight):
            raise _other(model.place(number, "weight"), f"the weight {own.weight:g}", f"the weight {head.weight:g}")
    text = model.text
    if outline.embedding is not None and text is not None:
        found["embedding"] = outline.embedding.learned_of(text.states.conj())
    return {name: found[name] for name in outline.shapes}


def _check_shape(outline: Outline, model: Model) -> None:
    text = model.text
    words = None if text is None else text.words
    wanted = None if outline.embedding is None else outline.embedding.labels
    if words != wanted:
        kinds = ["states" if labels is None else counted(len(labels), "word") for labels in (words, wanted)]
        raise _other("/tokens", kinds[0], "the same words" if words and wanted else kinds[1])
    given = int(model.given_tokens.shape[1])
    if given != outline.given:
        raise _other("/tokens", f"tokens of {given:,} entries", f"tokens of {outline.given:,} entries")
    if outline.embedding is not None and outline.embedding.real and np.iscomplexobj(model.tokens):
        raise _other("/tokens/embedding", "a complex embedding", "a real one")
    if model.mask != outline.mask:
        raise _other("/attention/mask", f"the {model.mask} mask", f"the {outline.mask} mask")
    if len(model.heads) != len(outline.heads):
        raise _other("/attention/heads", counted(len(model.heads), "head"), counted(len(outline.heads), "head"))
    for number, (own, head) in enumerate(zip(model.heads, outline.heads, strict=True)):
        if own.key_shift != head.key_shift:
            place = model.place(number, "key_shift")
            raise _other(place, f"a key shift of {own.key_shift:,}", f"a key shift of {head.key_shift:,}")
        if own.conjugate != head.conjugate:
            raise _other(model.place(number, "conjugate"), _conjugated(own.conjugate), _conjugated(head.conjugate))


def _conjugated(conjugate: bool) -> str:
    return "conjugated scores" if conjugate else "scores that are not conjugated"


def _cut(matrix: Numbers, dimension: int) -> Numbers | None:
    """A matrix without the dimensions of padding; None where it does not leave them alone."""
    size = len(matrix)
    if size < dimension:
        return None
    rest = matrix.copy()
    rest[:dimension, :dimension] = np.eye(dimension)
    return matrix[:dimension, :dimension] if np.abs(rest - np.eye(size)).max() < TOLERANCE else None


def _other(pointer: str, found: str, wanted: str) -> InvalidInputError:
    return InvalidInputError(
        "the model has another shape than the one that learns",
        code="train.other-shape",
        pointer=pointer,
        found=found,
        wanted=wanted,
    )
