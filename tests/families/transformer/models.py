"""Small models that tests change one field of."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qsac.families.transformer.diagnosis import MODEL
from qsac.families.transformer.model import Model
from qsac.families.transformer.reading import read
from qsac.families.transformer.schema import ModelFile
from qsac.files.diagnosis import refuse

MISSING = object()
"""In place of a value: the field is left out."""


def loaded(given: dict[str, Any], folder: Path = Path()) -> Model:
    """The model of a file, or the one error that it is refused with."""
    try:
        fields = ModelFile.model_validate(given)
    except ValidationError as error:
        raise refuse(error, MODEL) from None
    return read(fields, given, folder)


def minimal() -> dict[str, Any]:
    """Four words of dimension 2, one layer with a gated feed-forward, the last position read."""
    return {
        "qsac": 1,
        "tokens": {"type": "words", "embedding": [[1, 0], [0.6, 0.8], [0, 1]], "sequence": [0, 1, 2, 1]},
        "transformer": {
            "layers": [
                {
                    "attention": {"heads": [{"query": [[1, 0.5]], "key": [[0.5, 1]]}]},
                    "residual": [0.5, 0.5],
                    "feed_forward": {"type": "gated", "factors": [{"matrix": [[1, 0.5], [0, 1]]}]},
                }
            ]
        },
        "readout": {"type": "next-token", "vocabulary": [[1, 0], [0, 1], [0.6, 0.8]]},
    }


def changed(pointer: str, value: Any, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """:func:`minimal`, or another model, with another value at a place."""
    model = copy.deepcopy(minimal() if given is None else given)
    *parents, last = [int(part) if part.isdigit() else part for part in pointer.split("/")[1:]]
    place: Any = model
    for part in parents:
        place = place[part]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return model
