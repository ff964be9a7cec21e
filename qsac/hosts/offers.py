"""What is offered to a host for one of its operations: a block, and the qubits of the operation that it is for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac import synthesis
from qsac.arguments import whole_number
from qsac.errors import QsacError
from qsac.machine.read import find_target
from qsac.machine.target import Target
from qsac.synthesis import Block
from qsac.synthesis.asked import TOLERANCE

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

CZ_TARGET = "ibm-fez"
"""A target with CZ, which hosts count as they count their own CNOT."""

MATRIX_QUBITS = 10
"""Most qubits of a matrix that is looked at: one of 16 MB."""

NORM = 1e-6
"""By how much the norm of a host's state may differ from 1, such as those of single precision."""

_ZERO = 1e-12
"""Entries of a matrix that are rounding."""


class Offer(NamedTuple):
    """A block for an operation; ``order`` are the places of the operation's qubits that are the block's, one by one."""

    block: Block
    order: tuple[int, ...]


@dataclass(frozen=True)
class Terms:
    """In whose gates blocks are written, and with how much effort states are."""

    target: Target
    optimisation: int

    @classmethod
    def of(cls, target: AnyTarget, optimisation: int) -> Terms:
        """Raises :class:`~qsac.errors.InvalidInputError` for an unknown target and for levels that there are not."""
        return cls(find_target(target), whole_number(optimisation, "optimisation level", 0, 3))

    def state(self, v: NDArray[Any]) -> Offer | None:
        """For the preparation of a state, of unit norm up to :data:`NORM`."""
        if v.ndim != 1 or not abs(np.linalg.norm(v) - 1) <= NORM:
            return None
        return _offer(
            lambda: synthesis.state(v, target=self.target, optimisation=self.optimisation, normalise=True), None
        )

    def rotations(self, axis: str, angles: NDArray[Any]) -> Offer | None:
        """For rotations about "x", "y" or "z" that an index selects."""
        return _offer(lambda: synthesis.multiplexor(axis, angles, target=self.target), None)  # type: ignore[arg-type]

    def diagonal(self, phases: NDArray[Any]) -> Offer | None:
        """For a diagonal of phases in radians."""
        return _offer(lambda: synthesis.diagonal(phases, target=self.target), None)

    def gates(self, gates: NDArray[np.complex128], order: Sequence[int] | None = None) -> Offer | None:
        """For gates on one qubit that an index selects."""
        return _offer(lambda: synthesis.uniformly_controlled(gates, target=self.target), order)

    def matrix(self, matrix: NDArray[Any]) -> Offer | None:
        """For a unitary that is diagonal, or gates on one of its qubits that the others select: that with the fewest
        two-qubit gates where there are several such qubits. None for any other one."""
        qubits = len(matrix).bit_length() - 1
        if matrix.shape != (1 << qubits, 1 << qubits) or not 1 <= qubits <= MATRIX_QUBITS:
            return None
        unitary = np.asarray(matrix, dtype=np.complex128)
        if not np.abs(unitary - np.diag(np.diag(unitary))).max() > _ZERO:
            values = np.diag(unitary)
            return self.diagonal(np.angle(values)) if np.abs(np.abs(values) - 1).max() <= TOLERANCE else None
        found = [
            self.gates(gates, (*(at for at in range(qubits) if at != place), place))
            for place in range(qubits)
            if (gates := selected_gates(unitary, place)) is not None
        ]
        return min((one for one in found if one is not None), key=lambda one: one.block.two_qubit_gates, default=None)


def selected_gates(unitary: NDArray[np.complex128], place: int) -> NDArray[np.complex128] | None:
    """The gates, shape (2^(n-1), 2, 2), that a unitary of n qubits does to the qubit at ``place`` where the others,
    the first the most significant, hold a value; None where it does anything to the others."""
    qubits = len(unitary).bit_length() - 1
    shape = (1 << place, 2, 1 << (qubits - 1 - place))
    split = unitary.reshape(*shape, *shape).transpose(0, 2, 1, 3, 5, 4)
    values = 1 << (qubits - 1)
    blocks = split.reshape(values, 2, values, 2)
    across = np.abs(blocks).max(axis=(1, 3))
    if (across[~np.eye(values, dtype=bool)] > _ZERO).any():
        return None
    every = np.arange(values)
    return np.ascontiguousarray(blocks[every, :, every, :])


def _offer(make: Callable[[], Block], order: Sequence[int] | None) -> Offer | None:
    """The block, or None where there is none: what a host takes for valid may not be so here."""
    try:
        block = make()
    except (QsacError, RuntimeError):
        return None
    return Offer(block, tuple(range(block.qubits)) if order is None else tuple(order))


def is_gain(offer: Offer, host: int | None) -> bool:
    """Whether a block takes fewer two-qubit gates than the host, None if that knows no gates for it."""
    return host is None or offer.block.two_qubit_gates < host
