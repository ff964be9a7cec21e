"""What a transformer computes, written out as in its definition: one number after another, from the model file."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Vector = Any


def array(given: Any, depth: int) -> Any:
    """Lists of numbers, or of [re, im] pairs, told apart by how deep they are nested."""
    values = np.array(given, dtype=float)
    return values if values.ndim == depth else values[..., 0] + 1j * values[..., 1]


def inputs(model: dict[str, Any]) -> list[Vector]:
    """u_1..u_N of the first layer."""
    tokens, transformer = model["tokens"], model["transformer"]
    if tokens["type"] == "words":
        rows = [array(tokens["embedding"], 2)[word] for word in tokens["sequence"]]
    else:
        rows = list(array(tokens["values"], 2))
    position = transformer.get("position", {"type": "none"})
    found = []
    for i, row in enumerate(rows):
        d = len(row)
        placed = np.array(row, dtype=complex)
        if position["type"] == "add":
            placed = placed + array(position["values"], 2)[i]
        elif position["type"] == "sinusoidal":
            for entry in range(d):
                angle = i * position.get("base", 10000) ** (-2 * (entry // 2) / d)
                placed[entry] += position.get("scale", 1) * (math.cos(angle) if entry % 2 else math.sin(angle))
        if transformer.get("normalise", False):
            placed = placed / math.sqrt(sum(abs(entry) ** 2 for entry in placed))
        found.append(placed)
    return found


def outputs(model: dict[str, Any]) -> list[Vector]:
    """o_1..o_N of the last layer."""
    rows = inputs(model)
    position = model["transformer"].get("position", {"type": "none"})
    base = position.get("base", 10000) if position["type"] == "rotary" else None
    for layer in model["transformer"]["layers"]:
        rows = [_row(layer, rows, j, base) for j in range(len(rows))]
    return rows


def _row(layer: dict[str, Any], rows: list[Vector], j: int, base: float | None) -> Vector:
    attention = layer.get("attention", {})
    d = len(rows[j])
    seen = range(j + 1) if attention.get("mask", "causal") == "causal" else range(len(rows))
    omega = 1 / len(seen) if attention.get("scale", "mean") == "mean" else 1.0
    rho, sigma = layer.get("residual", [0, 1])
    total = rho * rows[j]
    for head in attention.get("heads", [{}]):
        identity = np.eye(d)
        query, key = (array(head[name], 2) if name in head else identity for name in ("query", "key"))
        if "score" in head:
            key = array(head["score"], 2)
        value, output = (array(head[name], 2) if name in head else identity for name in ("value", "output"))
        for i in seen:
            score = np.vdot(_turned(query @ rows[j], j, base), _turned(key @ rows[i], i, base))
            weight = _kernel(attention.get("kernel", {"type": "linear"}), score, len(query))
            total = total + sigma * omega * weight * (output @ (value @ rows[i]))
    norm = layer.get("norm", "none")
    if norm == "centre":
        total = total - sum(total) / d
    elif norm != "none":
        total = total * norm["scale"][j]
    return _fed(layer, total)


def _turned(row: Vector, i: int, base: float | None) -> Vector:
    if base is None:
        return row
    found = np.array(row, dtype=complex)
    for a in range(len(row) // 2):
        t = i * base ** (-2 * a / len(row))
        x, y = row[2 * a], row[2 * a + 1]
        found[2 * a], found[2 * a + 1] = x * math.cos(t) - y * math.sin(t), x * math.sin(t) + y * math.cos(t)
    return found


def _kernel(kernel: dict[str, Any], score: Any, e: int) -> Any:
    if kernel["type"] == "linear":
        return score
    if kernel["type"] == "monomial":
        return score ** kernel["degree"]
    if kernel["type"] == "polynomial":
        return sum(c * score**p for p, c in enumerate(kernel["coefficients"]))
    temperature = kernel.get("temperature", math.sqrt(e))
    return sum((temperature * score) ** p / math.factorial(p) for p in range(kernel["degree"] + 1))


def _fed(layer: dict[str, Any], a: Vector) -> Vector:
    given = layer.get("feed_forward")
    if given is None:
        return a
    rho, sigma = layer.get("feed_forward_residual", [0, 1])
    if given["type"] == "gated":
        inside: Vector = 1.0
        for factor in given["factors"]:
            inside = inside * (array(factor["matrix"], 2) @ a + (array(factor["bias"], 1) if "bias" in factor else 0))
    else:
        t = (array(given["input"], 2) @ a if "input" in given else a) + (
            array(given["bias"], 1) if "bias" in given else 0
        )
        inside = sum(c * t**p for p, c in enumerate(given["coefficients"]))
    return rho * a + sigma * (array(given["output"], 2) @ inside if "output" in given else inside)


def probabilities(model: dict[str, Any], position: int) -> list[float]:
    """P(l | j) for every word l, j from 1."""
    state = outputs(model)[position - 1]
    weights = [abs(np.vdot(word, state)) ** 2 for word in array(model["readout"]["vocabulary"], 2)]
    return [weight / sum(weights) for weight in weights]


def fidelities(model: dict[str, Any]) -> dict[str, float]:
    """The metrics of state-fidelity."""
    states = outputs(model)
    targets = [row / np.linalg.norm(row) for row in array(model["readout"]["targets"], 2)]
    overlaps = [np.vdot(target, state) for target, state in zip(targets, states, strict=True)]
    lengths = [np.vdot(state, state).real for state in states]
    fidelity = abs(sum(overlaps)) ** 2 / (len(states) * sum(lengths))
    shares = [abs(overlap) ** 2 / length for overlap, length in zip(overlaps, lengths, strict=True)]
    return {
        "fidelity": fidelity,
        "token_fidelity": sum(abs(overlap) ** 2 for overlap in overlaps) / sum(lengths),
        "loss": -math.log(fidelity),
        "cross_entropy": -sum(map(math.log, shares)) / len(states),
    }
