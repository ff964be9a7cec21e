"""Parameters that no table holds: the coefficients of a kernel, and the weights of heads.

A template has the amplitudes of degree registers fixed, so that other coefficients take another template. But what a
circuit predicts is linear in each coefficient c, and its probabilities times lambda squared are quadratic, whatever
lambda it divides by. So two models, of c - h and c + h, give the derivative exactly, however large h is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.contract import Model
from qsac.ir.program import Program
from qsac.templates.template import Template
from qsac.training.from_circuits.templates import Templates, fixed_numbers

Real = NDArray[np.float64]
Models: TypeAlias = Callable[[Real], Model]
"""The models of one shape as a function of P real parameters, smooth in all their numbers."""

SHARE = 0.45
"""By how much of lambda a coefficient is moved. No half: of two equal ones none must vanish."""


class Bend(NamedTuple):
    """A model of other coefficients, on a template of its own. ``factors`` are what its outcomes, by circuit, are
    multiplied by in the derivatives by the parameter at ``column``."""

    column: int
    factors: tuple[float, ...]
    template: Template
    programs: list[Program]


def coefficients_of(models: Callable[[Mapping[str, Real]], Model], parameters: Mapping[str, Real]) -> tuple[str, ...]:
    """The names of parameters (arrays) that change lambda, or what no table holds."""

    def decided(values: Mapping[str, Real]) -> tuple[float, Any]:
        model = models(values)
        return _lam(model), fixed_numbers(model)

    fixed, rng = decided(parameters), np.random.default_rng(0)
    found = []
    for name, values in parameters.items():
        moved = {**parameters, name: values + 1e-3 * rng.uniform(0.5, 1, np.shape(values))}
        if decided(moved) != fixed:
            found.append(name)
    return tuple(found)


def bends_of(
    models: Models, at: Real, templates: Templates, columns: Sequence[int], programs: Sequence[Program]
) -> tuple[list[Bend], Real]:
    """The models that the derivatives by coefficients take, and what the model's own outcomes are multiplied by in them
    (P,): probabilities are over lambda squared, which depends on the coefficients too.

    Raises :class:`~qsac.errors.InvalidInputError` for what is no such coefficient.
    """
    found: list[Bend] = []
    own = np.zeros(len(at))
    for column in columns:
        direction = np.eye(len(at))[column]
        lam = _lam(models(at))
        slope = _lam(models(at + (1 + abs(at[column])) * direction)) - lam
        step = SHARE * lam * (1 + abs(at[column])) / max(abs(slope), 1e-300)
        _check_quadratic(models, at, step * direction)
        small = 1e-6 * step
        own[column] = (_lam(models(at - small * direction)) - _lam(models(at + small * direction))) / (small * lam)
        for sign in (1, -1):
            model = models(at + sign * step * direction)
            template = templates.of(model)
            made = template.programs(model)
            growth = [
                one.subnormalisation / base.subnormalisation * _lam(model) / lam
                for one, base in zip(made, programs, strict=True)
            ]
            factors = tuple(sign * ratio**2 / (2 * step) for ratio in growth)
            found.append(Bend(column, factors, template, made))
    return found, own


def _lam(model: Model) -> float:
    """What a model's amplitudes are divided by."""
    return float(getattr(model, "lam", 1.0))


def _check_quadratic(models: Models, at: Real, step: Real) -> None:
    """By the closed form: a third difference vanishes."""
    values = []
    for place in (-1, 0, 1, 2):
        model = models(at + place * step)
        values.append([_lam(model) ** 2 * outcomes.given for outcomes in model.expected.values()])
    below, base, above, beyond = np.array(values)
    if np.abs(beyond - 3 * above + 3 * base - below).max() > 1e-8 * np.abs(values).max():
        raise InvalidInputError(
            "a parameter that no table of the circuits holds cannot be differentiated by circuits",
            code="train.not-a-coefficient",
            pointer="/model",
            wanted="coefficients in which predictions are linear",
            help='train it with "gradient": "exact", or keep it fixed',
        )
