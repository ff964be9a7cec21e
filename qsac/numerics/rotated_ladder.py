"""Rotated ladders: uniformly controlled gates whose controls are rotated between their entangling gates.

A ladder acts on data qubits that begin in zero and is controlled by index bits, which it leaves alone. Its entangling
gates are ZZ(pi/2) between a data qubit, the *target*, and a *partner*: another data qubit or an index bit. The target
is the last data qubit, except in a ladder that is spread over a coupling graph. One-qubit gates stand before, between
and after them, so row i of a table sees its own signs, and one ladder of about T d / 2 entangling gates loads T complex
rows of length d = 2^n (Construction, section 13).

The angles are found in :mod:`qsac.numerics.ladder_solving`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class RotatedLadder:
    """Gates of a rotated ladder on ``qubits`` data qubits and ``controls`` index bits.

    The first data qubit and the first index bit are the most significant ones. ``places``: the partner of each
    ZZ(pi/2) = exp(-i pi/4 Z Z) with its target, in time order: 0 .. n-2 is a data qubit, n-1+c index bit c.
    ``toggled``: the target of each, a data qubit behind its partner; none: the last data qubit throughout. ``theta``
    and ``phi``, radians: PhasedX(theta, phi) = Rz(phi) Rx(theta) Rz(-phi) in time order: one on each data qubit
    0 .. n-1, then after each ZZ one on its target and, where the partner is a data qubit, one on the partner.
    ``alpha``, shape (n,), radians: an Rz on each data qubit at the end.
    """

    qubits: int
    controls: int
    places: tuple[int, ...]
    theta: Real
    phi: Real
    alpha: Real
    toggled: tuple[int, ...] = ()

    @property
    def gates(self) -> int:
        """Entangling gates."""
        return len(self.places)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The partner and the target of each entangling gate."""
        return list(zip(self.places, self.toggled or (self.qubits - 1,) * len(self.places), strict=True))

    def states(self, rows: int) -> Complex:
        """U_i |0..0> for every row i < ``rows``, phases included, shape (rows, 2^n): what the ladder does to the data
        qubits where the index bits hold i."""
        states: Complex = np.zeros((rows, 1 << self.qubits), dtype=np.complex128)
        states[:, 0] = 1.0
        half = self.theta / 2
        cosine, sine = np.cos(half), -1j * np.sin(half) * np.exp(1j * self.phi)
        for number, qubit in enumerate(range(self.qubits)):
            _rotate(states, qubit, cosine[number], sine[number])
        number = self.qubits
        for place, target in self.pairs:
            states *= zz_phases(self.qubits, self.controls, place, rows, target)
            for qubit in (target, *((place,) if place < self.qubits - 1 else ())):
                _rotate(states, qubit, cosine[number], sine[number])
                number += 1
        values = np.arange(1 << self.qubits)
        for qubit, angle in enumerate(self.alpha):
            states *= np.exp(0.5j * angle * (2 * (values >> (self.qubits - 1 - qubit) & 1) - 1))
        return states


def zz_phases(qubits: int, controls: int, place: int, rows: int, on: int | None = None) -> Complex:
    """The diagonal of exp(-i pi/4 Z Z) between the target (the last data qubit, or the one ``on`` which it is) and
    ``place``, for each row: (rows, 2^n), or (1, 2^n) where the partner is a data qubit."""
    values = np.arange(1 << qubits)
    target = 1 - 2 * (values >> (0 if on is None else qubits - 1 - on) & 1)
    if place < qubits - 1:
        other = (1 - 2 * (values >> (qubits - 1 - place) & 1))[None]
    else:
        bit = controls - 1 - (place - (qubits - 1))
        other = (1 - 2 * (np.arange(rows) >> bit & 1))[:, None]
    phases: Complex = np.sqrt(0.5) * (1 - 1j * (target * other))
    return phases


def _rotate(states: Complex, qubit: int, cosine: np.float64, sine: np.complex128) -> None:
    """[[c, -s*], [s, c]] on a data qubit of each row of ``states``, in place."""
    pairs = states.reshape(len(states) << qubit, 2, -1)
    zero, one = pairs[:, 0].copy(), pairs[:, 1]
    pairs[:, 0] *= cosine
    pairs[:, 0] -= np.conj(sine) * one
    one *= cosine
    one += sine * zero
