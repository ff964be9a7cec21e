"""The derivatives of a goal by the parameters of a model, from the outcomes of a template's bindings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import Model
from qsac.families.outcomes import Outcomes
from qsac.families.registry import family_of
from qsac.ir.attention import PhaseTable
from qsac.ir.program import Program
from qsac.templates.template import Template
from qsac.training.from_circuits.coefficients import Bend, Models, bends_of
from qsac.training.from_circuits.moves import Move, key, moves_of, numbers_of
from qsac.training.from_circuits.slopes import slopes_of
from qsac.training.from_circuits.templates import Templates
from qsac.training.from_circuits.texts import Binding, Job
from qsac.training.from_circuits.weights import (
    Goal,
    Sensitivity,
    covariance_of,
    narrowest_first,
    sensitivity,
    weights_of,
)

Real = NDArray[np.float64]
Seeds: TypeAlias = Callable[[int], int]
"""The seed of the shots of a binding, from its number among those of a model."""

NEAR = 1e-3
"""How far parameters are moved to see which kinds of numbers a model has: at themselves some may happen to be real."""


@dataclass(frozen=True, eq=False)
class Derivative:
    """A goal at a model, its derivatives by P parameters, and the errors of both: zero for exact outcomes.
    ``covariance`` (P, P) is that of the derivatives."""

    value: float
    value_error: float
    gradient: Real
    covariance: Real


@dataclass(frozen=True, eq=False)
class Planned:
    """What has to be run for a derivative: the model's programs on its template, the moves of each of them, and for
    coefficients more models. ``scales`` (P,) are the derivatives of the sum over circuits of the logarithm of the
    squared factor between a program's probabilities and the model's; ``own`` (P,) what the model's own weights are
    multiplied by in the derivatives of the weights."""

    model: Model
    template: Template
    programs: list[Program]
    moves: list[list[Move]]
    bends: list[Bend]
    own: Real
    scales: Real

    @property
    def orders(self) -> list[tuple[str, ...]]:
        """The readouts of each circuit, the one that asks most first."""
        return [narrowest_first(program.readouts) for program in self.programs]

    @property
    def bindings(self) -> int:
        """How many circuits are run, those of the model itself among them."""
        shifts = sum(len(move.rule) for moves in self.moves for move in moves)
        return shifts + len(self.programs) * (1 + len(self.bends))

    def jobs(self, seeds: Seeds) -> list[Job]:
        """What workers are handed: of each circuit the model itself and all moves, then each of the other models."""
        found, number = [], 0
        for circuit, (program, moves) in enumerate(zip(self.programs, self.moves, strict=True)):
            shifts: list[tuple[int | None, Any]] = [(None, None)]
            shifts += [(move.place, move.at(term.angle)) for move in moves for term in move.rule]
            bindings = tuple(Binding(*shift, seeds(number + place)) for place, shift in enumerate(shifts))
            number += len(bindings)
            found.append(Job(self.template.circuits, circuit, program, bindings))
        for bend in self.bends:
            for circuit, program in enumerate(bend.programs):
                found.append(Job(bend.template.circuits, circuit, program, (Binding(None, None, seeds(number)),)))
                number += 1
        return found

    def seen(self, outcomes: Sequence[Sequence[Outcomes]]) -> dict[str, Outcomes]:
        """The outcomes of the model itself, by circuit."""
        names = [step.name for step in family_of(self.model).plan(self.model).circuits]
        return {
            name: replace(found[0], subnormalisation=program.subnormalisation)
            for name, found, program in zip(names, outcomes, self.programs, strict=False)
        }

    def derivative(self, goal: Goal, outcomes: Sequence[Sequence[Outcomes]]) -> Derivative | None:
        """The derivative by the outcomes of all :meth:`jobs`; None where the goal has no value."""
        seen = self.seen(outcomes)
        found = sensitivity(goal, self.model, seen, dict(zip(seen, self.orders, strict=True)))
        if found is None:
            return None
        gradient = -goal.success_weight * self.scales / len(self.programs)
        covariance = np.zeros((len(gradient), len(gradient)))
        variance = 0.0
        for part in self._parts(found, list(seen), outcomes):
            gradient = gradient + part.gradient()
            if not part.base.exact:
                covariance += part.covariance()
                variance += part.variance()
        return Derivative(found.value, float(np.sqrt(variance)), gradient, covariance)

    def variances(self, goal: Goal, expected: Sequence[Outcomes]) -> tuple[float, float] | None:
        """Of one shot of each circuit the variance of the goal, and about the sum of those of its derivatives; None
        where the goal has no value. Known are the outcomes ``expected`` of the model itself. Those of shifted bindings
        are between them and any others of as many accepted shots: the mean of both is taken."""
        seen = self.seen([[outcomes] for outcomes in expected])
        found = sensitivity(goal, self.model, seen, dict(zip(seen, self.orders, strict=True)))
        if found is None:
            return None
        variance = total = 0.0
        for circuit, name in enumerate(seen):
            slopes = found.slopes[name]
            own = float(slopes @ covariance_of(found.weights[name]) @ slopes)
            squares = [
                term.weight**2 * float(move.weights @ move.weights)
                for move in self.moves[circuit]
                for term in move.rule
            ]
            squares += [bend.factors[circuit] ** 2 for bend in self.bends]
            kept = np.abs(slopes) > 0
            reach = float(np.ptp(slopes[kept])) if kept.any() else 0.0
            most = float(found.weights[name][kept].sum()) * reach**2 / 4
            variance += own
            total += (own + max(own, most)) / 2 * sum(squares)
        return variance, total

    def _parts(
        self, found: Sensitivity, names: Sequence[str], outcomes: Sequence[Sequence[Outcomes]]
    ) -> Iterator[_Part]:
        """What belongs to each circuit."""
        count, parameters = len(self.programs), len(self.scales)
        for circuit, (name, order, moves) in enumerate(zip(names, self.orders, self.moves, strict=True)):
            factors = [term.weight * move.weights for move in moves for term in move.rule]
            results = list(outcomes[circuit][1:])
            for number, bend in enumerate(self.bends):
                factors.append(bend.factors[circuit] * np.eye(parameters)[bend.column])
                results += outcomes[count + number * count + circuit]
            shares = [weights_of(one, order) for one in results]
            stacked = np.stack(factors) if factors else np.zeros((0, parameters))
            yield _Part(found, name, outcomes[circuit][0], self.own, stacked, shares)


@dataclass(frozen=True, eq=False)
class _Part:
    """What the outcomes of one circuit are to a derivative: weights of shifted bindings, which are summed with
    ``factors`` (bindings, P), and of the model itself, ``base``, with the factors ``own`` (P,)."""

    found: Sensitivity
    circuit: str
    base: Outcomes
    own: Real
    factors: Real
    shares: list[Real]

    def _changes(self) -> Real:
        """The derivatives of the weights by the parameters, (P, K)."""
        changes = np.outer(self.own, self.found.weights[self.circuit])
        for factors, weights in zip(self.factors, self.shares, strict=True):
            changes += np.outer(factors, weights)
        return np.asarray(changes)

    def gradient(self) -> Real:
        """The derivatives of the goal, (P,)."""
        return np.asarray(self._changes() @ self.found.slopes[self.circuit])

    def covariance(self) -> Real:
        """That of the derivatives, (P, P): of the bindings' shots, and of those of the model itself (delta method)."""
        slopes = self.found.slopes[self.circuit]
        variances = np.array([float(slopes @ covariance_of(weights) @ slopes) for weights in self.shares])
        total = self.factors.T @ (variances[:, None] * self.factors)
        bent = self._changes() @ self.found.curvature(self.circuit) + np.outer(self.own, slopes)
        total += bent @ covariance_of(self.found.weights[self.circuit]) @ bent.T
        return np.asarray(total / self.base.total)

    def variance(self) -> float:
        """That of the goal."""
        slopes = self.found.slopes[self.circuit]
        return float(slopes @ covariance_of(self.found.weights[self.circuit]) @ slopes) / self.base.total


def planned(
    models: Models, at: Real, templates: Templates, coefficients: Sequence[int] = (), *, shots: bool = False
) -> Planned:
    """What has to be run for the derivatives at some parameters. ``coefficients`` are the places of those in which z is
    linear and which no table holds; ``shots`` says whether outcomes will be counted.

    Raises :class:`~qsac.errors.InvalidInputError` where the models have no template, or are not smooth.
    """
    model = models(at)
    tabled = np.setdiff1d(np.arange(len(at)), coefficients)
    template = templates.of(near(models, at, tabled))
    programs = template.programs(model)
    held = [_held(model, program) for program in programs]

    def numbers(values: Real) -> list[dict[str, NDArray[Any]]]:
        parameters = at.copy()
        parameters[tabled] = values
        return [
            {name: one for name, one in numbers_of(program).items() if name not in without}
            | {SCALE: np.array(2 * np.log(program.subnormalisation))}
            for program, without in zip(template.programs(models(parameters)), held, strict=True)
        ]

    slopes = slopes_of(numbers, at[tabled])
    scales, moves = np.zeros(len(at)), []
    for program, part in zip(programs, slopes.slopes, strict=True):
        wide = {name: np.zeros((len(at), *one.shape[1:]), one.dtype) for name, one in part.items()}
        for name, one in part.items():
            wide[name][tabled] = one
        scales += wide.pop(SCALE)
        moves.append(moves_of(program, wide, nothing=slopes.nothing, shots=shots))
    bends, own = bends_of(models, at, templates, coefficients, programs)
    bends = [bend._replace(programs=list(map(_with_phases, bend.programs, programs, held))) for bend in bends]
    return Planned(model, template, programs, moves, bends, own, scales)


def binding_of(models: Models, at: Real, templates: Templates) -> Planned:
    """What has to be run for the goal alone."""
    model = models(at)
    template = templates.of(model)
    programs = template.programs(model)
    nothing = np.zeros(0)
    return Planned(model, template, programs, [[] for _ in programs], [], nothing, nothing)


SCALE = "ln of the squared subnormalisation"
"""The name of a number that no table holds."""


def near(models: Models, at: Real, tabled: NDArray[np.intp]) -> Model:
    """A model like the one at some parameters whose tables have no numbers that happen to be real, or alike."""
    parameters = at.copy()
    parameters[tabled] += NEAR * np.random.default_rng(0).uniform(-1, 1, len(tabled))
    return models(parameters)


def _held(model: Model, program: Program) -> set[str]:
    """The numbers of a program that follow from the others so that a metric is least: phases that are optimal, by which
    its derivatives vanish."""
    return {
        key(place, op)
        for place, op in enumerate(program.ops)
        if isinstance(op, PhaseTable) and _is_text(model.canonical, model.section, op.origin)
    }


def _with_phases(program: Program, base: Program, held: set[str]) -> Program:
    """A program with the phases that are held as those of another one."""
    phases = {
        op.index: op.phases
        for place, op in enumerate(base.ops)
        if isinstance(op, PhaseTable) and key(place, op) in held
    }
    ops = (
        replace(op, phases=phases.get(op.index, op.phases)) if isinstance(op, PhaseTable) else op for op in program.ops
    )
    return replace(program, ops=tuple(ops))


def _is_text(canonical: Mapping[str, Any], section: str, pointer: str) -> bool:
    """Whether a word stands in the model file, or in its section, where an op's numbers come from."""
    for found in (canonical, canonical.get(section)):
        inner: Any = found
        for name in pointer.strip("/").split("/"):
            inner = inner.get(name) if isinstance(inner, Mapping) else None
        if isinstance(inner, str):
            return True
    return False
