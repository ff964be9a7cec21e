"""Diagonals: a phase for each basis state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qsac.ir.blocks import Diagonal, PauliRotation
from qsac.ir.op import Op
from qsac.ir.table import Table
from qsac.synthesis.asked import check_width, numbers, qubits_for, wrong_shape
from qsac.synthesis.block import DEFAULT, Block
from qsac.synthesis.writing import block_program, context_of, qubit_names, written

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

Real = NDArray[np.float64]

_NOTHING = 1e-12
"""Phases, in radians, that are rounding."""


def diagonal(phases: ArrayLike, *, target: AnyTarget = DEFAULT) -> Block:
    """A diagonal unitary: |x> comes to exp(i phases[x]) |x>.

    ``phases``, shape (2^n,), n from 1 to 14, are in radians; what counts is their value up to full turns. All qubits
    are those of the index. One multiplexed Rz a qubit takes 2^n - 2 two-qubit gates, or 2^n - 3 where ZZPhase has any
    angle; qubits that the phases do not depend on take no part, phases of single qubits take none, and phases that
    are sums of those of single qubits and pairs one or two for each pair that has one.

    Raises :class:`~qsac.errors.InvalidInputError` for what is not such an array and for unknown targets,
    :class:`~qsac.errors.DoesNotFitError` for more than 14 qubits.
    """
    what = "the phases of a diagonal"
    given = numbers(phases, what, 1, real=True)
    qubits = qubits_for(len(given), what, given.shape)
    if not qubits:
        raise wrong_shape(what, given.shape, "at least 2 phases: those of a qubit")
    check_width(qubits, what)
    turns = np.remainder(given, 2 * np.pi)
    found = [block_program(ops, qubits) for ops in programs(turns, qubit_names(qubits))]
    return written("diagonal", found, np.exp(1j * turns)[:, None, None], qubits, context_of(target, 2))


def programs(phases: Real, qubits: tuple[str, ...]) -> list[list[Op]]:
    """The blocks of phases of some qubits' values, in some ways, all of them the same up to a global phase."""
    ways: list[list[Op]] = [[Diagonal(qubits, Table(phases))]]
    singles, rest = _without_singles(phases)
    alone = [Diagonal(qubits, Table(rest))] if np.abs(rest).max() > _NOTHING else []
    ways.append([*_turns(singles, qubits), *alone])
    pairs = _pairs(rest)
    if alone and pairs is not None:
        ways.append([*_turns(singles, qubits), *_couplings(pairs, qubits)])
    return ways


def _wrapped(phases: Real) -> Real:
    """From -pi to pi."""
    return np.asarray(phases - 2 * np.pi * np.round(phases / (2 * np.pi)))


def _without_singles(phases: Real) -> tuple[Real, Real]:
    """The phases that single qubits have where they alone are 1, and what is left, zero for these and for 0."""
    bits = len(phases).bit_length() - 1
    singles = _wrapped(phases[1 << np.arange(bits)[::-1]] - phases[0])
    values = np.arange(len(phases))
    rest = phases - phases[0]
    for place, phase in enumerate(singles):
        rest = rest - phase * (values >> (bits - 1 - place) & 1)
    return singles, _wrapped(rest)


def _pairs(rest: Real) -> dict[tuple[int, int], float] | None:
    """The phases of pairs that are both 1, of which the phases are the sums; None where they are not."""
    bits = len(rest).bit_length() - 1
    values = np.arange(len(rest))
    pairs = {}
    left = rest
    for first in range(bits):
        for second in range(first + 1, bits):
            masks = 1 << (bits - 1 - first), 1 << (bits - 1 - second)
            phase = float(rest[masks[0] | masks[1]])
            if abs(phase) > _NOTHING:
                pairs[first, second] = phase
                left = left - phase * ((values & masks[0] > 0) & (values & masks[1] > 0))
    return pairs if np.abs(_wrapped(left)).max() <= _NOTHING else None


def _turns(singles: Real, qubits: tuple[str, ...]) -> list[Op]:
    return [
        PauliRotation("z", (name,), float(phase))
        for name, phase in zip(qubits, singles, strict=True)
        if abs(phase) > _NOTHING
    ]


def _couplings(pairs: dict[tuple[int, int], float], qubits: tuple[str, ...]) -> list[Op]:
    """A phase where both of two qubits are 1, for each pair: 4 a b = 1 - Z_a - Z_b + Z_a Z_b."""
    ops: list[Op] = []
    for (first, second), phase in pairs.items():
        one, other = qubits[first], qubits[second]
        ops += [
            PauliRotation("z", (one,), phase / 2),
            PauliRotation("z", (other,), phase / 2),
            PauliRotation("zz", (one, other), -phase / 2),
        ]
    return ops
