"""Circuits of models of one shape, bound one by one for what they are to load."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import cached_property

from qsac.artifact.compiled import Compiled
from qsac.compiler.compilation import compile as compile_model
from qsac.errors import InvalidInputError
from qsac.families.contract import CircuitStep, FeedsForward, Model
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
    """Whether measured outcomes decide the numbers of later circuits."""
    family = family_of(model)
    return isinstance(family, FeedsForward) and any(step.after for step in family.plan(model).circuits)


def is_ready(step: CircuitStep, seen: Collection[str]) -> bool:
    """Whether a circuit is to be taken next: what decides its numbers is seen, and it is not."""
    return step.name not in seen and all(name in seen for name in step.after)
