"""Small transformers: every kind of attention, feed-forward, position and readout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qsac.families.transformer.model import Model
from qsac.families.transformer.reading import read
from qsac.families.transformer.schema import ModelFile

_ROWS = [[0.8, 0.6], [0.28, 0.96], [-0.6, 0.8]]
_COMPLEX = [[[0.6, 0.0], [0.0, 0.8]], [[0.28, 0.0], [0.96, 0.0]], [[0.0, 1.0], [0.0, 0.0]]]
_WORDS = {"type": "words", "embedding": _ROWS, "sequence": [0, 2, 1, 0], "labels": ["a", "b", "c"]}
_TURN = [[0.8, 0.6], [-0.6, 0.8]]
_GENERAL = [[0.9, 0.3], [-0.2, 0.7]]
_FOUR = [[0.5, 0.5, 0.5, 0.5], [0.8, 0.0, 0.6, 0.0], [0.0, 0.6, 0.0, -0.8]]
_THREE = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.6, 0.8]]
_SPLIT = [
    {"query": [[1, 0, 0, 0]], "key": [[0, 1, 0, 0]], "value": [[0, 0, 1, 0]], "output": [[0], [1], [0], [0]]},
    {"query": [[0, 0, 1, 0]], "key": [[0, 0, 1, 0]], "value": [[1, 0, 0, 1]], "output": [[1], [0], [0], [-1]]},
]
_BASIS = [[1.0, 0.0], [0.0, 1.0]]
_HALVES = [0.5, 0.5]
_HEAD = {"query": _TURN, "key": _GENERAL, "value": _GENERAL}
_BILINEAR = {"type": "gated", "factors": [{"matrix": _GENERAL, "bias": [0.2, -0.1]}, {"matrix": _TURN}]}


def examples() -> Iterator[Model]:
    """The models, the smallest first."""
    last: dict[str, Any] = {"type": "next-token", "vocabulary": _BASIS}
    words = last | {"vocabulary": [[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]}
    following = words | {"positions": "targets"}
    states = {"type": "state-fidelity", "targets": _ROWS}
    yield _model("one", {"type": "inline", "values": _ROWS[:1]}, [{"residual": _HALVES}], last)
    yield _model("mean", _inline(_ROWS), [_layer([{}])], last)
    yield _model("words", _WORDS, [_layer([_HEAD])], following, position={"type": "sinusoidal"}, normalise=True)
    yield _model("heads", _inline(_FOUR), [_layer(_SPLIT, norm="centre")], last | {"vocabulary": _THREE})
    yield _model("gated", _inline(_ROWS), [_layer([_HEAD], feed_forward=_BILINEAR)], last | {"positions": [2]})
    residual = _layer([{"score": _GENERAL}], "sum", feed_forward=_BILINEAR, feed_forward_residual=_HALVES)
    yield _model("residual", _inline(_ROWS[:2]), [residual], words)
    fitted = {"type": "polynomial", "function": {"name": "gelu", "degree": 2, "range": 1}, "bias": [0.1, 0.0]}
    yield _model("gelu", _WORDS, [_layer([_HEAD], feed_forward=fitted)], words, position={"type": "rotary"})
    series = {"type": "softmax-taylor", "degree": 2}
    yield _model("series", _inline(_COMPLEX), [_layer([_HEAD], kernel=series)], words | {"targets": [0]})
    yield _model("layers", _inline(_ROWS), [_layer([_HEAD]), _layer([{"value": _TURN}])], last, normalise=True)
    yield _model("states", _inline(_ROWS), [_layer([_HEAD])], states, normalise=True)
    added = {"type": "add", "values": _ROWS}
    scaled = _layer([{}], mask="full", norm={"scale": [1.0, 0.5, 0.8]}, feed_forward=_BILINEAR)
    yield _model("products", _inline(_COMPLEX), [scaled], states | {"targets": _COMPLEX}, position=added)


def _inline(rows: list[Any]) -> dict[str, Any]:
    return {"type": "inline", "values": rows}


def _layer(heads: list[Any], scale: str = "mean", mask: str = "causal", **fields: Any) -> dict[str, Any]:
    kernel = fields.pop("kernel", {"type": "linear"})
    return {
        "attention": {"mask": mask, "scale": scale, "kernel": kernel, "heads": heads},
        "residual": _HALVES,
        **fields,
    }


def _model(
    name: str, tokens: dict[str, Any], layers: list[dict[str, Any]], readout: dict[str, Any], **fields: Any
) -> Model:
    given = {
        "qsac": 1,
        "name": name,
        "tokens": tokens,
        "transformer": {"layers": layers, **fields},
        "readout": readout,
    }
    return read(ModelFile.model_validate(given), given, Path())
