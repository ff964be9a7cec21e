"""Immutable arrays that can be fields of frozen ops: compared and hashed by value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.product_formulas import Evolution

if TYPE_CHECKING:
    from qsac.ir.derivation import Derivation


class Table:
    """A read-only float64 or complex128 array of any shape, equal to another one of the same bytes.

    A complex array whose imaginary parts are all exactly zero is kept as a real one, so that ``real`` is a fact about
    the values; with ``complex`` any array is kept as a complex one, for programs that must serve other values too.

    ``source`` says where the rows come from, if more is known than their values: each row is the one before it after
    one time step of an evolution. It goes where the table goes, and is part of what tables are compared by.
    ``derivation`` says how the values came from other tables of a program, so that they can be recomputed for
    other values of those; ``pattern`` is a table of the same shape whose values decide how the rows are loaded, in
    place of its own. Neither is compared.

    ``known`` is false for the tables that have no numbers (:class:`~qsac.ir.shaped_table.ShapedTable`).
    """

    __slots__ = ("_hash", "derivation", "pattern", "source", "values")

    known: ClassVar[bool] = True
    values: NDArray[Any]
    source: Evolution | None
    derivation: Derivation | None
    pattern: Table | None

    def __init__(
        self,
        values: NDArray[Any] | Sequence[Any],
        source: Evolution | None = None,
        derivation: Derivation | None = None,
        *,
        complex: bool = False,
        pattern: Table | None = None,
    ) -> None:
        array = np.asarray(values)
        if complex:
            array = array.astype(np.complex128)
        elif np.iscomplexobj(array):
            array = array.astype(np.complex128) if np.any(array.imag) else array.real
        if not np.iscomplexobj(array):
            array = array.astype(np.float64)
        # Adding zero turns -0.0 into 0.0: equal tables are then equal in their bytes.
        array = np.ascontiguousarray(array) + 0.0
        array.flags.writeable = False
        self.values = array
        self.source = source
        self.derivation = derivation
        self.pattern = pattern
        self._hash: int | None = None

    @property
    def real(self) -> bool:
        return self.values.dtype == np.float64

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def negated(self) -> Table:
        """The table of the negated numbers."""
        return Table(-self.values)

    def reversed(self) -> Table:
        """The table with its rows in the opposite order."""
        return Table(self.values[::-1])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        if not other.known or self.source != other.source:
            return False
        return self.shape == other.shape and self.real == other.real and self.values.tobytes() == other.values.tobytes()

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((self.shape, self.values.tobytes()))
        return self._hash

    def __repr__(self) -> str:
        kind = "real" if self.real else "complex"
        return f"Table({kind}, shape={self.shape})"

    def to_json(self) -> Any:
        """Nested lists of numbers if real, ``{"re": ..., "im": ...}`` if complex; exact (shortest round trip)."""
        if self.real:
            return self.values.tolist()
        return {"re": self.values.real.tolist(), "im": self.values.imag.tolist()}

    @classmethod
    def from_json(cls, data: Any) -> Table:
        """The table that :meth:`to_json` wrote. Raises ValueError or TypeError for anything else."""
        if isinstance(data, dict):
            if set(data) != {"re", "im"}:
                raise ValueError("a complex table has exactly the parts 're' and 'im'")
            real, imaginary = _numbers(data["re"]), _numbers(data["im"])
            if real.shape != imaginary.shape:
                raise ValueError("the parts 're' and 'im' of a complex table differ in shape")
            values = np.empty(real.shape, dtype=np.complex128)
            values.real, values.imag = real, imaginary
            return cls(values, complex=True)
        return cls(_numbers(data))


def _numbers(data: Any) -> NDArray[np.float64]:
    """The array of nested lists of numbers, which texts, booleans and integers beyond floats are not."""
    entries = [data]
    while any(isinstance(entry, list) for entry in entries):
        if not all(isinstance(entry, list) for entry in entries):
            raise ValueError("lists and numbers are mixed")
        entries = [entry for inner in entries for entry in inner]
    if not {type(entry) for entry in entries} <= {int, float}:
        raise TypeError("an entry is no number")
    try:
        return np.asarray(data, dtype=np.float64)
    except OverflowError as error:
        raise ValueError("an integer is too large for a float") from error
