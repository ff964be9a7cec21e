"""Small models of quantum attention: every kernel, mask and readout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qsac.families.qsa.model import Model
from qsac.families.qsa.reading import read
from qsac.families.qsa.schema import ModelFile

_TOKENS = [[0.8, 0.6], [0.28, 0.96], [-0.6, 0.8], [1.0, 0.0]]
_COMPLEX = [[[0.6, 0.0], [0.0, 0.8]], [[0.28, 0.0], [0.96, 0.0]], [[0.0, 1.0], [0.0, 0.0]]]
_ANSATZ = {"type": "hardware-efficient", "layers": 1, "parameters": [[[0.3, -0.4, 0.5]]]}
_IDENTITY = {"type": "identity"}
_LINEAR = {"type": "monomial", "degree": 1}
_SERIES = {"type": "polynomial", "coefficients": [0.5, 1.0, -0.25]}
_MATRIX = {"type": "matrix", "entries": [[[0.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 0.0]]]}

_TEXT = {
    "type": "text",
    "words": ["to", "be", "or", "not"],
    "embedding": [[0.6, 0.48], [0.8, -0.36], [0.0, 0.64], [0.0, -0.48]],
    "text": "to be or",
}


def examples() -> Iterator[Model]:
    """The models, the smallest first."""
    loss, predict, overlaps = {"type": "loss"}, {"type": "predict"}, {"type": "overlaps"}
    yield _model("one", _TOKENS[:2], _LINEAR, loss)
    yield _model("linear", _TOKENS, _LINEAR, loss, value=_ANSATZ, score=_MATRIX)
    yield _model("series", _COMPLEX, _SERIES, loss, mask="full", value=_ANSATZ, phases=[0.2, 1.1])
    yield _model("basis", _TOKENS, _LINEAR, predict)
    yield _model("words", _COMPLEX, _SERIES, predict | {"vocabulary": [[1.0, 0.0], [0.0, 0.6], [0.0, 0.8]]})
    yield _model("states", _TOKENS, _LINEAR, predict | {"states": "tokens", "position": 2}, score=_ANSATZ)
    yield _model("moduli", _TOKENS, _LINEAR, overlaps | {"part": "abs2"})
    yield _model("scores", _COMPLEX, _LINEAR, overlaps | {"pairs": "all"}, score=_ANSATZ)
    yield _model("text", _TEXT, _LINEAR, loss, mask="full")
    yield _model("next", _TEXT, _LINEAR, predict)


def _model(
    name: str, tokens: list[Any] | dict[str, Any], kernel: dict[str, Any], readout: dict[str, Any], **fields: Any
) -> Model:
    attention = {"type": "overlap", "kernel": kernel, "value": _IDENTITY, "score": _IDENTITY} | fields
    given = {
        "qsac": 1,
        "name": name,
        "tokens": tokens if isinstance(tokens, dict) else {"type": "inline", "values": tokens},
        "attention": attention,
        "readout": readout,
    }
    return read(ModelFile.model_validate(given), given, Path())
