"""What diagnostics know of the sketch of a transformer."""

from __future__ import annotations

from pydantic import BaseModel

from qsac.families.diagnosis import EXAMPLES
from qsac.families.schema import MonomialKernel, SoftmaxTaylorKernel
from qsac.families.transformer import schema
from qsac.families.transformer.learning import sketch
from qsac.files.diagnosis import Contract, Location

_LAYERS = ("transformer", "layers")
_SCHEMA = "qsac schema --train"

_CLASSES: dict[Location, type[BaseModel]] = {
    (): sketch.TransformerSketch,
    ("tokens",): sketch.WordsSketch,
    ("transformer",): sketch.LayersSketch,
    ("readout", "next-token"): sketch.NextTokenSketch,
    ("readout", "state-fidelity"): sketch.StateFidelitySketch,
    ("transformer", "position", "none"): schema.NoPosition,
    ("transformer", "position", "add"): sketch.AddedPositionSketch,
    ("transformer", "position", "sinusoidal"): schema.SinusoidalPosition,
    ("transformer", "position", "rotary"): schema.RotaryPosition,
    _LAYERS: sketch.LayerSketch,
    (*_LAYERS, "attention"): sketch.AttentionSketch,
    (*_LAYERS, "attention", "kernel", "linear"): schema.LinearKernel,
    (*_LAYERS, "attention", "kernel", "monomial"): MonomialKernel,
    (*_LAYERS, "attention", "kernel", "polynomial"): sketch.PolynomialKernelSketch,
    (*_LAYERS, "attention", "kernel", "softmax-taylor"): SoftmaxTaylorKernel,
    (*_LAYERS, "feed_forward", "gated"): sketch.GatedSketch,
    (*_LAYERS, "feed_forward", "polynomial"): sketch.PolynomialSketch,
    (*_LAYERS, "feed_forward", "polynomial", "function"): schema.FittedFunction,
}

_EXAMPLES = {
    **EXAMPLES,
    "tokens": '"tokens": {"type": "words", "dimension": 8}',
    "dimension": '"dimension": 8',
    "transformer": '"transformer": {"position": {"type": "add"}, "normalise": true, "layers": [{}]}',
    "layers": '"layers": [{"attention": {"heads": 2}, "feed_forward": {"type": "polynomial", "degree": 3}}]',
    "heads": '"heads": 2',
    "factors": '"factors": 2',
    "size": '"size": 4',
    "hidden": '"hidden": 16',
    "rows": '"rows": 9',
    "position": '"position": {"type": "add"}',
    "kernel": '"kernel": {"type": "linear"}',
    "feed_forward": '"feed_forward": {"type": "polynomial", "hidden": 16, "coefficients": [0, 1, 0, 1]}',
    "coefficients": '"coefficients": [0, 1, 0, 1]',
    "function": '"function": {"name": "gelu", "degree": 2, "range": 1}',
    "range": '"range": 1',
    "readout": '"readout": {"type": "next-token"}',
}

SKETCH = Contract("the model", _CLASSES, _EXAMPLES, _SCHEMA)

HEAD = Contract("a head", {(): sketch.HeadSketch}, _EXAMPLES, _SCHEMA)
"""The items of ``heads``, which are validated by themselves."""

FACTOR = Contract("a factor", {(): sketch.FactorSketch}, _EXAMPLES, _SCHEMA)
"""Those of ``factors``."""
