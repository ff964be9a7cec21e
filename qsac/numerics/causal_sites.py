"""The causal index state, the sum over i <= j < T of |j>|i>, site by site: real circuits of CZ and Y rotations.

A site is a bit of j and the same bit of i. Read from the least significant bits up, what lies above a bit falls into
classes by two facts: whether i = j there (``equal``) and whether j agrees with T there (``tight``); their states are
orthogonal, so the pair of facts is the bond. With P the value of T above the bit there are 1, P, P, P (P - 1) / 2
pairs in the classes equal and tight, equal, tight, neither. Below its lowest set bit T bounds nothing, and one fact is
enough.

A site is an isometry from the facts about the bits down to its own to the bit of j, that of i and the facts about the
bits above. Which qubits its CZ join does not depend on P. Of the sites that T does not bound, and of those where the
bit of T is 0, the angles have a closed form. The others are found by least squares: for P without end they are about
multiples of pi / 8, from which the method of Levenberg and Marquardt gets to any P in a few steps.

The circuits were found by a search over which qubits to join, and none with one CZ less was. For one fact, where all
orders of CZ were tried, there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from math import asin, pi, sqrt
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.real_circuit import RealCircuit, isometry_angles

Real = NDArray[np.float64]

Kind = Literal[
    "free, lowest",
    "free",
    "bound, lowest",
    "bound, lowest and highest",
    "first bound",
    "first bound, highest",
    "bit 0",
    "bit 0, highest",
    "bit 1",
    "bit 1, highest",
]


class Site(NamedTuple):
    """The circuit of one kind of site.

    Qubits 0 and 1 are the site's bits of j and i; on those from 2 on are in the end the facts about the bits above:
    ``tight`` and ``equal``, or `not equal` alone at free sites. ``inputs`` are the qubits on which the facts about the
    bits down to the site's come in, in the same order; the others are in state zero. ``starts``: what the angles differ
    from by a function of P, or are searched from, in units of pi / 8.
    """

    inputs: tuple[int, ...]
    circuit: RealCircuit
    starts: tuple[int, ...]

    @property
    def gates(self) -> int:
        """Two-qubit gates."""
        return len(self.circuit.pairs)


def _site(inputs: str, pairs: str, starts: str) -> Site:
    joined = tuple((int(pair[0]), int(pair[1])) for pair in pairs.split())
    return Site(
        tuple(map(int, inputs)), RealCircuit(max(map(max, joined)) + 1, joined), tuple(map(int, starts.split()))
    )


SITES: dict[Kind, Site] = {
    "free, lowest": _site("", "01 02 01", "0 8 0 0 0 -2 8 6 0"),
    "free": _site("0", "01 12 01 01 12", "0 0 -4 4 0 0 4 8 0 4 0 0 0"),
    "bound, lowest": _site("", "13 03 02 02 03", "-2 0 8 2 4 -2 3 0 -4 8 -7 0 0 0"),
    "bound, lowest and highest": _site("", "12 23 02 23 02", "-2 3 -2 2 0 6 0 2 2 -4 0 0 0 4"),
    "first bound": _site("0", "03 01 01 02 03 13 02", "8 6 0 4 0 -4 4 2 -4 -2 -2 0 6 8 -6 8 8 0"),
    "first bound, highest": _site("0", "03 01 13 01 02 23 23", "0 2 6 -2 5 -6 6 -6 4 0 -4 6 0 4 -2 4 0 4"),
    "bit 0": _site("21", "13 23 12 13 02 01 13 01", "2 -4 0 4 0 -4 0 0 -4 0 -4 -4 4 0 -6 -2 2 0 8 -4"),
    "bit 0, highest": _site("20", "03 23 03 01 13 12 01", "0 -5 0 2 0 -2 0 2 2 6 6 4 -6 8 4 0 4 -2"),
    "bit 1": _site("01", "13 12 02 12 02 03 02 02 13 01", "0 8 4 -4 8 -4 0 -1 -4 -1 -6 4 4 -4 8 0 7 -4 7 0 6 0 8 4"),
    "bit 1, highest": _site(
        "01",
        "13 12 02 12 02 03 02 02 13 01 23",
        "8 8 4 6 8 -6 0 7 -3 1 -2 -4 5 -6 5 0 -6 -6 6 -4 -2 -4 8 4 8 -4",
    ),
}
"""The circuit of each kind of site. `Free` sites lie below the lowest set bit of T; the `first bound` one, or the
`bound, lowest` one where T is odd, is at that bit; then the kind says what bit T has. At bit 0, where T is no power of
two, all is equal and tight above and the bit of T is 1: the facts that the `highest` site leaves are the bits of j and
i there."""


class PlacedSite(NamedTuple):
    """A site of the state for some T, with P = ``above``, and its qubits, each as (0 for j or 1 for i, bit)."""

    kind: Kind
    above: int
    qubits: tuple[tuple[int, int], ...]


def causal_sites(length: int) -> Iterator[PlacedSite]:
    """The sites of the state for T = ``length``, in the order in which they are prepared: the lowest bit first.

    Bit 0 is the most significant one of as many as T values need. The facts wait on qubits of later sites: `tight` on
    the bit of j at the next set bit of T, where it is needed next. For T = 2^m bit 0 is left out: `not equal` is on its
    bit of j then.
    """
    size = (length - 1).bit_length()
    bounded = size - min((length & -length).bit_length() - 1, size)
    for bit in reversed(range(1, size)):
        above = length >> (size - bit)
        facts: tuple[tuple[int, int], ...] = ((0, bit - 1),)
        if bit < bounded:
            next_set = max(place for place in range(bit) if length >> (size - 1 - place) & 1)
            equal_on_key = bit != 2 or length >> (size - 2) & 1
            facts = (0, next_set), (int(equal_on_key), bit - 1)
        yield PlacedSite(_kind(length, size, bit, bounded), above, ((0, bit), (1, bit), *facts))


def _kind(length: int, size: int, bit: int, bounded: int) -> Kind:
    if bit >= bounded:
        return "free" if bit < size - 1 else "free, lowest"
    if bit == size - 1:
        return "bound, lowest" if bit > 1 else "bound, lowest and highest"
    if bit == bounded - 1:
        return "first bound" if bit > 1 else "first bound, highest"
    if length >> (size - 1 - bit) & 1:
        return "bit 1" if bit > 1 else "bit 1, highest"
    return "bit 0" if bit > 1 else "bit 0, highest"


@lru_cache(maxsize=4096)
def site_angles(kind: Kind, above: int) -> tuple[float, ...]:
    """The angles of a site's Y rotations (:attr:`RealCircuit.qubits`), in radians; ``above`` is P."""
    site, p = SITES[kind], above
    angles = pi / 8 * np.array(site.starts, dtype=np.float64)
    if kind == "free, lowest":
        squares = [3 * (p * p - 1) / (p + 2) ** 2, 2, 2 / (p - 1), 2, 2 / (p - 1)]
        angles[[0, 1, 2, 4, 6]] -= np.arctan(np.sqrt(squares))
    elif kind == "free":
        squares = [4 * p - 2, (p - 1) / p, (4 * p - 1) * (p - 1) / p, (4 * p - 1) / (2 * p * (2 * p - 1))]
        squares += [(4 * p * p + 2 * p - 1) / (2 * p - 1) ** 2, 2 * p - 1, (2 * p - 1) / (4 * p * p), 2 * p - 2]
        angles[[0, 1, 4, 5, 7, 8, 10, 12]] += np.array([-1, -1, 1, 1, 1, 1, 1, 1]) * np.arctan(np.sqrt(squares))
    elif kind == "bit 0":
        angles[[4, 5, 7, 8]] += np.array([-1, 1, 1, -1]) * asin(1 / sqrt(2 * p - 1)) / 2
    else:
        angles = isometry_angles(site.circuit, site.inputs, _bounded_states(kind, above), angles)
    return tuple(angles.tolist())


def _bounded_states(kind: Kind, above: int) -> Real:
    """What a site that T bounds makes of each value of its inputs, shape (2^inputs, 2^4)."""
    highest, bit = kind.endswith("highest"), 0 if kind.startswith("bit 0") else 1
    pairs = {(0, 0): above * (above - 1) / 2, (0, 1): above, (1, 0): above, (1, 1): 1}
    states = np.zeros((2,) * 6)
    for (tight, equal), j, i in product(pairs, (0, 1), (0, 1)):
        if not (equal and i > j) and not (tight and j > bit):
            here = int(tight and j == bit), int(equal and j == i)
            states[(*here, j, i, tight, (tight and equal) if highest else equal)] += sqrt(pairs[tight, equal])
    classes = states.reshape(4, 16)
    if "lowest" in kind:
        classes = classes[:1] + classes[1:2]
    elif kind.startswith("first"):
        # From free sites comes `not equal`.
        classes = classes[[1, 0]]
    return np.asarray(classes / np.linalg.norm(classes, axis=1, keepdims=True))
