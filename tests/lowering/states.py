"""Blocks as dense operators, by their own matrices."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import ControlledUnitary, Op, Scope

Complex = NDArray[np.complex128]
NOTHING = np.ones(1)


def unitary(blocks: Sequence[Op], names: tuple[str, ...]) -> Complex:
    """The matrix of blocks on qubits, the first one most significant."""
    return applied(blocks, names, np.eye(1 << len(names)))


def prepared(blocks: Sequence[Op], names: tuple[str, ...]) -> Complex:
    """What blocks make of all zeros, up to a global phase: the largest amplitude gets the sign of its real part."""
    state = applied(blocks, names, np.eye(1 << len(names), 1))[:, 0]
    largest = state[np.argmax(np.abs(state))]
    turned = state * (abs(largest) / largest)
    return turned if turned.real[np.argmax(np.abs(turned.real))] >= 0 else -turned


def applied(blocks: Sequence[Op], names: tuple[str, ...], states: NDArray[Any]) -> Complex:
    """What blocks make of states, the columns of an array of shape (2^names, states)."""
    state: Any = states.astype(np.complex128).reshape((2,) * len(names) + (-1,))
    scope = Scope(dict.fromkeys(names, 1), {})
    for block in blocks:
        assert isinstance(block, ControlledUnitary)
        axes = [names.index(name) for name in (*block.controlled_by, *block.targets)]
        moved = np.moveaxis(state, axes, range(len(axes)))
        flat = moved.reshape(1 << len(block.controlled_by), 1 << len(block.targets), -1)
        turned = np.matmul(block.matrices(scope), flat).reshape(moved.shape)
        state = np.moveaxis(turned, range(len(axes)), axes)
    return np.asarray(state.reshape(states.shape))
