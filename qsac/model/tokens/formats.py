"""Readers of the array formats. Each looks at shape and size before it takes memory; none unpickles anything."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from qsac.errors import InvalidInputError
from qsac.model.numbers import Numbers
from qsac.model.pointer import counted, listed, quoted
from qsac.model.tokens.shape import check_shape


def _damaged(name: str, pointer: str, what: str, wanted: str) -> InvalidInputError:
    return InvalidInputError(
        "the token file is damaged or of another kind",
        pointer=pointer,
        found=f"{name}: {what}",
        wanted=wanted,
        help="save it again with numpy.save(path, tokens)",
    )


def _header(stream: IO[bytes], name: str, pointer: str) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Shape and dtype from a .npy header, and where the data begins."""
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
        else:
            raise ValueError(f"format version {version[0]}.{version[1]}")
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, SyntaxError, TypeError):
        raise _damaged(name, pointer, "it has no valid .npy header", "an array saved by numpy.save") from None
    return tuple(int(length) for length in shape), dtype, stream.tell()


def _read_checked(stream: IO[bytes], total: int, name: str, pointer: str) -> Numbers:
    """The array of a .npy stream of ``total`` bytes, its shape checked first."""
    shape, dtype, start = _header(stream, name, pointer)
    check_shape(shape, dtype.kind, name, pointer)
    needed = start + dtype.itemsize * int(np.prod(shape, dtype=object))
    if total < needed:
        raise _damaged(
            name, pointer, f"it ends after {total:,} bytes", f"{needed:,} bytes, as its header says shape {shape}"
        )
    stream.seek(0)
    try:
        array: Numbers = np.lib.format.read_array(stream, allow_pickle=False)
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _damaged(name, pointer, str(error).split("\n")[0], "an array saved by numpy.save") from None
    return array


def read_npy(file: Path, name: str, pointer: str) -> Numbers:
    """The array of a .npy file."""
    with file.open("rb") as stream:
        return _read_checked(stream, file.stat().st_size, name, pointer)


def read_npz(file: Path, name: str, pointer: str) -> Numbers:
    """The only array of a .npz archive, compressed or not."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) != 1:
                raise _not_one_array([member.filename for member in members], name, pointer)
            with archive.open(members[0]) as stream:
                return _read_checked(stream, members[0].file_size, name, pointer)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):
        raise _damaged(name, pointer, "it is no readable zip archive", "an archive saved by numpy.savez") from None


def _not_one_array(names: list[str], name: str, pointer: str) -> InvalidInputError:
    found = f"{counted(len(names), 'array')} in {name}"
    return InvalidInputError(
        "the token file does not hold exactly one array",
        pointer=pointer,
        found=f"{found}: {listed(sorted(names))}" if names else found,
        wanted="exactly one array",
        help="save the tokens alone, for example with numpy.save('tokens.npy', tokens)",
    )


def read_csv(file: Path, name: str, pointer: str) -> Numbers:
    """The rows of a .csv file: numbers (complex ones as 0.1+0.2j) separated by commas, no header line; empty lines
    and lines that begin with # are skipped."""
    rows: list[Numbers] = []
    first = 0
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInputError(
            "the token file is not text", pointer=pointer, found=name, wanted="comma-separated numbers in UTF-8"
        ) from None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        row = _csv_row(line, number, name, pointer)
        if rows and len(row) != len(rows[0]):
            raise InvalidInputError(
                "the rows of the token file differ in length",
                pointer=pointer,
                found=f"{counted(len(row), 'number')} in line {number} of {name}",
                wanted=f"{len(rows[0])}, as in line {first}",
            )
        first = first or number
        rows.append(row)
    kind = "c" if any(row.dtype.kind == "c" for row in rows) else "f"
    check_shape((len(rows), len(rows[0]) if rows else 0), kind, name, pointer)
    return np.array(rows)


def _csv_row(line: str, number: int, name: str, pointer: str) -> Numbers:
    cells = line.split(",")
    try:
        if "_" in line:
            raise ValueError
        if "j" in line:
            return np.array([complex(cell.strip()) for cell in cells])
        return np.array([float(cell) for cell in cells])
    except ValueError:
        stripped = [cell.strip() for cell in cells]
        column = next((index for index, cell in enumerate(stripped) if not _is_number(cell)), 0) + 1
        cell = stripped[column - 1]
    help = None
    if ";" in line or "\t" in line:
        help = "separate the numbers with commas, and write decimals with a point"
    elif number == 1:
        help = "remove the header line, or begin it with #"
    raise InvalidInputError(
        "the token file holds something that is not a number",
        pointer=pointer,
        found=f"{quoted(cell) if cell else 'nothing'} in line {number}, column {column} of {name}",
        wanted="a number such as 0.25, or a complex one such as 0.25+0.5j",
        help=help,
    )


def _is_number(cell: str) -> bool:
    try:
        complex(cell)
    except ValueError:
        return False
    return "_" not in cell


def read_safetensors(file: Path, name: str, pointer: str) -> Numbers:
    """The only tensor of a .safetensors file."""
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise InvalidInputError(
            "reading .safetensors files needs a package that is not installed",
            pointer=pointer,
            found=quoted(name),
            wanted="the Python package safetensors",
            help="pip install safetensors, or save the tokens as .npy",
        ) from None
    try:
        with safe_open(str(file), framework="numpy") as tensors:
            names = list(tensors.keys())
            if len(names) != 1:
                raise _not_one_array(names, name, pointer)
            part = tensors.get_slice(names[0])
            check_shape(tuple(part.get_shape()), _safetensors_kind(part.get_dtype()), name, pointer)
            array: Numbers = tensors.get_tensor(names[0])
            return array
    except (SafetensorError, TypeError) as error:
        raise _damaged(name, pointer, str(error).split("\n")[0], "a file saved by safetensors") from None


def _safetensors_kind(dtype: str) -> str:
    """NumPy's letter for a tensor's kind of number; BF16 and the 8-bit floats have none."""
    letters = {"BOOL": "b", "C64": "c", "C128": "c"}
    if dtype in letters:
        return letters[dtype]
    if dtype in ("F16", "F32", "F64"):
        return "f"
    return {"I": "i", "U": "u"}.get(dtype[:1], "V")
