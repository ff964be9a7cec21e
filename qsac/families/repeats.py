"""The only loop of a plan: rounds of the same steps, as many as were asked for, or fewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qsac.families.plans import CircuitStep, ClassicalStep

Step = CircuitStep | ClassicalStep


@dataclass(frozen=True)
class Repeat:
    """``most`` rounds of the steps that ``body`` makes for each, from 0. The numbers of a round may follow from the
    outcomes of those before it; its circuits are of the same shape in every round.

    A plan is written out: every round's steps have names of their own, which begin with :meth:`prefix`, so that seeds,
    the records of a journal and limits on cost see all rounds there may be. ``until`` is what a classical step of every
    round writes after that prefix: where it is true, no later round is run. Its circuits are spared, and what its
    classical steps write is what those of the round before have written, under names that differ in the prefix alone.
    So what comes after the loop asks for the last round, and sees the last one that ran. ``strand`` stands after the
    number in names: loops of one name that are written out :func:`side_by_side` differ in it, and end each by itself.
    """

    name: str
    most: int
    body: Callable[[int], Sequence[Step]]
    until: str | None = None
    strand: str = ""

    def prefix(self, number: int) -> str:
        """What the names of a round's steps begin with."""
        return f"{self.name}-{number}-{self.strand}"

    def round(self, number: int) -> tuple[Step, ...]:
        """The steps of one round. ValueError for a step that is not called as its round is, and for a round that does
        not write what ends the loop."""
        steps = tuple(self.body(number))
        prefix, written = self.prefix(number), [name for step in steps for name in _writes(step)]
        for name in [step.name for step in steps] + (written if self.until is not None else []):
            if not name.startswith(prefix):
                raise ValueError(f"the step {name} of round {number} does not begin with {prefix}")
        if self.until is None:
            return steps
        if prefix + self.until not in written:
            raise ValueError(f"no step of round {number} writes {prefix}{self.until}, which ends the loop")
        return tuple(self._unless_done(step, number) for step in steps) if number else steps

    def steps(self) -> tuple[Step, ...]:
        """All rounds, one after another. Raises as :meth:`round`."""
        return side_by_side(self)

    def _unless_done(self, step: Step, number: int) -> Step:
        own, before = self.prefix(number), self.prefix(number - 1)
        done = f"{before}{self.until}"
        if isinstance(step, CircuitStep):
            return step.spared_by(done)
        return replace(step, unless=done, instead=tuple(before + name.removeprefix(own) for name in step.writes))


def side_by_side(*loops: Repeat) -> tuple[Step, ...]:
    """The rounds of several loops, round by round: the first one of each, the second one of each, and so on."""
    most = max((loop.most for loop in loops), default=0)
    return tuple(step for number in range(most) for loop in loops if number < loop.most for step in loop.round(number))


def _writes(step: Step) -> tuple[str, ...]:
    return step.writes if isinstance(step, ClassicalStep) else ()
