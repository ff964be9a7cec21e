"""What diagnostics know of the sketch of a model that is trained."""

from __future__ import annotations

from pydantic import BaseModel

from qsac.families import diagnosis as shared_diagnosis
from qsac.families import schema as shared
from qsac.families.qsa.learning import sketch
from qsac.files.diagnosis import Contract, Location

_HEADS: tuple[Location, ...] = (("attention",), ("attention", "heads"))
"""Where kernels and unitaries stand."""

_UNITARIES: dict[str, type[BaseModel]] = {
    "free": sketch.FreeUnitarySketch,
    "orthogonal": sketch.OrthogonalUnitarySketch,
    "hardware-efficient": sketch.AnsatzSketch,
    "matrix": sketch.MatrixSketch,
    "identity": shared.IdentityUnitary,
}

_KERNELS: dict[str, type[BaseModel]] = {
    "monomial": shared.MonomialKernel,
    "polynomial": sketch.OverlapPolynomialSketch,
    "softmax-taylor": shared.SoftmaxTaylorKernel,
}

_CLASSES: dict[Location, type[BaseModel]] = {
    (): sketch.OverlapSketch,
    ("tokens",): sketch.EmbeddingSketch,
    ("attention",): sketch.OverlapAttentionSketch,
    ("attention", "heads"): sketch.OverlapHeadSketch,
    **{(*place, "kernel", kind): fields for place in _HEADS for kind, fields in _KERNELS.items()},
    **{
        (*place, side, kind): fields
        for place in _HEADS
        for side in ("value", "score")
        for kind, fields in _UNITARIES.items()
    },
}

EXAMPLES = {
    **shared_diagnosis.EXAMPLES,
    "attention": '"attention": {"type": "overlap", "kernel": {"type": "monomial", "degree": 3}}',
    "tokens": '"tokens": {"type": "text", "dimension": 32}',
    "dimension": '"dimension": 32',
    "value": '"value": {"type": "free"}',
    "score": '"score": {"type": "free"}',
    "kernel": '"kernel": {"type": "polynomial", "degree": 4}',
    "heads": '"heads": [{"kernel": {"type": "polynomial", "degree": 4}, "key_shift": 1}]',
    "key_shift": '"key_shift": 1',
    "conjugate": '"conjugate": true',
    "weight": '"weight": 0.5',
}

SKETCH = Contract("the sketch", _CLASSES, EXAMPLES, "qsac schema --of train")
