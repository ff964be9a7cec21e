"""Labelled samples: vectors with their classes and parts, as arrays of a .npz file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.arguments import file_path
from qsac.errors import InvalidInputError, QsacError
from qsac.families.tokens.named import NamedFile
from qsac.families.tokens.npz import array_names, read_npz
from qsac.families.tokens.opening import opened
from qsac.families.tokens.shape import SERIES
from qsac.files import limits
from qsac.files.pointer import counted, listed
from qsac.text.encoders.contract import Reals
from qsac.text.splitting import Marks, Part, part

NOUN = "file of features"
_MOST_ARRAYS = 32


@dataclass(frozen=True, eq=False)
class LabelledSamples:
    """N samples. ``features``: (N, F) for vectors, (N, T, F) for sequences; ``labels``: the number of each one's class,
    (N,), or None; ``classes``: the classes' names; ``parts``: what each is for, (N,), or None."""

    features: Reals
    labels: NDArray[np.int64] | None
    classes: tuple[str, ...]
    parts: Marks | None

    def __len__(self) -> int:
        return len(self.features)

    def of(self, name: str) -> tuple[Reals, NDArray[np.int64]]:
        """Features and labels of the part ``train``, ``validation`` or ``test``. Raises
        :class:`~qsac.errors.InvalidInputError` where it has none, or samples have no labels."""
        chosen = self.places(name)
        if self.labels is None or not len(chosen):
            raise InvalidInputError(
                "the samples have no labels" if self.labels is None else f"there are no samples for the part {name}",
                code="features.unlabelled" if self.labels is None else "features.too-few-texts",
                found=counted(len(self), "sample"),
                wanted="labels, and samples of every part to train, to validate and to test with",
                help="give texts with labels; --validation and --test say how many are for which part",
            )
        return self.features[chosen], self.labels[chosen]

    def places(self, name: str) -> NDArray[np.int64]:
        """The numbers of the samples of a part."""
        if self.parts is None:
            return np.arange(len(self) if part(name) is Part.TRAIN else 0)
        return np.flatnonzero(self.parts == part(name))


def read_samples(path: str | os.PathLike[str]) -> LabelledSamples:
    """The samples of a .npz file: the arrays ``inputs``, ``targets`` and ``split``; the last two may be absent.

    Raises :class:`~qsac.errors.InvalidInputError` for a file that is missing, of another kind or damaged, and
    :class:`~qsac.errors.DoesNotFitError` where it is too large.
    """
    place = Path(file_path(path, NOUN))
    try:
        return samples_of(read_arrays(place), str(place))
    except QsacError as error:
        error.pointer = None
        raise error.located(str(place)) from None


def samples_of(
    arrays: Mapping[str, NDArray[Any]], source: str, classes: tuple[str, ...] | None = None
) -> LabelledSamples:
    """The samples that arrays of a file make, once they go together."""
    features = arrays.get("inputs")
    if features is None or features.ndim not in (2, 3) or features.dtype.kind not in "iuf":
        found = f"the arrays {listed(sorted(arrays))}" if features is None else _shape(features)
        raise damaged(found, source, "an array inputs of real numbers, (N, F) or (N, T, F)")
    values = features.astype(np.float64)
    if not np.isfinite(values).all():
        first = np.unravel_index(int(np.argmin(np.isfinite(values))), values.shape)
        raise InvalidInputError(
            "a feature is not a finite number",
            code="number.not-finite",
            source=source,
            found=f"{values[first]} in sample {first[0]:,} (counted from 0)",
            wanted="finite numbers",
        )
    labels, parts = (_whole(arrays, name, len(values), source) for name in ("targets", "split"))
    number = 0 if labels is None else int(labels.max()) + 1
    limits.check_classes(number)
    if classes is None:
        classes = tuple(map(str, range(number)))
    if number > len(classes):
        raise damaged(f"a label {number - 1:,} and {counted(len(classes), 'class')}", source, "labels from 0 on")
    if parts is not None and parts.max() > max(Part):
        raise damaged(f"a part {parts.max():,}", source, "0 to train, 1 to test, 2 to validate")
    return LabelledSamples(values, labels, classes, None if parts is None else parts.astype(np.int8))


def damaged(found: str, source: str | None, wanted: str) -> InvalidInputError:
    """The diagnostic for arrays that are not what a file of features holds."""
    return InvalidInputError(
        "the file of features does not hold what it should",
        code="features.damaged-file",
        source=source,
        found=found,
        wanted=wanted,
    )


def read_arrays(place: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a .npz file by name, their sizes checked before memory is taken."""
    wanted = "a .npz file that qsac features has written"
    try:
        return opened(place, _all_arrays, noun=NOUN, wanted=wanted, least=SERIES, suffix=".npz")
    except QsacError as error:
        error.pointer = None
        raise


def _all_arrays(file: NamedFile) -> dict[str, NDArray[Any]]:
    names = array_names(file)
    if len(names) > _MOST_ARRAYS:
        raise file.damaged(counted(len(names), "array"), f"at most {_MOST_ARRAYS}")
    found: dict[str, NDArray[Any]] = {}
    entries = 0
    for name in names:
        found[name] = read_npz(replace(file, array=name))
        entries += found[name].size
        limits.check_features(1, entries)
    return found


def _whole(arrays: Mapping[str, NDArray[Any]], name: str, number: int, source: str) -> NDArray[np.int64] | None:
    """An array of whole numbers from 0 on, one for each sample."""
    values = arrays.get(name)
    if values is None:
        return None
    if values.dtype.kind not in "iu" or values.shape != (number,) or values.min() < 0 or values.max() > 2**31:
        raise damaged(f"{name}: {_shape(values)}", source, f"whole numbers from 0 on, {number:,} of them")
    return values.astype(np.int64)


def _shape(values: NDArray[Any]) -> str:
    return f"numbers of the type {values.dtype} and shape {values.shape}"
