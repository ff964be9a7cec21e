"""What ladders approximate, where their tables do: the exact rows in the basis that the ladders were solved in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qsac.errors import present
from qsac.ir.attention import LoadRotated
from qsac.ir.op import Scope
from qsac.ir.table import Table
from qsac.numerics.plan import controlled_rows
from qsac.passes.attention._ladders import Part, Site
from qsac.passes.attention._tables import added

if TYPE_CHECKING:
    from qsac.passes.attention._rotation import Ladder

Rows = NDArray[np.complex128]


def with_exact(
    part: Part, ladders: Sequence[Ladder], ops: Sequence[LoadRotated], tables: dict[str, Table]
) -> list[LoadRotated]:
    """The ops of a part's ladders, with the tables of what they approximate where the sites have these; ``tables`` are
    the program's, and take them in."""
    if not any(site.op.exact for site in part.sites) or any(ladder.phases is None for ladder in ladders):
        return list(ops)
    basis = _basis(part, ladders, ops, tables)
    return [
        replace(op, exact=added(tables, f"{op.table}-exact", _exact(site, ladder, basis))) if site.op.exact else op
        for site, ladder, op in zip(part.sites, ladders, ops, strict=True)
    ]


def _basis(part: Part, ladders: Sequence[Ladder], ops: Sequence[LoadRotated], tables: dict[str, Table]) -> Rows:
    """The unitary B for which every state of the ladders is a row of the tables times B, but for its phase.

    One table is loaded as it is. Of a pair any unitary that does this will do, as inner products are all that counts:
    the one of the polar decomposition.
    """
    size = 1 << part.qubits
    if len(part.sites) == 1:
        return np.eye(size, dtype=np.complex128)
    moved = np.zeros((size, size), dtype=np.complex128)
    for site, ladder, op in zip(part.sites, ladders, ops, strict=True):
        scope = Scope(site.scope.sizes, tables)
        states = op.ladder(scope).states(site.rows) * np.exp(-1j * _phases(ladder))[:, None]
        moved += site.values[:, :size].conj().T @ states
    left, _, right = np.linalg.svd(moved)
    return np.asarray(left @ right)


def _exact(site: Site, ladder: Ladder, basis: Rows) -> Table:
    """The exact rows of a site in the ladder's basis, with the phases of its states."""
    size = len(basis)
    rows = controlled_rows(site.scope.tables[site.op.exact].values, site.scope.dimension(site.op.when))
    written = np.concatenate([rows[:, :size] @ basis, rows[:, size:]], axis=1)
    return Table(written * np.exp(1j * _phases(ladder))[:, None])


def _phases(ladder: Ladder) -> NDArray[np.float64]:
    """The phases of a ladder that was solved."""
    return present(ladder.phases, "the phases of a ladder that was solved")
