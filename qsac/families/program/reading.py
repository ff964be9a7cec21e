"""From valid fields to the model of a program: what several types have in common, and which type it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.matrices import Matrices
from qsac.families.program import schema
from qsac.families.schema import IdentityUnitary
from qsac.families.tokens.file import file_tokens
from qsac.families.tokens.inline import inline_rows
from qsac.families.tokens.sequence import normalised
from qsac.families.unitary import Identity, Matrix, with_entries
from qsac.files.numbers import Numbers, as_lists, exactly_real
from qsac.files.pointer import counted, join, kind

Real = NDArray[np.float64]
Canonical = dict[str, Any]


class Rows(NamedTuple):
    """The tokens of a program: ``given`` (T, d) as in the file, ``rows`` (T, d) of length 1 where that is asked for."""

    given: Numbers
    rows: Numbers
    canonical: Canonical


def token_rows(given: schema.ModelFile, folder: Path, *, normalise: bool) -> Rows:
    """The tokens of a program that has some; ``normalise`` is what it does where the file does not say."""
    tokens = given.tokens
    if "tokens" not in given.model_fields_set:
        raise InvalidInputError(
            "the program has no tokens",
            code="field.missing",
            pointer="",
            wanted=f'"tokens", which a program of type {given.program.type} attends to',
            help='add them, for example "tokens": {"type": "inline", "values": [[1, 0], [0, 1]]}',
        )
    if isinstance(tokens, schema.ProgramTokenFile):
        values, place = file_tokens(tokens.path, folder, "/tokens/path", tokens.array, (1, 2)), "/tokens/path"
    else:
        values, place = _inline(tokens.values), "/tokens/values"
    values = exactly_real(values)
    chosen = tokens.normalise if "normalise" in tokens.model_fields_set else normalise
    empty = np.flatnonzero(~values.any(axis=1))
    if empty.size:
        raise InvalidInputError(
            f"token {empty[0]} is zero",
            code="tokens.zero-token",
            pointer=place if place.endswith("path") else join(place, int(empty[0])),
            found=f"row {empty[0]} (counted from 0) with all {values.shape[1]:,} entries 0",
            wanted="at least one entry other than 0: a row without a direction has no score",
        )
    rows = normalised(values, values.shape[1]) if chosen else values
    return Rows(values, rows, {"type": "inline", "values": as_lists(values), "normalise": chosen})


def no_tokens(given: schema.ModelFile) -> None:
    """Refuse tokens of a program that has none."""
    if "tokens" in given.model_fields_set:
        raise InvalidInputError(
            f"a program of type {given.program.type} has no tokens",
            code="program.unused-field",
            pointer="/tokens",
            found=f"{given.tokens.type} tokens",
            wanted="no tokens: what it computes with is in its section",
            help="remove them, or choose the type search or layers",
        )


def real_tokens(found: Rows) -> Real:
    """The rows of tokens that have to be real."""
    if np.iscomplexobj(found.rows):
        raise InvalidInputError(
            "the tokens are complex",
            code="program.complex-numbers",
            pointer="/tokens",
            found="entries with an imaginary part",
            wanted="real tokens: the layers' rows are read as real states",
        )
    return np.asarray(found.rows, dtype=np.float64)


def unitary_of(given: schema.Unitary, pointer: str, dimension: int) -> tuple[Identity | Matrix, Canonical]:
    """A score or value unitary on the tokens' own ``dimension`` d, or on the padded one, and its canonical form."""
    if isinstance(given, IdentityUnitary):
        return Identity(), {"type": "identity"}
    entries = Matrices(Path()).read(given.entries, f"{pointer}/entries", None, None, "")
    padded = max(2, 1 << (dimension - 1).bit_length())
    if entries.shape not in ((dimension, dimension), (padded, padded)):
        sizes = f"{dimension}" if dimension == padded else f"{dimension} or {padded}"
        raise InvalidInputError(
            "the matrix does not match the tokens",
            code="unitary.wrong-dimension",
            pointer=f"{pointer}/entries",
            found=f"{counted(entries.shape[0], 'row')} of {entries.shape[1]:,}",
            wanted=f"{sizes} rows of as many, as the tokens have {dimension} entries",
        )
    made, _ = with_entries(entries, pointer, padded)
    return made, {"type": "matrix", "entries": as_lists(entries)}


def real_matrix(
    matrices: Matrices, given: object, pointer: str, rows: int | None, columns: int | None, reason: str
) -> Real:
    """A matrix of real numbers that are written in the model file."""
    if not isinstance(given, list):
        raise InvalidInputError(
            f'"{pointer.rpartition("/")[2]}" is not a matrix',
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted="rows of numbers",
        )
    found = matrices.read(given, pointer, rows, columns, reason)
    _check_real(found, pointer)
    return np.asarray(found, dtype=np.float64)


def real_vector(matrices: Matrices, given: object, pointer: str, count: int, reason: str) -> Real:
    """A vector of real numbers."""
    if isinstance(given, list) and not given:
        raise InvalidInputError(
            f'"{pointer.rpartition("/")[2]}" is empty',
            code="field.wrong-length",
            pointer=pointer,
            wanted=f"{counted(count, 'number')}: {reason}",
        )
    found = matrices.vector(given, pointer, count, reason)
    _check_real(found, pointer)
    return np.asarray(found, dtype=np.float64)


def _check_real(found: Numbers, pointer: str) -> None:
    if np.iscomplexobj(found):
        raise InvalidInputError(
            "complex numbers are not meant here",
            code="program.complex-numbers",
            pointer=pointer,
            found="[re, im] pairs with an imaginary part",
            wanted="real numbers",
        )


def _inline(values: object) -> Numbers:
    if not isinstance(values, list) or not values:
        raise InvalidInputError(
            "the tokens are not a list of rows",
            code="field.wrong-type",
            pointer="/tokens/values",
            found=kind(values),
            wanted="a list of at least one row, one for each token",
        )
    return inline_rows(values, "/tokens/values", "token")


def positive(name: str, value: float, least: float, most: float, pointer: str, why: str) -> None:
    """Refuse a number that is not within limits that other fields set."""
    if not least < value < most:
        raise InvalidInputError(
            f'"{name}" is out of range',
            code="field.out-of-range",
            pointer=pointer,
            found=f"{value:g}",
            wanted=f"more than {least:g} and less than {most:g}: {why}",
        )


def whole_numbers(values: object, pointer: str, least: int, most: int, what: str) -> tuple[int, ...]:
    """A list of whole numbers within limits, each of them once, of what was not validated by the schema."""
    if not isinstance(values, list) or not values:
        raise InvalidInputError(
            f'"{pointer.rpartition("/")[2]}" is not a list of {what}s',
            code="field.wrong-type",
            pointer=pointer,
            found=kind(values),
            wanted=f"a list of {what}s, {least} to {most}",
        )
    seen: set[int] = set()
    for place, value in enumerate(values):
        if type(value) is not int or not least <= value <= most or value in seen:
            again = type(value) is int and value in seen
            raise InvalidInputError(
                f"a {what} is given twice" if again else f"there is no such {what}",
                code="program.repeated-number" if again else "field.out-of-range",
                pointer=join(pointer, place),
                found=f"{value} again" if again else kind(value),
                wanted=f"each {what} once" if again else f"a whole number from {least} to {most}",
            )
        seen.add(value)
    return tuple(values)


def read(given: schema.ModelFile, fields: Mapping[str, Any], folder: Path) -> Any:
    """The model of a file; see :meth:`qsac.families.contract.Family.read`."""
    from qsac.families.program.feed_forward.reading import read_feed_forward
    from qsac.families.program.layers.reading import read_layers
    from qsac.families.program.linearised.reading import read_linearised
    from qsac.families.program.model import Model
    from qsac.families.program.search.reading import read_search

    program = given.program
    canonical: Canonical = {"qsac": given.qsac, "name": given.name}
    found: tuple[Any, Any, Canonical]
    if isinstance(program, schema.SearchProgram):
        found = read_search(given, program, folder)
    elif isinstance(program, schema.FeedForwardProgram):
        found = read_feed_forward(given, program)
    elif isinstance(program, schema.LayersProgram):
        found = read_layers(given, program, folder)
    else:
        found = read_linearised(given, program)
    system, readout, own = found
    return Model(given.name, readout, system, canonical | own)
