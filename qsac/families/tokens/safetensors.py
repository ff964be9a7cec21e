"""The .safetensors format: a JSON header that says where each tensor lies. Read without the package of that name, so
that sizes are checked first, and for the 8- and 16-bit floats that NumPy does not have."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError, QsacError
from qsac.families.tokens.named import NamedFile
from qsac.files.numbers import Numbers
from qsac.files.pointer import quoted
from qsac.files.strict_json import parse

_HEADER_BYTES = 16 * 2**20
"""Largest header that is read: a hundred bytes a tensor, so more than a hundred thousand tensors."""
_WANTED = "a file saved by safetensors"

_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
    "C64": "<c8",
    "BOOL": "?",
}
_SHORT_FLOATS = {"BF16": "<u2", "F8_E4M3": "u1", "F8_E5M2": "u1"}
"""The bits of floats that NumPy does not have, by the format's name of them."""


def read_safetensors(file: NamedFile) -> Numbers:
    """The tensor of a .safetensors file that is wanted: the only one, unless one is named."""
    tensors, start = _header(file)
    names = list(tensors)
    entry = tensors[names[file.chosen(names)]]
    kind, shape, first, last = _entry(entry, file.size - start, file)
    short = _SHORT_FLOATS.get(kind)
    if short is None and kind not in _DTYPES:
        raise InvalidInputError(
            f"the {file.noun} holds numbers of an unknown type",
            code="array.not-numbers",
            pointer=file.pointer,
            found=f"{quoted(kind)} in {file.name}",
            wanted=f"one of {', '.join(sorted({*_DTYPES, *_SHORT_FLOATS} - {'BOOL'}))}",
            help="convert the tensor before saving it, for example to F32",
        )
    dtype = np.dtype(short or _DTYPES[kind])
    file.check(shape, "f" if short else dtype.kind)
    needed = dtype.itemsize * int(np.prod(shape, dtype=object))
    if last - first != needed:
        raise file.damaged(f"a tensor of {last - first:,} bytes", f"{needed:,} bytes, as its header says shape {shape}")
    file.stream.seek(start + first)
    data = file.stream.read(needed)
    if len(data) < needed:
        raise file.damaged(f"it ends after {start + first + len(data):,} bytes", _WANTED)
    values: Numbers = np.frombuffer(data, dtype=dtype).reshape(shape)
    return values if short is None else _widened(values, kind)


def tensor_names(file: NamedFile) -> list[str]:
    """The names of the tensors in a .safetensors file."""
    return list(_header(file)[0])


def _header(file: NamedFile) -> tuple[dict[str, Any], int]:
    """The tensors' entries by name, and where the data begin."""
    head = file.stream.read(8)
    (length,) = struct.unpack("<Q", head) if len(head) == 8 else (0,)
    if not 2 <= length <= file.size - 8:
        raise file.damaged("it has no valid header", _WANTED)
    if length > _HEADER_BYTES:
        raise file.damaged(f"a header of {length:,} bytes", f"at most {_HEADER_BYTES:,} bytes of header")
    try:
        header = parse(file.stream.read(length), file.name, "header")
    except QsacError as error:
        raise file.damaged(error.title, _WANTED) from None
    if not isinstance(header, dict):
        raise file.damaged("its header is not a JSON object", _WANTED)
    return {name: entry for name, entry in header.items() if name != "__metadata__"}, 8 + length


def _entry(entry: object, size: int, file: NamedFile) -> tuple[str, tuple[int, ...], int, int]:
    """Type, shape, first byte and end of a tensor, which lies within the ``size`` bytes of data."""
    fields: dict[str, Any] = entry if isinstance(entry, dict) else {}
    kind, shape, offsets = fields.get("dtype"), _lengths(fields.get("shape")), _lengths(fields.get("data_offsets"))
    if not isinstance(kind, str) or shape is None or offsets is None or len(offsets) != 2:
        raise file.damaged("its header does not give a tensor's dtype, shape and data_offsets", _WANTED)
    if not offsets[0] <= offsets[1] <= size:
        raise file.damaged("a tensor that lies outside the file", _WANTED)
    return kind, shape, offsets[0], offsets[1]


def _lengths(values: object) -> tuple[int, ...] | None:
    """A list of whole numbers as a tuple; None for anything else."""
    if isinstance(values, list) and all(type(value) is int and 0 <= value < 2**63 for value in values):
        return tuple(values)
    return None


def _widened(bits: NDArray[Any], kind: str) -> Numbers:
    """The numbers that the bits of short floats stand for, exactly: float32 for BF16, else float64."""
    if kind == "BF16":  # the upper half of a float32
        values: Numbers = (bits.astype(np.uint32) << 16).view(np.float32)
        return values
    widened: Numbers = _float8(*{"F8_E4M3": (4, 3), "F8_E5M2": (5, 2)}[kind])[bits]
    return widened


def _float8(exponent_bits: int, fraction_bits: int) -> NDArray[np.float64]:
    """The value of each of the 256 floats of one byte (Micikevicius et al. 2022, arXiv:2209.05433).

    E5M2 has infinities and NaN as IEEE floats do; E4M3 has no infinity, and NaN in the place of its largest number.
    """
    codes = np.arange(256)
    exponent = codes >> fraction_bits & (1 << exponent_bits) - 1
    fraction = codes & (1 << fraction_bits) - 1
    bias = (1 << exponent_bits - 1) - 1
    significand = np.where(exponent > 0, 1 << fraction_bits, 0) + fraction
    values = np.ldexp(significand.astype(np.float64), np.maximum(exponent, 1) - bias - fraction_bits)
    last = exponent == (1 << exponent_bits) - 1
    if fraction_bits == 2:
        values[last] = np.where(fraction[last] == 0, np.inf, np.nan)
    else:
        values[last & (fraction == (1 << fraction_bits) - 1)] = np.nan
    return np.concatenate((values[:128], -values[:128]))
