"""What is asked for, as arrays: shapes, sizes, finite numbers, norms and unitarity are checked before anything else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.arguments import shown
from qsac.errors import DoesNotFitError, InvalidInputError

QUBITS = 14
"""Most qubits of a block: a table of 2^14 numbers has up to 16,369 two-qubit gates, which are simulated to be checked.
"""

TOLERANCE = 1e-9
"""By how much norms, and products of a gate and its adjoint, may differ from one, as with tables of programs."""


def numbers(values: object, what: str, axes: int, *, real: bool = False) -> NDArray[Any]:
    """An array of finite numbers of so many axes, of complex128 or, if ``real``, of float64."""
    try:
        found = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"{what} cannot be read as an array", code="array.unreadable", found=str(error), wanted="rows of one length"
        ) from None
    if found.dtype.kind not in ("iuf" if real else "iufc"):
        raise InvalidInputError(
            f"{what} must be {'real ' if real else ''}numbers",
            code="array.not-numbers",
            found=f"an array of type {found.dtype}" if found.ndim else shown(values),
        )
    if found.ndim != axes or not found.size:
        raise wrong_shape(what, found.shape, f"{axes} ax{'i' if axes == 1 else 'e'}s, and no empty one")
    if found.size > 4 << QUBITS:
        raise too_large(what, f"{found.size:,} numbers")
    found = found.astype(np.float64 if real else np.complex128)
    if not np.isfinite(found).all():
        place = ", ".join(map(str, np.argwhere(~np.isfinite(found))[0].tolist()))
        raise InvalidInputError(
            f"{what} must be finite numbers",
            code="number.not-finite",
            found=f"NaN or an infinite number at [{place}]",
        )
    return found


def qubits_for(size: int, what: str, shape: tuple[int, ...]) -> int:
    """For how many qubits there are numbers."""
    if size < 1 or size & (size - 1):
        raise wrong_shape(what, shape, "a power of two, one for each basis state: 2, 4, 8, ..")
    return size.bit_length() - 1


def check_width(qubits: int, what: str) -> None:
    """Whether a block has no more qubits than are synthesised here."""
    if qubits > QUBITS:
        raise too_large(what, f"{qubits} qubits")


def wrong_shape(what: str, shape: tuple[int, ...], wanted: str) -> InvalidInputError:
    """The error for numbers that are no block's."""
    found = f"an array of shape {shape}" if shape else "a single number"
    return InvalidInputError(f"{what} have the wrong shape", code="block.wrong-shape", found=found, wanted=wanted)


def too_large(what: str, found: str) -> DoesNotFitError:
    """The error for more numbers than are synthesised here."""
    return DoesNotFitError(
        f"{what} are too many", code="capacity.block-too-large", found=found, wanted=f"at most {QUBITS} qubits in all"
    )


def unit_rows(rows: NDArray[np.complex128], what: str, *, normalise: bool) -> NDArray[np.complex128]:
    """Rows of exactly unit norm, up to rounding, that were so up to :data:`TOLERANCE`, or of any norm if asked for."""
    scale = np.maximum(np.abs(rows.real), np.abs(rows.imag)).max(axis=1, keepdims=True)
    if not scale.all():
        raise InvalidInputError(
            f"{what} must not be zero", code="block.zero-norm", found=f"zeros in row {int(np.argmin(scale))}"
        )
    if normalise:
        # Squares of very large and very small numbers are none.
        rows = rows / scale
    with np.errstate(over="ignore"):
        norms = np.linalg.norm(rows, axis=1)
    if not normalise and not (np.abs(norms - 1) <= TOLERANCE).all():
        place = int(np.argmax(np.abs(norms - 1)))
        raise InvalidInputError(
            f"{what} must be of unit norm",
            code="block.not-normalised",
            found=f"norm {norms[place]:.12g}" + (f" in row {place}" if len(rows) > 1 else ""),
            wanted=f"norm 1 up to {TOLERANCE:g}",
            help="normalise=True divides by the norm",
        )
    return np.asarray(rows / norms[:, None])
