"""A model with other numbers of the same shape: another sample, other parameters."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qsac.arguments import shown
from qsac.errors import InvalidInputError
from qsac.families.binding import checked_array
from qsac.families.contract import Parameter
from qsac.families.steps.model import Model
from qsac.families.steps.reading import read
from qsac.families.steps.schema import ModelFile
from qsac.files.pointer import join, listed, nearest

Place = tuple[str | int, ...]

SAMPLE = "sample"
_ARRAYS = ("parameters", "weight", "bias")


def parameters(model: Model) -> dict[str, Parameter]:
    """What can be bound: the ``sample``, and every array of the file by its place, such as
    ``steps.1.blocks.0.parameters``."""
    found = {} if model.sample is None or not model.sample.size else {SAMPLE: Parameter(model.sample.shape, False)}
    for place in _places(model.fields):
        found[".".join(map(str, place))] = Parameter(np.shape(_at(model.fields, place)), False)
    return found


def bound(model: Model, values: Mapping[str, Any]) -> Model:
    """The model with other numbers. Raises :class:`~qsac.errors.InvalidInputError` for what has another shape."""
    known = parameters(model)
    places = {".".join(map(str, place)): place for place in _places(model.fields)}
    fields = copy.deepcopy(model.canonical)
    for name, value in values.items():
        if name not in known:
            guess = nearest(name, known) if isinstance(name, str) else None
            raise InvalidInputError(
                "there is no such parameter",
                code="template.unknown-parameter",
                pointer=join("/parameters", str(name)),
                found=None if isinstance(name, str) else shown(name),
                wanted=f"one of {listed(known)}" if known else "none: the model has no numbers to bind",
                help=f'did you mean "{guess}"?' if guess else None,
            )
        array = checked_array(value, known[name], join("/parameters", name), f"numbers of {name}").tolist()
        if name == SAMPLE:
            fields[SAMPLE] = array
        else:
            *path, last = places[name]
            _at(fields, tuple(path))[last] = array
    return read(ModelFile.model_validate(fields), fields, Path())


def _at(fields: Any, place: Place) -> Any:
    for part in place:
        fields = fields[part]
    return fields


def _places(fields: Any, place: Place = ()) -> Iterator[Place]:
    """The places of all arrays of numbers in canonical fields, in order."""
    if isinstance(fields, dict):
        for name, value in fields.items():
            if name in _ARRAYS and isinstance(value, list):
                yield (*place, name)
            elif isinstance(value, dict | list):
                yield from _places(value, (*place, name))
    elif isinstance(fields, list):
        for number, value in enumerate(fields):
            if isinstance(value, dict):
                yield from _places(value, (*place, number))
