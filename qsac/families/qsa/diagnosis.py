"""What diagnostics know of the model file with the section ``attention``."""

from __future__ import annotations

from pydantic import BaseModel

from qsac.families.diagnosis import EXAMPLES, KERNELS, TOKENS, UNITARIES
from qsac.families.qsa import schema
from qsac.files.diagnosis import Contract, Location

_HEADS: tuple[Location, ...] = (("attention",), ("attention", "heads"))
"""Where kernels and unitaries stand."""

_CLASSES: dict[Location, type[BaseModel]] = {
    (): schema.ModelFile,
    ("attention",): schema.Attention,
    ("attention", "heads"): schema.OverlapHead,
    ("readout", "loss"): schema.LossReadout,
    ("readout", "predict"): schema.PredictReadout,
    ("readout", "overlaps"): schema.OverlapsReadout,
    **TOKENS,
    **{(*place, "kernel", *kind): fields for place in _HEADS for kind, fields in KERNELS.items()},
    **{
        (*place, side, *kind): fields
        for place in _HEADS
        for side in ("value", "score")
        for kind, fields in UNITARIES.items()
    },
}

_EXAMPLES = {
    **EXAMPLES,
    "attention": '"attention": {"type": "overlap", "kernel": ..., "value": ..., "score": ...}',
    "heads": '"heads": [{"kernel": ..., "value": ..., "score": ..., "key_shift": 1}]',
    "key_shift": '"key_shift": 1',
    "conjugate": '"conjugate": true',
    "weight": '"weight": 0.5',
    "head": '"head": 0',
    "readout": '"readout": {"type": "loss"}',
}

MODEL = Contract("the model", _CLASSES, _EXAMPLES, "qsac schema")
