"""How often models are right, with what is uncertain about it, and how two of them differ on the same texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.files.pointer import counted
from qsac.text.samples import LabelledSamples
from qsac.text.splitting import PARTS

Numbers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Accuracy:
    """The share of samples that a model gets right, the mean over its seeds.

    ``over_seeds``: the standard error of that mean, from how seeds differ; None for one seed. ``over_samples``: its
    standard error from which samples there are, sqrt(sum_i (a_i - mean)^2) / n, a_i how often sample i is right.
    """

    mean: float
    over_seeds: float | None
    over_samples: float
    samples: int
    seeds: int


@dataclass(frozen=True)
class Difference:
    """By how much one model is right more often than another on the same ``samples``, with its standard error."""

    mean: float
    standard_error: float
    samples: int
    seeds: int

    @property
    def within(self) -> bool:
        """Whether it is within 0.01, or within two standard errors of nothing."""
        return abs(self.mean) <= max(0.01, 2 * self.standard_error)


@dataclass(frozen=True, eq=False)
class Scored:
    """The predictions of a model: the class of each of the N samples for each of S seeds, (S, N).

    ``parameters``: how many numbers were learned. ``label``: what its row is called.
    """

    label: str
    parameters: int
    predictions: Numbers
    samples: LabelledSamples

    def right(self, part: str) -> NDArray[np.float64]:
        """1 where a sample of a part is right, else 0, (S, n)."""
        _, labels = self.samples.of(part)
        return np.asarray(self.predictions[:, self.samples.places(part)] == labels, dtype=np.float64)

    def accuracy(self, part: str = "test") -> Accuracy:
        """How often samples of a part are right."""
        right = self.right(part)
        seeds, number = right.shape
        return Accuracy(
            float(right.mean()), _error(right.mean(axis=1)), _error(right.mean(axis=0)) or 0.0, number, seeds
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: the accuracy of each part."""
        parts = {name: vars(self.accuracy(name)) for name in PARTS if len(self.samples.places(name))}
        return {"label": self.label, "parameters": self.parameters, **parts}


def scored(label: str, parameters: int, predictions: Any, samples: LabelledSamples) -> Scored:
    """The scores of any model. ``predictions``: numbers of classes, (S, N) or (N,) for one seed, in the order of the
    samples. Raises :class:`~qsac.errors.InvalidInputError` for another shape."""
    found = np.atleast_2d(np.asarray(predictions))
    if found.ndim != 2 or found.shape[1] != len(samples) or found.dtype.kind not in "iu":
        raise InvalidInputError(
            "the predictions do not go with the samples",
            code="features.unequal-lengths",
            found=f"an array of the type {found.dtype} and shape {found.shape}",
            wanted=f"whole numbers of shape (seeds, {len(samples)})",
        )
    return Scored(label, parameters, found.astype(np.int64), samples)


def difference(one: Scored, other: Scored, part: str = "test") -> Difference:
    """The paired difference of two models that have seen the same samples, ``one`` minus ``other``.

    D_si is the difference for seed s and sample i; a model of one seed counts for every seed of the other. Seeds and
    samples are drawn both: the squared standard error is the variance of the seeds' means over S plus the variance of
    the samples' means over n, which counts the rest of D_si twice, on the safe side. Raises
    :class:`~qsac.errors.InvalidInputError` where numbers of seeds differ.
    """
    ours, theirs = one.right(part), other.right(part)
    if ours.shape[1] != theirs.shape[1] or (len(ours) != len(theirs) and 1 not in (len(ours), len(theirs))):
        raise InvalidInputError(
            "two models cannot be compared pair by pair",
            code="features.unequal-lengths",
            found=f"{counted(len(ours), 'seed')} and {counted(len(theirs), 'seed')} of {ours.shape[1]:,} and "
            f"{theirs.shape[1]:,} samples",
            wanted="the same samples, and as many seeds, or one",
        )
    found = ours - theirs
    seeds, number = found.shape
    squares = [error**2 for error in (_error(found.mean(axis=1)), _error(found.mean(axis=0))) if error is not None]
    return Difference(float(found.mean()), float(np.sqrt(sum(squares))), number, seeds)


def table(rows: Sequence[Scored], reference: Scored | None = None) -> list[list[str]]:
    """Lines of cells, the first their titles: accuracies on train and test with the standard error over seeds, that of
    the test part from its samples, and the paired difference from ``reference``."""
    head = ["model", "parameters", "train", "test", "of samples"]
    lines = [[*head, f"less {reference.label}"] if reference is not None else head]
    for row in rows:
        test = row.accuracy("test")
        cells = [
            row.label,
            f"{row.parameters:,}",
            _shown(row.accuracy("train")),
            _shown(test),
            f"{test.over_samples:.3f}",
        ]
        if reference is not None:
            apart = None if row is reference else difference(row, reference)
            cells.append("" if apart is None else f"{apart.mean:+.3f} ± {apart.standard_error:.3f}")
        lines.append(cells)
    return lines


def _shown(found: Accuracy) -> str:
    return f"{found.mean:.3f}" + ("" if found.over_seeds is None else f" ± {found.over_seeds:.3f}")


def _error(means: NDArray[np.float64]) -> float | None:
    """The standard error of the mean of such numbers; None for one."""
    return float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else None
