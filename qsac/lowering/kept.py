"""Blocks that were written already: the circuits of a plan have the same loads of the same tables many times over.

What a self-contained op is lowered to (:func:`qsac.lowering.context.self_contained`) follows from the op, the tables
that it names, and the qubits of the registers that it uses. Blocks of a few hundred such ops are kept under these, by
value; blocks and their tables cannot be changed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from threading import Lock

from qsac.ir.op import Op
from qsac.ir.table import Table
from qsac.lowering.allocation import Allocation
from qsac.lowering.context import is_self_contained

KEPT = 512
"""How many ops' blocks are kept."""

NUMBERS = 1 << 12
"""Most numbers of an op's tables: so much is kept, at the most, for each of them, and a few times that for its
blocks."""

_PLACES = 64
"""At how many places of programs the blocks of one op are kept."""


class Kept:
    """The blocks of ops, by what they follow from; the ones that were not asked for longest go first."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._lock = Lock()
        self._blocks: OrderedDict[Hashable, tuple[Sequence[Op], dict[int, Sequence[Op]]]] = OrderedDict()

    def of(self, key: Hashable, source: int) -> Sequence[Op] | None:
        """The blocks kept under a key, for an op at the place ``source`` of its program; None where there are none."""
        with self._lock:
            found = self._blocks.get(key)
            if found is None:
                return None
            self._blocks.move_to_end(key)
            plain, placed = found
            if source not in placed:
                if len(placed) >= _PLACES:
                    placed.clear()
                placed[source] = tuple(block.of_sources((source,)) for block in plain)
            return placed[source]

    def keep(self, key: Hashable, source: int, blocks: Sequence[Op]) -> None:
        """Keep the blocks that the op at a place of its program was lowered to."""
        with self._lock:
            self._blocks[key] = tuple(blocks), {source: tuple(blocks)}
            while len(self._blocks) > self._most:
                self._blocks.popitem(last=False)


def keys(ops: Sequence[Op], tables: Mapping[str, Table], allocation: Allocation) -> list[Hashable]:
    """What the blocks of each op are kept under; None for ops whose blocks are not."""
    if not all(table.known and table.pattern is None for table in tables.values()):
        return [None] * len(ops)
    return [_key(op, tables, allocation) if is_self_contained(op) else None for op in ops]


def _key(op: Op, tables: Mapping[str, Table], allocation: Allocation) -> Hashable:
    named = tuple(tables[name] for name in op.tables)
    if sum(table.values.size for table in named) > NUMBERS:
        return None
    qubits = tuple(allocation.qubits.get(register) for register in (*op.use.targets, *op.use.controlled_by))
    # Numbers that are equal may be written differently: 1 and 1.0, 0.0 and -0.0.
    written = tuple(
        repr(value) for name, value in vars(op).items() if name != "use" and isinstance(value, float | tuple)
    )
    return op, named, qubits, written
