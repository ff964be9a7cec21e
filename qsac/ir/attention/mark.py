"""Marks of the keys that a head with a key shift does not add."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention.loader import completed
from qsac.ir.op import Level, Op, Scope
from qsac.numerics.plan import without_repetition


class Marked(NamedTuple):
    """What a mark depends on: the bits of the head's register, by place, the ``shifts`` for their values, and how many
    of the last bits of the key do not matter; ``keys`` are the values of the bits that do."""

    head_bits: tuple[int, ...]
    shifts: tuple[int, ...]
    unused: int
    keys: int

    @property
    def rows(self) -> tuple[int, int]:
        """Rows of a ladder whose controls are the head's bits first, and of one whose controls are the key's first."""
        heads, bits = len(self.shifts), (self.keys - 1).bit_length()
        return ((heads - 1) << bits) + self.keys, ((self.keys - 1) << len(self.head_bits)) + heads


@dataclass(frozen=True)
class MarkKeys(Op):
    """Bring ``flag`` from zero to 1 where ``key`` < ``shifts``[h], h the value of ``head`` (none: 0).

    A head whose key shift is r adds token i by the score of the token r places before it: the first r tokens have none
    (Construction, section 11). Keys from ``length`` on and heads without a shift must have no amplitude.
    """

    name: ClassVar[str] = "mark-keys"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "marks on"

    flag: str
    key: str
    length: int
    shifts: tuple[int, ...]
    head: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.flag,)

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return (*self.head, self.key)

    @property
    def requires_zero(self) -> tuple[str, ...]:
        return (self.flag,)

    def check(self, scope: Scope) -> str | None:
        if scope.sizes[self.flag] != 1:
            return "a flag has one qubit"
        if not 1 <= len(self.shifts) <= scope.dimension(self.head):
            return f"{len(self.shifts)} key shifts do not fit {scope.dimension(self.head)} heads"
        if not 1 <= self.length <= 1 << scope.sizes[self.key]:
            return f"length {self.length} does not fit register {self.key!r}"
        if not all(0 <= shift <= self.length for shift in self.shifts):
            return f"key shifts are not from 0 to {self.length}"
        return None

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        """One unitary a value; its first column is the mark, the other completes it."""
        heads, keys = scope.dimension(self.head), 1 << scope.sizes[self.key]
        shifts = np.zeros(heads, dtype=np.intp)
        shifts[: len(self.shifts)] = self.shifts
        marked = np.arange(keys) < shifts[:, None]
        return completed(np.stack([~marked, marked], axis=-1).reshape(-1, 2).astype(np.complex128))

    @property
    def marked(self) -> Marked:
        """What the mark depends on."""
        bits, shifts = without_repetition(np.array(self.shifts, dtype=np.float64)[:, None])
        # Where the head's register has more bits than the shifts need, those before are always 0.
        found = tuple(int(shift) for shift in shifts[:, 0])
        unused = min(((shift & -shift).bit_length() - 1 for shift in self.shifts if shift), default=0)
        return Marked(bits, found, unused, ((self.length - 1) >> unused) + 1)
