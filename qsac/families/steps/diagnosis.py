"""What diagnostics know of the model file with the section ``steps``."""

from __future__ import annotations

from typing import get_args

from pydantic import BaseModel

from qsac.families.diagnosis import EXAMPLES
from qsac.families.steps import block_schema, schema
from qsac.files.diagnosis import Contract, Location

_MEASURES: dict[Location, type[BaseModel]] = {
    ("measure", "pauli"): schema.PauliMeasure,
    ("measure", "probabilities"): schema.ProbabilitiesMeasure,
    ("measure", "state"): schema.StateMeasure,
}


def _circuit(place: Location, fields: type[BaseModel]) -> dict[Location, type[BaseModel]]:
    return {place: fields, **{(*place, *measure): found for measure, found in _MEASURES.items()}}


_ATTENTION = ("steps", "attention", "attention")
_MEASURED = (*_ATTENTION, "measured")

_CLASSES: dict[Location, type[BaseModel]] = {
    (): schema.ModelFile,
    ("steps", "linear"): schema.LinearFields,
    ("steps", "activation"): schema.ActivationFields,
    **_circuit(("steps", "circuit"), schema.CircuitFields),
    ("steps", "attention"): schema.AttentionFields,
    **_circuit(("steps", "attention", "then"), schema.MeasuredCircuit),
    _MEASURED: schema.MeasuredAttention,
    **_circuit((*_MEASURED, "query"), schema.MeasuredCircuit),
    **_circuit((*_MEASURED, "key"), schema.MeasuredCircuit),
    (*_MEASURED, "score", "gaussian"): schema.GaussianScore,
    (*_MEASURED, "score", "overlap-squared"): schema.SquaredScore,
    (*_MEASURED, "score", "overlap-real"): schema.RealScore,
    (*_MEASURED, "score", "mixed-overlap"): schema.MixedScore,
    (*_ATTENTION, "unitary-mixture"): schema.UnitaryMixture,
    (*_ATTENTION, "unitary-mixture", "token"): schema.TokenCircuit,
    ("steps", "pool"): schema.PoolFields,
    ("steps", "softmax"): schema.SoftmaxFields,
    ("steps", "flatten"): schema.FlattenFields,
}

_EXAMPLES = {
    **EXAMPLES,
    "steps": '"steps": [{"type": "softmax"}]',
    "weight": '"weight": [[1, 0], [0, 1]]',
    "bias": '"bias": [0, 0]',
    "qubits": '"qubits": 4',
    "blocks": '"blocks": [{"type": "angle"}]',
    "measure": '"measure": {"type": "pauli", "each": "Z"}',
    "observables": '"observables": ["ZI", "IX"]',
    "each": '"each": "XYZ"',
    "gates": '"gates": [["h", [0]], ["rx", [1], 0.5]]',
    "sources": '"sources": [0, 1]',
    "target": '"target": 2',
    "times": '"times": 2',
    "function": '"function": "tanh"',
    "over": '"over": "mean"',
    "keep": '"keep": [0]',
    "score": '"score": {"type": "overlap-squared"}',
    "query": '"query": {"qubits": 2, "blocks": [{"type": "angle"}], "measure": {"type": "state"}}',
    "token": '"token": {"qubits": 3, "blocks": [{"type": "input-ansatz-14"}]}',
    "mixing": '"mixing": [1, 0.5]',
    "polynomial": '"polynomial": [0, 1]',
    "attention": '"attention": {"type": "measured"}',
    "then": '"then": {"qubits": 3, "blocks": [{"type": "ansatz-14", "parameters": {"init": "normal"}}], '
    '"measure": {"type": "pauli", "each": "Z"}}',
    "sample": '"sample": [0.1, 0.2]',
}

_TRAINING = "optimisers, losses and discriminators belong to the training configuration, not to the model file"
_CODE = "a model file holds no code: compose the steps that there are"
_ENCODER = "text encoders are neither part of a model nor trained: give the features that one makes of the texts"
_FOURIER = "a Fourier transform is a block of a circuit: qft, over a sequence that was flattened"

_EXCLUDED = {
    **dict.fromkeys(("optimiser", "optimizer", "loss", "discriminator", "training"), _TRAINING),
    **dict.fromkeys(("code", "python", "function", "lambda"), _CODE),
    **dict.fromkeys(("encoder", "embedding", "tokenizer", "text", "tokens"), _ENCODER),
    **dict.fromkeys(("qft", "fourier"), _FOURIER),
    "overlap": "attention that interferes is a family of its own: the section attention of a model file",
    "swap-test": "mixed states are compared without a swap test: a score of mixed-overlap",
    "density": "inputs are numbers: density matrices are not read",
    "qudits": "circuits are of qubits",
    "amplification": 'neurons have the limit of amplitude amplification in closed form: "amplified": true',
    "if": "there is no classical feed-forward in a circuit: write it as a control, which is the same by deferral",
}
"""What models do not have, and what to do instead (docs/steps.md)."""

MODEL = Contract("the model", _CLASSES, _EXAMPLES, "qsac schema", _EXCLUDED)

BLOCK = Contract(
    "the block",
    {(get_args(fields.model_fields["type"].annotation)[0],): fields for fields in block_schema.BLOCK_FIELDS},
    _EXAMPLES,
    "qsac schema",
    {name: said for name, said in _EXCLUDED.items() if said != _FOURIER},
)
"""A block, which is validated by itself."""

CIRCUIT = Contract("the circuit", _circuit((), schema.MeasuredCircuit), _EXAMPLES, "qsac schema")
"""A circuit of values, likewise."""

LINEAR = Contract(
    "the value", {("linear",): schema.LinearFields, ("identity",): schema.IdentityValue}, _EXAMPLES, "qsac schema"
)
"""A value that is no circuit, likewise."""
