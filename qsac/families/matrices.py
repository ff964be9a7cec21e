"""Matrices and vectors of a model file: written out as numbers or [re, im] pairs, or in a file beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.tokens.file import file_tokens, path_and_array
from qsac.files import limits
from qsac.files.numbers import Numbers, checked_list, exactly_real, finite_pairs, finite_row
from qsac.files.pointer import counted, join, kind, listed


@dataclass
class Matrices:
    """The matrices of one model file. ``folder``: what paths are relative to; ``entries``: how many numbers were read
    so far, which bounds the memory that a small file can ask for."""

    folder: Path
    entries: int = 0
    _identities: dict[int, Numbers] = field(default_factory=dict)

    def read(
        self, given: object, pointer: str, rows: int | None, columns: int | None, reason: str, least: int = 1
    ) -> Numbers:
        """A matrix of so many rows and columns, any number of at least 1 (``least`` columns) where None is given.

        Float64 where exactly real, else complex128, read-only. ``reason`` says where the numbers come from. Raises
        :class:`~qsac.errors.InvalidInputError` for what has another shape or holds something else.
        """
        if isinstance(given, dict):
            values = file_tokens(*self._file(given, pointer), least=(1, least))
        else:
            values = self._rows(given, pointer)
        wanted = (rows or values.shape[0], columns or max(least, values.shape[1]))
        if values.shape != wanted:
            name = pointer.rpartition("/")[2]
            raise InvalidInputError(
                f'"{name}" does not have the shape that fits here',
                code="matrix.wrong-shape",
                pointer=pointer,
                found=f"{counted(values.shape[0], 'row')} of {_entries(values.shape[1])}",
                wanted=f"{counted(wanted[0], 'row')} of {_entries(wanted[1])}: {reason}",
            )
        self.entries += values.size
        limits.check_matrices(self.entries, pointer)
        return exactly_real(values)

    def vector(self, given: object, pointer: str, count: int, reason: str) -> Numbers:
        """A vector of ``count`` numbers, or of as many [re, im] pairs."""
        values = checked_list(given, pointer, count, "number", reason)
        pairs = isinstance(values[0], list)
        result = np.empty((count, 2) if pairs else count)
        (finite_pairs if pairs else finite_row)(values, pointer, result)
        return exactly_real(result.view(np.complex128)[:, 0] if pairs else result)

    def identity(self, size: int) -> Numbers:
        """The identity: one array for all places that have it."""
        if size not in self._identities:
            self._identities[size] = exactly_real(np.eye(size))
        return self._identities[size]

    def _rows(self, given: object, pointer: str) -> Numbers:
        if not isinstance(given, list) or not given or not isinstance(given[0], list) or not given[0]:
            raise InvalidInputError(
                f'"{pointer.rpartition("/")[2]}" is not a matrix',
                code="field.wrong-type",
                pointer=pointer,
                found=kind(given),
                wanted='rows of numbers or of [re, im] pairs, or {"path": "matrix.npy"}',
            )
        width, pairs = len(given[0]), isinstance(given[0][0], list)
        limits.check_matrices(self.entries + len(given) * width, pointer)
        result = np.empty((len(given), width, 2) if pairs else (len(given), width))
        for index, row in enumerate(given):
            place = join(pointer, index)
            noun = "[re, im] pair" if pairs else "number"
            values = checked_list(row, place, width, noun, "as in the first row")
            (finite_pairs if pairs else finite_row)(values, place, result[index])
        return result.view(np.complex128)[..., 0] if pairs else result

    def _file(self, given: dict[str, object], pointer: str) -> tuple[str, Path, str, str | None]:
        """What :func:`file_tokens` takes, of an object that names a file."""
        named = path_and_array(given)
        if named is None:
            raise InvalidInputError(
                "a file of a matrix is named by its path, and one of several arrays by its name",
                code="matrix.invalid-file",
                pointer=pointer,
                found=f"an object with {listed(given)}" if given else "an empty object",
                wanted='{"path": "matrix.npy"} or {"path": "matrices.npz", "array": "a"}',
            )
        return named[0], self.folder, f"{pointer}/path", named[1]


def _entries(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
