"""The heads that a circuit computes: those that add nothing are left out, and those that differ in their kernels alone
are one head of one kernel, by a walk if one of them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from qsac.families.qsa.heads import Head
from qsac.numerics.kernel_walks import NoWalkError

if TYPE_CHECKING:
    from qsac.families.qsa.model import Model

CANCELLED = 1e-12
"""Coefficients that cancel to less than this share of their sizes are zero: the rest is rounding."""


@dataclass(frozen=True, eq=False)
class Joined:
    """Heads of a circuit. ``values`` and ``scores`` say for each of them which V and which W it has, by the number of
    the first head of the model that has the same; W of different key shifts and conjugations count as different.

    ``subnormalisation``: sum |a_h| lam_h of these heads, over the model's lambda.
    """

    heads: tuple[Head, ...]
    values: tuple[int, ...]
    scores: tuple[int, ...]
    subnormalisation: float

    @property
    def one_value(self) -> bool:
        """Whether all heads have one V."""
        return len(set(self.values)) == 1

    @property
    def one_score(self) -> bool:
        """Whether all heads have one W, one key shift, and conjugated scores or not."""
        return len(set(self.scores)) == 1


def joined(model: Model, context: int) -> Joined:
    """The heads that ``context`` tokens are attended to by."""
    real = not np.iscomplexobj(model.tokens)
    live = [number for number, head in enumerate(model.heads) if head.weight and head.key_shift < context] or [
        next(number for number, head in enumerate(model.heads) if head.weight)
    ]
    heads = {number: _plain(model.heads[number], real) for number in live}
    fields = {name: given.fields for name, given in zip(_names(model), model.unitaries.values(), strict=True)}
    values = _first_alike(live, [fields[number, "value"] for number in live])
    scores = _first_alike(
        live, [(fields[number, "score"], heads[number].key_shift, heads[number].conjugate) for number in live]
    )
    groups: dict[tuple[int, int], list[Head]] = {}
    for number, value, score in zip(live, values, scores, strict=True):
        groups.setdefault((value, score), []).append(heads[number])
    kept = [(group, head) for group, members in groups.items() for head in _as_one(members)]
    if not kept:  # the heads cancel, whatever the tokens: as they are, so that their sum is zero on the circuit too
        return Joined(tuple(heads.values()), values, scores, _lam(list(heads.values())) / model.lam)
    if len(kept) == 2 and _is_odd(kept[0][1]) and not _has_odd(kept[1][1]):
        kept.reverse()  # so that the head says the parity of a walk
    first, second = zip(*(group for group, _ in kept), strict=True)
    found = tuple(head for _, head in kept)
    changed = len(found) < len(model.heads)
    return Joined(found, first, second, _lam(found) / model.lam if changed else 1.0)


def _names(model: Model) -> list[tuple[int, str]]:
    return [(given.head, given.side) for given in model.unitaries.values()]


def _plain(head: Head, real: bool) -> Head:
    """The head without a conjugation that changes nothing: that of real scores."""
    return replace(head, conjugate=False) if real and head.score.is_real else head


def _first_alike(numbers: Sequence[int], things: Sequence[Any]) -> tuple[int, ...]:
    """For each thing the number of the first one that is equal to it."""
    return tuple(numbers[things.index(thing)] for thing in things)


def _as_one(members: list[Head]) -> list[Head]:
    """Heads that differ in kernel and weight alone, as one; none where they cancel. As they are where one of them is by
    a walk, and the sum has none: there is too little left of it."""
    if len(members) == 1:
        return members
    terms = np.zeros((len(members), max(len(head.kernel) for head in members)))
    for row, head in zip(terms, members, strict=True):
        row[: len(head.kernel)] = np.array(head.kernel) * head.weight
    total = terms.sum(axis=0)
    total[np.abs(total) < CANCELLED * np.abs(terms).sum()] = 0.0
    if not total.any():
        return []
    kernel = tuple(float(c) for c in np.trim_zeros(total, "b"))
    one = replace(members[0], kernel=kernel, weight=1.0, walked=any(head.walked for head in members))
    try:
        _ = one.walk
    except NoWalkError:
        return members
    return [one]


def _is_odd(head: Head) -> bool:
    """Whether it is by a walk of its odd part alone."""
    walk = head.walk
    return walk is not None and walk.even is None


def _has_odd(head: Head) -> bool:
    walk = head.walk
    return walk is not None and walk.odd is not None


def _lam(heads: Sequence[Head]) -> float:
    return float(sum(abs(head.weight) * head.lam for head in heads))
