"""What diagnostics know of the model file with the section ``attention``."""

from __future__ import annotations

from pydantic import BaseModel

from qsac.families.diagnosis import EXAMPLES, KERNELS, TOKENS, UNITARIES
from qsac.families.qsa import schema
from qsac.files.diagnosis import Contract, Location

_CLASSES: dict[Location, type[BaseModel]] = {
    (): schema.ModelFile,
    ("attention",): schema.Attention,
    ("readout", "loss"): schema.LossReadout,
    ("readout", "predict"): schema.PredictReadout,
    ("readout", "overlaps"): schema.OverlapsReadout,
    **TOKENS,
    **{("attention", "kernel", *kind): fields for kind, fields in KERNELS.items()},
    **{("attention", side, *kind): fields for side in ("value", "score") for kind, fields in UNITARIES.items()},
}

_EXAMPLES = {
    **EXAMPLES,
    "attention": '"attention": {"type": "overlap", "kernel": ..., "value": ..., "score": ...}',
    "readout": '"readout": {"type": "loss"}',
}

MODEL = Contract("the model", _CLASSES, _EXAMPLES, "qsac schema")
