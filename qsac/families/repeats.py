"""The only loop of a plan: rounds of the same steps, as many as were asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qsac.families.contract import CircuitStep, ClassicalStep

Step = CircuitStep | ClassicalStep


@dataclass(frozen=True)
class Repeat:
    """``most`` rounds of the steps that ``body`` makes for each, from 0. The numbers of a round may follow from the
    outcomes of those before it; its circuits are of the same shape in every round.

    A plan is written out: every round's circuits have names of their own, which begin with :meth:`prefix`, so that
    seeds, the records of a journal and limits on cost see all rounds there may be.
    """

    name: str
    most: int
    body: Callable[[int], Sequence[Step]]

    def prefix(self, number: int) -> str:
        """What the names of a round's steps begin with."""
        return f"{self.name}-{number}-"

    def steps(self) -> tuple[Step, ...]:
        """All rounds, one after another. ValueError for a step that is not called as its round is."""
        found: list[Step] = []
        for number in range(self.most):
            for step in self.body(number):
                if not step.name.startswith(self.prefix(number)):
                    raise ValueError(
                        f"the step {step.name} of round {number} does not begin with {self.prefix(number)}"
                    )
                found.append(step)
        return tuple(found)
