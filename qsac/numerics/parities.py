"""Parities that are fixed in a state: masks m for which the sum of the bits in m is the same in every basis state that
occurs, or for which flipping the bits in m changes nothing but the sign.

Each takes CX from the mask's other qubits (or to them) until one qubit is in a basis state (or in |+> or |->).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.product_structure import EXACT

Integers = NDArray[np.int64]

_MOST = 12
"""Most independent parities whose sums are all tried."""


class Parity(NamedTuple):
    """A fixed parity: of what occurs (``flips`` false), or of what flips do. ``places`` are those of its qubits."""

    places: tuple[int, ...]
    flips: bool


def fewest(state: NDArray[np.complex128]) -> Parity | None:
    """The fixed parity of a state, shape (2, .., 2), on the fewest qubits; None where there is none."""
    qubits = state.ndim
    found = []
    for flips in (False, True):
        amplitudes = _hadamards(state) if flips else state
        occurring = np.flatnonzero(np.abs(amplitudes.reshape(-1)) > EXACT)
        masks = _sums(_fixed(occurring ^ occurring[0], qubits))
        if len(masks):
            sizes = np.bitwise_count(masks)
            mask = int(masks[np.lexsort((masks, sizes))[0]])
            places = tuple(place for place in range(qubits) if mask >> (qubits - 1 - place) & 1)
            found.append(Parity(places, flips))
    return min(found, key=lambda parity: (len(parity.places), parity.flips), default=None)


def _hadamards(state: NDArray[np.complex128]) -> NDArray[np.complex128]:
    for axis in range(state.ndim):
        zero, one = np.moveaxis(state, axis, 0)
        state = np.stack((zero + one, zero - one), axis=axis) * np.sqrt(0.5)
    return state


def _fixed(words: Integers, qubits: int) -> list[int]:
    """A basis of the masks whose parity is even in all words."""
    # Words reduced to a basis in echelon form: each has a leading bit that no other one has.
    basis: dict[int, int] = {}
    rest = words
    while len(rest := rest[rest > 0]):
        word = int(rest.max())
        leading = word.bit_length() - 1
        for bit, other in basis.items():
            if other >> leading & 1:
                basis[bit] = other ^ word
        basis[leading] = word
        rest = np.unique(np.where(rest >> leading & 1, rest ^ word, rest))
    free = [bit for bit in range(qubits) if bit not in basis]
    return [1 << bit | sum(1 << lead for lead, word in basis.items() if word >> bit & 1) for bit in free]


def _sums(masks: list[int]) -> Integers:
    """All sums of some masks but zero; of many masks, these alone."""
    if len(masks) > _MOST:
        return np.array(masks, dtype=np.int64)
    sums = np.zeros(1, dtype=np.int64)
    for mask in masks:
        sums = np.concatenate((sums, sums ^ mask))
    return sums[1:]
