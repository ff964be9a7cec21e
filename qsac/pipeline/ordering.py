"""The order of passes: which come after which, and where one that is added to a pipeline goes.

Passes run level by level, and within a level in the order of the pipeline. A pass names those that it comes after
(``after``), where they are there at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten
from typing import TypeAlias, TypeVar

from qsac.errors import InvalidInputError
from qsac.pipeline.contract import CircuitPass, Pass

AnyPass: TypeAlias = Pass | CircuitPass

LEVELS = ("attention", "block", "circuit")
"""The levels of passes, in the order in which they run."""

DEFAULT = "default"
"""In a pipeline's text: the passes that run where none are named."""

LISTED = 180
"""Most characters of a list of passes in a message."""

Step = TypeVar("Step", bound=AnyPass)


def by_level(pipeline: Sequence[AnyPass]) -> list[AnyPass]:
    """Passes in the order in which they run."""
    return sorted(pipeline, key=lambda step: LEVELS.index(step.level))


def ordered(steps: Sequence[Step]) -> list[Step]:
    """Passes of one level, in the order given as far as ``after`` allows: of those that wait for none of the others the
    first is next."""
    waiting = list(steps)
    chosen: list[Step] = []
    while waiting:
        names = {step.name for step in waiting}
        # Where passes each come after one another there is no such order: the first is as good as any.
        following = next((step for step in waiting if not names.intersection(step.after)), waiting[0])
        waiting.remove(following)
        chosen.append(following)
    return chosen


class Draft:
    """A pipeline while it is put together: passes one behind another, and passes that go where they belong."""

    def __init__(self) -> None:
        self._fixed: list[AnyPass] = []
        self._free: list[AnyPass] = []

    @property
    def names(self) -> list[str]:
        """Of all passes so far."""
        return [step.name for step in (*self._fixed, *self._free)]

    @property
    def _listed(self) -> str:
        """The names in a line of a message."""
        return shorten(", ".join(self.names), LISTED, placeholder=" ..")

    def append(self, *steps: AnyPass) -> None:
        """Passes behind all those before."""
        self._fixed.extend(steps)

    def add(self, step: AnyPass) -> None:
        """A pass that goes where its level and ``after`` want it. Raises :class:`~qsac.errors.InvalidInputError` for
        one that is there already."""
        if step.name in self.names:
            raise InvalidInputError(
                f"the pass {step.name} is in the pipeline already",
                code="pipeline.repeated-pass",
                found=self._listed,
                wanted=f"{step.name} once",
                help=f"-{step.name},+{step.name}{{option=value}} puts it in with other options",
            )
        self._free.append(step)

    def leave_out(self, name: str) -> None:
        """All times of a pass. Raises :class:`~qsac.errors.InvalidInputError` for one that is not there."""
        if name not in self.names:
            raise InvalidInputError(
                f"the pipeline has no pass {name} to leave out",
                code="pipeline.absent-pass",
                found=self._listed or "no pass before it",
                wanted="a pass that is there",
                help=None if self.names else f"{DEFAULT},-{name} changes the passes that run where none are named",
            )
        self._fixed = [step for step in self._fixed if step.name != name]
        self._free = [step for step in self._free if step.name != name]

    def pipeline(self, registered: Sequence[str]) -> list[AnyPass]:
        """The passes in their order. Raises :class:`~qsac.errors.InvalidInputError` where one comes before another that
        it comes after. ``registered`` are the names of qsac's own passes, in the order in which levels have them as
        far as ``after`` allows."""
        result = list(self._fixed)
        for level in LEVELS:
            free = [step for step in self._free if step.level == level]
            if free:
                result = _with_free(result, free, level, registered)
        check_order(result)
        return result


def _with_free(pipeline: list[AnyPass], free: list[AnyPass], level: str, registered: Sequence[str]) -> list[AnyPass]:
    """The pipeline with passes of a level more, level by level. Those that are there keep their order; what ``after``
    leaves open is as in :func:`ordered`. Where ``after`` cannot be kept, any order will be refused."""
    fixed = [step for step in pipeline if step.level == level]
    rank = {name: place for place, name in enumerate(registered)}
    ranked = sorted([*fixed, *free], key=lambda step: rank.get(step.name, len(rank)))
    usual = {step.name: place for place, step in enumerate(ordered(ranked))}
    merged: list[AnyPass] = []
    while fixed or free:
        waiting = {step.name for step in free}
        behind = {*waiting, *(step.name for step in fixed)}
        ready = [step for step in free if not behind.intersection(step.after)]
        ready += [step for step in fixed[:1] if not waiting.intersection(step.after)]
        following = min(ready or [*fixed[:1], *free], key=lambda step: usual[step.name])
        (fixed if following in fixed[:1] else free).remove(following)
        merged.append(following)
    return by_level([*(step for step in pipeline if step.level != level), *merged])


def check_order(pipeline: Sequence[AnyPass]) -> None:
    """Raise :class:`~qsac.errors.InvalidInputError` for the first pass that runs before one that it comes after. A pass
    may run several times: then its last time counts."""
    running = by_level(pipeline)
    last = {step.name: place for place, step in enumerate(running)}
    for step in running:
        late = [name for name in step.after if last.get(name, -1) > last[step.name]]
        if late:
            raise InvalidInputError(
                f"the pass {step.name} comes after {late[0]}",
                code="pipeline.wrong-order",
                found=f"{step.name} before {late[0]}: {', '.join(one.name for one in running)}",
                wanted=f"{late[0]} before {step.name}",
                help=f"written as +{step.name} behind the others, it goes to its place",
            )
