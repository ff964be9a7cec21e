"""States that a register can be brought into: where they are asked for, and the rows that they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.families.transformer.affine import Affine
from qsac.families.transformer.construction.composing import Names
from qsac.families.transformer.lengths import Real, scale_of
from qsac.files.numbers import Numbers

Places = NDArray[np.intp]


@dataclass(frozen=True)
class At:
    """Where a state is asked for.

    ``cls``: registers whose joint value, 0 .. ``classes`` - 1, chooses one of several maps. ``position``: a register
    that holds the position, 0 .. ``count`` - 1, or the position itself, from 0. ``tied``: the register of the position
    is the last one of ``cls``, so that the map may depend on it.
    """

    cls: Names
    position: Names | int
    count: int = 1
    tied: bool = False

    @property
    def index(self) -> Names:
        """All registers that the state depends on."""
        return self.cls if self.tied or isinstance(self.position, int) else (*self.cls, *self.position)

    def grid(self, classes: int, size: int) -> tuple[Places, Places]:
        """The class and the position of each value of :attr:`index`, with ``size`` qubits in the register of the
        position. Values that do not occur have those of the last position that does."""
        if isinstance(self.position, int):
            return np.arange(classes), np.full(classes, self.position)
        places = np.minimum(np.arange(1 << size), self.count - 1)
        if self.tied:
            return np.arange(classes), np.tile(places, classes >> size)
        return np.repeat(np.arange(classes), 1 << size), np.tile(places, classes)


class Planned(NamedTuple):
    """A state that a register of ``size`` qubits can be brought into: for each value of the index the state itself
    over its ``lengths`` (R,), which are what is lost. ``emit`` adds the ops to the composition, for a fresh register,
    where all of some qubits are 1."""

    size: int
    lengths: Real
    emit: Callable[[Names, Names], None]


def qubits(length: int) -> int:
    """The qubits of a register for rows of so many entries, at least one."""
    return max(1, (length - 1).bit_length())


def images(maps: Sequence[Affine], classes: Places, rows: Numbers) -> Numbers:
    """The image (R, D) of each row (R, d) under the map of its class."""
    result = np.empty((len(rows), maps[0].rows), dtype=np.result_type(rows, *(one.matrix for one in maps)))
    for place, one in enumerate(maps):
        chosen = classes == place
        if chosen.any():
            result[chosen] = one.of(rows[chosen]) + one.bias
    return result


def unit_rows(rows: Numbers) -> tuple[Numbers, Real]:
    """Rows of length 1 and the lengths that they had; a row of zeros becomes |0>."""
    scales = scale_of(np.abs(rows).max(axis=-1))
    result: Numbers = rows / scales[..., None]
    lengths = np.linalg.norm(result, axis=-1)
    result /= np.where(lengths == 0, 1.0, lengths)[..., None]
    result[lengths == 0, 0] = 1.0
    return result, lengths * scales


def shares(weights: Real) -> Real:
    """Amplitudes (R, n) whose squares are in proportion to non-negative weights; |0> where all are zero."""
    amplitudes: Real = np.sqrt(weights)
    return np.asarray(unit_rows(amplitudes)[0], dtype=np.float64)
