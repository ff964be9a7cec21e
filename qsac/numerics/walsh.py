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
    """Angles of the plain rotations in a ladder whose inner entanglers follow
    :func:`~qsac.ir.blocks.multiplexor.ladder_places`, one for each of the rows that ``angles`` gives.

    A rotation's sign is turned by the entanglers before it, and the ladder is whole with some more entanglers at its
    end (for 2^c rows one on the first control), which a target that leaves in zero does without. If the target is
    ``fresh`` (in zero), all of it is turned around in time.
    """
    solved = _solved(angles)[0]
    return solved[::-1] if fresh else solved


def _solved(angles: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """The ladder's angles in time order, what they do on all 2^c values, and the parity of the inner entanglers.

    With rows 2^(c-1) + R: the short ladder S of the R rows comes first, and the long one L after an entangler on the
    first control, so that the values are S + L where it is 0 and S - L where it is 1.
    """
    rows = len(angles)
    half = 1 << ((rows - 1).bit_length() - 1) if rows > 1 else 0
    if rows == 2 * half or rows == 1:
        places = np.arange(rows)
        transformed: NDArray[np.float64] = walsh_hadamard(angles)[places ^ (places >> 1)]
        return transformed, angles, rows >> 1
    first, second = angles[:half], angles[half:]
    short, done, parity = _solved((first[: rows - half] + second) / 2)
    done = np.tile(done, half // len(done))
    signs = 1 - 2 * (np.bitwise_count(np.arange(half) & parity) % 2).astype(np.int8)
    places = np.arange(half)
    long = walsh_hadamard((first - done) * signs)[places ^ (places >> 1)]
    return np.concatenate((short, long)), np.concatenate((first, 2 * done - first)), parity ^ half ^ (half >> 1)
