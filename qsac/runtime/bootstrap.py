"""Standard errors by resampling the shots: a result is made again of counts that are drawn from those that were seen.

The parametric bootstrap of multinomial counts (Efron 1979): each circuit's shots are drawn anew, as many as there were,
with the shares that were measured; the spread of what they amount to is the standard error. That holds for whatever is
computed of the counts, where the propagation of errors takes it for linear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import isfinite, sqrt
from typing import Any

from qsac.errors import InvalidInputError
from qsac.families.contract import Model, Plan, Result
from qsac.families.outcomes import Outcomes, drawn, is_drawable
from qsac.families.result import Resamples
from qsac.files.pointer import quoted
from qsac.native.circuit import NativeCircuit
from qsac.numerics.seeds import seed_at
from qsac.runtime.request import Request

REPLICATES = 200
"""How often the shots are drawn anew: the errors' own error is then 5 %."""

STREAM = 0xB007
"""Sets the seeds of resampling apart from those of the shots."""

ResultOf = Callable[[Mapping[str, Outcomes]], Result]


def bootstrapped(
    model: Model,
    plan: Plan,
    circuits: Iterable[NativeCircuit],
    seen: Mapping[str, Outcomes],
    seed: int,
    place: int = 0,
) -> Result:
    """The result of counted outcomes ``seen``, by circuit, with standard errors by resampling. ``seed`` is that of the
    run, ``place`` the number of the sample where there are several.

    Raises :class:`~qsac.errors.InvalidInputError` where shots cannot be drawn from the counts alone, and where later
    circuits were made for what earlier ones gave, and the readout does not know what others would make of them.
    """
    drawing = tuple(circuits)
    _check(model, plan, drawing)
    result_of, found = _results(model, plan, seen)
    replicates = []
    for number in range(REPLICATES):
        again = {}
        for order, circuit in enumerate(drawing):
            one = seen[circuit.name]
            fresh = drawn(circuit, one, int(one.total), seed_at(seed, STREAM, place, number, order))
            again[circuit.name] = replace(fresh, subnormalisation=one.subnormalisation)
        replicates.append(result_of(again))
    errors = {
        name: _spread(found.metrics[name], [one.metrics[name] for one in replicates]) for name in found.standard_errors
    }
    values = {
        name: _spread(found.values[name], [one.values[name] for one in replicates]) for name in found.value_errors
    }
    return replace(found, standard_errors=errors, value_errors=values)


def _results(model: Model, plan: Plan, seen: Mapping[str, Outcomes]) -> tuple[ResultOf, Result]:
    """What outcomes amount to, and the result of those that were seen: the names of what has errors are in it."""
    readout = model.readout
    if isinstance(readout, Resamples):

        def resampled(again: Mapping[str, Outcomes]) -> Result:
            return readout.resampled(model, seen, again)

        found = resampled(seen)
        return resampled, replace(found, standard_errors=dict(found.metrics), value_errors=dict(found.values))

    def result_of(again: Mapping[str, Outcomes]) -> Result:
        return readout.result(model, plan.run(again))

    return result_of, result_of(seen)


def _check(model: Model, plan: Plan, circuits: Sequence[NativeCircuit]) -> None:
    why = None
    if (plan.may_spare or any(step.after for step in plan.circuits)) and not isinstance(model.readout, Resamples):
        why = "circuits that were made for what earlier ones gave"
    elif not all(map(is_drawable, circuits)):
        why = "success bits of several readouts, whose counts are not told apart"
    if why is not None:
        raise no_bootstrap(f"{why}, of the readout {quoted(model.readout.type)}")


def check_errors(asked: Request, *, by_shots: bool) -> None:
    """Whether errors are estimated as they are asked for. Raises :class:`~qsac.errors.InvalidInputError`."""
    if asked.errors == "bootstrap":
        if not by_shots:
            raise no_bootstrap("an exact run, whose numbers have no errors")
        if asked.mitigate:
            raise no_bootstrap("counts that are corrected for readout errors")
        if asked.precision is not None:
            raise no_bootstrap("shots that are taken until their propagated error is small enough")


def no_bootstrap(found: str) -> InvalidInputError:
    """What is raised for a run whose counts are not resampled."""
    return InvalidInputError(
        "these results have no errors by resampling",
        code="run.no-bootstrap",
        found=found,
        wanted="a run of a fixed number of shots whose counts say everything",
        help="leave out --errors bootstrap: errors are then propagated, where there are shots",
    )


def _spread(value: Any, replicates: Sequence[Any]) -> Any:
    """The standard deviations of numbers, in the shape of ``value``; None where that has none."""
    if value is None:
        return None
    known = [one for one in replicates if one is not None]
    if isinstance(value, list):
        return [_spread(part, [one[place] for one in known]) for place, part in enumerate(value)]
    if isinstance(value, Mapping):
        return {name: _spread(part, [one[name] for one in known]) for name, part in value.items()}
    numbers = [float(one) for one in known if isfinite(one)]
    if len(numbers) < 2:
        return None
    mean = sum(numbers) / len(numbers)
    return sqrt(sum((one - mean) ** 2 for one in numbers) / (len(numbers) - 1))
