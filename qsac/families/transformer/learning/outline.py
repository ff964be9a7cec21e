"""What of a model is learned, and what stays: a model file whose arrays are numbers, or names of what is learned.

An outline is a tree of the model file's objects and lists. Its leaves are arrays, tuples and kernels that stay, arrays
that are learned or parts of them (:class:`Learned`), and coefficients of which some are (:class:`Terms`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.files.numbers import Numbers, as_lists

Tree: TypeAlias = Any
"""A part of an outline: an object, a list, a leaf, or a value that is no number of the model."""

Place: TypeAlias = tuple[str | int, ...]
"""Where a part stands in the model file."""


@dataclass(frozen=True, eq=False)
class Array:
    """An array that is learned. ``start``: what training starts from, or the standard deviation of what is drawn.
    ``orthogonal``: only its polar factor counts."""

    shape: tuple[int, ...]
    start: Numbers | float
    complex: bool = False
    orthogonal: bool = False

    @property
    def stored(self) -> tuple[int, ...]:
        """The shape of the real array: a complex one has an axis of 2 more, for real and imaginary parts."""
        return (*self.shape, 2) if self.complex else self.shape

    @property
    def freedom(self) -> int:
        """How many real numbers are learned: of orthogonal rows or columns as many as they have degrees of freedom."""
        count = int(np.prod(self.stored))
        if not self.orthogonal:
            return count
        lesser = min(self.shape)
        return count - (lesser**2 if self.complex else lesser * (lesser + 1) // 2)

    def drawn(self, random: np.random.Generator) -> NDArray[np.float64]:
        """The real array that training starts from."""
        if isinstance(self.start, float):
            parts = random.normal(size=self.stored) * self.start / np.sqrt(1 + self.complex)
            return real_of(polar(complex_of(parts, self)), self) if self.orthogonal else parts
        return real_of(self.start, self)


@dataclass(frozen=True)
class Learned:
    """An array that is learned, or a part of it: of its rows or columns from ``first`` on, as many as ``count``."""

    name: str
    axis: int = 0
    first: int = 0
    count: int | None = None

    def of(self, values: Mapping[str, Any]) -> Any:
        """Its numbers, by the values of all arrays."""
        whole = values[self.name]
        if self.count is None:
            return whole
        return whole[(slice(None),) * self.axis + (slice(self.first, self.first + self.count),)]


@dataclass(frozen=True)
class Terms:
    """``size`` coefficients, of which those at ``places`` are learned, and the others are 0: what is 0 belongs to the
    structure of a circuit."""

    name: str
    places: tuple[int, ...]
    size: int

    def of(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The coefficients: exactly 0.0 where they are not learned."""
        found: list[Any] = [0.0] * self.size
        for number, place in enumerate(self.places):
            found[place] = values[self.name][number]
        return tuple(found)


@dataclass(frozen=True)
class FixedKernel:
    """A kernel that stays: its coefficients, and its field in the model file."""

    coefficients: tuple[float, ...]
    written: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Outline:
    """A model file without a sequence: its parts ``tokens`` (for words), ``transformer`` and ``readout``, the arrays
    that are learned by name, and d."""

    fields: dict[str, Tree]
    learned: dict[str, Array]
    dimension: int

    @property
    def size(self) -> int:
        """How many real numbers are learned."""
        return sum(array.freedom for array in self.learned.values())

    def values(self, trained: Mapping[str, NDArray[np.float64]]) -> dict[str, Numbers]:
        """The numbers of every array that is learned, by those that are trained."""
        found = {}
        for name, array in self.learned.items():
            numbers = complex_of(np.asarray(trained[name], dtype=np.float64), array)
            found[name] = polar(numbers) if array.orthogonal else numbers
        return found

    def written(self, values: Mapping[str, Numbers]) -> dict[str, Any]:
        """The model file with these numbers, JSON-ready."""

        def leaf(found: Tree) -> Any:
            if isinstance(found, FixedKernel):
                return found.written
            if isinstance(found, Terms):
                return [float(one) for one in found.of(values)]
            if isinstance(found, tuple):
                return list(found)
            return as_lists(found.of(values) if isinstance(found, Learned) else found)

        written: dict[str, Any] = resolved(self.fields, leaf)
        return written


def resolved(tree: Tree, leaf: Callable[[Tree], Any]) -> Any:
    """A tree with something else in place of each leaf."""
    if isinstance(tree, np.ndarray | tuple | Learned | Terms | FixedKernel):
        return leaf(tree)
    if isinstance(tree, dict):
        return {name: resolved(part, leaf) for name, part in tree.items()}
    if isinstance(tree, list):
        return [resolved(part, leaf) for part in tree]
    return tree


def name_of(place: Place) -> str:
    """What an array is called by its place, as in templates: ``layers.0.heads.1.query``, ``readout.vocabulary``; the
    embedding is ``tokens``."""
    if place == ("tokens", "embedding"):
        return "tokens"
    return ".".join(str(part) for part in place if part not in ("transformer", "attention"))


def complex_of(parts: Any, array: Array) -> Any:
    """The numbers of a stored array, NumPy's or JAX's: complex where it is."""
    return parts[..., 0] + 1j * parts[..., 1] if array.complex else parts


def real_of(numbers: Numbers, array: Array) -> NDArray[np.float64]:
    """The reverse of :func:`complex_of`."""
    if not array.complex:
        return np.array(numbers, dtype=np.float64)
    return np.stack([numbers.real, np.imag(numbers)], axis=-1)


def polar(matrix: Numbers) -> Numbers:
    """The nearest matrix with orthogonal rows or columns of length 1."""
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    factor: Numbers = left @ right
    return factor
