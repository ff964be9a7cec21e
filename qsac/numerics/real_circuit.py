"""Real circuits of CZ and Y rotations, and their angles for an isometry, found by least squares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

ITERATIONS = 100
"""Most steps of a search; from near a solution it takes five to thirty."""

STUCK = 1e12
"""A damping with which steps are too short to change anything."""

EXACT = 1e-13
"""The largest distance between what a solution makes and what it is to make (Frobenius norm)."""


@dataclass(frozen=True)
class RealCircuit:
    """A Y rotation of each of ``size`` qubits, then for each of ``pairs`` a CZ and a Y rotation of both its qubits."""

    size: int
    pairs: tuple[tuple[int, int], ...]

    @cached_property
    def qubits(self) -> tuple[int, ...]:
        """The qubit of each rotation, in time order."""
        return (*range(self.size), *(qubit for pair in self.pairs for qubit in pair))

    @cached_property
    def generators(self) -> Real:
        """dR/d(angle / 2) at 0 of each rotation R, shape (rotations, 2^size, 2^size)."""
        turn = np.array([[0.0, -1.0], [1.0, 0.0]])
        by_qubit = [
            np.kron(np.kron(np.eye(1 << qubit), turn), np.eye(1 << (self.size - 1 - qubit)))
            for qubit in range(self.size)
        ]
        return np.array([by_qubit[qubit] for qubit in self.qubits])

    @cached_property
    def signs(self) -> Real:
        """The diagonal of what stands right before each rotation, a CZ or nothing, shape (rotations, 2^size)."""
        bits = np.arange(1 << self.size)[None] >> (self.size - 1 - np.arange(self.size)[:, None]) & 1
        signs = np.ones((len(self.qubits), 1 << self.size))
        for place, (first, second) in enumerate(self.pairs):
            signs[self.size + 2 * place] -= 2 * bits[first] * bits[second]
        return signs

    def steps(self, angles: Real) -> Real:
        """The matrix of each rotation and the CZ before it, shape (rotations, 2^size, 2^size)."""
        half = angles[:, None, None] / 2
        rotations = np.cos(half) * np.eye(1 << self.size) + np.sin(half) * self.generators
        return np.asarray(rotations * self.signs[:, None, :])


def isometry_angles(circuit: RealCircuit, inputs: tuple[int, ...], states: Real, start: Real) -> Real:
    """The angles, in radians, with which ``circuit`` makes ``states``, shape (2^inputs, 2^size), of the inputs' values.

    The first of ``inputs`` is the most significant one, the other qubits are in zero, and one sign for all states is
    free. The method of Levenberg and Marquardt, from ``start``, with Nielsen's damping.
    """
    wanted = states.T
    places = np.zeros(1, dtype=np.intp)
    for qubit in inputs:
        places = (places[:, None] + np.array([0, 1 << (circuit.size - 1 - qubit)])).reshape(-1)
    angles, damping, growth = start, 1e-3, 2.0
    made = _made(circuit, angles, places)
    rest = _rest(made[-1], wanted)
    for _ in range(ITERATIONS):
        slopes = _slopes(circuit, angles, made)
        curvature, gradient = slopes @ slopes.T, slopes @ rest
        change = np.linalg.solve(curvature + damping * np.eye(len(angles)), -gradient)
        tried = _made(circuit, angles + change, places)
        tried_rest = _rest(tried[-1], wanted)
        gain = rest @ rest - tried_rest @ tried_rest
        if gain > 0:
            ratio = float(gain / (change @ (damping * change - gradient)))
            damping = max(damping * max(1 / 3, 1 - (2 * ratio - 1) ** 3), 1e-14)
            growth = 2.0
            angles, made, rest = angles + change, tried, tried_rest
        elif np.linalg.norm(rest) < EXACT:
            return angles
        elif damping < STUCK:
            damping, growth = damping * growth, growth * 2
        else:
            break
    raise RuntimeError("no angles of this circuit make the isometry")


def _made(circuit: RealCircuit, angles: Real, places: NDArray[np.intp]) -> Real:
    """The columns ``places`` of the circuit after each rotation, shape (rotations, 2^size, places)."""
    made = np.eye(1 << circuit.size)[:, places]
    after = []
    for step in circuit.steps(angles):
        made = step @ made
        after.append(made)
    return np.array(after)


def _rest(made: Real, wanted: Real) -> Real:
    sign = -1.0 if np.sum(made * wanted) < 0 else 1.0
    return np.asarray((made - sign * wanted).reshape(-1))


def _slopes(circuit: RealCircuit, angles: Real, made: Real) -> Real:
    """The derivative of what the circuit makes by each angle, shape (rotations, 2^size places)."""
    later = np.eye(1 << circuit.size)
    laters = []
    for step in circuit.steps(angles)[::-1]:
        laters.append(later)
        later = later @ step
    return np.asarray((np.array(laters[::-1]) @ (circuit.generators @ made) / 2).reshape(len(made), -1))
