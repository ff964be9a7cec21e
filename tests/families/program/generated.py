"""Programs of drawn numbers and shapes."""

from itertools import pairwise
from typing import Any

import numpy as np

from qsac.files.numbers import as_lists


def _rows(rng: np.random.Generator, count: int, width: int, complex_rows: bool) -> Any:
    rows = rng.normal(size=(count, width))
    return as_lists(rows + 1j * rng.normal(size=rows.shape) if complex_rows else rows)


def _orthogonal(rng: np.random.Generator, width: int, complex_rows: bool) -> dict[str, Any]:
    rows = rng.normal(size=(width, width))
    given = rows + 1j * rng.normal(size=rows.shape) if complex_rows else rows
    return {"type": "matrix", "entries": as_lists(np.linalg.qr(given)[0])}


def _fields(name: str, program: dict[str, Any], tokens: Any = None) -> dict[str, Any]:
    found = {"qsac": 1, "name": name, "program": program}
    return found if tokens is None else found | {"tokens": {"type": "inline", "values": tokens}}


def search(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng((1, seed))
    tokens, width = int(rng.integers(2, 9)), int(rng.integers(2, 6))
    is_complex, part = bool(rng.random() < 0.4), str(rng.choice(["abs", "re"]))
    margin = float(rng.uniform(0.3, 0.6))
    least = margin / 2 + 0.01 if part == "abs" else -0.5
    program: dict[str, Any] = {
        "type": "search",
        "threshold": float(rng.uniform(least, 0.95 - margin / 2)),
        "margin": margin,
        "mask": str(rng.choice(["full", "causal"])),
        "part": part,
        "most": int(rng.integers(1, 4)),
        "temperature": float(rng.uniform(0.5, 3)),
        "rest": "drop" if rng.random() < 0.5 else float(rng.uniform(-0.5, 0.5)),
        "schedule": str(rng.choice(["typical", "guarantee"])),
        "oracle": {"type": "overlap", "degree": int(rng.choice([2, 4, 8]))},
        "failure": 0.05,
        "rows": sorted({int(tokens - 1), int(rng.integers(1, tokens))}),
    }
    for name in ("score", "value"):
        if rng.random() < 0.5:
            program[name] = _orthogonal(rng, width, is_complex)
    # Plain searches as often as others.
    kinds: list[dict[str, Any]] = [
        {},
        {"strategy": "sample"},
        {"strategy": "auto"},
        {"oracle": {"type": "table"}},
        {"index": "superposed", "mask": "full"},
        {"index": "superposed", "mask": "full", "strategy": "sample"},
        {"verify": "measured", "oracle": {"type": "overlap", "degree": 2}, "rows": [tokens - 1]},
    ]
    program |= kinds[int(rng.integers(len(kinds)))] if rng.random() < 0.5 else {}
    return _fields(f"search-{seed}", program, _rows(rng, tokens, width, is_complex))


def network(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng((2, seed))
    widths = [int(rng.integers(1, 4)) for _ in range(int(rng.integers(2, 4)))]
    layers = [
        {
            "weights": rng.normal(size=(after, before)).tolist(),
            "bias": rng.normal(size=after).tolist(),
            "activation": str(rng.choice(["tanh", "relu", "sigmoid", "identity"])),
        }
        for before, after in pairwise(widths)
    ]
    orders = [1, 2, 3][: int(rng.integers(1, 4))]
    program: dict[str, Any] = {
        "type": "feed-forward",
        "layers": layers,
        "inputs": rng.normal(size=(int(rng.integers(1, 3)), widths[0])).tolist(),
        "estimate": {"orders": orders, "shots": 64},
    }
    if rng.random() < 0.3:
        targets = rng.uniform(-1, 1, (1, widths[-1])).tolist()
        program |= {"inputs": rng.normal(size=(1, widths[0])).tolist(), "estimate": {"orders": [1, 2], "shots": 64}}
        program["train"] = {"targets": targets, "rate": float(rng.uniform(0.1, 1)), "steps": int(rng.integers(1, 3))}
    return _fields(f"network-{seed}", program)


def layers(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng((3, seed))
    tokens, width = int(rng.integers(1, 5)), int(rng.integers(2, 5))
    found = []
    for _ in range(int(rng.integers(1, 3))):
        attention: dict[str, Any] = {
            "mask": str(rng.choice(["full", "causal"])),
            "kernel": {
                "type": "softmax-taylor",
                "degree": int(rng.choice([0, 1, 2])),
                "temperature": float(rng.uniform(0.3, 0.9)),
            },
            "normaliser": str(rng.choice(["row-sums", "none"])),
        }
        for name in ("score", "value"):
            if rng.random() < 0.6:
                attention[name] = _orthogonal(rng, width, False)
        layer: dict[str, Any] = {"attention": attention, "residual": float(rng.uniform(0.2, 1.5))}
        if rng.random() < 0.5:
            layer["feed_forward"] = [
                {"weights": rng.normal(size=(3, width)).tolist(), "activation": "relu"},
                {"weights": rng.normal(size=(width, 3)).tolist()},
            ]
        found.append(layer)
    head = {"type": str(rng.choice(["mean", "none"]))}
    program = {"type": "layers", "layers": found, "head": head}
    if rng.random() < 0.3:
        program["tomography"] = {"method": "reference", "precision": 0.3}
    if rng.random() < 0.3:
        program |= {"feed_forward_by": "inner-products", "tomography": {"precision": 0.9}, "layers": found[:1]}
        tokens = min(tokens, 2)
    return _fields(f"layers-{seed}", program, _rows(rng, tokens, width, False))


def training(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng((4, seed))
    size, points = int(rng.integers(1, 4)), int(rng.integers(2, 6))
    program: dict[str, Any] = {
        "type": "linearised-training",
        "model": {
            "type": "neuron",
            "activation": [0.0, 1.0, *rng.uniform(-0.3, 0.3, int(rng.integers(0, 3))).tolist()],
        },
        "inputs": rng.uniform(-1, 1, (points, size)).tolist(),
        "targets": rng.uniform(-1, 1, points).tolist(),
        "rate": float(rng.uniform(0.1, 0.6)),
        "steps": int(rng.integers(1, 5)),
        "start": rng.uniform(-0.3, 0.3, size).tolist(),
        "center": rng.uniform(-0.3, 0.3, size).tolist(),
        # Of more parameters the history is wide, and its unitaries are long.
        "order": int(rng.integers(1, 4)) if size == 1 else 1 + (size == 2 and rng.random() < 0.2),
    }
    if rng.random() < 0.5:
        program["scale"] = float(rng.uniform(0.3, 1.0))
    if size > 1 and rng.random() < 0.5:
        program["mask"] = [True, *(rng.random(size - 1) < 0.5).tolist()]
    return _fields(f"training-{seed}", program)
