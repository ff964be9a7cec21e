"""What a model is computed by: circuits and classical steps, in order.

There is no graph and no cycle: a step asks for what is before it. Rounds of a loop are written out
(:mod:`qsac.families.repeats`); which of them are run at all, what earlier ones gave may decide.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from qsac.families.json_forms import CircuitFields, StepFields
from qsac.families.outcomes import Outcomes
from qsac.ir.program import Program


class CircuitStep:
    """One circuit of a plan. Its program is built when it is first asked for.

    ``reads`` are the names of its readouts in their order, ``index`` is the number of qubits of the index that it
    observes: 0 where there is none. ``after`` names earlier circuits whose outcomes decide its numbers: by default
    those of their closed form do, and where shots are taken, the family makes it again
    (:class:`~qsac.families.contract.FeedsForward`). ``unless`` names a value that an earlier classical step writes:
    where it is true, the circuit is spared, and neither run nor paid for. ``alike`` is the same for programs that
    differ in numbers alone, and larger for larger ones; None if not known.
    """

    def __init__(
        self,
        name: str,
        build: Callable[[], Program],
        reads: tuple[str, ...],
        index: int = 0,
        after: tuple[str, ...] = (),
        alike: tuple[int, ...] | None = None,
        unless: str | None = None,
    ) -> None:
        self.name, self.reads, self.index, self.after, self.alike = name, reads, index, after, alike
        self.build, self.unless = build, unless

    @cached_property
    def program(self) -> Program:
        """Its attention program, made by ``build`` and kept."""
        return self.build()

    def spared_by(self, unless: str) -> CircuitStep:
        """The same circuit, not run where that value is true."""
        return CircuitStep(self.name, self.build, self.reads, self.index, self.after, self.alike, unless)


Function: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]
"""A classical step: from what was asked for, by name, and the options to what it writes, by name. Pure: the same
arguments give the same values."""


@dataclass(frozen=True)
class ClassicalStep:
    """One classical step of a plan.

    ``inputs`` are names of circuits, whose :class:`~qsac.families.outcomes.Outcomes` it is given, or of values that
    earlier steps wrote; circuits that were spared are left out of what it is given. ``options`` are JSON-ready.
    ``version`` changes whenever ``function`` computes something else. It runs on exact outcomes as on counted ones.
    ``unless`` names an earlier value: where it is true, the step is not run, and what it writes are the values that
    ``instead`` names, one for each.
    """

    name: str
    function: Function
    version: int
    inputs: tuple[str, ...]
    writes: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    unless: str | None = None
    instead: tuple[str, ...] = ()


class Standing(NamedTuple):
    """How far a plan is by the outcomes that there are: the circuits that can be run next, in order, and those that are
    spared, as far as that is known."""

    ready: tuple[str, ...]
    spared: frozenset[str]


@dataclass(frozen=True)
class Plan:
    """What a model is computed by, in order: circuits and classical steps. A step only asks for what is before it."""

    steps: tuple[CircuitStep | ClassicalStep, ...]

    def __post_init__(self) -> None:
        """ValueError for steps that ask for what is not there, and for names that stand twice."""
        known: set[str] = set()
        for step in self.steps:
            new = (step.name,) if isinstance(step, CircuitStep) else step.writes
            missing = set(_asked(step)) - known
            if missing or known.intersection(new) or len(set(new)) < len(new):
                raise ValueError(f"the step {step.name} asks for {sorted(missing)}, or writes {new} again")
            if isinstance(step, ClassicalStep) and step.unless is not None and len(step.instead) != len(new):
                raise ValueError(f"the step {step.name} may not run, and leaves {step.instead} in place of {new}")
            known.update(new)
        if not self.circuits:
            raise ValueError("a plan has at least one circuit")

    @property
    def circuits(self) -> tuple[CircuitStep, ...]:
        """The circuits, in order."""
        return tuple(step for step in self.steps if isinstance(step, CircuitStep))

    @property
    def is_plain(self) -> bool:
        """Whether it is one circuit and nothing else."""
        return len(self.steps) == 1

    @cached_property
    def may_spare(self) -> bool:
        """Whether circuits may be left out, by what others give."""
        return any(step.unless is not None for step in self.circuits)

    def described(self) -> list[CircuitFields | StepFields]:
        """The plan as it stands in an artifact."""
        return [_described(step) for step in self.steps]

    def run(self, outcomes: Mapping[str, Outcomes]) -> dict[str, Any]:
        """The outcomes of its circuits, by name, and all values that its classical steps write. Circuits that are
        spared need no outcomes, and any that they have are left out: the values are the same either way."""
        seen: dict[str, Any] = dict(outcomes)
        spared: set[str] = set()
        for step in self.steps:
            if isinstance(step, CircuitStep):
                if step.unless is not None and seen[step.unless]:
                    spared.add(step.name)
                    seen.pop(step.name, None)
            else:
                seen |= _written(step, seen, spared)
        return seen

    def standing(self, outcomes: Mapping[str, Outcomes]) -> Standing:
        """Which circuits can be run next: what decides their numbers, and whether they are run at all, is there; and
        which are spared. Classical steps are run as far as what they ask for is there."""
        seen: dict[str, Any] = dict(outcomes)
        spared: set[str] = set()
        ready: list[str] = []
        for step in self.steps:
            if step.unless is not None and step.unless not in seen:
                continue
            if isinstance(step, ClassicalStep):
                if self.may_spare and all(name in seen or name in spared for name in step.inputs):
                    seen |= _written(step, seen, spared)
            elif step.unless is not None and seen[step.unless]:
                spared.add(step.name)
                seen.pop(step.name, None)
            elif step.name not in seen and all(name in seen or name in spared for name in step.after):
                ready.append(step.name)
        return Standing(tuple(ready), frozenset(spared))


def _asked(step: CircuitStep | ClassicalStep) -> tuple[str, ...]:
    """What has to be known before a step."""
    unless = () if step.unless is None else (step.unless,)
    return unless if isinstance(step, CircuitStep) else (*step.inputs, *step.instead, *unless)


def _written(step: ClassicalStep, seen: Mapping[str, Any], spared: Collection[str]) -> dict[str, Any]:
    """What a classical step writes, whether it is run or not."""
    if step.unless is not None and seen[step.unless]:
        return {name: seen[other] for name, other in zip(step.writes, step.instead, strict=True)}
    written = step.function({name: seen[name] for name in step.inputs if name not in spared}, step.options)
    return {name: written[name] for name in step.writes}


def _described(step: CircuitStep | ClassicalStep) -> CircuitFields | StepFields:
    if isinstance(step, CircuitStep):
        circuit: CircuitFields = {"circuit": step.name}
        if step.unless is not None:
            circuit["unless"] = step.unless
        return circuit
    found: StepFields = {
        "step": step.name,
        "version": step.version,
        "inputs": list(step.inputs),
        "writes": list(step.writes),
        "options": dict(step.options),
    }
    if step.unless is not None:
        found |= {"unless": step.unless, "instead": list(step.instead)}
    return found
