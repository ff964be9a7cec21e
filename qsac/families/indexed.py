"""What predictions and overlaps have in common: a number for each value of an index that the circuit measures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.families.outcomes import RESOLUTION, Index, Outcomes, fraction, standard_error, upper_bound
from qsac.files.pointer import counted as counted_word

Real = NDArray[np.float64]


def index_of(name: str, found: Outcomes) -> Index:
    """The weights by index; of a circuit that has only one value of it, that value's."""
    if found.index is not None:
        return found.index
    return Index(np.array([found.given]), np.array([found.success[name]]))


def fractions(name: str, found: Outcomes, *, conditional: bool) -> tuple[Real, Real | None]:
    """What is asked for, by index: P(success | index, given), or without ``conditional`` P(index | given), where
    nothing has to succeed; with standard errors if it was counted. NaN where it does not exist, or no shot fell."""
    index = index_of(name, found)
    whole = index.marginal if conditional else np.full_like(index.marginal, found.given)
    if found.exact:
        exists = whole >= RESOLUTION
        return np.where(exists, np.minimum(index.joint / np.where(exists, whole, 1.0), 1.0), np.nan), None
    values, errors = np.full((2, len(whole)), np.nan)
    for place in np.flatnonzero(whole):
        values[place] = index.joint[place] / whole[place]
        errors[place] = standard_error(float(index.joint[place]), float(whole[place]))
    return values, errors


def success(found: Outcomes, *, certain: bool) -> tuple[float, float | None]:
    """The success probability, and its standard error if it was counted. Where nothing is given (``certain``), every
    shot counts: that is no estimate."""
    if found.exact:
        return (0.0 if found.given < RESOLUTION else min(found.given, 1.0)), None
    return (1.0, 0.0) if certain else fraction(found.given, found.total)


def unresolved(name: str, found: Outcomes, possible: NDArray[np.bool_], *, conditional: bool) -> list[str]:
    """Warnings of a result that does not exist, or that shots did not resolve."""
    if found.exact:
        missing = found.given < RESOLUTION
        return [f"the {name} do not exist: the prediction z is zero, so no shot is accepted"] * missing
    if not found.given:
        return [
            f"the {name} are not resolved: none of {found.total:,.0f} shots were accepted; with 95% confidence "
            f"success_probability is at most {upper_bound(found.total):.3g}"
        ]
    empty = int(np.count_nonzero((index_of(name, found).marginal == 0) & possible)) if conditional else 0
    if not empty:
        return []
    are = "is" if empty == 1 else "are"
    return [f"{empty:,} of the {name}' entries {are} not resolved: no shot fell there; take more shots"]


def outside(found: Outcomes, impossible: NDArray[np.bool_], place: str, effect: str) -> list[str]:
    """A warning of shots on values of the index that stand for nothing."""
    if found.exact or found.index is None:
        return []
    number = int(found.index.marginal[impossible].sum())
    if not number:
        return []
    shots = counted_word(int(found.given), "shot")
    return [f"{number:,} of {shots} that count fell on {place}, as none does without noise: {effect}"]


def lists(values: Real) -> list[Any]:
    """Nested lists, null where there is no number."""
    found: list[Any] = np.where(np.isnan(values), None, values.astype(object)).tolist()  # type: ignore[call-overload]
    return found


def given_deviation(expected: Outcomes, found: Outcomes) -> dict[str, float | None]:
    """How far exact outcomes are from the closed form, of a readout that has no loss."""
    growth = found.subnormalisation**2
    return {
        "loss_deviation": None,
        "success_probability_deviation": found.given * growth / expected.given - 1 if expected.given else None,
    }
