"""What the circuits of a search leave, exactly and without a circuit.

With ``score`` projected on zero after each oracle call, whatever the loader's completion, a round takes the amplitudes
a of the keys to (2 |u><u| - 1) diag(P(s)) a, u uniform over the row's keys (docs/programs/search.md). Without heralds
the data keep what leaks, and how depends on the loader's completion: the one that its ladders have
(:mod:`qsac.numerics.whole_loads`). A sample of k copies multiplies them by s^k.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.families.outcomes import Index, Outcomes
from qsac.families.program.search.encoding import encoded
from qsac.numerics.signal_processing import signal, walk_angles
from qsac.numerics.whole_loads import uncomputed

if TYPE_CHECKING:
    from qsac.families.program.search.rows import Search

Real = NDArray[np.float64]

NAME = "found"
"""The readout of every circuit."""

LABELS = ("P(key and accepted) at key = ", "P(key and accepted) again at key = ")


class Searched(NamedTuple):
    """One circuit: its name, the rows that its index tells of, one or all, how many keys each has, and its rounds, or
    the copies of a sample."""

    name: str
    rows: tuple[int, ...]
    keys: int
    number: int

    @property
    def key_qubits(self) -> int:
        return (self.keys - 1).bit_length()

    @property
    def row_qubits(self) -> int:
        """Those of the register of queries: none for a row of its own."""
        return (len(self.rows) - 1).bit_length()

    def by_row(self, weights: Real) -> dict[int, Real]:
        """The weights of an index by row, each of all values of the key's register."""
        found = weights.reshape(-1, 1 << self.key_qubits)
        return {row: found[place] for place, row in enumerate(self.rows)}


def searched(search: Search) -> Iterator[Searched]:
    """The circuits that find keys."""
    kind = "copies" if search.samples else "rounds"
    if search.superposed:
        for keys, shots in search.planned.items():
            yield from (Searched(f"{kind}-{number}", search.rows, keys, number) for number in shots)
        return
    for row in search.rows:
        keys = search.keys(row)
        for number in search.planned.get(keys, {}):
            yield Searched(f"row-{row}-{kind}-{number}", (row,), keys, number)


def given_keys(search: Search, one: Searched) -> Outcomes:
    """The exact outcomes of a circuit: the joint probabilities of each row and key and of all heralds."""
    weights = np.zeros((1 << one.row_qubits, 1 << one.key_qubits))
    for place, row in enumerate(one.rows):
        weights[place, : one.keys] = _weights(search, row, one) / len(one.rows)
    flat = weights.reshape(-1)
    given = float(flat.sum())
    return Outcomes(1.0, given, {NAME: given}, Index(flat, flat, LABELS), exact=True)


def _weights(search: Search, row: int, one: Searched) -> Real:
    """The probability of each key of a row, and of all heralds."""
    if search.leaks and one.number:
        return np.asarray((np.abs(leaking(search, row, one)) ** 2).sum(axis=1))
    amplitudes = _sampled if search.samples else _rotated
    return np.asarray(np.abs(amplitudes(search, row, one)) ** 2)


def leaking(search: Search, row: int, one: Searched) -> NDArray[np.complex128]:
    """The amplitudes of keys and data, (keys, D), after rounds without heralds.

    A use of the walk, the phase f about |0> and the adjoint use are exp(i f (2 |v><v| - 1)) on key i's data, v what its
    uncomputing makes of the query.
    """
    states, queries = encoded(search, range(one.keys), (row,))
    copies = np.repeat(queries.astype(np.complex128), one.keys, axis=0)[..., None]
    leaked = uncomputed(states, copies)[..., 0]
    angles = walk_angles(search.phases)[::-1].tolist()
    amplitudes = np.zeros(leaked.shape, dtype=np.complex128)
    amplitudes[:, 0] = 1 / np.sqrt(one.keys)
    for _ in range(one.number):
        for use in range(0, search.polynomial.degree, 2):
            if use:
                amplitudes *= np.exp(-1j * angles[use])
                amplitudes[:, 0] *= np.exp(2j * angles[use])
            along = np.einsum("kd,kd->k", leaked.conj(), amplitudes)[:, None] * leaked
            amplitudes = np.exp(-1j * angles[use + 1]) * amplitudes + 2j * np.sin(angles[use + 1]) * along
        amplitudes = 2 * amplitudes.mean(axis=0) - amplitudes
    return amplitudes


def leaks_by_rounds(search: Search) -> dict[str, dict[str, float]]:
    """For each number of rounds how far the amplitudes are from those of an exact oracle, the largest distance of all
    rows, and the bound on it where no key is in the margin: sqrt(2 error) for each round."""
    found: dict[str, dict[str, float]] = {}
    for one in searched(search):
        for row in one.rows if one.number else ():
            exact = np.full(one.keys, 1 / np.sqrt(one.keys))
            signs = np.where(search.scores[row, : one.keys] >= search.threshold, -1.0, 1.0)
            for _ in range(one.number):
                exact = 2 * (signs * exact).mean() - signs * exact
            shared = float(np.abs(exact @ leaking(search, row, one)[:, 0]))
            told = found.setdefault(str(one.number), {"distance": 0.0})
            told["distance"] = max(told["distance"], float(np.sqrt(max(0.0, 2 - 2 * shared))))
            told["bound"] = one.number * float(np.sqrt(2 * search.polynomial.error))
    return found


def _rotated(search: Search, row: int, one: Searched) -> NDArray[np.complex128]:
    amplitudes = np.full(one.keys, 1 / np.sqrt(one.keys), dtype=np.complex128)
    if one.number:
        applied = applied_to(search, search.scores[row, : one.keys])
        for _ in range(one.number):
            marked = applied * amplitudes
            amplitudes = 2 * marked.mean() - marked
    return amplitudes


def _sampled(search: Search, row: int, one: Searched) -> Real:
    return np.asarray(variable(search, search.scores[row, : one.keys]) ** one.number / np.sqrt(one.keys))


def variable(search: Search, scores: Real) -> Real:
    """What circuits encode of scores: these, or of a real part (1 + s)/2."""
    points = scores if search.part == "abs" else (1 + scores) / 2
    return np.asarray(np.clip(points, -1.0, 1.0))


def applied_to(search: Search, scores: Real) -> NDArray[np.complex128]:
    """P of the oracle at some scores, or the signs that a table or arithmetic gives."""
    if search.oracle != "overlap":
        return np.where(scores >= search.threshold, -1.0, 1.0).astype(np.complex128)
    return signal(search.phases, variable(search, scores))


def weights_by_row(search: Search, seen: Mapping[str, Outcomes]) -> dict[int, Real]:
    """How much of all outcomes ended in each key of each row. A row with one key has no circuit, and that key."""
    found = {row: np.ones(1) if search.keys(row) == 1 else np.zeros(search.keys(row)) for row in search.rows}
    for one in searched(search):
        index = seen[one.name].index
        if index is not None:
            for row, weights in one.by_row(index.marginal).items():
                found[row] = found[row] + weights[: search.keys(row)]
    return found
