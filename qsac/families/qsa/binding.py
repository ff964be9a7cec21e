"""A template's model with other tokens and parameters of the same shape.

Arrays become the model's own as they are. Whatever else is given is read as a model file would be: what is wrong with
it is said in the same words.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from qsac.arguments import shown
from qsac.errors import InvalidInputError
from qsac.families.ansatz import Ansatz
from qsac.families.binding import checked_array, like
from qsac.families.contract import Parameter
from qsac.families.qsa.model import Model
from qsac.families.qsa.reading import read
from qsac.families.qsa.readouts.predict import Predict
from qsac.families.qsa.schema import ModelFile
from qsac.families.qsa.text import parameters as of_text
from qsac.families.qsa.text import with_text
from qsac.families.tokens.sequence import normalised
from qsac.families.unitary import Unitary, with_angles, with_entries
from qsac.files.numbers import Numbers, as_lists
from qsac.files.pointer import join, listed

PARAMETERS = ("value", "score", "phases")
"""Of a model without a list of heads; with one the first two are such as ``heads.0.value``."""

_PRECISE = {np.dtype(name) for name in ("i1", "i2", "i4", "i8", "f4", "f8", "c8", "c16")}
"""Types whose numbers double precision holds, but for large integers, which it rounds as it does those of a file."""


def with_numbers_of(model: Model, values: Mapping[str, Any]) -> Model:
    """The model with other numbers, ``tokens`` among them; see :meth:`qsac.templates.template.Template.bind`. Raises
    for what has another shape."""
    if model.text is not None:
        model, values = with_text(model, model.text, values)
    tokens, given = model.given_tokens, {}
    for name, value in values.items():
        if name == "tokens":
            tokens = checked_array(value, like(model.given_tokens), "/tokens")
        else:
            given[_checked_name(model, name)] = value
    wanted = parameters(model)
    arrays = {name: _array(value, wanted.get(name)) for name, value in given.items()}
    if np.isfinite(tokens).all() and tokens.any(axis=1).all() and all(found is not None for found in arrays.values()):
        return _with_arrays(model, tokens, {name: found for name, found in arrays.items() if found is not None})
    attention = copy.deepcopy(model.canonical["attention"])
    for name, value in given.items():
        _put(attention, name, _checked_parameter(model, name, value))
    inline = {"type": "inline", "values": as_lists(tokens)} if model.text is None else model.text.canonical
    fields = {**model.canonical, "tokens": inline, "attention": attention}
    # A template's circuits keep the qubit for the lengths of words, whatever these are.
    return replace(read(ModelFile.model_validate(fields), fields, Path()), lengths=model.lengths)


def parameters(model: Model) -> dict[str, Parameter]:
    """See :meth:`qsac.families.contract.Family.parameters`."""
    found = {"tokens": like(model.given_tokens)} if model.text is None else of_text(model.text)
    for name, given in model.unitaries.items():
        if given.rows is not None:
            found[name] = Parameter((given.rows, given.rows), not given.unitary.is_real)
        elif isinstance(given.unitary, Ansatz):
            found[name] = Parameter(given.unitary.parameters.shape, complex=False)
    if model.given_phases is not None:
        found["phases"] = Parameter((model.context,), complex=False)
    return found


def _array(value: Any, wanted: Parameter | None) -> Numbers | None:
    """The value as finite numbers of the shape wanted; None for what is no such array."""
    if wanted is None or not isinstance(value, np.ndarray) or value.dtype not in _PRECISE:
        return None
    fits = value.shape == wanted.shape and (wanted.complex or value.dtype.kind != "c")
    if not fits or not np.isfinite(value).all():
        return None
    return value.astype(np.float64 if value.dtype.kind != "c" else np.complex128)


def _with_arrays(model: Model, tokens: Numbers, arrays: Mapping[str, Numbers]) -> Model:
    """The model with finite numbers of its own shape, no token zero."""
    rows = normalised(tokens, model.dimension)
    attention: dict[str, Any] = dict(model.fields["attention"])
    if "heads" in attention:
        attention["heads"] = [dict(head) for head in attention["heads"]]
    numbers: dict[str, Any] = {}
    heads = list(model.heads)
    for name, own in model.unitaries.items():
        if name not in arrays:
            continue
        made: Unitary
        if isinstance(own.unitary, Ansatz):
            made, canonical = with_angles(own.unitary.rotations, arrays[name].astype(np.float64))
        else:
            entries = arrays[name].astype(np.complex128)
            made, canonical = with_entries(entries, model.place(own.head, own.side), model.dimension)
        heads[own.head] = heads[own.head].with_unitary(own.side, made)
        _put(attention, name, canonical)
    if "phases" in arrays:
        phases = arrays["phases"]
        phases.flags.writeable = False
        numbers["given_phases"], attention["phases"] = phases, phases.tolist()
    readout = model.readout
    if isinstance(readout, Predict) and readout.over == "tokens":
        readout = replace(readout, states=rows)
    return replace(
        model,
        **numbers,
        heads=tuple(heads),
        tokens=rows,
        readout=readout,
        given_tokens=tokens,
        fields={**model.fields, "attention": attention},
        evolution=None,
    )


def _put(attention: dict[str, Any], name: str, value: Any) -> None:
    """Replace what a parameter is of in the section of a canonical model."""
    *path, last = name.split(".")
    parent: Any = attention
    for part in path:
        parent = parent[int(part)] if isinstance(parent, list) else parent[part]
    parent[last] = value


def _checked_name(model: Model, name: object) -> str:
    known = PARAMETERS if "heads" not in model.fields["attention"] else (*model.unitaries, "phases")
    if isinstance(name, str) and name in known:
        return name
    raise InvalidInputError(
        "there is no such parameter",
        code="template.unknown-parameter",
        pointer=join("/parameters", str(name)),
        found=None if isinstance(name, str) else shown(name),
        wanted=f"one of {listed(known)}",
    )


def _checked_parameter(model: Model, name: str, value: Any) -> Any:
    """The field ``name`` of a model's attention, with another value."""
    pointer = join("/parameters", name)
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
    own = model.unitaries[name].fields
    form = own["type"]
    if form == "identity":
        raise InvalidInputError(
            f"the template has nothing to bind as {name}",
            code="template.nothing-to-bind",
            pointer=pointer,
            found=f"a template whose {name} is the identity",
            help=f"compile a template of a model whose {name} has parameters",
        )
    if form == "matrix":
        return _checked_matrix(parameters(model)[name], plain, pointer)
    return {**own, "parameters": plain}


def _checked_matrix(wanted: Parameter, plain: Any, pointer: str) -> dict[str, Any]:
    size = wanted.shape[0]
    try:
        array = np.asarray(plain, dtype=np.float64)
    except (ValueError, TypeError):
        array = np.zeros(0)
    if array.shape == (size, size):
        array = np.stack([array, np.zeros_like(array)], axis=-1)
    if array.shape != (size, size, 2) or (not wanted.complex and array[..., 1].any()):
        raise InvalidInputError(
            "the matrix does not have the template's shape",
            code="template.wrong-shape",
            pointer=pointer,
            wanted=f"{size} rows of {size} {'complex' if wanted.complex else 'real'} numbers",
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
