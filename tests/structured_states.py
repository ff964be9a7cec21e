"""States and tables of states with a structure, generated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

State = NDArray[Any]


def generic(rng: np.random.Generator, qubits: int, *, real: bool = False) -> State:
    """A random state."""
    state = rng.normal(size=1 << qubits) + (0 if real else 1j * rng.normal(size=1 << qubits))
    return state / np.linalg.norm(state)


def partition(rng: np.random.Generator, qubits: int, parts: int) -> list[tuple[int, ...]]:
    """The qubits in random order, cut in so many parts."""
    cuts = np.sort(rng.choice(np.arange(1, qubits), parts - 1, replace=False))
    return [tuple(map(int, part)) for part in np.split(rng.permutation(qubits), cuts)]


def product(states: Sequence[State], parts: Sequence[Sequence[int]]) -> State:
    """The product of states of the qubits at some places each."""
    whole = states[0]
    for state in states[1:]:
        whole = np.kron(whole, state)
    return placed(whole, [place for part in parts for place in part])


def placed(state: State, places: Sequence[int]) -> State:
    """A state whose k-th qubit goes to the k-th of the places."""
    split = state.reshape((2,) * len(places))
    return split.transpose([list(places).index(place) for place in range(len(places))]).reshape(-1)


def of_rank(rng: np.random.Generator, sizes: tuple[int, int], rank: int, *, real: bool = False) -> State:
    """A random state of a Schmidt rank between the first qubits and the others."""
    sides = [
        np.linalg.qr(rng.normal(size=(1 << size, rank)) + (0 if real else 1j * rng.normal(size=(1 << size, rank))))[0]
        for size in sizes
    ]
    state = (sides[0] * (0.2 + rng.random(rank))) @ sides[1].T
    return state.reshape(-1) / np.linalg.norm(state)


def on(qubits: int, values: Sequence[int], amplitudes: State | float = 1.0) -> State:
    """Amplitudes on some basis states."""
    state = np.zeros(1 << qubits, dtype=np.result_type(amplitudes, float))
    state[list(values)] = amplitudes
    return state / np.linalg.norm(state)


def ghz(qubits: int) -> State:
    """|0..0> + |1..1>."""
    return on(qubits, [0, (1 << qubits) - 1])


def w(qubits: int) -> State:
    """The sum of the basis states with one 1."""
    return on(qubits, [1 << bit for bit in range(qubits)])


def gaussian(qubits: int, centre: float = 0.5, width: float = 0.2) -> State:
    """A Gaussian on a grid of the interval from 0 to 1."""
    grid = (np.arange(1 << qubits) + 0.5) / (1 << qubits)
    return on(qubits, range(1 << qubits), np.exp(-(((grid - centre) / width) ** 2) / 4))


def chain(qubits: int) -> State:
    """The cluster state of a chain: all signs of neighbours that are both 1."""
    values = np.arange(1 << qubits)
    return on(qubits, range(1 << qubits), 1 - 2.0 * (np.bitwise_count(values & values >> 1) & 1))


def wave(qubits: int) -> State:
    """A cosine on a grid."""
    return on(qubits, range(1 << qubits), np.cos(0.7 * np.arange(1 << qubits) + 0.2))


def turned(rng: np.random.Generator, state: State) -> State:
    """A state after a random gate on each qubit."""
    qubits = len(state).bit_length() - 1
    for place in range(qubits):
        gate = np.linalg.qr(rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2)))[0]
        state = np.einsum("ij,ajb->aib", gate, state.reshape(1 << place, 2, -1)).reshape(-1)
    return state
