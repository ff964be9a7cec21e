"""The heads whose kernels are applied by a walk: one walk for all of them (docs/kernels.md).

Keys are chosen by the head where W or the key shift differs, and phases where the kernels do. A head whose score has
copies has no phases: loads and inverse loads undo each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qsac.families.qsa.head_rows import HEAD, bits, index_of_heads, rows_of_heads
from qsac.families.qsa.heads import Head, shape_of_kernel, sign_between
from qsac.families.qsa.joined import Joined
from qsac.families.unitary import Identity
from qsac.families.walked_kernel import PARITY, Side, WalkedKernel, by_turns
from qsac.files.numbers import Numbers
from qsac.ir.attention import SelectIndex
from qsac.ir.op import Op
from qsac.ir.table import Table
from qsac.numerics.kernel_walks import KernelWalk, together

if TYPE_CHECKING:
    from qsac.families.qsa.model import Model

WALKED_KEYS, WALKED_QUERIES = "walked-keys", "walked-queries"
"""Tables of the rows that a walk loads and undoes: W_h x_{i-r}, and the queries."""

ENDS = "ends"
"""A table of walks: for each index what is loaded of its key and of its query."""


class WalkedHeads:
    """The walk of some heads of a circuit, on the register ``data``. ``signs``: +-1 for each head, by which its kernel
    differs from what its phases are of."""

    def __init__(self, heads: Joined, data: str, origin: str) -> None:
        self._heads = heads.heads
        walks, self.signs = _walks(self._heads)
        walked = [number for number, walk in enumerate(walks) if walk is not None]
        scores = {heads.scores[number]: number for number in reversed(walked)}
        self._one_score = len(scores) == 1
        # Rows of heads without a walk are loaded too: those of any other one.
        self._rows = [number if number in walked else walked[0] for number in range(len(walks))]
        several = any(walk is not walks[0] for walk in walks)
        if several:
            walks += walks[-1:] * ((1 << bits(len(walks))) - len(walks))
        found = together(walks if several else walks[:1])
        # Of two heads, an even one and an odd one, the head's own register says the parity.
        parities = [(walk.even is not None, walk.odd is not None) for walk in found]
        parity = HEAD if parities == [(True, False), (False, True)] else PARITY
        self._kernel = WalkedKernel(found, data, origin, parity=parity, head=(HEAD,) if several else ())

    @property
    def registers(self) -> tuple[str, ...]:
        """All registers but the head's."""
        return self._kernel.registers

    def sizes(self, data_qubits: int) -> dict[str, int]:
        """The registers' qubits."""
        return self._kernel.sizes(data_qubits)

    def projected(self) -> list[Op]:
        """The end of the registers beside the score's."""
        return self._kernel.projected()

    def scores(
        self, model: Model, context: int, tables: dict[str, Table], query: Side, key: tuple[str, ...]
    ) -> list[Op]:
        """The walk of real scores: W and key shifts are in the keys' table."""
        queries = tables[query.table].values
        rows = [self._keys(model, context, number) for number in (self._rows[:1] if self._one_score else self._rows)]
        tables[WALKED_KEYS], tables[WALKED_QUERIES] = Table(rows_of_heads(rows)), Table(queries)
        keys = Side(index_of_heads(key, len(rows)), WALKED_KEYS)
        given = Side(query.index, WALKED_QUERIES)
        if self._kernel.last_side != "selected":
            last: list[Op] = [self._kernel.undone(keys if self._kernel.last_side == "key" else given)]
        else:
            last = self._selected(rows, queries, given, key, tables)
        return self._kernel.scores(keys, given, last)

    def _keys(self, model: Model, context: int, number: int) -> Numbers:
        head = self._heads[number]
        return head.score.apply(np.roll(model.tokens[:context], head.key_shift, axis=0))

    def _selected(
        self, rows: Sequence[Numbers], queries: Numbers, query: Side, key: tuple[str, ...], tables: dict[str, Table]
    ) -> list[Op]:
        """What undoes the key's load for even parts, and the query's for odd ones."""
        parity, head = self._kernel.parity, self._heads[self._rows[0]]
        select = SelectIndex(query.index[0], key[0], parity, origin="/tokens") if query.index else None
        if select and self._one_score and isinstance(head.score, Identity) and not head.key_shift:
            # Keys and queries have the same rows: an inverse load by the query's register, which holds either index.
            return [select, self._kernel.undone(query), select.adjoint()]
        index = query.index or key
        if self._kernel.by_parity:
            ends = [by_turns(keys, _alike(queries, keys)) for keys in rows]
            index = (*index, parity)
        else:  # the head says whether it is its key or the query
            of_heads = [rows[min(number, len(rows) - 1)] for number in range(len(self._heads))]
            walks = self._kernel.walks[: len(of_heads)]
            ends = [keys if walk.even else _alike(queries, keys) for keys, walk in zip(of_heads, walks, strict=True)]
        tables[ENDS] = Table(rows_of_heads(ends))
        undone = self._kernel.undone(Side(index_of_heads(index, len(ends)), ENDS))
        return [select, undone, select.adjoint()] if select else [undone]


def _alike(queries: Numbers, keys: Numbers) -> Numbers:
    """One query, or as many as keys, as so many."""
    rows: Numbers = np.broadcast_to(queries, keys.shape)
    return rows


def _walks(heads: Sequence[Head]) -> tuple[list[KernelWalk | None], list[float]]:
    """The walk of each head, the same one for kernels that are the same up to a factor, and the signs of these."""
    first: dict[tuple[float, ...], Head] = {}
    walks, signs = [], []
    for head in heads:
        same = first.setdefault(shape_of_kernel(head.kernel), head) if head.walk else head
        walks.append(same.walk)
        signs.append(sign_between(head.kernel, same.kernel))
    return walks, signs
