"""What was worked out classically, in words: a circuit should not be shown for more than it computes."""

from __future__ import annotations

from collections.abc import Iterable

from qsac.families.contract import Model
from qsac.families.registry import family_of
from qsac.pipeline.contract import CircuitPass, Pass


def classical_work(model: Model, steps: Iterable[Pass | CircuitPass]) -> list[str]:
    """What the tables of a model's circuits hold, as its family says, and what named passes add to it."""
    return [*family_of(model).classical_work, *beyond(steps)]


def beyond(steps: Iterable[Pass | CircuitPass]) -> list[str]:
    """What passes work out that circuits of their kind are there to compute."""
    return [step.classical_work for step in steps if isinstance(step, Pass) and step.classical_work]
