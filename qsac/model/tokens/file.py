"""Tokens in a file beside the model: which file may be read, and what its array has to look like."""

from __future__ import annotations

import ntpath
from pathlib import Path

import numpy as np

from qsac.errors import InvalidInputError, printable
from qsac.model import limits
from qsac.model.numbers import Numbers
from qsac.model.pointer import nearest, quoted
from qsac.model.tokens import formats

_READERS = {
    ".npy": (formats.read_npy, limits.TOKEN_FILE_BYTES),
    ".npz": (formats.read_npz, limits.TOKEN_FILE_BYTES),
    ".csv": (formats.read_csv, limits.CSV_FILE_BYTES),
    ".safetensors": (formats.read_safetensors, limits.TOKEN_FILE_BYTES),
}


def file_tokens(path: str, folder: Path, pointer: str) -> Numbers:
    """The (T+1, d) values in the file at ``path`` below ``folder``, float64 or complex128.

    A real array of shape (T+1, d, 2) holds [re, im] pairs. Nothing outside ``folder`` is read, symbolic links followed.
    """
    file = _resolved(path, folder, pointer)
    suffix = file.suffix.lower() if file.suffix.lower() in _READERS else Path(path).suffix.lower()
    if suffix not in _READERS:
        guess = nearest(suffix, _READERS)
        raise InvalidInputError(
            "the kind of the token file is not known",
            pointer=pointer,
            found=quoted(path),
            wanted="a file name that ends with .npy, .npz, .csv or .safetensors",
            help=f'did you mean "{guess}"?' if guess else "save the array with numpy.save(path, tokens)",
        )
    reader, limit = _READERS[suffix]
    name = printable(Path(path).name)
    try:
        limits.check_file(file.stat().st_size, limit, pointer, name)
        array = reader(file, name, pointer)
    except OSError as error:
        raise InvalidInputError(
            "the token file cannot be read",
            pointer=pointer,
            found=f"{quoted(path)}: {(error.strerror or str(error)).lower()}",
            wanted="a readable file",
        ) from None
    return _rows(array, name, pointer)


def _resolved(path: str, folder: Path, pointer: str) -> Path:
    """The file that ``path`` names, once it is sure to lie in ``folder``."""
    parts = path.replace("\\", "/").split("/")
    if "\0" in path or path.startswith(("/", "\\", "~")) or ntpath.splitdrive(path)[0] or ".." in parts:
        raise InvalidInputError(
            "the token file must lie beside the model file",
            pointer=pointer,
            found=quoted(path),
            wanted='a path relative to the model file\'s folder, without ".."',
            help="move or copy the file into the model's folder",
        )
    base = folder.resolve()
    try:
        file = (base / path).resolve()
        exists, regular = file.exists(), file.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise InvalidInputError(
            "the token file cannot be read", pointer=pointer, found=f"{quoted(path)}: {error.__class__.__name__}"
        ) from None
    if not file.is_relative_to(base):
        raise InvalidInputError(
            "the token file is a link that leads out of the model's folder",
            pointer=pointer,
            found=quoted(path),
            wanted="a file inside the model file's folder",
            help="copy the file into the model's folder",
        )
    if not exists:
        siblings = sorted(item.name for item in file.parent.iterdir()) if file.parent.is_dir() else []
        guess = nearest(file.name, siblings)
        raise InvalidInputError(
            "the token file does not exist",
            pointer=pointer,
            found=quoted(path),
            wanted="a file, named relative to the model file's folder",
            help=f"did you mean {quoted(guess)}?" if guess else None,
        )
    if not regular:
        raise InvalidInputError(
            "the token file is not a file",
            pointer=pointer,
            found=f"{quoted(path)}, which is a " + ("folder" if file.is_dir() else "device"),
            wanted="a file that ends with .npy, .npz, .csv or .safetensors",
        )
    return file


def _rows(array: Numbers, name: str, pointer: str) -> Numbers:
    """An array of a checked shape as (T+1, d) finite numbers in double precision."""
    if array.dtype.kind == "c":
        values: Numbers = array.astype(np.complex128)
    else:
        with np.errstate(over="ignore"):
            values = np.ascontiguousarray(array, dtype=np.float64)
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        place = ", ".join(f"{axis} {index}" for axis, index in zip(("row", "entry", "part"), bad[0], strict=False))
        raise InvalidInputError(
            "the token file holds a number that is not finite",
            pointer=pointer,
            found=f"{values[tuple(bad[0])]} in {name}, {place} (counted from 0)",
            wanted="finite numbers in double precision",
        )
    if values.ndim == 3:
        values = values.view(np.complex128)[..., 0]
    return values
