"""Templates of the models that a training meets: compiled once for each shape."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from qsac.errors import InvalidInputError
from qsac.families.contract import Model
from qsac.families.registry import family_of
from qsac.ir.attention import ApplyUnitary, PhaseTable
from qsac.ir.program import Program
from qsac.machine.target import Target
from qsac.pipeline.contract import Pass
from qsac.pipeline.registry import default_pipeline, print_pipeline
from qsac.templates.template import Template
from qsac.templates.template import template as compile_template

LEVEL = 2
"""The optimisation level of the templates."""

KEPT = 8
"""The most templates that are kept: a kernel that is learned makes new ones at each step."""


class Templates:
    """The templates of a target. With ``fold`` unitaries go into tables, without it they are gates."""

    def __init__(self, target: Target, *, fold: bool = True) -> None:
        self.target, self.fold, self._passes = target, fold, _pipeline(fold)
        self._made: dict[Hashable, Template] = {}

    def of(self, model: Model) -> Template:
        """The template of a model's shape. Raises what :func:`qsac.templates.template.template` raises."""
        shape = shape_of(model)
        if shape not in self._made:
            if len(self._made) == KEPT:
                del self._made[next(iter(self._made))]
            try:
                made = compile_template(model, self.target, passes=self._passes)
                _check_matrices(made)
                self._made[shape] = made
            except InvalidInputError as error:
                error.pointer = "/model" if error.pointer is None else error.pointer
                raise
        return self._made[shape]


def _check_matrices(made: Template) -> None:
    """Refuse matrices that come from decompositions: their derivatives are those of a choice among many."""
    for shape in made.shapes:
        for op in shape.program.ops:
            if isinstance(op, ApplyUnitary) and op.form == "matrix" and op.barrier and op.size(shape.program.scope) > 1:
                raise InvalidInputError(
                    "a matrix that comes from a decomposition has no derivative by circuits",
                    code="template.unfolded-matrix",
                    found="a matrix of words or heads on two qubits or more",
                    wanted="a model without a feed-forward, or with two words at most",
                    help='leave out "gradient": the closed form is differentiated',
                )


def programs_of(model: Model) -> list[Program]:
    """The attention programs of a model's circuits as they are built."""
    return [step.program for step in family_of(model).plan(model).circuits]


def shape_of(model: Model) -> Hashable:
    """What decides which template a model is a binding of: all but the numbers of tables and phases."""
    return model.section, tuple(
        (
            program.registers,
            tuple(op for op in program.ops if not isinstance(op, PhaseTable)),
            tuple((name, table.shape, table.real) for name, table in program.tables.items()),
        )
        for program in programs_of(model)
    )


def fixed_numbers(model: Model) -> tuple[Any, ...]:
    """The numbers of a model that its template has fixed: amplitudes and angles of degree registers."""
    return tuple(
        (getattr(op, "amplitudes", ()), getattr(op, "angles", ()))
        for program in programs_of(model)
        for op in program.ops
    )


def _pipeline(fold: bool) -> str:
    """The passes of a template, without tables that depend on a unitary by its eigenvectors."""
    steps = [step for step in default_pipeline(LEVEL) if isinstance(step, Pass) and step.templates]
    kept = [step for step in steps if fold or step.name != "fold-unitaries"]
    select = "select-indices{basis=false}" if fold else "select-indices{fold=false}"
    return print_pipeline(kept).replace("select-indices", select)
