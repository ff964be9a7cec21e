"""Small lists of steps: every kind of step, score and measurement."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qsac.families.steps.model import Model
from qsac.families.steps.reading import read
from qsac.families.steps.schema import ModelFile

_TOKENS = [[0.4, -0.9], [1.1, 0.3]]


def _normal(seed: int, scale: float = 1.0) -> dict[str, Any]:
    return {"init": "normal", "scale": scale, "seed": seed}


def _layer(seed: int, rotations: list[str]) -> dict[str, Any]:
    return {"type": "hardware-efficient", "layers": 1, "rotations": rotations, "parameters": _normal(seed)}


def _circuit(qubits: int, blocks: list[Any], measure: dict[str, Any]) -> dict[str, Any]:
    return {"qubits": qubits, "blocks": blocks, "measure": measure}


_EACH = {"type": "pauli", "each": "Z"}
_STATE = {"type": "state"}
_ENCODED = [{"type": "angle", "rotations": ["ry"]}, _layer(5, ["ry", "rz"])]


def examples() -> Iterator[Model]:
    """The models, the smallest first."""
    generator = [{"type": "gates", "gates": [["h", [0]], ["h", [1]]]}, {"type": "two-local", "parameters": _normal(1)}]
    yield _model("generator", [_step(2, generator, {"type": "probabilities"})])
    classifier = [
        {"type": "linear", "weight": [[0.3, -0.2, 0.5], [0.1, 0.7, -0.4]], "bias": [1.5, 1.5]},
        _step(2, [{"type": "angle"}, _layer(2, ["ry", "rz"])], {"type": "pauli", "observables": ["ZI", "XX", "IZ"]}),
        {"type": "activation", "function": "tanh"},
        _step(2, [{"type": "angle", "qubits": [0]}, _layer(3, ["ry"]), {"type": "angle"}], _EACH),
        {"type": "softmax"},
    ]
    yield _model("two circuits", classifier, [0.2, -0.5, 0.9])
    post = [
        {"type": "amplitude"},
        {"type": "brickwork", "parameters": _normal(4)},
        {"type": "gates", "gates": [["project", [0], 1]]},
    ]
    yield _model("projected", [_step(2, post, {"type": "probabilities", "qubits": [1]})], [0.3, -0.8, 0.5, 0.6])
    neuron = [
        {"type": "bits", "qubits": [0, 1]},
        _layer(6, ["ry"]),
        {
            "type": "neuron",
            "sources": [0, 1],
            "target": 2,
            "order": 1,
            "amplified": False,
            "parameters": [0.4, -0.3, 0.8, 0.2],
        },
    ]
    yield _model("neuron", [_step(3, neuron, {"type": "pauli", "observables": ["ZIZ", "IIX"]})], [1.0, 0.0])
    cup = [
        {"type": "iqp", "parameters": _normal(7)},
        {"type": "gates", "gates": [["cx", [1, 2]], ["h", [1]], ["project", [1], 0], ["project", [2], 0]]},
    ]
    yield _model("cup", [_step(3, cup, {"type": "probabilities", "qubits": [0]})])
    yield _model("gaussian", [_attention("gaussian", {"type": "pauli", "observables": ["ZI"]})], _TOKENS)
    pooled = [_attention("overlap-squared", _STATE, value={"type": "identity"}, residual=True)]
    yield _model("squared", [*pooled, {"type": "pool", "over": "mean"}], _TOKENS)
    linear = {"type": "linear", "weight": [[0.5, -1.0]]}
    yield _model("real part", [_attention("overlap-real", _STATE, value=linear, mask="causal")], _TOKENS)
    mixed = _attention("mixed-overlap", _STATE, value={"type": "identity"}, normaliser="sum")
    mixed["attention"]["score"]["keep"] = [0]
    yield _model("mixed", [mixed, {"type": "flatten"}], _TOKENS)
    token = {"qubits": 2, "blocks": [{"type": "input-ansatz-14"}]}
    mixture = {
        "type": "attention",
        "attention": {
            "type": "unitary-mixture",
            "mixing": [[0.6, 0.4], [0.5, -0.2]],
            "polynomial": [0.4, 1.0, -0.5],
            "token": token,
        },
        "then": _circuit(2, [{"type": "ansatz-14", "parameters": _normal(8)}], _EACH),
    }
    tokens = [[0.3, -0.5, 0.8, 0.1, 0.9, -0.2, 0.4, 0.7], [-0.6, 0.2, 0.5, 1.1, -0.3, 0.8, 0.1, -0.9]]
    yield _model("mixture", [mixture], tokens)


def _step(qubits: int, blocks: list[Any], measure: dict[str, Any]) -> dict[str, Any]:
    return {"type": "circuit", **_circuit(qubits, blocks, measure)}


def _attention(
    score: str,
    measure: dict[str, Any],
    *,
    value: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    attention = {
        "type": "measured",
        "mask": "full",
        "query": _circuit(2, _ENCODED, measure),
        "score": {"type": score},
        "value": _circuit(2, _ENCODED, {"type": "pauli", "each": "XZ"}) if value is None else value,
        **fields,
    }
    return {"type": "attention", "attention": attention}


def _model(name: str, steps: list[Any], sample: list[Any] | None = None) -> Model:
    given = {"qsac": 1, "name": name, "steps": steps} | ({} if sample is None else {"sample": sample})
    return read(ModelFile.model_validate(given), given, Path())
