"""Checkpoints of a seed: everything that training goes on from, in a .safetensors file that is written whole.

Tensors: ``parameters/NAME`` and ``best/NAME``, ``state/0``, ``state/1``, .. (what the optimiser remembers), and
``history``, (epochs, 4) in float64, of which NaN stands for what is not known; and of gradients from circuits
``facts/NAME``, (epochs,), likewise. The rest is a JSON object in the
header's metadata. What is read may be anybody's: sizes, names, types and numbers are checked before they are used.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.files.limits import size
from qsac.files.source import read_file
from qsac.files.strict_json import parse
from qsac.files.writing import write_file
from qsac.training.trained import Epoch, Metrics, Stopped, known_facts

VERSION = 1
FILE = "checkpoint.safetensors"
LIMIT = 4 * 2**30
_HEADER_BYTES = 16 * 2**20
_MOST_TENSORS = 10_000
_METADATA = "qsac_checkpoint"
_TYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "U32": "<u4"}
_NAMES = {np.dtype(code): name for name, code in _TYPES.items()}

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A seed after ``history``.

    ``config`` and ``data`` are digests of what its numbers depend on. ``parameters`` are the current ones, ``best``
    those after ``best_epoch``, the lowest validation so far, or the current ones without any. ``state`` are the arrays
    that the optimiser remembers. ``metrics`` and ``stopped`` are there once training is over.
    """

    config: str
    data: str
    seed: int
    parameters: Arrays
    best: Arrays
    best_epoch: int
    state: Sequence[NDArray[Any]]
    history: tuple[Epoch, ...]
    metrics: Mapping[str, Metrics] | None = None
    stopped: Stopped | None = None

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return len(self.history)


def write(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint whole. Raises :class:`~qsac.errors.DoesNotFitError` for one that is too large to be read
    again, and ``OSError``."""
    write_file(path, encoded(checkpoint))


def encoded(checkpoint: Checkpoint) -> list[bytes]:
    """The content of a checkpoint's file, in parts. Raises :class:`~qsac.errors.DoesNotFitError` for one that is too
    large to be read again."""
    tensors: dict[str, NDArray[Any]] = {
        **{f"parameters/{name}": values for name, values in checkpoint.parameters.items()},
        **{f"best/{name}": values for name, values in checkpoint.best.items()},
        **{f"state/{place}": values for place, values in enumerate(checkpoint.state)},
        "history": _table(checkpoint.history),
        **{f"facts/{name}": _column(checkpoint.history, name) for name in known_facts(checkpoint.history)},
    }
    needed = sum(array.nbytes for array in tensors.values())
    if needed > LIMIT - _HEADER_BYTES:
        raise DoesNotFitError(
            "the model has too many parameters to be kept",
            code="train.checkpoint-too-large",
            found=size(needed),
            wanted=f"at most {size(LIMIT - _HEADER_BYTES)}",
        )
    rest = {
        "version": VERSION,
        "config": checkpoint.config,
        "data": checkpoint.data,
        "seed": checkpoint.seed,
        "best_epoch": checkpoint.best_epoch,
        "metrics": checkpoint.metrics,
        "stopped": checkpoint.stopped,
    }
    return _encoded(tensors, json.dumps(rest, sort_keys=True, allow_nan=False))


def read(path: Path) -> Checkpoint:
    """The checkpoint in a file. Raises :class:`~qsac.errors.QsacError` for what is none, or damaged."""
    return decoded(read_file(path, LIMIT, "checkpoint file"), str(path))


def decoded(data: bytes, source: str) -> Checkpoint:
    """The checkpoint of a file's content; ``source`` names it in errors. Raises :class:`~qsac.errors.QsacError`."""
    try:
        tensors, rest = _decoded(data, source)
        return _checkpoint(tensors, rest)
    except QsacError as error:
        raise error.located(source) from None


def check(checkpoint: Checkpoint, source: str, config: str, data: str, shapes: Arrays, state: Sequence[Any]) -> None:
    """Raise :class:`~qsac.errors.InvalidInputError` unless a checkpoint is of this configuration, these data, and
    parameters and a state of the same shapes and types."""
    what = None
    if checkpoint.config != config:
        what = "another configuration"
    elif checkpoint.data != data:
        what = "other data"
    elif _shapes(checkpoint.parameters) != _shapes(shapes) or _shapes(checkpoint.best) != _shapes(shapes):
        what = "a model with other parameters"
    elif [_shape(one) for one in checkpoint.state] != [_shape(one) for one in state]:
        what = "another optimiser"
    if what is not None:
        raise InvalidInputError(
            "the checkpoint is of another training",
            code="train.other-checkpoint",
            source=source,
            found=f"a checkpoint of {what}",
            help="--restart begins anew, -o NEW trains in another folder",
        )


def _shape(array: Any) -> tuple[tuple[int, ...], str]:
    return tuple(array.shape), np.dtype(array.dtype).name


def _shapes(arrays: Arrays) -> dict[str, tuple[tuple[int, ...], str]]:
    return {name: _shape(array) for name, array in arrays.items()}


def _table(history: Sequence[Epoch]) -> NDArray[np.float64]:
    rows = [
        [one.train, *(math.nan if value is None else value for value in (one.validation, one.gradient_norm)), one.rate]
        for one in history
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def _column(history: Sequence[Epoch], name: str) -> NDArray[np.float64]:
    values = ((one.facts or {}).get(name) for one in history)
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _encoded(tensors: Mapping[str, NDArray[Any]], rest: str) -> list[bytes]:
    """A .safetensors file in parts. Tensors in order of their names, so that the same content has the same bytes."""
    header: dict[str, Any] = {"__metadata__": {_METADATA: rest}}
    blocks, start = [], 0
    # Wider numbers first: then each tensor begins at a multiple of its numbers' width.
    for name, array in sorted(tensors.items(), key=lambda item: (-item[1].dtype.itemsize, item[0])):
        block = np.ascontiguousarray(array).tobytes()
        kind = _NAMES[np.dtype(array.dtype)]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [start, start + len(block)]}
        blocks.append(block)
        start += len(block)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return [struct.pack("<Q", len(text)), text, *blocks]


def _damaged(found: str) -> InvalidInputError:
    return InvalidInputError(
        "the checkpoint is damaged, or none of qsac",
        code="train.damaged-checkpoint",
        found=found,
        help="--restart begins anew",
    )


def _decoded(data: bytes, source: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The tensors and the metadata."""
    (length,) = struct.unpack("<Q", data[:8]) if len(data) >= 8 else (0,)
    if not 2 <= length <= min(len(data) - 8, _HEADER_BYTES):
        raise _damaged("it has no valid header")
    try:
        header = parse(data[8 : 8 + length], source, "header of the checkpoint")
    except QsacError as error:
        raise _damaged(error.title) from None
    if not isinstance(header, dict) or len(header) > _MOST_TENSORS:
        raise _damaged("its header is no object of tensors")
    metadata = header.pop("__metadata__", None)
    text = metadata.get(_METADATA) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise _damaged(f"its header does not have {_METADATA}")
    try:
        rest = parse(text.encode("utf-8", "surrogatepass"), source, "header of the checkpoint")
    except QsacError as error:
        raise _damaged(error.title) from None
    if not isinstance(rest, dict):
        raise _damaged(f"{_METADATA} is no object")
    tensors = {name: _tensor(name, entry, memoryview(data)[8 + length :]) for name, entry in header.items()}
    return tensors, rest


def _tensor(name: str, entry: object, data: memoryview) -> NDArray[Any]:
    fields = entry if isinstance(entry, dict) else {}
    kind, shape, offsets = fields.get("dtype"), _lengths(fields.get("shape")), _lengths(fields.get("data_offsets"))
    if kind not in _TYPES or shape is None or offsets is None or len(offsets) != 2:
        raise _damaged(f"the tensor {name[:100]} is not described")
    first, last = offsets
    dtype = np.dtype(_TYPES[kind])
    if not first <= last <= len(data) or last - first != dtype.itemsize * math.prod(shape):
        raise _damaged(f"the tensor {name[:100]} has {size(last - first)} in a file of {size(len(data))}")
    values: NDArray[Any] = np.frombuffer(data[first:last], dtype=dtype).reshape(shape).copy()
    if name != "history" and not name.startswith("facts/") and dtype.kind == "f" and not np.isfinite(values).all():
        raise _damaged(f"the tensor {name[:100]} has numbers that are not finite")
    return values


def _lengths(values: object) -> tuple[int, ...] | None:
    """A short list of sizes as a tuple; None for anything else."""
    if isinstance(values, list) and len(values) <= 8 and all(type(one) is int and 0 <= one <= LIMIT for one in values):
        return tuple(values)
    return None


def _checkpoint(tensors: Mapping[str, NDArray[Any]], rest: Mapping[str, Any]) -> Checkpoint:
    version = rest.get("version")
    if type(version) is int and version > VERSION:
        raise InvalidInputError(
            "the checkpoint was written by a newer qsac",
            code="train.newer-checkpoint",
            found=f"version {version}",
            wanted=f"at most version {VERSION}",
        )
    history = _history(tensors.get("history"), _below("facts", tensors))
    kinds: dict[str, type | tuple[type, ...]] = {"config": str, "data": str, "seed": int, "best_epoch": int}
    if version != VERSION or any(type(rest.get(name)) is not kind for name, kind in kinds.items()):
        raise _damaged(f"{_METADATA} lacks fields")
    if not 0 <= rest["best_epoch"] <= len(history) or rest.get("stopped") not in (None, "finished", "early"):
        raise _damaged("an epoch or state that cannot be")
    state = _below("state", tensors)
    if set(state) != {str(place) for place in range(len(state))}:
        raise _damaged("the optimiser's state is not complete")
    return Checkpoint(
        config=rest["config"],
        data=rest["data"],
        seed=rest["seed"],
        parameters=_below("parameters", tensors),
        best=_below("best", tensors),
        best_epoch=rest["best_epoch"],
        state=[state[str(place)] for place in range(len(state))],
        history=history,
        metrics=_metrics(rest.get("metrics")),
        stopped=rest.get("stopped"),
    )


def _below(group: str, tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(f"{group}/"): one for name, one in tensors.items() if name.startswith(f"{group}/")}


def _history(table: NDArray[Any] | None, facts: Arrays) -> tuple[Epoch, ...]:
    if table is None or table.dtype != np.float64 or table.ndim != 2 or table.shape[1] != 4:
        raise _damaged("its history is not a table of four columns")
    if not np.isfinite(table[:, [0, 3]]).all():
        raise _damaged("its history has numbers that are not finite")
    if any(column.dtype != np.float64 or column.shape != (len(table),) for column in facts.values()):
        raise _damaged("its facts are not columns of the history")
    if any(np.isinf(column).any() for column in facts.values()):
        raise _damaged("its facts have numbers that are not finite")
    columns = {name: column.tolist() for name, column in facts.items()}
    return tuple(
        Epoch(place, train, _known(validation), _known(norm), rate, _facts(columns, place - 1))
        for place, (train, validation, norm, rate) in enumerate(table.tolist(), 1)
    )


def _facts(columns: Mapping[str, Sequence[float]], row: int) -> dict[str, float] | None:
    """What is known of an epoch."""
    if not columns:
        return None
    return {name: column[row] for name, column in columns.items() if not math.isnan(column[row])}


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _metrics(given: object) -> Mapping[str, Metrics] | None:
    if given is None:
        return None
    parts = given.values() if isinstance(given, dict) else [None]
    for part in parts:
        if not isinstance(part, dict) or not all(value is None or type(value) is float for value in part.values()):
            raise _damaged("its metrics are not numbers by name")
    return given  # type: ignore[return-value]  # checked just now
