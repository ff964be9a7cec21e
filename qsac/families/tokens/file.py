"""Tokens in a file beside the model: which file may be read, and what its array has to look like."""

from __future__ import annotations

import ntpath
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from qsac.errors import InvalidInputError, printable
from qsac.families.tokens.comma_separated import read_csv
from qsac.families.tokens.named import NamedFile
from qsac.families.tokens.npy import read_npy
from qsac.families.tokens.npz import read_npz
from qsac.families.tokens.safetensors import read_safetensors
from qsac.families.tokens.shape import SERIES, TOKENS
from qsac.files import limits
from qsac.files.inside import inside
from qsac.files.numbers import Numbers
from qsac.files.pointer import nearest, nearest_file, quoted

_READERS = {
    ".npy": (read_npy, limits.TOKEN_FILE_BYTES),
    ".npz": (read_npz, limits.TOKEN_FILE_BYTES),
    ".csv": (read_csv, limits.CSV_FILE_BYTES),
    ".safetensors": (read_safetensors, limits.TOKEN_FILE_BYTES),
}

TOKEN_FILE = "token file"
DATA_FILE = "data file"
"""What diagnostics call them."""

_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def path_and_array(given: Mapping[str, object]) -> tuple[str, str | None] | None:
    """What an object that names a file says: a path, and the name of one of several arrays; None if it is no such
    object."""
    path, array = given.get("path"), given.get("array")
    texts = isinstance(path, str) and path and ("array" not in given or (isinstance(array, str) and array))
    if not texts or not set(given) <= {"path", "array"}:
        return None
    return str(path), None if array is None else str(array)


def file_tokens(
    path: str, folder: Path, pointer: str, array: str | None = None, least: tuple[int, int] = TOKENS
) -> Numbers:
    """The (T+1, d) values in the file at ``path`` below ``folder``, float64 or complex128; of another matrix if its
    ``least`` rows and columns are not those of tokens.

    ``pointer`` is the place of the path in the document; ``array`` names one of the arrays of a file that has several.
    A real array of shape (T+1, d, 2) holds [re, im] pairs. Nothing outside ``folder`` is read, symbolic links followed.
    """
    values, name = _read(_resolved(path, folder, pointer), path, pointer, array, least, TOKEN_FILE)
    values = _finite(values, name, pointer, TOKEN_FILE)
    return values.view(np.complex128)[..., 0] if values.ndim == 3 else values


def file_series(path: str, folder: Path, pointer: str, array: str | None = None) -> Numbers:
    """The array of a data file, found and read like a token file: of one to three dimensions, none of them empty,
    float64 or complex128. A real array has no [re, im] pairs."""
    values, name = _read(inside(path, folder, pointer, DATA_FILE), path, pointer, array, SERIES, DATA_FILE)
    return _finite(values, name, pointer, DATA_FILE)


def _read(
    file: Path, path: str, pointer: str, array: str | None, least: tuple[int, int], noun: str
) -> tuple[Numbers, str]:
    """The array in a file, which a document names by ``path``, and what diagnostics call the file."""
    suffix = file.suffix.lower() if file.suffix.lower() in _READERS else Path(path).suffix.lower()
    if suffix not in _READERS:
        guess = nearest(suffix, _READERS)
        raise InvalidInputError(
            f"the kind of the {noun} is not known",
            code="tokens.unknown-file-kind",
            pointer=pointer,
            found=quoted(path),
            wanted="a file name that ends with .npy, .npz, .csv or .safetensors",
            help=f'did you mean "{guess}"?' if guess else "save the array with numpy.save(path, tokens)",
        )
    reader, limit = _READERS[suffix]
    name = printable(Path(path).name)
    try:
        # Never waits: what was a file a moment ago may have become a pipe.
        with os.fdopen(os.open(file, os.O_RDONLY | _AT_ONCE), "rb") as stream:
            state = os.fstat(stream.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise _not_a_file(path, "device", pointer)
            limits.check_file(state.st_size, limit, pointer, name)
            return reader(NamedFile(stream, state.st_size, name, pointer, array, least, noun)), name
    except OSError as error:
        raise InvalidInputError(
            f"the {noun} cannot be read",
            code="file.unreadable",
            pointer=pointer,
            found=f"{quoted(path)}: {(error.strerror or str(error)).lower()}",
            wanted="a readable file",
        ) from None


def _resolved(path: str, folder: Path, pointer: str) -> Path:
    """The file that ``path`` names, once it is sure to lie in ``folder``."""
    parts = path.replace("\\", "/").split("/")
    if "\0" in path or path.startswith(("/", "\\", "~")) or ntpath.splitdrive(path)[0] or ".." in parts:
        raise InvalidInputError(
            "the token file must be in the model file's folder",
            code="tokens.outside-folder",
            pointer=pointer,
            found=quoted(path),
            wanted='a path relative to the model file\'s folder, without ".."',
            help="move or copy the file into the model's folder",
        )
    try:
        base = folder.resolve()
        file = (base / path).resolve()
        exists, regular, is_folder = file.exists(), file.is_file(), file.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        reason = "a link that leads to itself" if isinstance(error, RuntimeError) else str(error)
        reason = (getattr(error, "strerror", None) or reason).lower()
        raise InvalidInputError(
            "the token file cannot be read",
            code="file.unreadable",
            pointer=pointer,
            found=f"{quoted(path)}: {reason}",
            wanted="a readable file",
        ) from None
    if not file.is_relative_to(base):
        raise InvalidInputError(
            "the token file is a link that leads out of the model's folder",
            code="tokens.outside-folder",
            pointer=pointer,
            found=quoted(path),
            wanted="a file inside the model file's folder",
            help="copy the file into the model's folder",
        )
    if not exists:
        guess = nearest_file(file)
        raise InvalidInputError(
            "the token file does not exist",
            code="file.missing",
            pointer=pointer,
            found=quoted(path),
            wanted="a file, named relative to the model file's folder",
            help=f"did you mean {quoted(guess)}?" if guess else None,
        )
    if not regular:
        raise _not_a_file(path, "folder" if is_folder else "device", pointer)
    return file


def _not_a_file(path: str, what: str, pointer: str) -> InvalidInputError:
    return InvalidInputError(
        "the token file is not a file",
        code="file.not-a-file",
        pointer=pointer,
        found=f"{quoted(path)}, which is a {what}",
        wanted="a file that ends with .npy, .npz, .csv or .safetensors",
    )


def _finite(array: Numbers, name: str, pointer: str, noun: str) -> Numbers:
    """An array of a checked shape in double precision, its numbers finite."""
    with np.errstate(over="ignore"):
        wide = np.complex128 if array.dtype.kind == "c" else np.float64
        values: Numbers = np.ascontiguousarray(array, dtype=wide)
    finite = np.isfinite(values)
    if not finite.all():
        first = np.unravel_index(int(np.argmin(finite)), values.shape)
        axes = ("row", "entry", "part") if noun == TOKEN_FILE else ("index", "index", "index")
        place = ", ".join(f"{axis} {index}" for axis, index in zip(axes, first, strict=False))
        raise InvalidInputError(
            f"the {noun} holds a number that is not finite",
            code="number.not-finite",
            pointer=pointer,
            found=f"{values[first]} in {name}, {place} (counted from 0)",
            wanted="finite numbers in double precision",
        )
    return values
