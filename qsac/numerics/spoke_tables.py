"""Tables of states of one qubit that has three neighbours at most: index bits beside it, and one more behind each.

Each neighbour and what is behind it is a spoke. The data qubit meets the neighbour alone, which holds its own bit of
the index or, between two CX on the spoke, the parity of both. Real tables are multiplexed rotations about y: one CZ for
each parity of bits but the empty one, T - 1, in an order in which spokes are seldom switched, 2 (T / 8 - 1) CX. Complex
ones with their row phases have 3 T - 1 real numbers, of which a ZZ(pi/2) with a parity brings two: ladders as in
:mod:`qsac.numerics.path_tables`, whose spokes are switched as seldom as the rank of their derivative allows.
"""

from __future__ import annotations

import numpy as np

from qsac.numerics.ladder_orders import generic_gates
from qsac.numerics.path_tables import Complex, PathCircuit, Real, random_gates, solution
from qsac.numerics.walsh import walsh_hadamard

MOST_BITS = 6
"""Three neighbours, and one qubit behind each."""

_SWITCHED = {0: (), 1: (0, 0, 0, 0), 2: (0, 0, 1, 0, 1, 0, 1, 1)}
"""For so many bits that are behind others: which spoke is switched after each part of a ladder. The first ones, by
their number, with which the derivative of generic ladders has full rank."""

_TRIES = 3
_MORE = 2
"""Starting points for each number of gates, and most gates beyond those that are expected."""


def spoke_circuit(table: Complex) -> PathCircuit | None:
    """The circuit that loads rows of unit norm, shape (T, 2), with their phases; None for one row, for more than 64,
    32 of complex numbers, and where none was found."""
    rows = len(table)
    bits = (rows - 1).bit_length()
    if not 1 <= bits <= MOST_BITS or table.shape[1] != 2:
        return None
    if not table.imag.any():
        return _rotated(np.asarray(table.real), bits)
    if bits - 3 > max(_SWITCHED):
        return None
    fewest = generic_gates(rows, 1, exact=True)
    for gates in range(fewest, fewest + 1 + _MORE):
        pairs = tuple((0, -parity) for parity in _laddered(bits, gates))
        for seed in range(_TRIES):
            start = random_gates(np.random.default_rng([1, rows, gates, seed]), 1 + gates)
            found = solution(PathCircuit(1, rows, pairs, start, np.zeros(1 + bits)), table)
            if found is not None:
                return found
    return None


def spokes(bits: int) -> list[tuple[int, int]]:
    """For each spoke the number that has the bit of the index beside the data qubit alone, and that with the bit behind
    it, 0 where there is none."""
    near = [1 << bits - 1 - bit for bit in range(min(bits, 3))]
    behind = [1 << bits - 1 - bit for bit in range(3, bits)]
    return list(zip(near, behind + [0] * (len(near) - len(behind)), strict=True))


def _laddered(bits: int, gates: int) -> list[int]:
    """The parities that a ladder of so many gates meets, in time order."""
    arms = spokes(bits)
    held = [near for near, _ in arms]
    switched = _SWITCHED[max(bits - 3, 0)]
    parts = len(switched) + 1
    parities = []
    for part in range(parts):
        number = gates * (part + 1) // parts - gates * part // parts
        parities += [held[turn % len(held)] for turn in range(number)]
        if part < len(switched):
            held[switched[part]] ^= arms[switched[part]][1]
    return parities


def _rotated(table: Real, bits: int) -> PathCircuit:
    """Real rows as rotations about y, with a CZ between any two: the sign of an angle is the parity of what comes
    later, and Z on a qubit in zero does nothing."""
    parities = _walked(bits)[::-1]
    later = np.bitwise_xor.accumulate([0, *parities[::-1]])[::-1]
    halves = np.zeros(1 << bits)
    halves[: len(table)] = np.arctan2(table[:, 1], table[:, 0])
    angles = walsh_hadamard(halves)[later]
    cos, sin = np.cos(angles), np.sin(angles)
    gates = np.array([[cos, -sin], [sin, cos]]).transpose(2, 0, 1).astype(np.complex128)
    gates[1:] = gates[1:] * np.exp(1j * np.pi / 4 * np.array([1, -1]))  # CZ is ZZ(pi/2) and turns by -pi/2
    pairs = tuple((0, -parity) for parity in parities)
    return PathCircuit(1, len(table), pairs, gates, np.zeros(1 + bits), turned=True)


def _walked(bits: int) -> list[int]:
    """Parities whose partial sums are all sums of bits, once each."""
    arms = spokes(bits)
    near = [one for one, _ in arms]
    found = _gray(near)
    for step in _gray(list(range(bits - len(near)))):
        spoke = near[step]
        others = _gray([one for one in near if one != spoke])
        found += [spoke ^ arms[step][1], *others, spoke, *others]
    return found


def _gray(values: list[int]) -> list[int]:
    """Which value changes in each step of a Gray code of them."""
    return [values[(step & -step).bit_length() - 1] for step in range(1, 1 << len(values))]
