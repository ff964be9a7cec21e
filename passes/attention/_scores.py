"""Ladders that have the scores of the pairs in the mask, in place of the tables that the scores are made of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention import PrepareIndices, Project
from qsac.ir.program import Program
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.numerics.inner_products import SolvedProducts, Wanted, generic_counts, solve_products
from qsac.passes.attention._ladders import Part, Phases, Site, parts
from qsac.passes.attention._rotation import Ladder, OfTables, outlined, written

Mask = NDArray[np.bool_]

_EQUAL = 1e-9
"""What the modulus of an inner product of equal rows may lack of 1."""


class _Pairs(NamedTuple):
    """Which rows of an inverse load meet which rows of the load before it, shape (T_2, T_1); whether the loaded rows'
    own products count too; and the data qubits that the ladders take."""

    mask: Mask
    gram: bool
    qubits: int


class OfScores:
    """As :class:`~qsac.passes.attention._rotation.OfTables`, but for the products of the pairs in a causal mask alone,
    where a load by `key` is un-loaded by `query`; of real tables too."""

    real = True

    def __init__(self, program: Program) -> None:
        self._program = program
        self._tables = OfTables()
        prepared = [op for op in program.ops if isinstance(op, PrepareIndices) and op.mask == "causal"]
        self._indices = prepared[0] if len(prepared) == 1 else None

    @property
    def any(self) -> bool:
        """Whether there are loads of which only the pairs in a mask count."""
        return any(self._pairs(part) is not None for part in parts(self._program, real=True))

    def expected(self, part: Part) -> int:
        """The gates of generic products."""
        pairs = self._pairs(part)
        if pairs is None:
            return self._tables.expected(part)
        return sum(generic_counts(pairs.mask, pairs.qubits, gram=pairs.gram))

    def ladders(self, part: Part, wanted: Sequence[Phases | None]) -> list[Ladder] | None:
        """The ladders of a part's products; of its tables where these are not found."""
        pairs = self._pairs(part)
        if pairs is None:
            return None if all(site.real for site in part.sites) else self._tables.ladders(part, wanted)
        if not all(site.known for site in part.sites):
            asked = (wanted[0] is not None, wanted[1] is not None)
            return outlined(part, generic_counts(pairs.mask, pairs.qubits, gram=pairs.gram, phases=asked), pairs.qubits)
        loaded, uncomputed = (site.values.astype(np.complex128) for site in part.sites)
        asked_for = tuple(None if phases is None else phases.tobytes() for phases in wanted)
        arrays = tuple((rows.shape, rows.tobytes()) for rows in (loaded, uncomputed))
        found = _solved(arrays, pairs.mask.tobytes(), pairs.gram, pairs.qubits, asked_for)
        if found is None:
            return None if all(site.real for site in part.sites) else self._tables.ladders(part, wanted)
        both = zip(part.sites, (found.loaded, found.uncomputed), found.phases, strict=True)
        return [written(site, ladder, phases) for site, ladder, phases in both]

    def _pairs(self, part: Part) -> _Pairs | None:
        """The pairs of a part's rows that occur together; None where nothing is known of them."""
        indices = self._indices
        if indices is None or len(part.sites) < 2 or any(site.repeats or site.op.barrier for site in part.sites):
            return None
        load, inverse_load = part.sites
        names = indices.query, indices.key
        both = [site.index[0] if len(site.index) == 1 else "" for site in part.sites]
        untouched = all(site.where.epochs == (1,) for site in part.sites)
        if set(both) != set(names) or not untouched or any(site.rows != indices.length for site in part.sites):
            return None
        mask = np.tri(indices.length, dtype=bool)
        if load.index[0] == indices.query:
            mask = mask.T
        gram = self._observed(load, inverse_load)
        if not gram and _equal_rows(part, mask):
            return None
        return _Pairs(mask, gram, part.qubits if gram else _enough(mask, part.qubits))

    def _observed(self, load: Site, inverse_load: Site) -> bool:
        """Whether anything is read or projected while what was loaded is there."""
        between = self._program.ops[load.place : inverse_load.place]
        return any(isinstance(op, Project | SaveProbabilities) for op in between)


def _equal_rows(part: Part, mask: Mask) -> bool:
    """Whether rows that meet are the same but for a phase: nothing is free then, for that holds for one state alone."""
    if not all(site.known for site in part.sites):
        return False
    loaded, uncomputed = (site.values for site in part.sites)
    return bool(np.max(np.abs(uncomputed.conj() @ loaded.T)[mask]) > 1 - _EQUAL)


def _enough(mask: Mask, most: int) -> int:
    """The data qubits of the smallest states, of at most so many, that have as many parameters as the products."""
    products = 2 * int(mask.sum()) - sum(mask.shape) + 1
    return next(
        (n for n in range(1, most) if sum(mask.shape) * (2 * (1 << n) - 2) - (1 << 2 * n) + 1 >= products), most
    )


@lru_cache(maxsize=64)
def _solved(
    tables: tuple[tuple[tuple[int, ...], bytes], ...],
    mask: bytes,
    gram: bool,
    qubits: int,
    wanted: tuple[bytes | None, ...],
) -> SolvedProducts | None:
    loaded, uncomputed = (np.frombuffer(content, np.complex128).reshape(shape) for shape, content in tables)
    phases = [None if content is None else np.frombuffer(content) for content in wanted]
    products = np.einsum("jd,id->ji", uncomputed.conj(), loaded)
    own = np.einsum("id,jd->ij", loaded.conj(), loaded) if gram else None
    pairs = np.frombuffer(mask, dtype=bool).reshape(products.shape)
    return solve_products(Wanted(products, pairs, own, (phases[0], phases[1])), qubits)
