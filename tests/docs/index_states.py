"""What the page on construction says that index states cost."""

from __future__ import annotations

import numpy as np

from qsac.counting.formulas import op_cost
from qsac.ir.attention import LoadTokens, PrepareIndices, PrepareKeys
from qsac.ir.op import Scope
from qsac.ir.table import Table

_LENGTHS = (2, 3, 4, 5, 7, 8, 12, 16, 31, 32, 33, 64, 100, 256, 1024)


def causal() -> str:
    """Two-qubit gates of the causal index state of some lengths."""
    rows: list[list[object]] = [["T", *_LENGTHS], ["---", *("--:" for _ in _LENGTHS)]]
    for family in ("zzphase", "cz"):
        costs = []
        for length in _LENGTHS:
            size = (length - 1).bit_length()
            scope = Scope({"query": size, "key": size}, {})
            costs.append(op_cost(PrepareIndices("query", "key", "causal", length), scope, family))
        rows.append(["zz" if family == "zzphase" else "cz", *costs])
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def keys() -> str:
    """Two-qubit gates of the keys that a position sees, prepared and as a table."""
    lengths = _LENGTHS[:-3]
    rows: list[list[object]] = [["T", *lengths], ["---", *("--:" for _ in lengths)], ["keys"], ["as a table"]]
    for length in lengths:
        size = (length - 1).bit_length()
        scope = Scope({"query": size, "key": size}, {"seen": Table(np.tri(length, 1 << size))})
        ops = (PrepareKeys("query", "key", "causal", length), LoadTokens("key", ("query",), "seen"))
        for row, op in zip(rows[2:], ops, strict=True):
            row.append(op_cost(op, scope, "zzphase"))
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)
