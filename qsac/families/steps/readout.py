"""The readout of a list of steps: what the last one gives of the sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import ceil, prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from qsac.families.contract import Result, Row
from qsac.families.indexed import lists
from qsac.families.outcomes import RESOLUTION, Outcomes, standard_error
from qsac.families.steps.measured import Given, given_of, numbers_of, variances
from qsac.families.steps.model import CircuitOf, MeasuredAttention, UnitaryMixture
from qsac.families.steps.normal_form import Real
from qsac.families.steps.quantum import success_runs

if TYPE_CHECKING:
    from qsac.families.steps.evaluation import Trace
    from qsac.families.steps.model import Model

SUCCESS = "success_probability"


class Outputs:
    """What the last step gives of the sample, the success probability where something is post-selected, and the weights
    of attention of measured values."""

    type: ClassVar[str] = "outputs"
    precise: ClassVar[str] = "least known output"
    standard_error: ClassVar[float] = 0.01
    corrected: ClassVar[bool] = False
    details: ClassVar[Mapping[str, str]] = {}

    def expected(self, model: Model) -> dict[str, Outcomes]:
        """The closed form of every circuit, those of later steps for what the closed form gives of earlier ones."""
        return {run.name: run.expected for run in model.runs}

    def work(self, model: Model) -> int:
        """The amplitudes that are multiplied: of each circuit its gates times its states."""
        tokens = 1 if model.sample is None or model.sample.ndim == 1 else len(model.sample)
        return sum(_work(step, tokens) for step in model.steps)

    def closed_form(self, model: Model) -> Result:
        """The outputs by the closed form, however small the success probability."""
        trace = model.trace
        return result_of(trace.output, trace.success, trace.projects, trace.weights)

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        """The outputs of measured circuits; of counted ones with standard errors."""
        given = given_of(model, numbers_of(model.runs, seen))
        found = self._made(model, given, seen)
        exact = all(seen[run.name].exact for run in model.runs)
        return found if exact else self._with_errors(model, found, seen, given)

    def resampled(self, model: Model, seen: Mapping[str, Outcomes], again: Mapping[str, Outcomes]) -> Result:
        """See :class:`qsac.families.result.Resamples`: what circuits of later steps give is moved as their closed
        form is."""
        base = given_of(model, numbers_of(model.runs, seen)).inputs
        return self._made(model, given_of(model, numbers_of(model.runs, again), base), again)

    def _made(self, model: Model, given: Given, seen: Mapping[str, Any]) -> Result:
        """The result without errors."""
        runs = model.runs
        shares = _shares(model, seen)
        exact = all(seen[run.name].exact for run in runs)
        empty = [name for name in shares if seen[name].given < (RESOLUTION if exact else 0.5)]
        weights = [found[None] for found in given.weights]
        success = np.array([prod(shares.values())])
        found = result_of(given.output[None], success, model.projects, weights)
        return replace(found, warnings=(*found.warnings, *(_unresolved(name, seen[name]) for name in empty)))

    def _with_errors(self, model: Model, found: Result, seen: Mapping[str, Any], given: Given) -> Result:
        warnings = []
        totals = {run.name: seen[run.name].given for run in model.runs}
        spread = variances(model, model.runs, seen, given, totals)
        if spread is None:
            warnings.append("standard errors are left out: there are too many measured numbers")
            spread = np.full_like(given.flat, np.nan)
        errors = np.sqrt(spread)
        output, *rest = _parts(errors, given)
        spreads: dict[str, Any] = {"outputs": [_list(output)]}
        deviations: dict[str, float | None] = {}
        if SUCCESS in found.values:
            error = self._success_error(model, seen)
            spreads[SUCCESS] = [error]
            deviations[SUCCESS] = error
        if "attention" in found.values:
            spreads["attention"] = [_attention([_list(part) for part in rest])]
        return replace(found, standard_errors=deviations, value_errors=spreads, warnings=(*found.warnings, *warnings))

    def _success_error(self, model: Model, seen: Mapping[str, Any]) -> float:
        """Relative errors of independent factors are added in squares."""
        shares = _shares(model, seen)
        whole = prod(shares.values())
        total = 0.0
        for name, share in shares.items():
            one = seen[name]
            if one.given == one.total:
                continue
            scale = one.subnormalisation**2
            error = scale * standard_error(one.given, one.total)
            total += (error * (whole / share if share else 1.0)) ** 2
        return float(np.sqrt(total))

    def shots(self, model: Model, expected: Mapping[str, Outcomes], error: float) -> int | None:
        """The shots of each circuit for a standard error of every output."""
        given = given_of(model, numbers_of(model.runs, expected))
        shares = {run.name: expected[run.name].success_probability for run in model.runs}
        if min(shares.values(), default=0.0) < RESOLUTION:
            return None
        spread = variances(model, model.runs, expected, given, shares)
        if spread is None or not np.isfinite(spread).all():
            return None
        return max(1, ceil(float(spread[: given.output.size].max()) / error**2))

    def reached(self, result: Result) -> float | None:
        """The largest standard error of an output."""
        errors = _flat(result.value_errors["outputs"])
        return None if None in errors else max(float(one) for one in errors if one is not None)

    def influence(self, name: str, value: float, seen: Mapping[str, Outcomes], weights: Mapping[str, Any]) -> Any:
        raise NotImplementedError("outputs are not corrected for readout errors")

    def branch(self, model: Model, circuit: str, expected: Outcomes) -> float:
        return expected.given

    def deviation(self, model: Model, seen: Mapping[str, Outcomes]) -> dict[str, float | None]:
        """The largest one of the success probabilities; there is no loss."""
        growth = [
            seen[name].given * seen[name].subnormalisation ** 2 / found.given - 1
            for name, found in self.expected(model).items()
            if found.given and name in seen
        ]
        return {"loss_deviation": None, "success_probability_deviation": max(growth, key=abs, default=None)}

    def rows(self, model: Model, result: Result) -> Iterator[Row]:
        """The outputs in order, by their places from 0."""
        (values,) = result.values["outputs"]
        (errors,) = result.value_errors.get("outputs", [None])
        spread = iter(_flat(errors))
        for label, value in _labelled(values, "output"):
            yield label, {"value": value} | ({} if errors is None else {"standard error": next(spread)})

    def row_count(self, model: Model, result: Result) -> int:
        return len(_flat(result.values["outputs"]))


def _shares(model: Model, seen: Mapping[str, Any]) -> dict[str, float]:
    """The success probabilities of the circuits of which they are multiplied."""
    chosen = success_runs([run.name for run in model.runs])
    return {name: min(1.0, seen[name].success_probability * seen[name].subnormalisation ** 2) for name in chosen}


def result_of(output: Real, success: Real, projects: bool, weights: list[Real]) -> Result:
    """The result of a batch: ``output`` (B, ..), ``success`` (B,), ``weights`` (B, T, T) each."""
    values: dict[str, Any] = {"outputs": [_list(one) for one in output]}
    metrics: dict[str, float | None] = {}
    warnings = []
    probability = 1.0
    if projects:
        found = [float(one) if np.isfinite(one) else None for one in success]
        values[SUCCESS] = found
        probability = float(np.nanmean(success)) if np.isfinite(success).any() else 0.0
        metrics[SUCCESS] = probability
    if weights:
        values["attention"] = [_attention([_list(part[place]) for part in weights]) for place in range(len(output))]
    missing = sum(1 for one in values["outputs"] if one is None)
    if missing:
        warnings.append(
            f"{missing:,} of {len(output):,} outputs do not exist: nothing succeeds, or a number is not finite"
        )
    return Result(metrics, {}, probability, tuple(warnings), values)


def _attention(found: list[Any]) -> Any:
    """The weights of the one attention that there is, or a list of those of each."""
    return found[0] if len(found) == 1 else found


def _list(values: Real) -> Any:
    """Nested lists; None for an output with a number that is not finite."""
    return lists(values) if np.isfinite(values).all() else None


def _parts(flat: Real, given: Given) -> list[Real]:
    """The parts of :attr:`Given.flat` in their shapes."""
    parts, first = [], 0
    for one in (given.output, *given.weights):
        parts.append(flat[first : first + one.size].reshape(one.shape))
        first += one.size
    return parts


def _flat(content: Any) -> list[float | None]:
    if isinstance(content, list):
        return [number for part in content for number in _flat(part)]
    return [content]


def _labelled(content: Any, label: str) -> Iterator[tuple[str, float | None]]:
    if isinstance(content, list):
        for place, part in enumerate(content):
            yield from _labelled(part, f"{label}[{place}]")
    else:
        yield label, content


def _unresolved(name: str, found: Outcomes) -> str:
    if found.exact:
        return f"the outputs do not exist: no shot of {name} is ever accepted"
    return f"the outputs are not resolved: none of {found.total:,.0f} shots of {name} were accepted"


def _work(step: Any, tokens: int) -> int:
    if isinstance(step, CircuitOf):
        return tokens * len(step.measured.circuit.gates) << step.measured.circuit.qubits
    if isinstance(step, MeasuredAttention):
        circuits = [step.query.circuit, step.key.circuit]
        return tokens * (tokens + sum(len(one.gates) for one in circuits)) << circuits[0].qubits
    if isinstance(step, UnitaryMixture):
        return tokens * len(step.polynomial) * len(step.token.gates) << step.token.qubits
    return 0


def trace_result(trace: Trace) -> Result:
    """The result of a batch by the closed form."""
    return result_of(trace.output, trace.success, trace.projects, trace.weights)
