"""The states of keys and queries that circuits load."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qsac.files.numbers import Numbers

if TYPE_CHECKING:
    from qsac.families.program.search.rows import Search


def encoded(search: Search, keys: Sequence[int], rows: Sequence[int]) -> tuple[Numbers, Numbers]:
    """The states of keys, (keys, D), and of queries, (rows, D): as they are for |s|; for the real part as real ones of
    twice the dimension where they are complex, and shifted, (x, 1)/sqrt(2), so that overlaps are (1 + s)/2."""
    states, queries = search.states[list(keys)], search.queries[list(rows)]
    if np.iscomplexobj(search.states) != np.iscomplexobj(search.queries):
        states, queries = states.astype(np.complex128), queries.astype(np.complex128)
    if search.part == "abs":
        return states, queries
    return _shifted(states, search.span), _shifted(queries, search.span)


def _shifted(rows: Numbers, span: int) -> Numbers:
    """Rows of which the first ``span`` entries may differ from zero."""
    kept = rows[:, :span]
    real = np.concatenate((kept.real, kept.imag), axis=1) if np.iscomplexobj(kept) else kept
    used = real.shape[1]
    shifted = np.zeros((len(rows), 1 << used.bit_length()))
    shifted[:, :used] = real
    shifted[:, used] = 1.0
    return np.asarray(shifted / np.sqrt(2), dtype=np.float64)
