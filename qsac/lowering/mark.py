"""Marks of keys: one multiplexed rotation of the flag."""

from __future__ import annotations

from math import pi

import numpy as np

from qsac.ir.attention import MarkKeys
from qsac.ir.blocks import Multiplexor
from qsac.ir.shaped_table import ShapedTable, Span
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering
from qsac.lowering.indices import WRITTEN


@lowering.register(MarkKeys)
def lower(op: MarkKeys, place: LoweringContext) -> list[Multiplexor]:
    """RY(pi) where the key is less than the shift, from the bits that decide it, the heads' or the keys' first."""
    found = op.marked
    (flag,), heads, keys = place.qubits(op.flag), place.qubits(*op.head), place.qubits(op.key)
    # The shifts need the last bits of the head's register.
    heads = heads[len(heads) - (len(op.shifts) - 1).bit_length() :]
    heads = tuple(heads[bit] for bit in found.head_bits)
    keys = keys[: len(keys) - found.unused]
    keys = keys[len(keys) - (found.keys - 1).bit_length() :]
    rows = found.rows
    count, first = min(rows), rows[0] <= rows[1]
    controls = (*heads, *keys) if first else (*keys, *heads)
    if count > WRITTEN and not all(table.known for table in place.scope.tables.values()):
        spans = [Span(f"marks {op.length} {op.shifts}", 0, count)]
        return [Multiplexor("y", controls, flag, ShapedTable((count,), real=True, spans=spans), enters_zero=True)]
    row = np.arange(count)
    bits = len(keys) if first else len(heads)
    early, late = row >> bits, row & ((1 << bits) - 1)
    head, key = (early, late) if first else (late, early)
    shifts = np.zeros(1 << len(heads), dtype=np.intp)
    shifts[: len(found.shifts)] = found.shifts
    angles = np.where((key << found.unused) < shifts[head], pi, 0.0)
    return [Multiplexor("y", controls, flag, Table(angles), enters_zero=True)]
