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

LAYER = "/transformer/layers/0"
HEAD = f"{LAYER}/attention/heads/0"
FEED = f"{LAYER}/feed_forward"

POLYNOMIAL = {"type": "polynomial", "input": [[1, 0], [0, 1]], "coefficients": [0, 1, 0.5], "output": [[1, 0], [0, 1]]}
INLINE = {"type": "inline", "values": [[1, 0], [0.6, 0.8], [0, 1]]}
FIDELITY = {"type": "state-fidelity", "targets": [[1, 0], [0, 1], [1, 1], [1, -1]]}

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


def polynomial(**fields: Any) -> dict[str, Any]:
    """The minimal model with a polynomial feed-forward."""
    return changed(FEED, {**POLYNOMIAL, **fields})


def fed(residual: list[float], **fields: Any) -> dict[str, Any]:
    return changed(f"{LAYER}/feed_forward_residual", residual, polynomial(**fields))


def inline(readout: dict[str, Any] | None = None, **tokens: Any) -> dict[str, Any]:
    given = changed("/tokens", {**INLINE, **tokens})
    return given if readout is None else changed("/readout", readout, given)


def rotary(given: dict[str, Any] | None = None) -> dict[str, Any]:
    return changed("/transformer/position", {"type": "rotary"}, given)


def next_token(**fields: Any) -> dict[str, Any]:
    return {"type": "next-token", "vocabulary": [[1, 0], [0, 1], [0.6, 0.8]], **fields}
