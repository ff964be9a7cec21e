"""What a layer of another framework is made of: the learner of a model, or of a sketch of one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from qsac.errors import InvalidInputError
from qsac.families.contract import Model
from qsac.families.learning import Given, Learner, Learns, LearnsFromSamples, MapsInputs
from qsac.families.reading import model_of
from qsac.families.registry import family, sections
from qsac.files.diagnosis import refuse
from qsac.files.pointer import listed
from qsac.files.python_values import plain

STEPS = "steps"

AnyModel: TypeAlias = Model | str | os.PathLike[str] | Mapping[str, Any]
"""A model, its file, the dictionary of it; or the dictionary of a sketch, a model file without numbers and tokens."""

DEFAULT_LENGTH = 1025
"""The tokens that a sketch is checked for where no length is given."""


def learner_of(
    model: AnyModel, dimension: int | None = None, length: int | None = None, *, real: bool = False
) -> Learner:
    """What learns a model: all numbers of a model file, or what a sketch leaves out, for tokens of ``dimension``
    entries, ``real`` or complex. Raises :class:`~qsac.errors.QsacError`."""
    if isinstance(model, Mapping) and "qsac" not in model:
        sketch: Any = plain(dict(model))
        return _of_sketch(sketch, dimension, length, real)
    found = model_of(model)
    return _learns(found.section).learner_of(found)


def _of_sketch(sketch: dict[str, Any], dimension: int | None, length: int | None, real: bool) -> Learner:
    known = sections()
    found = [section for section in known if section in sketch]
    if len(found) != 1:
        raise InvalidInputError(
            "the sketch has the sections of several families" if found else "the sketch has no family's section",
            code="train.not-one-family",
            pointer="",
            found=listed(sketch),
            wanted="one of " + ", ".join(f'"{section}"' for section in known),
        )
    if dimension is None:
        raise InvalidInputError(
            "the dimension of the tokens is not given",
            code="option.wrong-type",
            found="a sketch, and no dimension",
            wanted="the number of entries of a token",
            help="give it beside the sketch, for example dimension=16",
        )
    chosen = _learns(found[0])
    try:
        fields = chosen.sketch.model_validate(sketch)
    except ValidationError as error:
        raise refuse(error, chosen.sketch_contract) from None
    return chosen.learner(fields, Given(length or DEFAULT_LENGTH, dimension, real), Path())


def _learns(section: str) -> Learns:
    found = family(section)
    if isinstance(found, Learns):
        return found
    raise InvalidInputError(
        f'models with the section "{section}" cannot be trained',
        code="train.family-cannot-learn",
        wanted="a family that can be trained",
    )


def mapping_of(
    model: AnyModel, dimension: int | None = None, length: int | None = None
) -> tuple[MapsInputs, str] | None:
    """What maps inputs to outputs, and what its parameters' names begin with in vain: of one step, of a list of steps,
    their file or model. None where the model is none of these. Raises :class:`~qsac.errors.QsacError`."""
    if isinstance(model, Mapping) and "qsac" not in model:
        prefix = "" if STEPS in model else f"{STEPS}.0."
        if STEPS not in model and not isinstance(model.get("type"), str):
            return None
        chosen = family(STEPS)
        fields: Any = plain(dict(model))
        sketch = {STEPS: [fields]} if prefix else fields
        shape = None if dimension is None else (dimension,) if length is None else (length, dimension)
        if not isinstance(chosen, LearnsFromSamples) or not isinstance(chosen, Learns):
            return None
        try:
            read = chosen.sketch.model_validate(sketch)
        except ValidationError as error:
            raise refuse(error, chosen.sketch_contract) from None
        return chosen.layer_learner(read, shape, Path()), prefix
    found = model_of(model)
    learner: Any = _learns(found.section).learner_of(found) if found.section == STEPS else None
    return (learner, "") if isinstance(learner, MapsInputs) else None


def in_double(numbers: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
    """Parameters of a framework as NumPy's arrays."""
    return {name: np.asarray(values, dtype=np.float64) for name, values in numbers.items()}
