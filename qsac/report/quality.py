"""What an approximation is worth on a machine that errs."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt


def total(spent: Iterable[float]) -> float:
    """The infidelity that passes have spent together, each its own: in the worst case errors add up, not squares."""
    return sum(map(sqrt, spent)) ** 2


def quality(error_free: float | None, spent: float, success: float) -> float:
    """The share of successful shots that count what they should, estimated from below.

    That is the probability that no gate and no measurement errs (``error_free``), times what is left of the exact state
    in the branch that the loss is read from: the branch has the probability ``success`` = zeta F, and an infidelity
    ``spent`` of the whole final state may lie in it alone, so that the branch's own is at most spent / (zeta F). A
    budget is worth its error as long as the gates that it saves err more often.
    """
    if spent == 0:
        return error_free or 0.0
    return (error_free or 0.0) * max(0.0, 1 - spent / success) if success > 0 else 0.0
