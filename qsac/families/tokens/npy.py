"""The .npy format. Its header is a Python literal, written by a stranger: it is matched against what NumPy writes, and
never evaluated."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.tokens.named import NamedFile
from qsac.files.numbers import Numbers

_MAGIC = b"\x93NUMPY"
_LENGTH_FORMATS = {1: "<H", 2: "<I", 3: "<I"}
_HEADER_BYTES = 10_000
"""Longest header that is read, as in NumPy itself: that of an array of numbers has a hundred bytes."""
_DIGITS = 18
_CHUNK = 2**20
_WANTED = "an array saved by numpy.save"

_ENTRY = re.compile(
    r"""\s*(?P<quote>['"])(?P<key>\w+)(?P=quote)\s*:\s*"""
    r"""(?P<value>'[^'\\]*'|"[^"\\]*"|True|False|\([\d\s,L]*\))\s*(?:,|(?=\}))""",
    re.ASCII,
)
_RECORDS = re.compile(r"""['"]descr['"]\s*:\s*\[""")
_DTYPE = re.compile(r"[<>=|]?([?a-zA-Z])(\d{0,6})(\[[^\]]{0,20}\])?", re.ASCII)
_SIZES = {"i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8, 12, 16), "c": (8, 16, 24, 32)}
_KINDS = {"?": "b", "a": "S"}
"""Letters that stand for a kind of another letter."""


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    start: int
    """Where the numbers begin, in bytes."""


def read_npy(file: NamedFile) -> Numbers:
    """The array of a .npy file."""
    file.refuse_array(".npy")
    return read_array(file.stream, file.size, file)


def read_array(stream: IO[bytes], total: int, file: NamedFile) -> Numbers:
    """The array of a .npy stream of ``total`` bytes, its shape checked before memory is taken.

    The stream may be a member of an archive, ``file``, whose ``total`` is a claim like any other.
    """
    header = _read_header(stream, file)
    needed = header.dtype.itemsize * int(np.prod(header.shape, dtype=object))
    if total < header.start + needed:
        raise file.damaged(
            f"it ends after {total:,} bytes",
            f"{header.start + needed:,} bytes, as its header says shape {header.shape}",
        )
    buffer = np.empty(needed, dtype=np.uint8)
    filled = 0
    while filled < needed:
        part = _read(stream, min(_CHUNK, needed - filled), file)
        if not part:
            raise file.damaged(
                f"it ends after {header.start + filled:,} bytes", f"{header.start + needed:,} bytes, as its header says"
            )
        buffer[filled : filled + len(part)] = np.frombuffer(part, dtype=np.uint8)
        filled += len(part)
    array: Numbers = buffer.view(header.dtype).reshape(header.shape, order="F" if header.fortran else "C")
    return array


def _read(stream: IO[bytes], count: int, file: NamedFile) -> bytes:
    try:
        return stream.read(count)
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise file.damaged(str(error).split("\n")[0], _WANTED) from None


def _read_header(stream: IO[bytes], file: NamedFile) -> _Header:
    text, start = _header_text(stream, file)
    fields = _fields(text, file)
    descr, order, lengths = (fields.get(name) for name in ("descr", "fortran_order", "shape"))
    if descr is None or order is None or lengths is None or len(fields) != 3:
        raise _no_header(file, "its header does not give type, order and shape alone")
    if not lengths.startswith("(") or order not in ("True", "False"):
        raise _no_header(file, "its header's shape or order is invalid")
    words = [word.rstrip("L") for word in re.split(r"[\s,]+", lengths[1:-1]) if word]
    if any(len(word.lstrip("0")) > _DIGITS or not word.isdigit() for word in words):
        longest = max(map(len, words))
        raise _no_header(file, f"its header gives a shape with a number of {longest:,} digits")
    dtype = _dtype(descr, tuple(map(int, words)), file)
    return _Header(tuple(map(int, words)), dtype, order == "True", start)


def _header_text(stream: IO[bytes], file: NamedFile) -> tuple[str, int]:
    """The header and where it ends; no more than its largest sensible size is read."""
    head = _read(stream, 8, file)
    if len(head) < 8 or not head.startswith(_MAGIC):
        raise _no_header(file, "it has no valid .npy header")
    length_format = _LENGTH_FORMATS.get(head[6])
    if length_format is None or head[7] != 0:
        raise _no_header(file, f"format version {head[6]}.{head[7]} is not known")
    size = struct.calcsize(length_format)
    field = _read(stream, size, file)
    if len(field) < size:
        raise _no_header(file, "it ends within its header")
    (length,) = struct.unpack(length_format, field)
    if length > _HEADER_BYTES:
        raise _no_header(file, f"its header claims to be {length:,} bytes long")
    data = _read(stream, length, file)
    if len(data) < length:
        raise _no_header(file, "it ends within its header")
    return data.decode("latin-1" if head[6] < 3 else "utf-8", "replace"), 8 + size + length


def _fields(text: str, file: NamedFile) -> dict[str, str]:
    """The entries of the header's dictionary, as they are written."""
    text = text.strip()
    if _RECORDS.search(text):
        file.check((), "V")
    fields: dict[str, str] = {}
    place = 1
    while text.startswith("{") and (entry := _ENTRY.match(text, place)):
        if entry["key"] in fields:
            break
        fields[entry["key"]] = entry["value"]
        place = entry.end()
    if not text.startswith("{") or text[place:].strip() != "}":
        raise _no_header(file, "its header is not what NumPy writes for an array of numbers")
    return fields


def _dtype(descr: str, shape: tuple[int, ...], file: NamedFile) -> np.dtype[Any]:
    """The type of an array of numbers whose ``shape`` may be held in memory."""
    match = _DTYPE.fullmatch(descr[1:-1]) if descr[:1] in "'\"" else None
    if match is None:
        raise _no_header(file, "its header's type of number is invalid")
    letter, width = match[1], match[2]
    kind = _KINDS.get(letter, letter)
    if kind == "V" and width:
        raise InvalidInputError(
            f"the {file.noun} does not hold numbers",
            code="array.not-numbers",
            pointer=file.pointer,
            found=f"{file.name}: entries of {width} bytes without a type, as NumPy saves bfloat16 and 8-bit floats",
            wanted="real or complex numbers",
            help="convert them before saving: numpy.save(path, tokens.astype(numpy.float32))",
        )
    file.check(shape, kind)
    try:
        if int(width or 0) not in _SIZES[kind]:
            raise TypeError
        return np.dtype(descr[1:-1])
    except TypeError:  # also where this machine has no such type
        raise _no_header(file, f"numbers of {width or 'no'} bytes of the kind {kind!r} are not known here") from None


def _no_header(file: NamedFile, what: str) -> InvalidInputError:
    return file.damaged(what, _WANTED)
