"""What diagnostics know of the model file with the section ``transformer``."""

from __future__ import annotations

from pydantic import BaseModel

from qsac.families.diagnosis import EXAMPLES, KERNELS
from qsac.families.schema import FileTokens
from qsac.families.transformer import schema
from qsac.files.diagnosis import Contract, Location

_LAYERS = ("transformer", "layers")

_CLASSES: dict[Location, type[BaseModel]] = {
    (): schema.ModelFile,
    ("transformer",): schema.Transformer,
    ("readout", "next-token"): schema.NextTokenReadout,
    ("readout", "state-fidelity"): schema.StateFidelityReadout,
    ("tokens", "words"): schema.WordsTokens,
    ("tokens", "inline"): schema.InlineRows,
    ("tokens", "file"): FileTokens,
    ("transformer", "position", "none"): schema.NoPosition,
    ("transformer", "position", "add"): schema.AddedPosition,
    ("transformer", "position", "sinusoidal"): schema.SinusoidalPosition,
    ("transformer", "position", "rotary"): schema.RotaryPosition,
    _LAYERS: schema.LayerFields,
    (*_LAYERS, "attention"): schema.HeadsAttention,
    (*_LAYERS, "attention", "heads"): schema.HeadFields,
    (*_LAYERS, "attention", "kernel", "linear"): schema.LinearKernel,
    **{(*_LAYERS, "attention", "kernel", *kind): fields for kind, fields in KERNELS.items()},
    (*_LAYERS, "feed_forward", "gated"): schema.GatedFeedForward,
    (*_LAYERS, "feed_forward", "gated", "factors"): schema.FactorFields,
    (*_LAYERS, "feed_forward", "polynomial"): schema.PolynomialFeedForward,
    (*_LAYERS, "feed_forward", "polynomial", "function"): schema.FittedFunction,
}

_EXAMPLES = {
    **EXAMPLES,
    "tokens": '"tokens": {"type": "words", "embedding": [[1, 0], [0, 1]], "sequence": [0, 1, 1]}',
    "embedding": '"embedding": [[1, 0], [0, 1]]',
    "sequence": '"sequence": [0, 1, 1]',
    "transformer": '"transformer": {"layers": [{"attention": {"heads": [{}]}, "residual": [0.5, 0.5]}]}',
    "layers": '"layers": [{"attention": {"heads": [{}]}, "residual": [0.5, 0.5]}]',
    "heads": '"heads": [{}]',
    "kernel": '"kernel": {"type": "linear"}',
    "position": '"position": {"type": "sinusoidal"}',
    "residual": '"residual": [0.5, 0.5]',
    "feed_forward_residual": '"feed_forward_residual": [0, 1]',
    "coefficients": '"coefficients": [0, 0.5, 0.35]',
    "function": '"function": {"name": "gelu", "degree": 2, "range": 1}',
    "range": '"range": 1',
    "factors": '"factors": [{"matrix": [[1, 0], [0, 1]]}, {"matrix": [[1, 0], [0, 1]]}]',
    "matrix": '"matrix": [[1, 0], [0, 1]]',
    "vocabulary": '"vocabulary": [[1, 0], [0, 1]]',
    "targets": '"targets": [[1, 0], [0, 1]]',
    "readout": '"readout": {"type": "next-token", "vocabulary": [[1, 0], [0, 1]]}',
}

MODEL = Contract("the model", _CLASSES, _EXAMPLES, "qsac schema")
