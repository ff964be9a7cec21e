"""What every kind of data makes: sequences of states or of words, and what is known of them before training starts.

A kind is a module of this package. Its name, with dashes for underscores, is the ``type`` of the configuration's
``data``. It has two attributes: ``fields``, a class, and ``make``, as :class:`KindOfData` says;
:mod:`qsac.training.data.making` finds them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.contract import Fact
from qsac.families.learning import Given
from qsac.files.fields import Fields
from qsac.files.pointer import counted

Sequences: TypeAlias = NDArray[Any]
"""States (S, T+1, d), float64 where all are real, else complex128, rows of length 1; or words (S, L), int64."""

Reals: TypeAlias = NDArray[np.float64]

_DECIMALS = 6
"""Of states, so many decimals go into the digest: those that do not depend on the machine."""


@dataclass(frozen=True)
class Data:
    """Sequences to learn from, and what is known of them. Arrays are read-only.

    ``train`` and ``test`` are never empty; ``validation`` is where a part of its own was asked for, see also
    :meth:`with_validation`. ``given`` says what the sequences are like: ``given.length`` is T+1 for states, L for
    words.

    ``characters``: characters of the text a word of it, for bits per character. ``shares``: of words, (M,), how often
    each occurs in what is trained with, adding up to 1. ``truth``: where the source of the test words is known, (S,
    L-1), the probability of each word after the first, given those before it. ``observables``: of states, Hermitian
    matrices (d, d) by name, such as ``m``, the mean of Z over the sites.

    ``facts`` are said before training starts, ``warnings`` too.
    """

    train: Sequences
    test: Sequences
    given: Given
    validation: Sequences | None = None
    characters: float | None = None
    shares: Reals | None = None
    truth: Reals | None = None
    observables: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.train, self.test, self.validation, self.shares, self.truth, *self.observables.values()):
            if array is not None:
                array.flags.writeable = False

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the sequences, in hexadecimal. States count to six decimals, which all machines agree about."""
        digest = hashlib.sha256()
        for name, array in (("train", self.train), ("test", self.test), ("validation", self.validation)):
            if array is not None:
                digest.update(f"{name} {array.shape} {array.dtype.kind}\n".encode())
                for sequence in array:
                    digest.update(_stable(sequence))
        if self.given.labels is not None:
            digest.update("\n".join(map(repr, self.given.labels)).encode())
        return digest.hexdigest()

    @property
    def optimum(self) -> float | None:
        """The test cross entropy of the true source, in nats a word: no model has a lower one, but by chance. None
        where the source is not known."""
        return None if self.truth is None else float(-np.log(self.truth).mean())

    def with_validation(self, share: float) -> Data:
        """The same data, where the last ``share`` of the training sequences validate, at least one; as they are where
        sequences for validation were asked for already. Raises :class:`~qsac.errors.InvalidInputError` where too few
        sequences are left."""
        if self.validation is not None:
            return self
        total = len(self.train)
        taken = max(1, round(share * total))
        if taken >= total:
            raise InvalidInputError(
                "no sequence is left to train with",
                code="data.too-few-sequences",
                pointer="/validation/share",
                found=f"{counted(total, 'training sequence')}, of which {taken} would validate",
                wanted="more training sequences, or a smaller share",
            )
        return replace(self, train=self.train[:-taken].copy(), validation=self.train[-taken:].copy())


def _stable(array: Sequences) -> bytes:
    """Bytes that stand for an array on all machines."""
    if array.dtype.kind == "i":
        return bytes(array.astype("<i8").data)
    parts = np.ascontiguousarray(array).view(np.float64)
    return bytes(np.rint(parts * 10**_DECIMALS).astype("<i8").data)


class KindOfData(Protocol):
    """The module of a kind of data."""

    @property
    def fields(self) -> type[Fields]:
        """The class of ``data`` in a configuration: ``type`` is a literal, ``seed`` is None where it is absent."""

    def make(self, fields: Any, seed: int, folder: Path) -> Data:
        """The data of such fields.

        ``seed`` is that of the data, or the run's where the data have none; files are named relative to ``folder`` and
        lie within it. Raises :class:`~qsac.errors.InvalidInputError` with pointers that begin with ``/data``, and
        :class:`~qsac.errors.DoesNotFitError` before memory is taken.
        """
