"""A template's model with other tokens and matrices of the same shape."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qsac.arguments import shown
from qsac.errors import InvalidInputError
from qsac.families.binding import checked_array, like
from qsac.families.contract import Parameter
from qsac.families.matrices import Matrices
from qsac.families.transformer.model import Model
from qsac.families.transformer.reading import read
from qsac.families.transformer.schema import ModelFile
from qsac.files.numbers import Numbers, as_lists, exactly_real
from qsac.files.pointer import join, listed, nearest

Place = tuple[str | int, ...]
"""Where numbers stand in a canonical model."""


def parameters(model: Model) -> dict[str, Parameter]:
    """What can be bound: ``tokens``, which are the embedding's rows for words, and every matrix and vector of the file.

    Their names are such as ``layers.0.heads.1.query`` and ``readout.vocabulary``.
    """
    found = {"tokens": like(model.given_tokens)}
    for name, place in _places(model):
        found[name] = like(_array(model.canonical, place))
    return found


def with_numbers_of(model: Model, values: Mapping[str, Any]) -> Model:
    """The model with other numbers, ``tokens`` among them; see :meth:`qsac.templates.template.Template.bind`. Raises
    :class:`~qsac.errors.InvalidInputError` for what has another shape."""
    fields = copy.deepcopy(model.canonical)
    places = dict(_places(model))
    for name, value in values.items():
        if name == "tokens":
            rows = as_lists(checked_array(value, like(model.given_tokens), "/tokens"))
            fields["tokens"]["values" if model.sequence is None else "embedding"] = rows
            continue
        if name not in places:
            raise _unknown(name, places)
        *path, last = places[name]
        parent: Any = fields
        for part in path:
            parent = parent[part]
        own = like(_array(fields, places[name]))
        parent[last] = as_lists(checked_array(value, own, join("/parameters", name), f"numbers of {name}"))
    return read(ModelFile.model_validate(fields), fields, Path())


def _places(model: Model) -> Iterator[tuple[str, Place]]:
    """The name and the place of every array of the canonical model but the tokens."""
    transformer = model.fields["transformer"]
    if "values" in transformer["position"]:
        yield "position.values", ("transformer", "position", "values")
    for number, layer in enumerate(transformer["layers"]):
        place: Place = ("transformer", "layers", number)
        for h, head in enumerate(layer["attention"]["heads"]):
            for name in head:
                yield f"layers.{number}.heads.{h}.{name}", (*place, "attention", "heads", h, name)
        feed_forward = layer.get("feed_forward", {})
        for c, factor in enumerate(feed_forward.get("factors", ())):
            for name in factor:
                within = ("feed_forward", "factors", c, name)
                yield f"layers.{number}.feed_forward.factors.{c}.{name}", (*place, *within)
        for name in ("input", "bias", "output"):
            if name in feed_forward:
                yield f"layers.{number}.feed_forward.{name}", (*place, "feed_forward", name)
    name = "vocabulary" if "vocabulary" in model.fields["readout"] else "targets"
    yield f"readout.{name}", ("readout", name)


def _array(fields: Any, place: Place) -> Numbers:
    """The numbers at a place of a canonical model."""
    found = fields
    for part in place:
        found = found[part]
    matrices, pointer = Matrices(Path()), join("", *place)
    if place[-1] == "bias":
        return matrices.vector(found, pointer, len(found), "as it is")
    return exactly_real(matrices.read(found, pointer, None, None, "as it is"))


def _unknown(name: object, places: Mapping[str, Place]) -> InvalidInputError:
    guess = nearest(name, ("tokens", *places)) if isinstance(name, str) else None
    return InvalidInputError(
        "there is no such parameter",
        code="template.unknown-parameter",
        pointer=join("/parameters", str(name)),
        found=None if isinstance(name, str) else shown(name),
        wanted=f"tokens, or one of {listed(places)}",
        help=f'did you mean "{guess}"?' if guess else None,
    )
