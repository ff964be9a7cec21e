"""The .csv format: read line by line, rows and cells counted on the way."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np

from qsac.errors import DoesNotFitError, InvalidInputError, warn_of_input
from qsac.families.tokens.named import NamedFile
from qsac.files import limits
from qsac.files.numbers import Numbers
from qsac.files.pointer import counted, quoted

_LINE = 2**20
"""Longest line, in characters: 256 for each of the most entries that a token may have."""


def read_csv(file: NamedFile) -> Numbers:
    """The rows of a .csv file: numbers (complex ones as 0.1+0.2j) separated by commas, no header line and no column of
    numbers of lines; empty lines and lines that begin with # are skipped. Warns where the first row or column looks
    like such a header or column."""
    file.refuse_array(".csv")
    rows: list[Numbers] = []
    first = 0
    for number, line in _lines(file):
        cells = line.split(",", limits.DIMENSION + 1)
        file.check_rows(len(rows) + 1, line.count(",") + 1)
        row = _row(cells, number, file, is_first=not rows)
        if rows and len(row) != len(rows[0]):
            raise InvalidInputError(
                f"the rows of the {file.noun} differ in length",
                code="tokens.unequal-rows",
                pointer=file.pointer,
                found=f"{counted(len(row), 'number')} in line {number} of {file.name}",
                wanted=f"{len(rows[0])}, as in line {first}",
            )
        first = first or number
        rows.append(row)
    kind = "c" if any(row.dtype.kind == "c" for row in rows) else "f"
    file.check((len(rows), len(rows[0]) if rows else 0), kind)
    values: Numbers = np.array(rows)
    _warn_of_labels(values, file.name)
    return values


def _lines(file: NamedFile) -> Iterator[tuple[int, str]]:
    """Number and text of each line that holds something."""
    text = io.TextIOWrapper(file.stream, encoding="utf-8-sig")
    try:
        number = 0
        while line := text.readline(_LINE + 1):
            number += 1
            if len(line) > _LINE:
                raise DoesNotFitError(
                    f"a line of the {file.noun} is too long",
                    code="tokens.line-too-long",
                    pointer=file.pointer,
                    found=f"more than {_LINE:,} characters in line {number} of {file.name}",
                    wanted="one token a line",
                )
            if line.strip() and not line.lstrip().startswith("#"):
                yield number, line
    except UnicodeDecodeError:
        raise InvalidInputError(
            f"the {file.noun} is not text",
            code="file.not-utf8",
            pointer=file.pointer,
            found=file.name,
            wanted="comma-separated numbers in UTF-8",
        ) from None
    finally:
        text.detach()


def _row(cells: list[str], number: int, file: NamedFile, *, is_first: bool) -> Numbers:
    try:
        if any("_" in cell for cell in cells):
            raise ValueError
        if any("j" in cell or "J" in cell for cell in cells):
            return np.array([complex(cell.strip()) for cell in cells])
        return np.array([float(cell) for cell in cells])
    except ValueError:
        stripped = [cell.strip() for cell in cells]
        column = next((index for index, cell in enumerate(stripped) if not _is_number(cell)), 0)
    cell = stripped[column]
    raise InvalidInputError(
        f"the {file.noun} holds something that is not a number",
        code="array.not-numbers",
        pointer=file.pointer,
        found=f"{quoted(cell) if cell else 'nothing'} in line {number}, column {column + 1} of {file.name}",
        wanted="a number such as 0.25, or a complex one such as 0.25+0.5j",
        help=_help(stripped, column, is_first=is_first),
    )


def _help(cells: list[str], column: int, *, is_first: bool) -> str | None:
    """What to do about the cell in a column that is not a number. Only a line without any number is a header."""
    cell, others = cells[column], [other for place, other in enumerate(cells) if place != column]
    numbers = [other for other in others if _is_number(other)]
    line = ",".join(cells)
    if ";" in line or "\t" in line:
        return "separate the numbers with commas, and write decimals with a point"
    if cell[:1] in ("'", '"') and _is_number(cell.strip("'\"")):
        return "write numbers without quotes"
    if _is_number(cell.replace("i", "j").replace("I", "j").replace("*", "")) and cell[-1:] in "iI":
        return f"write the imaginary unit as j: {cell[:-1].rstrip('*')}j"
    if is_first and not cell and column == 0 and numbers == [str(place) for place in range(len(others))]:
        return "this is the header of a table with an index: with pandas, to_csv(path, header=False, index=False)"
    if not cell and column == len(cells) - 1 and len(numbers) == len(others) > 0:
        return "remove the comma at the end of the line"
    if not cell and numbers:
        return "write 0 where an entry is zero"
    if "(" in cell or "j" in cell.lower() or " " in cell:
        return "write a complex number without blanks, as 0.25+0.5j"
    if is_first and not numbers:
        return "remove the header line, or begin it with #"
    return "correct the entry; where the line is a header, begin it with #" if is_first else None


def _is_number(cell: str) -> bool:
    try:
        complex(cell)
    except ValueError:
        return False
    return "_" not in cell


def _warn_of_labels(values: Numbers, name: str) -> None:
    """Warn where the first row counts the columns, or the first column the rows."""
    count, width = values.shape
    for what, line, length, remedy in (
        ("row", values[0], width, "a header line, remove it or begin it with #"),
        ("column", values[:, 0], count, "an index, remove it"),
    ):
        if np.array_equal(line, np.arange(length)):
            shown = ", ".join(map(str, range(length))) if length <= 4 else f"0, 1, .., {length - 1}"
            warn_of_input(f"the first {what} of {name} is {shown}, and is read as numbers: if it is {remedy}")
