"""From valid fields to the numbers of linearised training."""

from __future__ import annotations

from dataclasses import replace
from math import comb
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.families.matrices import Matrices
from qsac.families.program import schema
from qsac.families.program.linearised.dynamics import Linearised, best_scale, maps
from qsac.families.program.linearised.inversion import inversion_of
from qsac.families.program.linearised.polynomials import Polynomial, squared_loss
from qsac.families.program.reading import Canonical, no_tokens, real_matrix, real_vector
from qsac.files.pointer import counted, join, kind

if TYPE_CHECKING:
    from qsac.families.program.linearised.readout import LinearisedReadout

Real = NDArray[np.float64]

TERMS = 1 << 12
"""Most terms of a loss."""

HISTORY = 1 << 11
"""Most entries of a history, whose matrix is held at once."""

ROUNDING = 1e-9
"""A norm this near to 1 is 1: that of a direction in which there are no data."""

DEGREE = 16
"""The highest degree of a loss that is given by its terms."""


def read_linearised(
    given: schema.ModelFile, program: schema.LinearisedTrainingProgram
) -> tuple[Linearised, LinearisedReadout, Canonical]:
    """The dynamics of a model file, their readout, and the canonical fields."""
    from qsac.families.program.linearised.readout import LinearisedReadout

    no_tokens(given)
    matrices = Matrices(Path())
    start, all_parameters = _vector(matrices, program.start, "start", None)
    center, _ = _vector(matrices, program.center, "center", all_parameters)
    places, own = _mask(program, all_parameters)
    loss, samples, fields = _loss(program, places, all_parameters, matrices)
    size = len(places)
    dimension = sum(size**j for j in range(1, program.order + 1))
    if dimension * (program.steps + 1) > HISTORY:
        raise DoesNotFitError(
            "the history is too large",
            code="program.too-large",
            pointer="/program/order",
            found=f"{dimension:,} entries at {program.steps + 1:,} instants",
            wanted=f"at most {HISTORY:,} in all",
            help="take a lower order, fewer steps, or a mask of fewer parameters",
        )
    chosen = list(places)
    scale = _scale(program, loss, start[chosen], center[chosen])
    degree = _degree(program.solver.degree)
    system = Linearised(
        loss,
        program.rate,
        program.steps,
        start[chosen],
        center[chosen],
        program.order,
        scale,
        places,
        samples,
        "neumann",
        program.precision,
        degree,
    )
    _check(system)
    system = replace(system, solver=_solver(program.solver, system))
    canonical: dict[str, Any] = {
        "type": program.type,
        **fields,
        "rate": program.rate,
        "steps": program.steps,
        "start": start.tolist(),
        "center": center.tolist(),
        "order": program.order,
        "scale": scale,
        **own,
        "solver": {"type": system.solver, "degree": "auto" if degree is None else degree},
        "readout": program.readout,
        "precision": program.precision,
    }
    return system, LinearisedReadout(), {"program": canonical}


def _vector(matrices: Matrices, given: object, name: str, count: int | None) -> tuple[Real, int]:
    pointer = f"/program/{name}"
    if not isinstance(given, list):
        raise InvalidInputError(
            f'"{name}" is not a list of parameters',
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted="a list of numbers, one for each parameter",
        )
    wanted = max(len(given), 1) if count is None else count
    found = real_vector(matrices, given, pointer, wanted, 'one for each parameter, as "start" has')
    return found, wanted


def _mask(program: schema.LinearisedTrainingProgram, size: int) -> tuple[tuple[int, ...], Canonical]:
    if "mask" not in program.model_fields_set:
        return tuple(range(size)), {}
    given: Any = program.mask
    if not isinstance(given, list) or len(given) != size or not all(type(one) is bool for one in given):
        raise InvalidInputError(
            '"mask" does not say of each parameter whether it is trained',
            code="field.wrong-type",
            pointer="/program/mask",
            found=kind(given),
            wanted=f"a list of {size:,} times true or false",
        )
    if not any(given):
        raise InvalidInputError(
            "no parameter is trained",
            code="field.invalid",
            pointer="/program/mask",
            found="false for every parameter",
            wanted="true for at least one",
        )
    return tuple(place for place, kept in enumerate(given) if kept), {"mask": given}


def _loss(
    program: schema.LinearisedTrainingProgram, places: tuple[int, ...], size: int, matrices: Matrices
) -> tuple[Polynomial, int, Canonical]:
    asked = program.model_fields_set
    model = program.model
    if isinstance(model, schema.PolynomialLoss):
        for name in ("inputs", "targets"):
            if name in asked:
                raise InvalidInputError(
                    "a loss by its terms has no data",
                    code="program.unused-field",
                    pointer=f"/program/{name}",
                    found=f'"{name}" beside the model polynomial',
                    wanted="the terms alone",
                )
        terms = _terms(model.terms, size)
        kept = {
            tuple(exponents[place] for place in places): value
            for exponents, value in terms.items()
            if not any(exponent for place, exponent in enumerate(exponents) if place not in places)
        }
        listed = [[list(exponents), value] for exponents, value in terms.items()]
        return Polynomial(len(places), kept), 1, {"model": {"type": model.type, "terms": listed}}
    for name in ("inputs", "targets"):
        if name not in asked:
            raise InvalidInputError(
                f'the field "{name}" is missing in "program"',
                code="field.missing",
                pointer="/program",
                wanted=f'"{name}", which the loss of a neuron is a mean over',
            )
    reason = f'{counted(size, "number")} as "start" has'
    inputs = real_matrix(matrices, program.inputs, "/program/inputs", None, size, reason)
    targets = real_vector(matrices, program.targets, "/program/targets", len(inputs), "one for each input")
    degree = 2 * (len(model.activation) - 1)
    if comb(len(places) + degree, degree) > TERMS:
        raise DoesNotFitError(
            "the loss has too many terms",
            code="program.too-large",
            pointer="/program/model/activation",
            found=f"{comb(len(places) + degree, degree):,} terms of {len(places):,} parameters",
            wanted=f"at most {TERMS:,}",
        )
    activation = [float(one) for one in model.activation]
    loss = squared_loss(activation, inputs[:, list(places)], targets)
    fields = {
        "model": {"type": model.type, "activation": activation},
        "inputs": inputs.tolist(),
        "targets": targets.tolist(),
    }
    return loss, len(inputs), fields


def _terms(given: object, size: int) -> dict[tuple[int, ...], float]:
    pointer = "/program/model/terms"
    if not isinstance(given, list) or not given or len(given) > TERMS:
        raise InvalidInputError(
            '"terms" is not a list of terms',
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted=f"a list of at most {TERMS:,} pairs [exponents, coefficient]",
        )
    found: dict[tuple[int, ...], float] = {}
    for place, term in enumerate(given):
        at = join(pointer, place)
        good = isinstance(term, list) and len(term) == 2 and isinstance(term[0], list) and len(term[0]) == size
        good = good and all(type(one) is int and 0 <= one <= DEGREE for one in term[0]) and sum(term[0]) <= DEGREE
        if not good or isinstance(term[1], bool) or not isinstance(term[1], int | float) or not abs(term[1]) <= 1e6:
            raise InvalidInputError(
                "this is not a term",
                code="field.invalid",
                pointer=at,
                found=kind(term),
                wanted=f"[exponents, coefficient]: {counted(size, 'whole number')} from 0 whose sum is at most "
                f"{DEGREE}, and a number",
            )
        if tuple(term[0]) in found:
            raise InvalidInputError(
                "a term is given twice",
                code="program.repeated-number",
                pointer=at,
                found=f"exponents {term[0]} again",
                wanted="each once",
            )
        found[tuple(term[0])] = float(term[1])
    return found


def _scale(program: schema.LinearisedTrainingProgram, loss: Polynomial, start: Real, center: Real) -> float:
    if "scale" in program.model_fields_set:
        return program.scale
    found = maps(loss, center, program.rate)
    return best_scale(found, program.order, float(np.linalg.norm(start - center)))


def _solver(given: schema.LinearSolver, system: Linearised) -> Literal["neumann", "qsvt"]:
    """The solver that is named. If none is: the product of the series while A contracts; otherwise what the series is
    divided by grows with the power of the steps, and it is a polynomial, where there is one."""
    if "type" in given.model_fields_set:
        return given.type
    if system.norm < 1 - ROUNDING:
        return "neumann"
    try:
        inversion_of(system)
    except DoesNotFitError:
        return "neumann"
    return "qsvt"


def _degree(given: object) -> int | None:
    if given == "auto" and isinstance(given, str):
        return None
    if type(given) is not int or not 1 <= given <= 127 or given % 2 == 0:
        raise InvalidInputError(
            '"degree" is not that of an inverse',
            code="field.out-of-range",
            pointer="/program/solver/degree",
            found=kind(given),
            wanted='an odd number from 1 to 127, or "auto"',
        )
    return given


def _check(system: Linearised) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        finite = np.isfinite(system.history).all() and np.isfinite(system.descent).all()
    if not finite or not np.linalg.norm(system.right) > 0 or not np.abs(system.history).max() < 1e100:
        raise InvalidInputError(
            "the dynamics leave double precision, or there are none",
            code="model.out-of-scale",
            pointer="/program",
            found="an overflow, or a start at the center where the gradient is zero",
            wanted="a rate and a scale with which the history stays finite and is not zero",
            help="take a smaller rate, or another center",
        )
