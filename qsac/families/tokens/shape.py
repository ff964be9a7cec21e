"""What the array in a token file has to look like, decided before its numbers are read."""

from __future__ import annotations

from qsac.errors import InvalidInputError
from qsac.files import limits
from qsac.files.pointer import counted

TOKENS = (2, 2)
"""The least numbers of rows and columns of tokens with their targets."""
WEIGHTS = (0, 0)
"""The same for the arrays of a trained model, which may be vectors."""
SERIES = (0, 1)
"""The same for data to learn from: arrays of one to three dimensions, none of them empty."""


def check_shape(
    shape: tuple[int, ...],
    kind: str,
    name: str,
    pointer: str,
    least: tuple[int, int] = TOKENS,
    noun: str = "token file",
) -> None:
    """Whether an array of this shape and NumPy dtype kind is a sequence of tokens that may be held in memory, or, where
    ``least`` rows and columns are others, rows of a matrix. ``noun`` is what diagnostics call the file."""
    if kind not in "iufc":
        raise InvalidInputError(
            f"the {noun} does not hold numbers",
            code="array.not-numbers",
            pointer=pointer,
            found=f"{name}: an array of {_KINDS.get(kind, 'an unknown kind')}",
            wanted="real or complex numbers",
        )
    if least == SERIES:
        _check_series(shape, name, pointer)
        return
    if len(shape) == 3 and shape[2] == 2 and kind != "c":
        shape = shape[:2]
    if least == WEIGHTS and len(shape) == 1:
        shape = (1, *shape)
    if least != TOKENS:
        _check_matrix(shape, name, pointer, least)
    elif len(shape) != 2 or shape[0] < 2 or shape[1] < 2:
        raise InvalidInputError(
            "the array in the token file is not a sequence of tokens",
            code="tokens.wrong-shape",
            pointer=pointer,
            found=f"shape {shape} in {name}" if shape else f"a single number in {name}",
            wanted="shape (T+1, d) with T+1 >= 2 and d >= 2, or (T+1, d, 2) for [re, im] pairs",
            help=_shape_help(shape),
        )
    limits.check_tokens(shape[0], shape[1], pointer)


def check_rows(rows: int, columns: int, pointer: str, least: tuple[int, int] = TOKENS) -> None:
    """Whether so many rows of a file that is read row by row may be held in memory."""
    if least != SERIES:
        limits.check_tokens(rows, columns, pointer)
        return
    limits.check_tokens(1, columns, pointer)
    limits.check_sequences(1, rows, columns, pointer)


def _check_series(shape: tuple[int, ...], name: str, pointer: str) -> None:
    if not 1 <= len(shape) <= 3 or 0 in shape:
        raise InvalidInputError(
            "the array in the data file is neither a series nor several of one length",
            code="data.wrong-shape",
            pointer=pointer,
            found=f"shape {shape} in {name}" if shape else f"a single number in {name}",
            wanted="shape (N,), (N, d) or (S, T+1, d), not empty",
        )
    number, length, entries = (1,) * (3 - len(shape)) + shape if len(shape) > 1 else (1, *shape, 1)
    limits.check_sequences(number, length, entries, pointer)


def _check_matrix(shape: tuple[int, ...], name: str, pointer: str, least: tuple[int, int]) -> None:
    if len(shape) == 2 and shape[0] >= least[0] and shape[1] >= least[1]:
        return
    rows, columns = least
    raise InvalidInputError(
        "the array in the file is not a matrix of the wanted size",
        code="array.wrong-shape",
        pointer=pointer,
        found=f"shape {shape} in {name}" if shape else f"a single number in {name}",
        wanted=f"shape (rows, columns) with at least {counted(rows, 'row')} and {counted(columns, 'column')}, or "
        "(rows, columns, 2) for [re, im] pairs",
    )


_KINDS = {
    "O": "Python objects, which qsac does not unpickle",
    "V": "records",
    "U": "texts",
    "S": "bytes",
    "b": "truth values",
    "M": "dates",
    "m": "durations",
}


def _shape_help(shape: tuple[int, ...]) -> str | None:
    if len(shape) == 3:
        return f"the file holds {counted(shape[0], 'sequence')}: a model takes one, so save one of them"
    if len(shape) == 2 and shape[0] == 1:
        return "a context of T tokens takes T+1 rows, as the targets are the rows shifted by one"
    return None
