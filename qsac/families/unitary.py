"""The value and score unitaries of a model: identity, ansatz, or a matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.families import schema
from qsac.families.ansatz import Ansatz
from qsac.families.diagnosis import PARAMETERS
from qsac.files import limits
from qsac.files.diagnosis import refuse
from qsac.files.numbers import Numbers, as_lists, checked_list, exactly_real, finite_pairs, parameter_array, reduced
from qsac.files.pointer import counted, join, kind

UNITARY_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Identity:
    """The identity."""

    @property
    def is_real(self) -> bool:
        """Whether its matrix is real."""
        return True

    def apply(self, rows: Numbers) -> Numbers:
        """``rows``."""
        return rows

    def matrix(self, dimension: int) -> Numbers:
        """The identity, float64, (d, d)."""
        return np.eye(dimension)

    def conjugate(self) -> Identity:
        """The unitary whose matrix has the conjugated entries."""
        return self


@dataclass(frozen=True, eq=False)
class Matrix:
    """A unitary matrix. ``entries``: the polar factor of what was given, extended by the identity to (d, d)."""

    entries: Numbers

    @property
    def is_real(self) -> bool:
        """Whether every entry is exactly real."""
        return not np.iscomplexobj(self.entries)

    def apply(self, rows: Numbers) -> Numbers:
        """U x for every row x of ``rows``, (any number, d)."""
        return rows @ self.entries.T

    def matrix(self, dimension: int) -> Numbers:
        """U, (d, d), float64 where it is real."""
        if dimension != self.entries.shape[0]:
            raise ValueError(f"a matrix of dimension {self.entries.shape[0]} is not one of dimension {dimension}")
        return self.entries

    def conjugate(self) -> Matrix:
        """The unitary whose matrix has the conjugated entries."""
        return Matrix(self.entries.conj())


Unitary = Identity | Ansatz | Matrix


def build_unitary(
    given: schema.Unitary, pointer: str, given_dimension: int, dimension: int
) -> tuple[Unitary, dict[str, Any]]:
    """The unitary of a model field, and the field's canonical form with parameters materialised.

    ``given_dimension`` is the length of the token rows before padding, ``dimension`` the padded d.
    """
    if isinstance(given, schema.IdentityUnitary):
        return Identity(), {"type": "identity"}
    if isinstance(given, schema.MatrixUnitary):
        return _build_matrix(given, pointer, given_dimension, dimension)
    return _build_ansatz(given, pointer, dimension.bit_length() - 1)


def _build_ansatz(given: schema.HardwareEfficientUnitary, pointer: str, qubits: int) -> tuple[Ansatz, dict[str, Any]]:
    if len(given.rotations) > limits.ANSATZ_ROTATIONS:
        raise DoesNotFitError(
            "too many rotations on each qubit of a layer",
            code="unitary.too-many-rotations",
            pointer=f"{pointer}/rotations",
            found=counted(len(given.rotations), "rotation"),
            wanted=f"at most {limits.ANSATZ_ROTATIONS}: three make any one-qubit gate",
        )
    limits.check_ansatz(given.layers, qubits, len(given.rotations), pointer)
    shape = (given.layers, qubits, len(given.rotations))
    place = f"{pointer}/parameters"
    parameters: Any = given.parameters
    if isinstance(parameters, dict):
        try:
            normal = schema.NORMAL_PARAMETERS.validate_python(parameters)
        except ValidationError as error:
            raise refuse(error, PARAMETERS, place) from None
        angles = np.random.default_rng(normal.seed).normal(0, normal.scale, shape)
    elif isinstance(parameters, list):
        reasons = (
            f'"layers" is {given.layers}',
            f"one list for each data qubit (n = {qubits})",
            f"one angle for each of the rotations {', '.join(given.rotations)}",
        )
        angles = parameter_array(parameters, place, shape, reasons)
    else:
        raise InvalidInputError(
            '"parameters" is neither angles nor a rule to draw them',
            code="field.wrong-type",
            pointer=place,
            found=kind(parameters),
            wanted=f'lists of angles of shape {shape}, or {{"init": "normal", "scale": 1.0, "seed": 0}}',
        )
    return with_angles(tuple(given.rotations), angles)


def with_angles(rotations: tuple[str, ...], angles: NDArray[np.float64]) -> tuple[Ansatz, dict[str, Any]]:
    """The ansatz of finite ``angles``, (layers, n, rotations) in radians, and its canonical form."""
    canonical = {
        "type": "hardware-efficient",
        "rotations": list(rotations),
        "layers": len(angles),
        "parameters": angles.tolist(),
    }
    angles = reduced(angles, 2)
    angles.flags.writeable = False
    return Ansatz(rotations, angles), canonical


def _build_matrix(
    given: schema.MatrixUnitary, pointer: str, given_dimension: int, dimension: int
) -> tuple[Matrix, dict[str, Any]]:
    return with_entries(_square(given.entries, f"{pointer}/entries", given_dimension, dimension), pointer, dimension)


def with_entries(entries: Numbers, pointer: str, dimension: int) -> tuple[Matrix, dict[str, Any]]:
    """The unitary of a square matrix of finite numbers, extended to (d, d), and its canonical form. Raises
    :class:`~qsac.errors.InvalidInputError` for one that is not unitary."""
    size = len(entries)
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = np.abs(entries.conj().T @ entries - np.eye(size)).max()
    if not deviation <= UNITARY_TOLERANCE:
        raise InvalidInputError(
            "the matrix is not unitary",
            code="unitary.not-unitary",
            pointer=f"{pointer}/entries",
            found=f"U^dagger U differs from the identity by up to {deviation:.2g}",
            wanted=f"a difference of at most {UNITARY_TOLERANCE:g} in every entry",
            help="its columns must be orthogonal and of length 1; check that the numbers were written in full",
        )
    left, _, right = np.linalg.svd(exactly_real(entries))
    padded: Numbers = np.eye(dimension, dtype=left.dtype)
    padded[:size, :size] = left @ right
    # exactly_real: for a complex matrix whose polar factor happens to be real
    return Matrix(exactly_real(padded)), {"type": "matrix", "entries": as_lists(entries)}


def _square(values: Any, pointer: str, given_dimension: int, dimension: int) -> Numbers:
    sizes = f"{given_dimension}" if given_dimension == dimension else f"{given_dimension} or {dimension}"
    if not isinstance(values, list):
        raise InvalidInputError(
            "the matrix is not a list of rows",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(values),
            wanted=f"{sizes} rows of pairs",
        )
    if len(values) not in (given_dimension, dimension):
        raise InvalidInputError(
            "the matrix does not match the tokens",
            code="unitary.wrong-dimension",
            pointer=pointer,
            found=counted(len(values), "row"),
            wanted=f"{sizes} rows, as the tokens have {given_dimension} entries"
            + ("" if given_dimension == dimension else f", padded to {dimension}"),
        )
    result = np.empty((len(values), len(values), 2))
    for index, row in enumerate(values):
        place = join(pointer, index)
        finite_pairs(
            checked_list(row, place, len(values), "[re, im] pair", "the matrix is square"), place, result[index]
        )
    entries: Numbers = result.view(np.complex128)[..., 0]
    return entries
