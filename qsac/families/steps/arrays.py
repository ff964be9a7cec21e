"""Arrays of a model file: written out as nested lists, drawn by a rule, or in a file beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from qsac.errors import InvalidInputError
from qsac.families.diagnosis import PARAMETERS
from qsac.families.schema import NORMAL_PARAMETERS
from qsac.families.steps.normal_form import Real
from qsac.families.tokens.file import file_series, path_and_array
from qsac.files import limits
from qsac.files.diagnosis import refuse
from qsac.files.numbers import checked_list, finite_row
from qsac.files.pointer import join, kind, listed

Shape = Sequence[int | None]
"""The lengths of the axes, None where any of at least 1 will do."""


@dataclass
class Arrays:
    """The arrays of one model file. ``folder``: what paths are relative to; ``entries``: how many numbers were read so
    far, which bounds the memory that a small file can ask for."""

    folder: Path
    entries: int = 0

    def read(self, given: object, pointer: str, shape: Shape, reasons: Sequence[str]) -> Real:
        """An array of a shape, read-only; ``reasons`` says what fixes the length of each axis.

        Raises :class:`~qsac.errors.InvalidInputError` for what has another shape or holds something else.
        """
        if isinstance(given, dict) and "init" in given:
            found = self._drawn(given, pointer, shape)
        elif isinstance(given, dict):
            found = self._file(given, pointer)
        else:
            found = self._lists(given, pointer, shape, reasons)
        wanted = tuple(own if fixed is None else fixed for fixed, own in zip(shape, found.shape, strict=False))
        if len(found.shape) != len(shape) or found.shape != wanted:
            raise InvalidInputError(
                f'"{pointer.rpartition("/")[2]}" does not have the shape that fits here',
                code="array.other-shape",
                pointer=pointer,
                found=f"shape {_written(found.shape)}",
                wanted=f"shape {_written(shape)}: {listed(reasons)}",
            )
        self._count(found.size, pointer)
        found.flags.writeable = False
        return found

    def _count(self, size: int, pointer: str) -> None:
        self.entries += size
        limits.check_matrices(self.entries, pointer)

    def _drawn(self, given: dict[str, Any], pointer: str, shape: Shape) -> Real:
        """``default_rng(seed).normal(0, scale, shape)``."""
        try:
            normal = NORMAL_PARAMETERS.validate_python(given)
        except ValidationError as error:
            raise refuse(error, PARAMETERS, pointer) from None
        lengths = [length for length in shape if length is not None]
        if len(lengths) < len(shape):
            raise InvalidInputError(
                f'"{pointer.rpartition("/")[2]}" cannot be drawn: nothing else says its shape',
                code="array.unknown-shape",
                pointer=pointer,
                found=f"shape {_written(shape)}, where ? is not known",
                wanted="the numbers themselves, or a file of them",
            )
        limits.check_matrices(self.entries + prod(lengths), pointer)
        return np.random.default_rng(normal.seed).normal(0, normal.scale, tuple(lengths))

    def _file(self, given: dict[str, Any], pointer: str) -> Real:
        named = path_and_array(given)
        if named is None:
            raise InvalidInputError(
                "numbers are lists, a rule to draw them, or a file",
                code="array.unknown-form",
                pointer=pointer,
                found=f"an object with {listed(given)}" if given else "an empty object",
                wanted='lists, {"init": "normal", "scale": 1.0, "seed": 0} or {"path": "w.npz", "array": "w"}',
            )
        found = file_series(named[0], self.folder, f"{pointer}/path", named[1])
        if np.iscomplexobj(found):
            raise InvalidInputError(
                "only real numbers are meant here",
                code="array.not-numbers",
                pointer=f"{pointer}/path",
                found="complex numbers",
                wanted="an array of real numbers",
            )
        return np.array(found, dtype=np.float64)

    def _lists(self, given: object, pointer: str, shape: Shape, reasons: Sequence[str]) -> Real:
        """Nested lists; the first of each axis says its length where the shape does not."""
        lengths, inner = [], given
        for fixed in shape:
            own = len(inner) if isinstance(inner, list) else 0
            lengths.append(own if fixed is None else fixed)
            inner = inner[0] if isinstance(inner, list) and inner else None
        if not isinstance(given, list) or (shape[0] is None and not given):
            raise InvalidInputError(
                f'"{pointer.rpartition("/")[2]}" is not an array',
                code="field.wrong-type",
                pointer=pointer,
                found=kind(given),
                wanted=f"lists of numbers, of shape {_written(shape)}",
            )
        limits.check_matrices(self.entries + prod(lengths), pointer)
        result = np.empty(tuple(lengths))
        _fill(given, pointer, result, reasons)
        return result


def _fill(given: object, pointer: str, into: Real, reasons: Sequence[str]) -> None:
    noun = "number" if into.ndim == 1 else "list"
    values: list[Any] = checked_list(given, pointer, len(into), noun, reasons[0])
    if into.ndim == 1:
        finite_row(values, pointer, into)
        return
    for place, value in enumerate(values):
        _fill(value, join(pointer, place), into[place], reasons[1:])


def _written(shape: Shape) -> str:
    return "(" + ", ".join("?" if length is None else str(length) for length in shape) + ("," * (len(shape) == 1)) + ")"
