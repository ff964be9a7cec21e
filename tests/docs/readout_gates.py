"""What readouts take: the table of docs/readouts.md."""

from typing import Any

import numpy as np

import qsac
from tests.docs.rows import WHOLE


def table() -> str:
    """The table."""
    readouts: dict[str, dict[str, Any]] = {
        "loss": {"type": "loss"},
        "predict": {"type": "predict"},
        "predict over tokens": {"type": "predict", "states": "tokens"},
        "overlaps, complex": {"type": "overlaps"},
        "overlaps, abs2": {"type": "overlaps", "part": "abs2"},
    }
    identity = {"type": "identity"}
    ansatz = {"type": "hardware-efficient", "layers": 2, "parameters": {"init": "normal"}}
    rows: list[list[object]] = [["T, d, tokens", *readouts], ["---", *("--:" for _ in readouts)]]
    sizes = [(T, d, kind) for T, d in ((8, 4), (16, 8), (32, 16)) for kind in ("real", "complex")]
    if not WHOLE:  # the ladders of these are solved for: tests/numerics
        sizes = [size for size in sizes if size not in ((8, 4, "complex"), (16, 8, "complex"))]
    for length, dimension, kind in sizes:
        shape = (length + 1, dimension, *([2] if kind == "complex" else []))
        values = np.random.default_rng([length, dimension]).normal(size=shape).tolist()
        cells = []
        for readout in readouts.values():
            counts = []
            for score in (identity, ansatz):
                kernel = {"type": "monomial", "degree": 1}
                attention = {"type": "overlap", "kernel": kernel, "value": identity, "score": score}
                tokens = {"type": "inline", "values": values}
                model = {"qsac": 1, "tokens": tokens, "attention": attention, "readout": readout}
                counts.append(qsac.compile(model, "h1", verify=False).stats["two_qubit_gates"])
            cells.append("{:,} ({:,})".format(*counts))
        rows.append([f"{length}, {dimension}, {kind}", *cells])
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)
