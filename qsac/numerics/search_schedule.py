"""How many shots of how many Grover rounds find every marked key: an integer programme.

Nothing is adaptive: all circuits are one job, and what they find is united. One shot of r rounds finds a given one of S
marked keys among T with probability p_r(S) / S, so that N_r shots of each kind miss one of the S with probability at
most S prod_r (1 - p_r(S) / S)^N_r.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import asin, ceil, exp, inf, log, log1p, pi, sin, sqrt
from typing import NamedTuple

import numpy as np


def ideal_success(marked: int, keys: int, rounds: int) -> float:
    """P(a marked key) after so many rounds with an exact oracle: sin^2((2r + 1) asin sqrt(S / T))."""
    return sin((2 * rounds + 1) * asin(sqrt(min(1.0, marked / keys)))) ** 2


def success(marked: int, keys: int, rounds: int, *, loss: float = 0.0, error_free: float = 1.0) -> float:
    """p_r(S) = max(0, |sin((2r + 1) asin sqrt(S / T))| - r l)^2, l the ``loss`` of amplitude of an oracle call, and of
    a machine on which a call is free of errors with probability e, e^r p_r + (1 - e^r) S / T (depolarising)."""
    amplitude = max(0.0, sqrt(ideal_success(marked, keys, rounds)) - rounds * loss)
    share = error_free**rounds
    return share * amplitude**2 + (1 - share) * marked / keys


def schedule(
    keys: int,
    most: int,
    failure: float,
    *,
    loss: float = 0.0,
    error_free: float = 1.0,
    limit: int | None = None,
    rows: int = 1,
) -> dict[int, int]:
    """Shots by rounds, the cheapest with which no more than ``failure`` of the rows of at most ``most`` marked keys
    miss one of them.

    A shot of r rounds counts r + 1. ``limit``: the most rounds that a circuit may have; else as many as one marked key
    takes. ``loss`` and ``error_free`` as for :func:`success`. ``rows``: how many rows share the shots, each of which
    tells of one of them, whichever. With one key there is nothing to search: {0: 1}.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    if keys == 1 and rows == 1:
        return {0: 1}
    rounds = np.arange(_most_rounds(keys, limit) + 1)
    cases = list(_cases(keys, most, None))
    wanted = np.array([log(case.targets / failure) for case in cases])
    weights = np.array(
        [
            [
                _weight(case.share * success(case.marked, keys, int(r), loss=loss, error_free=error_free) / rows, need)
                for r in rounds
            ]
            for case, need in zip(cases, wanted, strict=True)
        ]
    )
    found = milp(
        rounds + 1.0,
        constraints=LinearConstraint(weights, wanted, inf),
        integrality=np.ones(len(rounds)),
        bounds=Bounds(0, inf),
        options={"mip_rel_gap": 0.0},
    )
    if found.status:
        raise RuntimeError(f"the schedule for {keys} keys was not found: {found.message}")
    shots = np.rint(found.x).astype(int)
    return {int(r): int(number) for r, number in zip(rounds, shots, strict=True) if number}


def conclusive(keys: int, most: int, failure: float, known: int, *, loss: float = 0.0) -> dict[int, int]:
    """Equally many shots of one or two kinds of circuits, by rounds, the cheapest whose finding nothing says something.

    As for :func:`schedule` no more than ``failure`` of the rows of at most ``most`` marked keys miss one of them.
    Where more are marked, however many, of which up to ``known`` are known before, no more than ``failure`` of the rows
    find none of the others. Rounds that are good for few marked keys turn past many of them: shots of fewer rounds see
    these.
    """
    rounds = np.arange(_most_rounds(keys, None) + 1)
    cases = list(_cases(keys, most, known))
    wanted = np.array([log(case.targets / failure) for case in cases])
    chances = [[case.share * success(case.marked, keys, int(r), loss=loss) for r in rounds] for case in cases]
    weights = np.array([[_weight(p, need) for p in row] for row, need in zip(chances, wanted, strict=True)])
    best: tuple[float, tuple[int, ...]] = inf, ()
    for first in rounds:
        together = weights[:, first, None] + np.where(rounds > first, weights, 0.0)
        with np.errstate(divide="ignore"):
            shots = np.ceil((wanted[:, None] / together).max(axis=0) - 1e-9)
        dear = shots * (first + 1 + np.where(rounds > first, rounds + 1, 0))
        second = int(dear.argmin())
        if dear[second] < best[0]:
            kinds = (int(first), second) if second > first else (int(first),)
            best = float(dear[second]), kinds
            number = int(shots[second])
    return dict.fromkeys(best[1], number)


def missed(
    shots: Mapping[int, int],
    keys: int,
    most: int,
    *,
    loss: float = 0.0,
    error_free: float = 1.0,
    rows: int = 1,
    known: int | None = None,
) -> float:
    """A bound on the probability that a row of at most ``most`` marked keys misses one of them; with ``known`` also
    that a row of more of them finds none that was not known before."""
    worst = 0.0
    for case in _cases(keys, most, known):
        exponent = 0.0
        for rounds, number in shots.items():
            p = case.share * success(case.marked, keys, rounds, loss=loss, error_free=error_free) / rows
            exponent += _exponent(number, min(1.0, p))
        worst = max(worst, case.targets * exp(exponent))
    return min(1.0, worst)


class _Case(NamedTuple):
    """So many keys are ``marked``, and each of ``targets`` of them, or any of a ``share`` of them, is to be found."""

    marked: int
    targets: int
    share: float


def _cases(keys: int, most: int, known: int | None) -> Iterator[_Case]:
    """What a schedule has to hold for."""
    for marked in range(1, min(most, keys) + 1):
        yield _Case(marked, marked, 1 / marked)
    if known is not None:
        for marked in range(most + 1, keys + 1):
            yield _Case(marked, 1, max(1, marked - known) / marked)


MOST_COPIES = 4
"""Most score copies of a sample: more of them are accepted too rarely."""


def copies_of(keys: int, lower: float, upper: float) -> int:
    """The fewest score copies k with which half of the accepted shots end in a key at ``upper`` if all others are at
    ``lower``: key i is read with a probability of s_i^(2k) / T."""
    for number in range(1, MOST_COPIES):
        if (keys - 1) * (lower / upper) ** (2 * number) <= 1:
            return number
    return MOST_COPIES


def sampled(keys: int, most: int, failure: float, copies: int, upper: float, *, rows: int = 1) -> int:
    """Shots, accepted or not, of a sample of so many copies that find every key at ``upper`` or above of a row of at
    most ``most``, as :func:`schedule` does."""
    p = upper ** (2 * copies) / (keys * rows)
    wanted = log(min(most, keys) / failure)
    return ceil(wanted / -log1p(-p)) if p < 1 else 1


def sample_missed(shots: int, keys: int, most: int, copies: int, upper: float, *, rows: int = 1) -> float:
    """As :func:`missed`, of a sample."""
    p = min(1.0, upper ** (2 * copies) / (keys * rows))
    return min(1.0, min(most, keys) * exp(_exponent(shots, p)))


def _exponent(number: int, p: float) -> float:
    """The logarithm of (1 - p)^number."""
    if not number:
        return 0.0
    return number * log1p(-p) if p < 1 else -inf


def calls(shots: Mapping[int, int]) -> int:
    """Oracle calls of all shots."""
    return sum(rounds * number for rounds, number in shots.items())


def dearness(shots: Mapping[int, int]) -> int:
    """What the programme minimises: each shot counts one more than its rounds."""
    return calls(shots) + sum(shots.values())


def _most_rounds(keys: int, limit: int | None) -> int:
    """About pi/4 sqrt(T): from there on a single marked key is turned past."""
    found = int(pi / 4 * sqrt(keys)) + 1
    return found if limit is None else min(found, limit)


def _weight(p: float, wanted: float) -> float:
    """-ln(1 - p), at most what is wanted of all shots: one that is certain is enough."""
    return wanted if p >= 1 else min(wanted, -log1p(-p))
