"""Gray-code angles of multiplexors: a Walsh-Hadamard transform (Moettoenen et al., quant-ph/0407010)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def walsh_hadamard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The transform sum_x (-1)^(x.p) values[x] / 2^c for every parity p, shape (2^c,)."""
    result: NDArray[np.float64] = values.astype(np.float64)
    size, half = len(values), 1
    while half < size:
        pairs = result.reshape(-1, 2, half)
        result = np.stack((pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]), axis=1).reshape(-1)
        half *= 2
    return result / size


def gray_angles(angles: NDArray[np.float64], *, fresh: bool) -> NDArray[np.float64]:
    """Angles of the 2^c plain rotations in a ladder whose inner entanglers follow
    :func:`~qsac.ir.blocks.multiplexor.ruler`.

    A rotation's sign is turned by the entanglers before it, and the ladder is whole with one more entangler on the
    first control at its end; if the target is ``fresh`` (in zero), by those after it, with one more at its beginning.
    """
    places = np.arange(len(angles))
    transformed: NDArray[np.float64] = walsh_hadamard(angles)[places ^ (places >> 1)]
    return transformed[::-1] if fresh else transformed
