"""What diagnostics know of the model file with the section ``program``."""

from __future__ import annotations

from pydantic import BaseModel

from qsac.families.diagnosis import EXAMPLES, KERNELS
from qsac.families.program import schema
from qsac.families.schema import IdentityUnitary
from qsac.files.diagnosis import Contract, Location

_UNITARIES: dict[Location, type[BaseModel]] = {("identity",): IdentityUnitary, ("matrix",): schema.RowsUnitary}
_SEARCH: Location = ("program", "search")
_NETWORK: Location = ("program", "feed-forward")
_LAYERS: Location = ("program", "layers")
_ATTENTION: Location = (*_LAYERS, "layers", "attention")
_TRAINING: Location = ("program", "linearised-training")

_CLASSES: dict[Location, type[BaseModel]] = {
    (): schema.ModelFile,
    ("tokens", "inline"): schema.ProgramTokens,
    ("tokens", "file"): schema.ProgramTokenFile,
    _SEARCH: schema.SearchProgram,
    **{(*_SEARCH, name, *kind): fields for name in ("score", "value") for kind, fields in _UNITARIES.items()},
    (*_SEARCH, "oracle"): schema.SearchOracle,
    _NETWORK: schema.FeedForwardProgram,
    (*_NETWORK, "layers"): schema.NetworkLayer,
    (*_NETWORK, "estimate"): schema.EchoEstimate,
    (*_NETWORK, "train"): schema.NetworkTraining,
    _LAYERS: schema.LayersProgram,
    (*_LAYERS, "layers"): schema.TomographyLayer,
    _ATTENTION: schema.LayerAttention,
    **{(*_ATTENTION, "kernel", *kind): fields for kind, fields in KERNELS.items()},
    **{(*_ATTENTION, name, *kind): fields for name in ("score", "value") for kind, fields in _UNITARIES.items()},
    (*_LAYERS, "layers", "feed_forward"): schema.NetworkLayer,
    (*_LAYERS, "tomography"): schema.Tomography,
    (*_LAYERS, "head"): schema.RowsHead,
    _TRAINING: schema.LinearisedTrainingProgram,
    (*_TRAINING, "model", "neuron"): schema.NeuronModel,
    (*_TRAINING, "model", "polynomial"): schema.PolynomialLoss,
    (*_TRAINING, "solver"): schema.LinearSolver,
}

_EXAMPLES = {
    **EXAMPLES,
    "program": '"program": {"type": "search", "threshold": 0.6, "margin": 0.4}',
    "threshold": '"threshold": 0.6',
    "margin": '"margin": 0.4',
    "rest": '"rest": "drop"',
    "rows": '"rows": [0, 3]',
    "weights": '"weights": [[1, 0.5], [-0.5, 1]]',
    "bias": '"bias": [0, 0]',
    "inputs": '"inputs": [[0.5, -0.2]]',
    "targets": '"targets": [[1.0]]',
    "orders": '"orders": [1, 2, 3, 5, 8, 13]',
    "layers": '"layers": [{"weights": [[1, 0.5]], "activation": "tanh"}]',
    "attention": '"attention": {"kernel": {"type": "softmax-taylor", "degree": 2}}',
    "model": '"model": {"type": "neuron", "activation": [0, 1, 0.3]}',
    "activation": '"activation": [0, 1, 0.3]',
    "terms": '"terms": [[[1, 0], -0.5], [[2, 0], 0.25]]',
    "rate": '"rate": 0.5',
    "steps": '"steps": 3',
    "start": '"start": [0.5]',
    "center": '"center": [0.7]',
    "entries": '"entries": [[0, 1], [1, 0]]',
}

MODEL = Contract("the model", _CLASSES, _EXAMPLES, "qsac schema")
