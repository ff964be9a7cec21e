"""The outline of a model file, all of whose numbers are learned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.matrices import Matrices
from qsac.families.transformer.learning.outline import (
    Array,
    FixedKernel,
    Learned,
    Outline,
    Place,
    Terms,
    Tree,
    name_of,
)
from qsac.families.transformer.model import FeedForward, Gated, Layer, Model
from qsac.families.transformer.readouts.next_token import NextToken
from qsac.files.numbers import Numbers

_STAYING = ("scale",)
"""Numbers that are calibrated, not learned: the factors of a fixed scale."""

_COEFFICIENTS = ("coefficients", "residual", "feed_forward_residual")
"""The fields of numbers of which those that are 0 belong to the structure."""


def tree_of(model: Model) -> dict[str, Tree]:
    """A model file without its sequence, its numbers as arrays and kernels that are not polynomials as they stand.

    What is the identity because the file has left it out is left out, and a residual that is a part of a polynomial is
    one. Raises :class:`~qsac.errors.InvalidInputError` for a model that no data can train.
    """
    _check_trainable(model)
    fields = model.fields["transformer"]
    position = dict(fields["position"])
    if "values" in position:
        values = Matrices(Path()).read(position["values"], "/transformer/position/values", None, None, "as it is")
        position["values"] = values
    tree: dict[str, Tree] = {
        "transformer": {
            "position": position,
            "normalise": fields["normalise"],
            "layers": [_layer(layer, given) for layer, given in zip(model.layers, fields["layers"], strict=True)],
        }
    }
    if not isinstance(model.readout, NextToken):
        return tree | {"readout": {"type": model.readout.type}}
    words: dict[str, Tree] = {"type": "words", "embedding": model.given_tokens}
    if model.labels is not None:
        words["labels"] = model.labels
    return {"tokens": words, **tree, "readout": {"type": "next-token", "vocabulary": model.readout.vocabulary}}


def outline_of(model: Model) -> Outline:
    """The outline in which every number of a model is learned, from its own on; coefficients and residuals that are 0
    stay. Raises :class:`~qsac.errors.InvalidInputError` for a model that no data can train."""
    learned: dict[str, Array] = {}

    def marked(part: Tree, place: Place) -> Tree:
        name = name_of(place)
        if isinstance(part, dict):
            return {key: marked(one, (*place, key)) for key, one in part.items()}
        if isinstance(part, list):
            return [marked(one, (*place, number)) for number, one in enumerate(part)]
        if isinstance(part, np.ndarray) and place[-1] not in _STAYING:
            learned[name] = Array(part.shape, part, bool(np.iscomplexobj(part)))
            return Learned(name)
        if isinstance(part, tuple) and place[-1] in _COEFFICIENTS:
            return learned_terms(learned, name, part)
        return part

    fields = {key: marked(part, (key,)) for key, part in tree_of(model).items()}
    return Outline(fields, learned, model.dimension)


def learned_terms(learned: dict[str, Array], name: str, start: tuple[float, ...]) -> Terms:
    """Coefficients that are learned from some on: those that are not 0. They are written down in ``learned``."""
    places = tuple(place for place, number in enumerate(start) if number)
    learned[name] = Array((len(places),), np.array([start[place] for place in places]))
    return Terms(name, places, len(start))


def _check_trainable(model: Model) -> None:
    """Whether there are data that such a model can be trained with."""
    if isinstance(model.readout, NextToken) == (model.sequence is not None):
        return
    words = isinstance(model.readout, NextToken)
    raise InvalidInputError(
        "no data can train this model",
        code="train.no-data-for-model",
        pointer="/tokens",
        found="tokens that are not words, with the readout next-token"
        if words
        else "words, with the readout state-fidelity",
        wanted="words with the readout next-token, or states with state-fidelity",
    )


def _layer(layer: Layer, given: dict[str, Any]) -> dict[str, Tree]:
    attention = given["attention"]
    heads = [
        {name: _matrix(head, name) for name in written}
        for head, written in zip(layer.heads, attention["heads"], strict=True)
    ]
    found: dict[str, Tree] = {
        "attention": {
            "mask": layer.mask,
            "scale": layer.scale,
            "kernel": _kernel(layer, attention["kernel"]),
            "heads": heads,
        },
        "residual": layer.residual,
        "norm": given["norm"] if layer.factors is None else {"scale": layer.factors},
    }
    if isinstance(layer.feed_forward, Gated):
        found["feed_forward_residual"] = layer.feed_forward_residual
    else:  # it stays: there is nothing that it goes past
        found["feed_forward_residual"] = list(layer.feed_forward_residual)
    if layer.feed_forward is not None:
        found["feed_forward"] = _feed_forward(layer.feed_forward, given["feed_forward"])
    return found


def _matrix(head: Any, name: str) -> Numbers:
    matrix: Numbers = head.key if name == "score" else getattr(head, name)
    return matrix


def _kernel(layer: Layer, given: dict[str, Any]) -> Tree:
    if given["type"] == "polynomial" and not layer.walked:
        return {"type": "polynomial", "coefficients": layer.kernel}
    return FixedKernel(layer.kernel, given)


def _feed_forward(found: FeedForward, given: dict[str, Any]) -> dict[str, Tree]:
    if isinstance(found, Gated):
        factors = [
            {name: getattr(factor, name) for name in written}
            for factor, written in zip(found.factors, given["factors"], strict=True)
        ]
        made: dict[str, Tree] = {"type": "gated", "factors": factors, "pass": found.passing}
    else:
        made = {"type": "polynomial", "coefficients": found.coefficients}
        made |= {name: getattr(found, name) for name in ("input", "bias") if name in given}
    return made | ({"output": found.output} if "output" in given else {})
