"""Data: labelled samples, from a file: what lists of steps are trained on."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from qsac.errors import InvalidInputError
from qsac.families.contract import Fact
from qsac.families.learning import Given, Samples
from qsac.families.schema import Count, Seed
from qsac.files import limits
from qsac.files.fields import Fields, without_default
from qsac.files.pointer import counted
from qsac.training.data import labelled
from qsac.training.data.contract import Data
from qsac.training.data.drawing import Split, generator
from qsac.training.data.labelled import Labelled, Real
from qsac.training.data.windows import chosen

_ORDER = 1
"""The purpose of the numbers that order samples."""


class SamplesFields(Fields):
    """Samples with a target each, in a .json, .csv, .npz or .safetensors file.

    JSON is an object of the lists ``inputs`` and ``targets``, as are the arrays of the last two kinds; a .csv file has
    in each line the inputs and then the target, or ``columns`` numbers. ``targets``: ``classes``, names or whole
    numbers from 0 on; ``bits``, strings of 0 and 1, for which inputs may be absent; ``numbers``. The samples are put in
    an order that the seed draws, and the last ``test_share`` are for testing; or those of the part 1 where the file has
    a ``split``. ``train`` and ``test``: so many; absent: all.
    """

    type: Literal["samples"]
    path: Annotated[str, Field(min_length=1)]
    targets: Literal["classes", "bits", "numbers"] = "classes"
    columns: Count = 1
    test_share: Annotated[float, Field(allow_inf_nan=False, gt=0, lt=1)] = 0.2
    train: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # all
    test: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # all
    seed: Seed = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # the run's


fields = SamplesFields


def make(fields: SamplesFields, seed: int, folder: Path) -> Data:
    """Labelled samples."""
    found = labelled.read(fields.path, fields.targets, fields.columns, folder)
    shape = found.inputs.shape[1:]
    limits.check_sequences(len(found.targets), prod(shape) + found.targets.shape[1], 1, "/data/path")
    rows = np.concatenate([found.inputs.reshape(len(found.targets), -1), found.targets], axis=1)
    order = generator(seed, Split.TRAIN, _ORDER).permutation(len(rows))
    kept = min(max(1, round((1 - fields.test_share) * len(rows))), len(rows) - 1)
    tested = np.arange(len(rows)) >= kept if found.tested is None else found.tested[order]
    rows = rows[order]
    train, test = (
        chosen(rows[~tested], fields.train, seed, Split.TRAIN),
        chosen(rows[tested], fields.test, seed, Split.TEST),
    )
    samples = Samples(shape, fields.targets, found.width, found.labels, _length(found.inputs))
    return Data(
        train=np.ascontiguousarray(train),
        test=np.ascontiguousarray(test),
        given=Given(train.shape[1], None, samples=samples),
        facts=(
            ("samples", f"{len(train):,} for training, {len(test):,} for testing, {_said_of_inputs(shape)}"),
            *_said_of_targets(found, samples, train),
        ),
    )


def _length(inputs: Real) -> float:
    """The root mean square length of vectors, to two digits: by all samples, whatever the seed puts where."""
    if not inputs.size:
        return 1.0
    with np.errstate(over="ignore"):
        length = float(np.sqrt(np.mean(np.sum(inputs**2, axis=-1))))
    if not np.isfinite(length):
        raise InvalidInputError(
            "the numbers of the samples are too large",
            code="number.not-finite",
            pointer="/data/path",
            found="vectors whose length is beyond double precision",
            wanted="numbers below 1e150",
        )
    return float(f"{length:.1e}") or 1.0


def _said_of_inputs(shape: tuple[int, ...]) -> str:
    if shape == (0,):
        return "without inputs"
    if len(shape) == 1:
        return f"{counted(shape[0], 'number')} each"
    return f"{counted(shape[0], 'vector')} of {counted(shape[1], 'number')} each"


def _said_of_targets(found: Labelled, samples: Samples, train: Real) -> list[Fact]:
    """The targets, and what can be had without looking at the inputs."""
    if samples.kind == "numbers":
        spread = float(np.mean(np.var(train[:, -samples.width :], axis=0)))
        return [("targets", f"{counted(samples.width, 'number')}; their mean has a squared error of {spread:.4g}")]
    counts = np.bincount(train[:, -1].astype(np.int64), minlength=samples.outcomes)
    shares = counts[counts > 0] / len(train)
    entropy = float(-(shares * np.log(shares)).sum()) + 0.0
    what = f"{len(found.labels):,} classes" if found.labels else f"strings of {counted(samples.width, 'bit')}"
    often = f"the most frequent one is {shares.max():.3f} of all, their frequencies alone give {entropy:.3f} nats"
    return [("targets", f"{what}; {often}")]
