"""Tokens written in the model file: T+1 rows of d numbers, or of d [re, im] pairs."""

from __future__ import annotations

import numpy as np

from qsac.errors import InvalidInputError
from qsac.files import limits
from qsac.files.numbers import Numbers, finite_pairs, finite_row
from qsac.files.pointer import counted, join, kind


def inline_tokens(values: object, pointer: str) -> Numbers:
    """(T+1, d) values as given; every row of the same length and kind (numbers or pairs), at least 2 rows, d >= 2."""
    if not isinstance(values, list):
        raise InvalidInputError(
            "the tokens are not a list of rows",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(values),
            wanted="a list of T+1 rows",
        )
    if len(values) < 2:
        raise InvalidInputError(
            "too few tokens",
            code="tokens.too-few",
            pointer=pointer,
            found=counted(len(values), "row"),
            wanted="at least 2 rows: a context of T tokens takes T+1 rows, as the targets are the rows shifted by one",
        )
    return inline_rows(values, pointer)


def inline_rows(values: list[object], pointer: str, noun: str = "token") -> Numbers:
    """The array of a list of at least one row, all of the same length and kind (numbers or pairs).

    ``noun`` is what diagnostics call a row.
    """
    width, pairs = _shape(values[0], join(pointer, 0), noun)
    limits.check_tokens(len(values), width, pointer)
    result = np.empty((len(values), width, 2) if pairs else (len(values), width))
    for index, row in enumerate(values):
        place = join(pointer, index)
        finite = finite_pairs if pairs else finite_row
        finite(_checked_row(row, place, width, pairs, noun), place, result[index])
    return result.view(np.complex128)[..., 0] if pairs else result


def _shape(row: object, pointer: str, noun: str) -> tuple[int, bool]:
    """The length of the first row, and whether it holds pairs."""
    if not isinstance(row, list):
        raise _not_a_row(row, pointer, noun)
    if len(row) < 2:
        raise InvalidInputError(
            f"the {noun}s have too few entries",
            code="tokens.dimension-too-small",
            pointer=pointer,
            found=counted(len(row), "entry").replace("entrys", "entries"),
            wanted=f"rows of at least 2 entries: a {noun} is a state of at least one qubit",
        )
    return len(row), isinstance(row[0], list)


def _not_a_row(row: object, pointer: str, noun: str) -> InvalidInputError:
    return InvalidInputError(
        f"a {noun} is not a row of numbers",
        code="field.wrong-type",
        pointer=pointer,
        found=kind(row),
        wanted="a list of numbers, or of [re, im] pairs",
    )


def _checked_row(row: object, pointer: str, width: int, pairs: bool, noun: str) -> list[object]:
    if not isinstance(row, list):
        raise _not_a_row(row, pointer, noun)
    if len(row) != width:
        raise InvalidInputError(
            f"the rows of the {noun}s differ in length",
            code="tokens.unequal-rows",
            pointer=pointer,
            found=f"a row of {len(row)}",
            wanted=f"{width} entries, as in the first row",
            help=f"shorter {noun}s can be filled up with zeros" if len(row) < width else None,
        )
    for index, entry in enumerate(row):
        if isinstance(entry, list) is not pairs:
            if not isinstance(entry, list | int | float) or isinstance(entry, bool):
                break  # neither a number nor a pair: the reader of the row says so
            raise InvalidInputError(
                "numbers and [re, im] pairs are mixed",
                code="number.mixed-with-pairs",
                pointer=join(pointer, index),
                found=kind(entry),
                wanted="a [re, im] pair, as in the first entry" if pairs else "a number, as in the first entry",
                help="write a real number x as [x, 0] where other entries are complex",
            )
    return row
