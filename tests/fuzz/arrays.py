"""Token files: .npy, .npz, .csv and .safetensors, their headers, their archives and their bytes."""

from __future__ import annotations

import functools
import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from qsac.families.tokens.file import file_tokens
from tests.fuzz.changes import RAW, TEXTS, Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import MANY, Kind
from tests.fuzz.mutations import Document, Edit, bytes_mutated, mutated
from tests.fuzz.scratch import scratch

_TYPES = (
    "<f8",
    ">f4",
    "<f2",
    "<c16",
    "|b1",
    "<i8",
    "|u1",
    "<f16",
    "<c32",
    "|O",
    "|S8",
    "<U4",
    "<M8[s]",
    "|V16",
    "3<f8",
)
WORDS = (*_TYPES, "descr", "shape", "fortran_order", "dtype", "data_offsets", "__metadata__")
_DTYPES = ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I64", "U8", "BOOL", "C64", "C128", "F4", "X")

ROWS = np.array([[1, 0.5], [0.25, 1], [-1, 2]])


@dataclass(frozen=True)
class Start:
    """A whole file: its suffix, its header as a document, and what follows."""

    suffix: str
    header: Document
    body: bytes
    sealed: Callable[[bytes, bytes], bytes]


def _npy(header: bytes, body: bytes) -> bytes:
    padded = header + b" " * (-(len(header) + 11) % 64) + b"\n"
    if len(padded) < 1 << 16:
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded + body
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(padded)) + padded + body


def _npz(method: int) -> Callable[[bytes, bytes], bytes]:
    """An archive with one array, its checksum right whatever the array is."""

    def sealed(header: bytes, body: bytes) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            archive.writestr(zipfile.ZipInfo("tokens.npy"), _npy(header, body))
        return stream.getvalue()

    return sealed


def _safetensors(header: bytes, body: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header + body


def _csv(header: bytes, body: bytes) -> bytes:
    return body


@functools.cache
def files() -> tuple[Start, ...]:
    made = []
    for array in (
        ROWS,
        ROWS.astype(">f4"),
        (ROWS + 0.5j),
        np.asfortranarray(ROWS),
        np.ones((3, 2, 2)),
        ROWS.astype("i2"),
    ):
        header = {
            "descr": array.dtype.str,
            "fortran_order": bool(array.flags.f_contiguous and not array.flags.c_contiguous),
            "shape": list(array.shape),
        }
        start = Document(f".npy of {array.dtype}", header)
        for suffix, sealed in (
            (".npy", _npy),
            (".npz", _npz(zipfile.ZIP_STORED)),
            (".npz", _npz(zipfile.ZIP_DEFLATED)),
        ):
            made.append(Start(suffix, start, array.tobytes("A"), sealed))
    for dtype, array in (("F64", ROWS), ("F32", ROWS.astype("<f4")), ("BF16", ROWS.astype("<f2"))):
        data = array.tobytes()
        tensors = {"tokens": {"dtype": dtype, "shape": list(array.shape), "data_offsets": [0, len(data)]}}
        made.append(Start(".safetensors", Document(f".safetensors of {dtype}", tensors), data, _safetensors))
    for text in (
        b"1,0.5\n0.25,1\n-1,2\n",
        b"# a comment\n1+2j,0.5\n0.25,1j\n",
        b"a,b\n1,2\n3,4\n",
        b"\xef\xbb\xbf1,2\r\n3,4\r\n",
    ):
        made.append(Start(".csv", Document(".csv", {}), text, _csv))
    return tuple(made)


def make(pick: Pick) -> Example:
    every = files()
    start = every[pick(len(every))]
    action = pick(3)
    header, body, edits = start.header.document, start.body, ()
    if start.suffix == ".csv":
        body, edit = _csv_mutated(body, pick) if action else bytes_mutated(body, pick)
        edits = (edit,)
    elif action < 2:
        mutant = mutated(start.header, pick, (*WORDS, *_DTYPES))
        header, edits = mutant.document, mutant.edits
    else:
        body, edit = bytes_mutated(body, pick)
        edits = (edit,)
    data = start.sealed(_header_text(header, start.suffix, pick), body)
    if pick(8) == 7:
        data, edit = bytes_mutated(data, pick)
        edits = (*edits, edit)
    return Example(start.header.name, data, edits, start.suffix)


def _header_text(header: Any, suffix: str, pick: Pick) -> bytes:
    """As JSON, or as the Python literal that NumPy writes, with lists as tuples."""
    text = json.dumps(header)
    for index, raw in enumerate(RAW):
        text = text.replace(f'"@raw:{index}@"', raw)
    text = text.replace("@again:", "")
    if suffix != ".safetensors":
        for one, other in (("true", "True"), ("false", "False"), ("null", "None"), ("[", "("), ("]", ",)")):
            text = text.replace(one, other)
        text = text.replace("(,)", "()")
        if pick(8) == 7:
            text = ("(" * 400 + text + ")" * 400, "-" * 3000 + "1", text + " + 1", "__import__('os')")[pick(4)]
    return text.encode("utf-8", "replace")


def _csv_mutated(data: bytes, pick: Pick) -> tuple[bytes, Edit]:
    """A cell, a line or a separator changed."""
    text = data.decode("utf-8-sig")
    lines = text.split("\n")
    place = pick(len(lines))
    cells = lines[place].split(",")
    column = pick(len(cells))
    action = ("cell", "cell", "line twice", "many lines", "many cells", "separator", "a cell more", "header")[pick(8)]
    if action == "cell":
        cells[column] = (*TEXTS, *RAW[:10], "1+2J", "1 + 2j", "j", "(1+2j)", "1e-400", "1e308", "0x1p3", "1;2")[
            pick(len(TEXTS) + 18)
        ]
    lines[place] = ",".join(cells)
    if action == "line twice":
        lines.insert(place, lines[place])
    elif action == "many lines":
        lines[place : place + 1] = [lines[place]] * 2000
    elif action == "many cells":
        lines[place] = ",".join(cells * 2000)
    elif action == "separator":
        lines[place] = (";", "\t", " ", ",,", "|")[pick(5)].join(cells)
    elif action == "a cell more":
        lines[place] += (",", ",1", ",nan", ",x")[pick(4)]
    elif action == "header":
        lines.insert(0, ("0,1", "x,y", ",0", "id,1", "#", '"0","1"')[pick(6)])
    made = "\n".join(lines).encode("utf-8", "surrogatepass")
    return made, Edit(action, f"/{place}/{column}")


def feed(example: Example) -> str:
    name = f"tokens{example.facts}"
    place = scratch("arrays")
    (place / name).write_bytes(example.data)
    values = file_tokens(name, place, "/tokens/path")
    if values.ndim != 2 or min(values.shape) < 2 or values.dtype not in (np.float64, np.complex128):
        raise WrongError(f"an array of shape {values.shape} and kind {values.dtype}")
    if not np.isfinite(values).all():
        raise WrongError("a number that is not finite")
    return "accepted"


KINDS = (Kind("token-files", 350, MANY, make, feed, {"accepted": 0.1}),)
