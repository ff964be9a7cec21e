"""Rows of heads as one table, and the index that loads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qsac.files.numbers import Numbers

HEAD = "head"
"""The register that says which head it is."""


def rows_of_heads(rows: Sequence[Numbers]) -> Numbers:
    """The rows (R, d) of heads as one table: by row and head where the heads fill their register, else by head and
    row, where a row that does not occur is a repeated one."""
    if len(rows) == 1:
        return rows[0]
    if _fills(len(rows)):
        joined: Numbers = np.stack(rows, axis=1).reshape(-1, rows[0].shape[1])
        return joined
    count = len(rows[0])
    values = 1 << bits(count)
    padded = [np.concatenate((part, np.repeat(part[-1:], values - count, axis=0))) for part in rows[:-1]]
    return np.concatenate((*padded, rows[-1]))


def count_of_rows(rows: int, heads: int) -> int:
    """How many rows :func:`rows_of_heads` makes of so many rows of each head."""
    if heads == 1 or _fills(heads):
        return rows * heads
    return ((heads - 1) << bits(rows)) + rows


def index_of_heads(index: tuple[str, ...], heads: int) -> tuple[str, ...]:
    """An index, and the head where ``heads`` are several: in the order of :func:`rows_of_heads`, in which fewer rows
    are left over."""
    if heads == 1:
        return index
    return (*index, HEAD) if _fills(heads) else (HEAD, *index)


def bits(values: int) -> int:
    """The qubits of a register of so many values."""
    return (values - 1).bit_length()


def _fills(heads: int) -> bool:
    """Whether every value of the head's register is a head."""
    return heads == 1 << bits(heads)
