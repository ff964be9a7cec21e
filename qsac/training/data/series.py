"""Data: windows of a numeric series, or several series of one length, as states.

A row of numbers becomes a state in one of two ways. ``normalise`` divides it by its length, which is lost.
``amplitude`` keeps it: the row is centred and scaled by what the training rows have, and a last entry 1 is added, so
that (x, 1) has a direction that tells x from 2x; then it is divided by its length. Entries of a predicted state z are
read back as centre + scale z_k / z_last, whatever its length and phase.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from qsac.errors import InvalidInputError
from qsac.families.contract import Fact
from qsac.families.learning import Given
from qsac.families.schema import ArrayName, Bounded, Count, Seed
from qsac.families.tokens.file import file_series
from qsac.families.tokens.sequence import normalised
from qsac.files import limits
from qsac.files.fields import Fields, without_default
from qsac.files.numbers import exactly_real
from qsac.files.pointer import counted, quoted
from qsac.training.data.contract import Data
from qsac.training.data.drawing import Split
from qsac.training.data.trajectories import persistence
from qsac.training.data.windows import chosen, parted, windows

Rows: TypeAlias = NDArray[Any]
Parts: TypeAlias = dict[Split, list[Rows]]
_SHOWN = 4


class SeriesFields(Fields):
    """Windows of ``context`` + 1 rows of the array in a .npy, .npz, .csv or .safetensors file.

    The array has one row a time step, (N, d) or (N,), and its last ``test_share`` is for testing; or it has several
    series, (S, T+1, d), of which the last ones are. Windows begin every ``stride`` rows (absent: every ``context``
    rows), for testing every ``context`` rows; an absent ``context`` takes several series whole. ``train`` and ``test``:
    so many windows, drawn by the seed; absent: all. ``scale`` is for the rows' encoding "amplitude"; absent: the root
    mean square length of the centred training rows.
    """

    type: Literal["series"]
    path: Annotated[str, Field(min_length=1)]
    array: ArrayName = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # the only one
    context: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # whole series
    stride: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # the context
    rows: Literal["normalise", "amplitude"] = "normalise"
    scale: Annotated[Bounded, Field(gt=0)] = Field(
        default=None,  # type: ignore[assignment]  # that of the training rows
        json_schema_extra=without_default,
    )
    test_share: Annotated[float, Field(allow_inf_nan=False, gt=0, lt=1)] = 0.2
    train: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # all
    test: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # all
    seed: Seed = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # the run's


fields = SeriesFields


def make(fields: SeriesFields, seed: int, folder: Path) -> Data:
    """Windows of states."""
    values = exactly_real(file_series(fields.path, folder, "/data/path", fields.array))
    values = values[:, None] if values.ndim == 1 else values
    limits.check_tokens(1, values.shape[-1] + 1, "/data/path")
    context = _context(fields, values.shape)
    rows = parted(list(values) if values.ndim == 3 else [values], fields.test_share)
    states, said = _amplitudes(rows, fields.scale) if fields.rows == "amplitude" else _directions(rows, fields.path)
    parts = {}
    for split, number in ((Split.TRAIN, fields.train), (Split.TEST, fields.test)):
        stride = context if split is Split.TEST or fields.stride is None else fields.stride
        found = windows(states[split], context + 1, stride, "/data/context")
        if not len(found):
            raise _too_short(rows[split], context, split)
        parts[split] = chosen(found, number, seed, split)
    train, test = parts[Split.TRAIN], parts[Split.TEST]
    shape = f"{len(values):,} rows" if values.ndim == 2 else f"{len(values):,} series of {values.shape[1]:,} rows"
    return Data(
        train=train,
        test=test,
        given=Given(context + 1, train.shape[2], real=train.dtype.kind == "f"),
        facts=(
            ("series", f"{shape}, {counted(values.shape[-1], 'number')} each"),
            ("windows", f"{len(train):,} for training, {len(test):,} for testing"),
            *said,
            persistence(test),
        ),
    )


def _context(fields: SeriesFields, shape: tuple[int, ...]) -> int:
    if fields.context is not None:
        return fields.context
    if len(shape) == 3:
        return max(1, shape[1] - 1)
    raise InvalidInputError(
        "the context is missing: one series is cut into windows",
        code="field.missing",
        pointer="/data",
        found=f"an array of shape {shape}",
        wanted='"context", the number of rows that predictions are made from',
        help='for example "context": 16; several series of one length are an array of shape (S, T+1, d)',
    )


def _directions(rows: Parts, path: str) -> tuple[Parts, tuple[Fact, ...]]:
    """Rows divided by their lengths."""
    if rows[Split.TRAIN][0].shape[1] < 2:
        raise InvalidInputError(
            "a number alone has no direction",
            code="tokens.dimension-too-small",
            pointer="/data/rows",
            found=f"rows of 1 number in {quoted(path)}",
            wanted="rows of at least 2 numbers",
            help='"rows": "amplitude" adds an entry, and keeps the number',
        )
    for row in (row for part in rows.values() for stream in part for row in stream[~stream.any(axis=1)][:1]):
        raise InvalidInputError(
            "a row of the series is zero",
            code="tokens.zero-token",
            pointer="/data/rows",
            found=f"a row with all {len(row):,} entries 0 in {quoted(path)}",
            wanted="at least one entry other than 0: rows are divided by their lengths",
            help='"rows": "amplitude" adds an entry, and keeps rows that are zero',
        )
    return {split: [normalised(one, one.shape[1]) for one in part] for split, part in rows.items()}, ()


def _amplitudes(rows: Parts, scale: float | None) -> tuple[Parts, tuple[Fact, ...]]:
    """Rows, centred and scaled as those for training ask for, with an entry 1, divided by their lengths."""
    train = np.concatenate(rows[Split.TRAIN])
    with np.errstate(over="ignore", invalid="ignore"):
        centre = train.mean(axis=0)
        if scale is None:
            scale = float(np.sqrt((np.abs(train - centre) ** 2).sum(axis=1).mean())) or 1.0
        scaled = {split: [(stream - centre) / scale for stream in part] for split, part in rows.items()}
    if not all(np.isfinite(stream).all() for part in scaled.values() for stream in part):
        raise InvalidInputError(
            "the numbers of the series are too large",
            code="number.not-finite",
            pointer="/data/path",
            found="numbers that are beyond double precision once they are centred and scaled",
            wanted="numbers below 1e150",
        )

    def encoded(stream: Rows) -> Rows:
        return normalised(np.concatenate([stream, np.ones((len(stream), 1))], axis=1), stream.shape[1] + 1)

    said: list[Fact] = [("scale", f"{scale:.6g}")]
    if len(centre) <= _SHOWN:
        said.append(("centre", ", ".join(f"{number:.6g}" for number in centre)))
    return {split: [encoded(one) for one in part] for split, part in scaled.items()}, tuple(said)


def _too_short(streams: Sequence[Rows], context: int, split: Split) -> InvalidInputError:
    return InvalidInputError(
        f"the series is too short: it has no window for {split.purpose}",
        code="data.too-few-sequences",
        pointer="/data/context",
        found=f"at most {counted(max(map(len, streams)), 'row')} in one piece",
        wanted=f"{context + 1:,}, one more than the context",
        help='a smaller "context", or another "test_share"',
    )
