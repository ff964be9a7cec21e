"""The models of a replay: by number, the same ones in any process. Most are random ones, changed so that every kind of
tokens and readout is among them; every seventh is made by hand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tests.strategies import random_model, unitary_entries

HAND_MADE_EVERY = 7
_IDENTITY = {"type": "identity"}
_TFIM = {"type": "tfim", "sites": 2, "context": 8, "dt": 0.35, "coupling": 1.0, "field": 0.8, "initial": "haar"}
_CHAIN = [{"paulis": "ZZI", "coefficient": -1.0}, {"paulis": "IZZ", "coefficient": -1.0}] + [
    {"paulis": paulis, "coefficient": -0.6} for paulis in ("XII", "IXI", "IIX")
]


def dice(number: int, what: int) -> np.random.Generator:
    """The random numbers of a model; ``what`` keeps those for different purposes apart."""
    return np.random.default_rng([2026, 10, what, number])


def model(number: int, small: bool = False) -> dict[str, Any]:
    """The model of a number, as a model file holds it; ``small`` for searches, which take seconds all the same."""
    if not small and number % HAND_MADE_EVERY == HAND_MADE_EVERY - 1:
        made = _HAND_MADE[number // HAND_MADE_EVERY % len(_HAND_MADE)]
        return made | {"name": f"{made['name']}-{number}"}
    rng = dice(number, 0)
    result = random_model(number)
    if small:
        result = next(made for made in map(random_model, itertools.count(1000 * number)) if _is_small(made))
    _evolve(result, rng)
    readout = _readout(result, rng)
    if readout is not None:
        result["readout"] = readout
    return result


def _is_small(model: dict[str, Any]) -> bool:
    values, kernel = model["tokens"]["values"], model["attention"]["kernel"]
    degree = kernel["degree"] if "degree" in kernel else len(kernel["coefficients"]) - 1
    return 2 <= len(values) - 1 <= 3 and len(values[0]) <= 4 and 1 <= degree <= 2


def other_tokens(model: dict[str, Any]) -> dict[str, Any]:
    """A model of the same shape with other tokens, for bindings."""
    tokens = dict(model["tokens"])
    if tokens["type"] == "inline":
        tokens["values"] = tokens["values"][::-1]
    elif "dt" in tokens:
        tokens["dt"] *= 0.75
    return model | {"tokens": tokens}


def other_parameters(model: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Parameters that a template of the model can be bound to: of every unitary that has some, and of the phases."""
    attention = model["attention"]
    result: dict[str, Any] = {"phases": "optimal"} if "phases" in attention else {}
    for name in ("value", "score"):
        unitary = attention.get(name, _IDENTITY)
        if unitary["type"] == "matrix":
            result[name] = unitary["entries"][::-1]  # permuted rows of a unitary matrix
        elif unitary["type"] == "hardware-efficient" and isinstance(unitary["parameters"], list):
            shape = np.shape(unitary["parameters"])
            result[name] = np.round(rng.normal(size=shape), 4).tolist()
    return result


def _evolve(model: dict[str, Any], rng: np.random.Generator) -> None:
    """Put the states of a spin chain in the place of some models' tokens, where these fill their qubits."""
    values = np.array(model["tokens"]["values"])
    context, dimension = len(values) - 1, values.shape[1]
    sites = dimension.bit_length() - 1
    kind = rng.choice(["inline", "inline", "tfim", "hamiltonian"])
    if kind == "inline" or dimension != 1 << sites:
        return
    steps = {"context": context, "dt": round(float(rng.uniform(0.1, 1)), 3)}
    if kind == "tfim":
        boundary, initial = str(rng.choice(["open", "periodic"])), str(rng.choice(["zero", "plus", "haar"]))
        chain = {"coupling": 1.0, "field": round(float(rng.uniform(0.2, 2)), 3), "boundary": boundary}
        seed = {"seed": int(rng.integers(100))} if initial == "haar" else {}
        model["tokens"] = {"type": kind, "sites": sites, **steps, **chain, "initial": initial, **seed}
        return
    terms = [
        {"paulis": "".join(rng.choice(list("IXYZ"), sites)), "coefficient": round(float(rng.normal()), 3)}
        for _ in range(rng.integers(1, 5))
    ]
    angles = np.round(rng.uniform(0, 3, (sites, 2)), 3).tolist()
    initial = "".join(rng.choice(list("01+-rl"), sites)) if rng.random() < 0.6 else angles
    model["tokens"] = {"type": kind, "terms": terms, **steps, "initial": initial}


def _dimensions(model: dict[str, Any]) -> tuple[int, int]:
    """T and the length of a token."""
    tokens = model["tokens"]
    if tokens["type"] == "inline":
        return len(tokens["values"]) - 1, len(tokens["values"][0])
    sites = tokens["sites"] if tokens["type"] == "tfim" else len(tokens["terms"][0]["paulis"])
    return tokens["context"], 1 << sites


def _readout(model: dict[str, Any], rng: np.random.Generator) -> dict[str, Any] | None:
    kind = rng.choice(["none", "loss", "loss", "predict", "predict", "overlaps"])
    if kind == "none":
        return None
    if kind == "loss":
        return {"type": "loss"}
    context, dimension = _dimensions(model)
    if kind == "overlaps":
        model["attention"].pop("phases", None)
        return {
            "type": "overlaps",
            "part": str(rng.choice(["complex", "abs2"])),
            "pairs": str(rng.choice(["mask", "all"])),
        }
    model["attention"].pop("phases", None)
    result: dict[str, Any] = {"type": "predict"}
    if rng.random() < 0.4:
        result["position"] = int(rng.integers(1, context + 2))
    over = rng.choice(["basis", "tokens", "states", "vocabulary", "words"])
    if over == "tokens":
        result["states"] = "tokens"
    elif over == "states":
        result["states"] = np.round(rng.normal(size=(3, dimension)), 3).tolist()
    elif over == "vocabulary":
        result["vocabulary"] = unitary_entries(rng, dimension)
    elif over == "words":  # more words than dimensions
        result["vocabulary"] = _isometry(rng, dimension + int(rng.integers(1, 4)), dimension)
    return result


def _isometry(rng: np.random.Generator, words: int, dimension: int) -> list[list[float]]:
    rows: list[list[float]] = np.linalg.qr(rng.normal(size=(words, dimension)))[0].tolist()
    return rows


def _made(name: str, tokens: Any, attention: dict[str, Any], **more: Any) -> dict[str, Any]:
    if isinstance(tokens, list):
        tokens = {"type": "inline", "values": tokens}
    kernel = {"kernel": {"type": "monomial", "degree": 1}, "value": _IDENTITY, "score": _IDENTITY}
    return {"qsac": 1, "name": name, "tokens": tokens, "attention": {"type": "overlap", **kernel, **attention}, **more}


def _polynomial(*coefficients: float) -> dict[str, Any]:
    return {"kernel": {"type": "polynomial", "coefficients": list(coefficients)}}


def _rows(seed: int, context: int, dimension: int, rank: int = 0) -> list[list[float]]:
    """Generic real tokens, or such that span ``rank`` dimensions only."""
    rng = np.random.default_rng([2026, 11, seed])
    if not rank:
        generic: list[list[float]] = np.round(rng.normal(size=(context + 1, dimension)), 3).tolist()
        return generic
    whole: list[list[float]] = (
        rng.integers(1, 6, (context + 1, rank)) @ rng.integers(1, 4, (rank, dimension))
    ).tolist()
    return whole


_ANSATZ = {"type": "hardware-efficient", "layers": 2, "parameters": {"init": "normal", "seed": 3}}
_ROTATED = np.linalg.qr(np.random.default_rng(5).normal(size=(5, 5)))[0]
_MATRIX = {"type": "matrix", "entries": [[[x, 0.0] for x in row] for row in _ROTATED.tolist()]}
_HAMILTONIAN = {"type": "hamiltonian", "terms": _CHAIN, "context": 16, "dt": 0.1, "initial": "+++"}

_HAND_MADE = (
    _made("ansatz", _TFIM, {"value": _ANSATZ, "score": _ANSATZ}),
    _made("one-position", [[1, 0], [1, 1]], {}),
    _made("orthogonal", [[1, 0], [0, 1]], {}),
    _made("repeated", [[1, 2, 0, 1]] * 4 + [[0, 1, 1, 0]] * 5, {}),
    _made("basis-states", [[int(i == j % 4) for i in range(4)] for j in range(9)], {"mask": "full"}),
    _made("sixteen", _rows(0, 16, 2), {}),
    _made("seventeen", _rows(1, 17, 4), {"phases": "optimal"}),
    _made("signs", _rows(2, 4, 2), _polynomial(0.0, -1.0, 0.5)),
    _made("constant-kernel", _rows(3, 6, 4), _polynomial(1.0)),
    _made("gap", _rows(4, 5, 2), _polynomial(0.0, 0.0, 1.0, 0.0, 0.3)),
    _made("sixth-power", _rows(5, 3, 2), {"kernel": {"type": "monomial", "degree": 6}}),
    _made("softmax", _rows(6, 6, 3), {"kernel": {"type": "softmax-taylor", "degree": 2}, "mask": "full"}),
    _made("matrix-of-five", _rows(7, 6, 5), {"value": _MATRIX, "score": _MATRIX}),
    _made("evolution", _HAMILTONIAN, {}),
    _made("ring", _TFIM | {"sites": 3, "boundary": "periodic", "initial": "plus"}, {}),
    _made("zero-row", [[1, 0], [0, 0], [1, 1]], {}),
    _made("too-wide", _rows(8, 40, 16), {"kernel": {"type": "monomial", "degree": 12}}),
    _made("low-rank", _rows(9, 12, 8, rank=2), {}),
    _made("words", _rows(10, 8, 2), {}, readout={"type": "predict", "vocabulary": _isometry(dice(0, 9), 6, 2)}),
    _made("scores", _TFIM, {"score": _ANSATZ}, readout={"type": "overlaps"}),
)
