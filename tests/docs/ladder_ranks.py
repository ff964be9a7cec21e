"""What the page on construction says about the ranks of rotated ladders: from differences of their states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.ladder_orders import generic_gates, generic_pair_gates, ladder_places
from qsac.numerics.rotated_ladder import RotatedLadder

_STEP = 1e-5
_SIZES = ((2, 4), (4, 4), (8, 4), (2, 8), (4, 8))


def table() -> str:
    """Ranks of the derivative at random angles, and gates of full rank, of some sizes."""
    lines = [
        "| T, d | T (2d - 2) | rank, T d/2 - 2 gates | T d/2 - 1 gates | solved | pairs: full rank | solved |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for rows, size in _SIZES:
        qubits, half = size.bit_length() - 1, rows * size // 2
        ranks = [_rank([_random(rows, qubits, gates, 1)], rows, paired=False) for gates in (half - 2, half - 1)]
        solved = generic_gates(rows, qubits, exact=False)
        both = sum(generic_pair_gates(rows, rows, qubits))
        shown = (_fewest(rows, qubits, both - 2), both) if rows * 2 >= size and rows > 2 else ("", "")
        cells = (f"{rows}, {size}", rows * (2 * size - 2), *ranks, solved, *shown)
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _fewest(rows: int, qubits: int, first: int) -> int:
    """The fewest gates of a pair, from ``first`` on, split evenly, whose derivative has full rank."""
    full = 2 * rows * ((2 << qubits) - 2)
    return next(
        gates
        for gates in count(first)
        if _rank(
            [_random(rows, qubits, part, seed) for seed, part in enumerate((-(-gates // 2), gates // 2))],
            rows,
            paired=True,
        )
        == full
    )


def _random(rows: int, qubits: int, gates: int, seed: int) -> RotatedLadder:
    places = ladder_places(rows, qubits, gates)
    number = qubits + sum(2 if place < qubits - 1 else 1 for place in places)
    generator = np.random.default_rng(seed)
    theta, phi = generator.uniform(-np.pi, np.pi, (2, number))
    return RotatedLadder(qubits, (rows - 1).bit_length(), places, theta, phi, generator.uniform(-np.pi, np.pi, qubits))


def _rank(ladders: Sequence[RotatedLadder], rows: int, *, paired: bool) -> int:
    """The rank of the states' derivative up to row phases, with that by a common basis of ``paired`` ladders."""
    own = [_own(ladder, rows) for ladder in ladders]
    blocks = [
        [one if here == there else np.zeros((len(one), other.shape[1])) for there, other in enumerate(own)]
        for here, one in enumerate(own)
    ]
    matrix = np.block(blocks)
    if paired:
        matrix = np.vstack([matrix, np.hstack([_basis(ladder, rows) for ladder in ladders])])
    values = np.linalg.svd(matrix, compute_uv=False)
    return int(np.sum(values > 1e-7 * values[0]))


def _own(ladder: RotatedLadder, rows: int) -> NDArray[np.float64]:
    states = ladder.states(rows)
    moves = []
    for name in ("theta", "phi", "alpha"):
        values = getattr(ladder, name)
        for place in range(len(values)):
            move = np.zeros(len(values))
            move[place] = _STEP
            up, down = (replace(ladder, **{name: values + sign * move}).states(rows) for sign in (1, -1))
            moves.append(_without_phases((up - down) / (2 * _STEP), states))
    return np.array(moves)


def _basis(ladder: RotatedLadder, rows: int) -> NDArray[np.float64]:
    states = ladder.states(rows)
    size = states.shape[1]
    moves = []
    for first in range(size):
        for second in range(first, size):
            for value in (1, 1j):
                generator = np.zeros((size, size), complex)
                generator[first, second] = value
                moves.append(_without_phases(1j * states @ (generator + generator.conj().T).T, states))
    return np.array(moves)


def _without_phases(moves: NDArray[np.complex128], states: NDArray[np.complex128]) -> NDArray[np.float64]:
    along = 1j * np.imag(np.sum(states.conj() * moves, axis=1))
    return np.ascontiguousarray(moves - along[:, None] * states).reshape(-1).view(np.float64)
