"""A program's model with other numbers of the same shape: bound ones, or drawn ones for templates and estimates."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qsac.arguments import shown
from qsac.errors import InvalidInputError, of_type
from qsac.families.binding import checked_array, like
from qsac.families.contract import Parameter
from qsac.families.matrices import Matrices
from qsac.families.program.model import Model
from qsac.families.program.reading import read
from qsac.families.program.schema import ModelFile
from qsac.files.numbers import Numbers, as_lists, exactly_real
from qsac.files.pointer import join, listed, nearest

SEED = 1812

Place = tuple[str | int, ...]
"""Where numbers stand in a canonical model."""


def parameters(model: Model) -> dict[str, Parameter]:
    """What can be bound: the tokens of a search; inputs, weights and biases of a network."""
    return {name: like(_array(model.fields, place)) for name, place in _places(model).items()}


def with_numbers_of(model: Model, values: Mapping[str, Any]) -> Model:
    """The model with other numbers. Raises :class:`~qsac.errors.InvalidInputError` for what has another shape."""
    fields, places = copy.deepcopy(model.canonical), _places(model)
    for name, value in values.items():
        if name not in places:
            raise _unknown(name, places)
        pointer = "/tokens" if name == "tokens" else join("/parameters", name)
        own = like(_array(fields, places[name]))
        _put(fields, places[name], checked_array(value, own, pointer, f"numbers of {name}"))
    return made_of(fields)


def drawn(model: Model) -> Model:
    """The model with generic numbers, the same ones each time."""
    fields, rng = copy.deepcopy(model.canonical), np.random.default_rng(SEED)
    for place in _places(model).values():
        own = _array(fields, place)
        values: Numbers = rng.normal(size=own.shape)
        if np.iscomplexobj(own):
            values = values + 1j * rng.normal(size=own.shape)
        _put(fields, place, values)
    return made_of(fields)


def made_of(fields: dict[str, Any]) -> Model:
    """The model of canonical fields that were changed."""
    return of_type(read(ModelFile.model_validate(fields), fields, Path()), Model)


def _places(model: Model) -> dict[str, Place]:
    if "tokens" in model.fields:
        return {"tokens": ("tokens", "values")}
    found: dict[str, Place] = {}
    if model.readout.type == "feed-forward":
        found["inputs"] = ("program", "inputs")
        for number in range(len(model.fields["program"]["layers"])):
            for name in ("weights", "bias"):
                found[f"layers.{number}.{name}"] = ("program", "layers", number, name)
    return found


def _array(fields: Any, place: Place) -> Numbers:
    """The numbers at a place of a canonical model."""
    found = fields
    for part in place:
        found = found[part]
    matrices, pointer = Matrices(Path()), join("", *place)
    if place[-1] == "bias":
        return matrices.vector(found, pointer, len(found), "as it is")
    return exactly_real(matrices.read(found, pointer, None, None, "as it is"))


def _put(fields: Any, place: Place, values: Numbers) -> None:
    *path, last = place
    for part in path:
        fields = fields[part]
    fields[last] = as_lists(values)


def _unknown(name: object, places: Mapping[str, Place]) -> InvalidInputError:
    guess = nearest(name, places) if isinstance(name, str) else None
    return InvalidInputError(
        "there is no such parameter",
        code="template.unknown-parameter",
        pointer=join("/parameters", str(name)),
        found=None if isinstance(name, str) else shown(name),
        wanted=f"one of {listed(places)}" if places else "none: this program has no numbers to be bound",
        help=f'did you mean "{guess}"?' if guess else None,
    )
