"""A template's model with other tokens and parameters of the same shape."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from qsac.arguments import shown
from qsac.errors import InvalidInputError
from qsac.families.binding import checked_array, like
from qsac.families.qsa.model import Model
from qsac.families.qsa.reading import read
from qsac.families.qsa.schema import ModelFile
from qsac.files.numbers import Numbers, as_lists
from qsac.files.pointer import join

PARAMETERS = ("value", "score", "phases")


def with_numbers_of(model: Model, values: Mapping[str, Any]) -> Model:
    """The model with other numbers, ``tokens`` among them; see :meth:`qsac.templates.template.Template.bind`. Raises
    for what has another shape."""
    fields: dict[str, Any] = {**model.canonical, "attention": dict(model.canonical["attention"])}
    for name, value in values.items():
        if name == "tokens":
            fields["tokens"] = {
                "type": "inline",
                "values": as_lists(checked_array(value, like(model.given_tokens), "/tokens")),
            }
        else:
            fields["attention"][name] = _checked_parameter(model, name, value)
    return read(ModelFile.model_validate(fields), fields, Path())


def _checked_parameter(model: Model, name: str, value: Any) -> Any:
    """The field ``name`` of a model's attention, with another value."""
    pointer = join("/parameters", name)
    if name not in PARAMETERS:
        found = None if isinstance(name, str) else shown(name)
        raise InvalidInputError(
            "there is no such parameter",
            code="template.unknown-parameter",
            pointer=pointer,
            found=found,
            wanted=f"one of {', '.join(PARAMETERS)}",
        )
    plain = value if isinstance(value, str) else _lists(value, pointer)
    attention = model.canonical["attention"]
    if name == "phases":
        if name not in attention:
            raise InvalidInputError(
                "the template has no phases",
                code="template.nothing-to-bind",
                pointer=pointer,
                help='compile a template of a model with phases, for example "phases": "optimal"',
            )
        return plain
    form = attention[name]["type"]
    if form == "identity":
        raise InvalidInputError(
            f"the template has nothing to bind as {name}",
            code="template.nothing-to-bind",
            pointer=pointer,
            found=f"a template whose {name} is the identity",
            help=f"compile a template of a model whose {name} has parameters",
        )
    if form == "matrix":
        return _checked_matrix(model, name, plain, pointer)
    return {**attention[name], "parameters": plain}


def _checked_matrix(model: Model, name: str, plain: Any, pointer: str) -> dict[str, Any]:
    own = model.canonical["attention"][name]
    size = len(own["entries"])
    try:
        array = np.asarray(plain, dtype=np.float64)
    except (ValueError, TypeError):
        array = np.zeros(0)
    if array.shape == (size, size):
        array = np.stack([array, np.zeros_like(array)], axis=-1)
    unitary = model.value if name == "value" else model.score
    if array.shape != (size, size, 2) or (unitary.is_real and array[..., 1].any()):
        raise InvalidInputError(
            "the matrix does not have the template's shape",
            code="template.wrong-shape",
            pointer=pointer,
            wanted=f"{size} rows of {size} {'real' if unitary.is_real else 'complex'} numbers",
        )
    return {"type": "matrix", "entries": array.tolist()}


def _lists(value: Any, pointer: str) -> Any:
    """Nested lists of numbers; complex arrays with [re, im] pairs."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError):
        return value
    if array.dtype.kind == "c":
        return as_lists(cast(Numbers, array))
    return value.tolist() if isinstance(value, np.ndarray) else value
