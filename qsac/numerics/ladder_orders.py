"""Which partners the toggles of a rotated ladder have, and how many toggles generic tables take.

A toggle with an index bit brings two parameters, one with a data qubit four. Index and data toggles alternate, the
index bits cyclically: one with an index bit, then d/2 - 1 with data qubits (Construction, section 13).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

_WITHOUT_SPARE = 32
"""Tables of up to so many entries are solved with as many parameters as they have numbers, larger ones with more."""


def ladder_places(
    rows: int, qubits: int, gates: int, *, exact: bool = False, data_first: bool = False
) -> tuple[int, ...]:
    """The order of toggles of a ladder of ``gates`` entangling gates for ``rows`` rows of 2^``qubits`` entries
    (:attr:`~qsac.numerics.rotated_ladder.RotatedLadder.places`): every control at least once where the gates suffice.

    ``exact``: for requested row phases; each index bit twice then. Begins with an index bit, unless ``data_first``: the
    other order to try, where this one leads to no solution. Empty where there is no control at all.
    """
    controls, data = _index_bits(rows), qubits - 1
    if not controls:
        return tuple(data - 1 - place % data for place in range(gates)) if data else ()
    between = _data_toggles(rows, data, gates, exact=exact)
    data_first = data_first and data > 0
    places: list[int] = []
    toggled = 0
    for turn in range(gates):
        if turn or not data_first:
            places.append(data + controls - 1 - (turn - data_first) % controls)
        places.extend(data - 1 - (toggled + place) % data for place in range(between))
        toggled += between
    return tuple(places[:gates])


def toggled_by(places: Sequence[int], qubits: int, homes: Sequence[int]) -> tuple[int, ...]:
    """The target of each toggle where index bit c has its toggles with the data qubit ``homes[c]``
    (:attr:`~qsac.numerics.rotated_ladder.RotatedLadder.toggled`); without homes all are the last one."""
    last = qubits - 1
    return tuple(last if place < last else homes[place - last] for place in places) if homes else ()


def square_homes(qubits: int, bits: int, *, uncomputes: bool) -> tuple[int, ...]:
    """The data qubit that each bit of an index toggles on a square lattice: of `query`, which ``uncomputes``, or `key`.

    The data qubits lie in a row, the last one between the others, and have 2n + 2 neighbours: three at either end, two
    between. The index qubits are laid along it in the order in which the causal index state joins them (Construction,
    section 3); around two data qubits, beginning in the middle, with the fewest swaps of all orders that were tried.
    """
    row = (0, *range(qubits - 1, 0, -1))
    beside = [row[0], *(home for home in row for _ in range(2)), row[-1]]
    if qubits == 2:
        beside = beside[4:] + beside[:4]
    chain = [beside[(2 * place + 1) * len(beside) // (4 * bits)] for place in range(2 * bits)]
    # The chain begins with the last bits of both: key, query, then query, key, and so on.
    later = reversed(range(bits))
    return tuple(chain[2 * bit + (uncomputes if bit == 0 else not uncomputes)] for bit in later)


def leaf_homes(qubits: int, bits: int) -> tuple[int, ...]:
    """The data qubit that each bit of an index toggles where qubits have at most three neighbours: one of those around
    the last one, which meets them all; the first bits the first one, and so on."""
    leaves = max(qubits - 1, 2)
    return tuple(((bit + 1) * leaves - 1) // bits for bit in range(bits))


def _data_toggles(rows: int, data: int, gates: int, *, exact: bool) -> int:
    """Toggles with data qubits between two with index bits: d/2 - 1, or fewer where index bits would then have fewer
    than T - 1, or 3 T / 4, in all, or than two each with row phases."""
    fewest = max(min(rows - 1, -(-3 * rows // 4)), 2 * _index_bits(rows) if exact else 0)
    between = (1 << data) - 1
    while between > 1 and -(-gates // (between + 1)) < fewest:
        between -= 1
    return between


@lru_cache(maxsize=256)
def generic_gates(rows: int, qubits: int, *, exact: bool) -> int:
    """Entangling gates that a generic table of ``rows`` rows of 2^``qubits`` entries is solved with first; ``exact``:
    with row phases, up to an affine function of the index bits.

    T d / 2 - 1, or more until there are as many parameters as numbers to reach, and one more in tables of more than
    32 entries.
    """
    gates = max(0, (rows << qubits) // 2 - 1)
    more = (rows << qubits) > _WITHOUT_SPARE
    while rows > 1 and _spare(rows, qubits, gates, exact=exact) < more:
        gates += 1
    return gates


@lru_cache(maxsize=256)
def generic_pair_gates(
    rows: int, other_rows: int, qubits: int, *, phases: tuple[bool, bool] = (False, False)
) -> tuple[int, int]:
    """Entangling gates of the two ladders that a generic pair of tables is solved with first; ``phases`` says whether
    row phases are requested of the first and of the second.

    The common basis has d^2 - 1 parameters, of which 3 n are also those of the one-qubit gates at the end. Of the
    other table they make up for none of its phases: where those are requested, its ladder has as many gates as if its
    own were the only ones.
    """
    if phases == (False, True):
        other, one = generic_pair_gates(other_rows, rows, qubits, phases=(True, False))
        return one, other
    counts = _counted(rows, other_rows, qubits, phases)
    if all(phases):
        one, _ = generic_pair_gates(rows, other_rows, qubits, phases=(True, False))
        _, other = generic_pair_gates(rows, other_rows, qubits, phases=(False, True))
        return max(counts[0], one), max(counts[1], other)
    return counts


def _counted(rows: int, other_rows: int, qubits: int, phases: tuple[bool, bool]) -> tuple[int, int]:
    """The gates of two ladders that have as many parameters as their tables have numbers."""
    d, total = 1 << qubits, rows + other_rows
    # Fewer rows than dimensions have (total - 1)^2 inner products, up to phases.
    basis = d * d - 1 if total >= d else total * (2 * d - 2) - (total - 1) ** 2
    gates = 0
    if 2 * min(rows, other_rows) < d:  # the basis may take the smaller table as a whole; not all of it is left then
        gates = max(0, total * d // 2 - d * d // 4)
    while True:
        first = -(-gates * rows // total)
        counts = (
            first + (_phase_gates(rows) if phases[0] else 0),
            gates - first + (_phase_gates(other_rows) if phases[1] else 0),
        )
        spare = sum(
            _spare(length, qubits, count, exact=asked)
            for length, count, asked in zip((rows, other_rows), counts, phases, strict=True)
        )
        if spare + basis - 3 * qubits >= (qubits > 1):
            return counts
        gates += 1


def _spare(rows: int, qubits: int, gates: int, *, exact: bool) -> int:
    """By how much the parameters of a ladder exceed the numbers that a table has (negative: fall short of)."""
    toggles = _toggles(rows, qubits - 1, gates, exact=exact)
    phases = 1 + _index_bits(rows) - rows if exact else 0
    return 2 * qubits + 2 * toggles + phases - rows * ((2 << qubits) - 2)


def _toggles(rows: int, data: int, gates: int, *, exact: bool) -> int:
    """How many toggles :func:`ladder_places` has, those with data qubits counted twice."""
    if not _index_bits(rows):
        return 2 * gates if data else 0
    between = _data_toggles(rows, data, gates, exact=exact)
    turns, rest = divmod(gates, between + 1)
    return gates + turns * between + max(0, rest - 1)


def _index_bits(rows: int) -> int:
    return (rows - 1).bit_length()


def _phase_gates(rows: int) -> int:
    """Gates more for requested row phases: one for every four that are no affine function of the index bits."""
    return -(-(rows - 1 - _index_bits(rows)) // 4)
