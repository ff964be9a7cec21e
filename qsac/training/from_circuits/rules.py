"""Parameter-shift rules: derivatives at zero of trigonometric polynomials, from values far from zero."""

from __future__ import annotations

from math import pi, sqrt
from typing import NamedTuple, TypeAlias


class Term(NamedTuple):
    """The value at an angle, in radians, and what it is multiplied by in a sum."""

    angle: float
    weight: float


Rule: TypeAlias = tuple[Term, ...]
"""The derivative at zero is the sum over the terms."""

TWO: Rule = (Term(pi / 2, 0.5), Term(-pi / 2, -0.5))
"""For a + b cos t + c sin t: what a rotation by t does to a probability if it acts always (Mitarai et al.,
arXiv 1803.00745; Schuld et al., arXiv 1811.11184)."""

_MORE, _LESS = (sqrt(2) + 1) / (4 * sqrt(2)), (sqrt(2) - 1) / (4 * sqrt(2))

FOUR: Rule = (
    Term(pi / 2, _MORE),
    Term(-pi / 2, -_MORE),
    Term(3 * pi / 2, -_LESS),
    Term(-3 * pi / 2, _LESS),
)
"""For a further b' cos(t/2) + c' sin(t/2): what a rotation by t does to a probability if it acts on a part of the state
alone, which interferes with the rest (Anselmetti et al., arXiv 2104.05695)."""


def spread(rule: Rule) -> float:
    """The variance of the sum, for values of variance 1."""
    return sum(term.weight**2 for term in rule)
