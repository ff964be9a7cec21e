"""Circuits of models of one shape, bound one by one for what they are to load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from qsac.artifact.compiled import Compiled
from qsac.compiler.compilation import compile as compile_model
from qsac.errors import InvalidInputError
from qsac.families.contract import CircuitStep, FeedsForward, Model
from qsac.families.outcomes import Outcomes
from qsac.families.registry import family_of
from qsac.machine.target import Target
from qsac.native.circuit import NativeCircuit
from qsac.templates.template import Template, template


class Maker:
    """Circuits of models of one shape: of a template, or each model compiled by itself where there can be none.

    Nothing is compiled before a circuit is asked for.
    """

    def __init__(self, model: Model, machine: Target, optimisation: int | None, seed: int) -> None:
        self._model, self._machine, self._optimisation, self._seed = model, machine, optimisation, seed
        self._current: tuple[Model, tuple[CircuitStep, ...]] = (model, ())
        self._compiled: Compiled | None = None

    @cached_property
    def template(self) -> Template | None:
        """The template, None where there can be none."""
        try:
            return template(self._model, self._machine, optimisation=self._optimisation, seed=self._seed)
        except InvalidInputError as error:
            if error.code != "template.unfolded-matrix":
                raise
            return None

    def circuit(self, model: Model, place: int) -> tuple[NativeCircuit, float]:
        """The circuit at a place of the plan, and the subnormalisation of its program."""
        if self._current[0] is not model or not self._current[1]:
            self._current, self._compiled = (model, family_of(model).plan(model).circuits), None
        if self.template is None:
            if self._compiled is None:
                self._compiled = self.compiled(model)
            return self._compiled.circuits[place], self._compiled.subnormalisations[place]
        step = self._current[1][place]
        program = self.template.shapes[place].with_tables(step.program)
        return replace(self.template.circuits.of(place, program), name=step.name), program.subnormalisation

    def compiled(self, model: Model) -> Compiled:
        """The compiled model, not verified."""
        if self.template is not None:
            return self.template.made(model, verify=False)
        return compile_model(model, self._machine, optimisation=self._optimisation, seed=self._seed, verify=False)


def takes_steps(model: Model) -> bool:
    """Whether measured outcomes decide the numbers of later circuits, or whether they are run."""
    family = family_of(model)
    plan = family.plan(model)
    return plan.may_spare or (isinstance(family, FeedsForward) and any(step.after for step in plan.circuits))


def fed(model: Model, seen: Mapping[str, Outcomes]) -> Model:
    """The model whose later circuits are made for these outcomes: itself, where they do not depend on any."""
    family = family_of(model)
    return family.fed(model, seen) if isinstance(family, FeedsForward) else model
