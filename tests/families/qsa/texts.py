"""Models whose tokens are words of a text: by seed, the same ones in any process."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.families.qsa.drawn_heads import drawn_head, settle
from tests.strategies import random_attention

WORDS = ("the", "a", "king", "queen", "and", "saw", "that", "day", "was", "good", "evening", "so")

Rows = NDArray[Any]


def drawn(seed: int, *, most: int = 8, words: int = len(WORDS), dimension: int = 4) -> dict[str, Any]:
    """The model of a seed: 2 to ``words`` words, up to ``dimension`` entries, 1 to ``most`` context tokens."""
    rng = np.random.default_rng([12, 2602, seed])
    count = int(rng.integers(2, words + 1))
    width = int(rng.integers(2, min(dimension, count) + 1))
    real = bool(rng.random() < 0.4)
    rows = embedding(rng, count, width, real, str(rng.choice(["generic", "generic", "generic", "tight", "sparse"])))
    context = int(rng.integers(1, most + 1))
    used = np.flatnonzero(rows.any(axis=1))
    sequence = rng.choice(used, size=context + 1)
    model = {
        "qsac": 1,
        "name": f"text-{seed}",
        "tokens": {
            "type": "text",
            "words": list(WORDS[:count]),
            "embedding": as_json(rows),
            "text": " ".join(WORDS[word] for word in sequence),
        },
        "attention": random_attention(rng, context, width, real),
    }
    readout = str(rng.choice(["loss", "loss", "loss", "predict", "overlaps"]))
    if readout == "predict":
        model["readout"] = {"type": readout, "position": int(rng.integers(1, context + 2))}
    elif readout == "overlaps":
        model["readout"] = {"type": readout, "part": str(rng.choice(["complex", "abs2"]))}
    return model


def with_heads(seed: int, *, most: int = 8) -> dict[str, Any]:
    """The model of a seed, with two or three drawn heads in place of its own attention's."""
    model = drawn(seed, most=most)
    rng = np.random.default_rng([13, 2602, seed])
    rows = model["tokens"]["embedding"]
    width, real, context = len(rows[0]), not isinstance(rows[0][0], list), model["tokens"]["text"].count(" ")
    heads = [drawn_head(rng, width, real, context) for _ in range(int(rng.integers(2, 4)))]
    settle(heads, context)
    kept = {name: value for name, value in model["attention"].items() if name in ("type", "mask", "phases")}
    model |= {"name": f"heads-{model['name']}", "attention": kept | {"heads": heads}}
    if model.get("readout", {}).get("type") == "overlaps":
        model["readout"]["head"] = int(rng.integers(len(heads)))
    return model


def embedding(rng: np.random.Generator, count: int, width: int, real: bool, kind: str = "generic") -> Rows:
    """An isometry, (count, width).

    ``tight``: rows of equal length where count is a multiple of the width. ``sparse``: some rows have length 1 or 0.
    """
    if kind == "tight" and count % width == 0:
        blocks = [isometry(rng, width, width, real) for _ in range(count // width)]
        return np.concatenate(blocks) / np.sqrt(len(blocks))
    if kind == "sparse" and count > width > 2:
        rows = np.zeros((count, width), dtype=float if real else complex)
        rows[0, 0] = 1.0
        rows[2:, 1:] = isometry(rng, count - 2, width - 1, real)
        return rows
    return isometry(rng, count, width, real)


def isometry(rng: np.random.Generator, count: int, width: int, real: bool) -> Rows:
    """A generic one."""
    values = rng.normal(size=(count, width)) + (0 if real else 1j * rng.normal(size=(count, width)))
    return np.linalg.qr(values)[0]


def as_json(rows: Rows) -> list[Any]:
    """Rows of numbers, or of [re, im] pairs where they are complex."""
    return (np.stack([rows.real, rows.imag], axis=-1) if np.iscomplexobj(rows) else rows).tolist()
