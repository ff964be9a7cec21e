"""Predictions and overlaps as rows of text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qsac.families.qsa.model import Model
from qsac.families.qsa.readouts import Overlaps

Row = tuple[str, dict[str, float | None]]
"""A label, and the entry's values by column."""

_LABELS = {"vocabulary": "word {}", "states": "state {}"}


def entry_count(model: Model, content: dict[str, Any]) -> int:
    """How many entries a result's ``predictions`` or ``overlaps`` have, pairs outside the mask left out."""
    if isinstance(model.readout, Overlaps):
        return model.context * (model.context + 1) // 2 if model.readout.mask == "causal" else model.context**2
    return len(content["probabilities"])


def entry_rows(model: Model, name: str, content: dict[str, Any]) -> Iterator[Row]:
    """The entries of a result's ``predictions`` or ``overlaps``; pairs outside the mask are left out.

    Basis states are written as bits; words and states are numbered from 0 as in the list, tokens from 1 as in the
    formulas.
    """
    errors = content["standard_errors"]
    if name == "predictions":
        labels = (_label(model, content["over"], place) for place in range(len(content["probabilities"])))
        columns = {"probability": content["probabilities"]} | ({"standard error": errors} if errors else {})
        for place, label in enumerate(labels):
            yield label, {column: values[place] for column, values in columns.items()}
        return
    parts = [part for part in ("re", "im", "abs2") if part in content]
    for j, i in ((j, i) for j in range(model.context) for i in range(model.context)):
        if isinstance(model.readout, Overlaps) and model.readout.mask == "causal" and i > j:
            continue
        values: dict[str, float | None] = {}
        for part in parts:
            values[part] = content[part][j][i]
            if errors:
                values[f"error of {part}"] = errors[part][j][i]
        yield f"s_{j + 1},{i + 1}", values


def _label(model: Model, over: str, place: int) -> str:
    if over == "basis":
        return f"|{place:0{model.data_qubits}b}>"
    return f"x_{place + 1}" if over == "tokens" else _LABELS[over].format(place)
