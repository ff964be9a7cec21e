"""Which ops of the attention program each native gate is of: a column beside the gates' other ones.

An op's id is its place in the program. A gate that several ops' gates were merged into is of all of them, so a gate has
a set of ids; there are few different sets, and the column holds which of them it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ids = tuple[int, ...]
"""Ids of ops, in ascending order, each once."""

Mask = int
"""The same set as a whole number, with the bit of each id set: what sets are while they are united."""


class Group(NamedTuple):
    """The gates ``first`` to ``last`` (both of it) are of ``ops``, and of all of these together."""

    first: int
    last: int
    ops: Ids


def mask_of(ids: Iterable[int]) -> Mask:
    """A set of ids as a mask."""
    mask = 0
    for number in ids:
        mask |= 1 << number
    return mask


def ids_of(mask: Mask) -> Ids:
    """The ids of a mask."""
    return tuple(number for number in range(mask.bit_length()) if mask >> number & 1)


def _nothing() -> NDArray[np.int32]:
    return np.zeros(0, np.int32)


@dataclass(frozen=True)
class Provenance:
    """``sets`` are different sets of ids, ``of`` says which of them each gate has, shape (gates,).

    The empty set is of gates that no op is known for; so are all gates where ``of`` has no entries.
    """

    sets: tuple[Ids, ...] = ()
    of: NDArray[np.int32] = field(default_factory=_nothing)

    @classmethod
    def of_runs(cls, starts: Sequence[int], masks: Iterable[Mask], gates: int) -> Provenance:
        """Of so many gates: from each start on they have the set of the same place, until the next one. The first start
        is 0."""
        places: dict[Mask, int] = {}
        which = [places.setdefault(mask, len(places)) for mask in masks]
        lengths = [stop - start for start, stop in zip(starts, [*starts[1:], gates], strict=True)]
        return cls(tuple(map(ids_of, places)), np.repeat(np.array(which, dtype=np.int32), lengths))

    @classmethod
    def of_masks(cls, masks: Iterable[Mask]) -> Provenance:
        """Of gates whose sets are given one by one."""
        places: dict[Mask, int] = {}
        which = [places.setdefault(mask, len(places)) for mask in masks]
        return cls(tuple(map(ids_of, places)), np.array(which, dtype=np.int32))

    @classmethod
    def of_groups(cls, groups: Sequence[Group], gates: int) -> Provenance:
        """Of so many gates; ``groups`` are in order and do not overlap."""
        places: dict[Ids, int] = {(): 0}
        which = np.zeros(gates, np.int32)
        for first, last, ops in groups:
            which[first : last + 1] = places.setdefault(ops, len(places))
        return cls(tuple(places), which)

    @classmethod
    def joined(cls, parts: Sequence[tuple[Provenance, int]]) -> Provenance:
        """That of several parts, one after another, each with its number of gates."""
        places: dict[Ids, int] = {}
        columns = []
        for part, gates in parts:
            sets = part.sets if len(part.of) else ((),)
            lookup = np.array([places.setdefault(ids, len(places)) for ids in sets], dtype=np.int32)
            columns.append(lookup[part.of] if len(part.of) else np.full(gates, lookup[0], np.int32))
        return cls(tuple(places), np.concatenate(columns)) if columns else cls()

    def wrong(self, gates: int, known: Collection[int]) -> bool:
        """Whether it cannot be that of so many gates, of the ops that are known."""
        if self.of.shape not in ((0,), (gates,)) or self.of.dtype.kind != "i":
            return True
        if len(set(self.sets)) < len(self.sets) or any(list(ids) != sorted({*ids} & {*known}) for ids in self.sets):
            return True
        return bool(((self.of < 0) | (self.of >= len(self.sets))).any())

    def rows(self, gates: slice | NDArray[np.intp] | NDArray[np.bool_]) -> Provenance:
        """That of some of the gates, in the order given."""
        return Provenance(self.sets, self.of[gates]) if len(self.of) else self

    def repeated(self, counts: Sequence[int] | NDArray[np.intp]) -> Provenance:
        """That of a circuit with so many gates instead of each."""
        return Provenance(self.sets, np.repeat(self.of, counts)) if len(self.of) else self

    def masks(self, gates: int) -> list[Mask]:
        """The set of each of the ``gates`` gates."""
        if not len(self.of):
            return [0] * gates
        masks = list(map(mask_of, self.sets))
        return [masks[place] for place in self.of.tolist()]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The gates in runs of one set each, those without ops left out."""
        if not len(self.of):
            return ()
        starts = np.flatnonzero(np.diff(self.of, prepend=-1)).tolist()
        lasts = [start - 1 for start in starts[1:]] + [len(self.of) - 1]
        which = self.of[starts].tolist()
        runs = zip(starts, lasts, which, strict=True)
        return tuple(Group(first, last, self.sets[place]) for first, last, place in runs if self.sets[place])
