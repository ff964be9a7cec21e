"""Drawn lists of steps: every block, measurement and kind of attention, in small."""

from typing import Any

import numpy as np
from numpy.random import Generator

from qsac.families.steps.model import Model
from tests.families.steps.models import loaded

Fields = dict[str, Any]


def drawn(seed: int) -> Model:
    """A model with a sample, the same one for each seed."""
    rng = np.random.default_rng(seed)
    kind = seed % 4
    if kind == 0:
        return _classifier(rng)
    if kind == 1:
        return _circuit_alone(rng)
    return _measured(rng) if kind == 2 else _mixture(rng)


def _normal(rng: Generator, *shape: int) -> list[Any]:
    found: list[Any] = rng.normal(size=shape).round(6).tolist()
    return found


def _count(rng: Generator, least: int, most: int) -> int:
    return int(rng.integers(least, most + 1))


def _qubits(rng: Generator, qubits: int, least: int = 1) -> list[int]:
    chosen: list[int] = rng.permutation(qubits)[: _count(rng, least, qubits)].tolist()
    return chosen


def _rotations(rng: Generator) -> list[str]:
    found: list[str] = rng.choice(["rx", "ry", "rz"], size=_count(rng, 1, 2)).tolist()
    return found


def _ansatz(rng: Generator, qubits: int) -> Fields:
    """A block with parameters."""
    acted = _qubits(rng, qubits, min(2, qubits))
    q, layers = len(acted), _count(rng, 1, 2)
    rotations = _rotations(rng)
    kinds: list[Fields] = [
        {
            "type": "hardware-efficient",
            "layers": layers,
            "rotations": rotations,
            "parameters": _normal(rng, layers, q, len(rotations)),
        },
        {"type": "two-local", "layers": layers, "parameters": _normal(rng, layers + 1, q)},
        {"type": "brickwork", "layers": layers, "parameters": _normal(rng, layers, 2, q)},
        {"type": "iqp", "layers": layers, "parameters": _normal(rng, *((layers, q - 1) if q > 1 else (3,)))},
        {"type": "qft", "adjoint": bool(rng.integers(2))},
        {"type": "gates", "gates": _gates(rng, q)},
    ]
    if q > 1:
        kinds += [
            {"type": "ansatz-14", "layers": layers, "parameters": _normal(rng, layers, 4, q)},
            {"type": "qcnn", "parameters": _normal(rng, q.bit_length() - 1, 2, 15)},
            {"type": "rbs", "parameters": _normal(rng, q * (q - 1) // 2)},
        ]
    block = kinds[_count(rng, 0, len(kinds) - 1)]
    if len(acted) > 1 and rng.random() < 0.2:
        return _neuron(rng, acted)
    return {**block, "qubits": acted}


def _neuron(rng: Generator, acted: list[int]) -> Fields:
    degree = _count(rng, 1, 2)
    sources = len(acted) - 1
    subsets = 1 + sources + (sources * (sources - 1) // 2 if degree > 1 else 0)
    return {
        "type": "neuron",
        "sources": acted[:-1],
        "target": acted[-1],
        "degree": degree,
        "order": _count(rng, 0, 2),
        "amplified": bool(rng.integers(2)),
        "parameters": _normal(rng, subsets),
    }


def _gates(rng: Generator, qubits: int) -> list[Any]:
    one = ["h", "x", "y", "z", "s", "sdg", "t", "rx", "ry", "rz"]
    two = ["cx", "cy", "cz", "swap", "crx", "cry", "crz", "xx", "yy", "zz", "rbs"]
    found: list[Any] = []
    for _ in range(_count(rng, 1, 5)):
        name = str(rng.choice(one + two if qubits > 1 else one))
        acted = rng.permutation(qubits)[: 2 if name in two else 1].tolist()
        number = [] if name in ("h", "x", "y", "z", "s", "sdg", "t", "cx", "cy", "cz", "swap") else _normal(rng, 1)
        found.append([name, acted, *number])
    return found


def _inputs(rng: Generator, qubits: int) -> list[Fields]:
    """Blocks that begin a circuit: some of them take inputs."""
    acted = _qubits(rng, qubits)
    kinds: list[Fields] = [
        {"type": "angle", "rotations": _rotations(rng), "factor": float(_normal(rng, 1)[0])},
        {"type": "bits"},
        {"type": "amplitude", "length": _count(rng, 1, 1 << len(acted))},
        {"type": "unary"},
    ]
    if len(acted) > 1:
        kinds.append({"type": "input-ansatz-14"})
    return [{**kinds[_count(rng, 0, len(kinds) - 1)], "qubits": acted}]


def _blocks(rng: Generator, qubits: int, *, projections: bool = True) -> list[Fields]:
    blocks = _inputs(rng, qubits)
    for _ in range(_count(rng, 1, 3)):
        if rng.random() < 0.2:
            blocks.append({"type": "angle", "qubits": _qubits(rng, qubits), "start": 0})
        if projections and rng.random() < 0.25:
            blocks.append({"type": "gates", "gates": [["project", [_count(rng, 0, qubits - 1)], _count(rng, 0, 1)]]})
        blocks.append(_ansatz(rng, qubits))
    if rng.random() < 0.2:
        blocks.append({"type": "repeat", "times": 2, "blocks": [_ansatz(rng, qubits)]})
    return blocks if projections else [block for block in blocks if block.get("amplified", True)]


def _pauli(rng: Generator, qubits: int, count: int) -> Fields:
    letters = ["".join(rng.choice(list("IXYZ"), size=qubits)) for _ in range(count)]
    return {"type": "pauli", "observables": letters}


def _measure(rng: Generator, qubits: int) -> Fields:
    if rng.random() < 0.4:
        return {"type": "probabilities", "qubits": _qubits(rng, qubits)}
    if rng.random() < 0.3:
        return {"type": "pauli", "each": "XZ", "qubits": _qubits(rng, qubits)}
    return _pauli(rng, qubits, _count(rng, 1, 4))


def _model(rng: Generator, steps: list[Fields], tokens: int | None = None) -> Model:
    fields = {"qsac": 1, "name": "drawn", "steps": steps}
    width = loaded(fields).shape.width or 0
    return loaded(fields, _normal(rng, *((width,) if tokens is None else (tokens, width))))


def _circuit_alone(rng: Generator) -> Model:
    qubits = _count(rng, 1, 4)
    step = {"type": "circuit", "qubits": qubits, "blocks": _blocks(rng, qubits), "measure": _measure(rng, qubits)}
    return _model(rng, [step])


def _classifier(rng: Generator) -> Model:
    qubits = _count(rng, 1, 3)
    first = {"type": "circuit", "qubits": qubits, "blocks": _blocks(rng, qubits), "measure": _measure(rng, qubits)}
    width = loaded({"qsac": 1, "steps": [first]}).shape.width or 1
    steps: list[Fields] = [
        {"type": "linear", "weight": _normal(rng, width, 3), "bias": _normal(rng, width)},
        first,
        {"type": "activation", "function": str(rng.choice(["tanh", "relu", "sigmoid"])), "factor": 1.5},
    ]
    probe = {"type": "circuit", "qubits": 1, "blocks": [{"type": "angle"}], "measure": {"type": "pauli", "each": "X"}}
    given = loaded({"qsac": 1, "steps": steps}, _normal(rng, 3)).trace.output.shape[-1]
    steps += [{"type": "linear", "weight": _normal(rng, 1, given)}, probe, {"type": "softmax"}]
    return _model(rng, steps)


def _measured(rng: Generator) -> Model:
    qubits, tokens = _count(rng, 1, 3), _count(rng, 1, 3)
    score = str(rng.choice(["gaussian", "overlap-squared", "overlap-real", "mixed-overlap"]))
    blocks = _blocks(rng, qubits, projections=False)
    measure = _pauli(rng, qubits, 1) if score == "gaussian" else {"type": "state"}
    query = {"qubits": qubits, "blocks": blocks, "measure": measure}
    attention: Fields = {
        "type": "measured",
        "mask": str(rng.choice(["full", "causal"])),
        "query": query,
        "score": {"type": score, "scale": float(rng.uniform(0.5, 2))},
        "normaliser": str(rng.choice(["softmax", "none"])),
        "value": {"type": "identity"},
        "residual": bool(rng.integers(2)),
    }
    if rng.random() < 0.5:
        other = [{**block, **_renewed(rng, block)} for block in blocks]
        attention["key"] = {**query, "blocks": other}
    if score == "mixed-overlap":
        attention["score"]["keep"] = _qubits(rng, qubits)
    steps: list[Fields] = [{"type": "attention", "attention": attention}]
    steps += [[], [{"type": "pool", "over": "mean"}], [{"type": "pool", "over": "last"}], [{"type": "flatten"}]][
        _count(rng, 0, 3)
    ]
    return _model(rng, steps, tokens)


def _renewed(rng: Generator, block: Fields) -> Fields:
    """Other parameters of the same shape."""
    if "parameters" not in block:
        return {}
    return {"parameters": _normal(rng, *np.shape(block["parameters"]))}


def _mixture(rng: Generator) -> Model:
    qubits, tokens = _count(rng, 2, 3), _count(rng, 1, 4)
    token: Fields = {"type": "input-ansatz-14"} if rng.random() < 0.7 else {"type": "angle", "rotations": ["ry", "rz"]}
    then = [_ansatz(rng, qubits) for _ in range(_count(rng, 1, 2))]
    attention = {
        "type": "unitary-mixture",
        "mixing": _normal(rng, tokens, 2) if rng.random() < 0.7 else _normal(rng, tokens),
        "polynomial": _normal(rng, _count(rng, 1, 3)),
        "token": {"qubits": qubits, "blocks": [token]},
    }
    step = {
        "type": "attention",
        "attention": attention,
        "then": {"qubits": qubits, "blocks": then, "measure": _measure(rng, qubits)},
    }
    return _model(rng, [step], tokens)
