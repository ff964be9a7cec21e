"""What every encoder offers.

A kind is a module of this package. Its name, with dashes for underscores, is what ``--encoder`` calls it. It has two
functions, as :class:`KindOfEncoder` says; :mod:`qsac.text.encoders.finding` finds them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Reals: TypeAlias = NDArray[np.float64]
Arrays: TypeAlias = Mapping[str, NDArray[Any]]
Record: TypeAlias = Mapping[str, Any]


class Encoder(Protocol):
    """An encoder that is ready: the same text becomes the same vector, whatever other texts there are, up to rounding.

    ``record`` says what it is, JSON-ready: its name, where it comes from, which version; ``arrays`` are the numbers
    that it was fitted with, none for one that was trained before. Together they are kept in files, and the encoder is
    restored from them. ``costly``: whether vectors are worth keeping.
    """

    @property
    def record(self) -> Record: ...

    @property
    def arrays(self) -> Arrays: ...

    @property
    def dimension(self) -> int: ...

    @property
    def costly(self) -> bool: ...

    def vectors(self, texts: Sequence[str]) -> Reals:
        """(N, F), finite. Raises :class:`~qsac.errors.QsacError`."""


class KindOfEncoder(Protocol):
    """The module of an encoder."""

    def fitted(self, texts: Sequence[str]) -> Encoder:
        """The encoder, fitted to the texts that are trained with, or as it was trained before."""

    def restored(self, record: Record, arrays: Arrays) -> Encoder:
        """The encoder of a file. Raises :class:`~qsac.errors.InvalidInputError` where the numbers do not go together,
        or where another version is installed."""
