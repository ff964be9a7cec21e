"""The readout of all positions at once: how far the model's states are from those that are wanted.

With g accepted shots, t of them with the value register measured as 0 and s of these with all bits 0: fidelity s/g and
token fidelity t/g.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import log
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import Result, Row
from qsac.families.nested import NestedReadout
from qsac.families.outcomes import RESOLUTION, Index, Outcomes, standard_error, upper_bound
from qsac.families.transformer.normalisers import fidelity_normaliser
from qsac.files.numbers import Numbers

if TYPE_CHECKING:
    from qsac.families.transformer.model import Model

Real = NDArray[np.float64]

NAME = "fidelity"
"""The name of the circuit."""

LABELS = ("|o_j|^2 at j = ", "|<y_j|o_j>|^2 at j = ")
"""The names of the entries of the saved index."""


@dataclass(frozen=True, eq=False)
class StateFidelity(NestedReadout):
    """F = |sum_j <y_j|o_j>|^2 / (N sum_j |o_j|^2) for ``targets`` (N, d), rows y_j of length 1."""

    type: ClassVar[str] = "state-fidelity"
    precise: ClassVar[str | None] = "loss"
    standard_error: ClassVar[float] = 0.1
    corrected: ClassVar[bool] = True
    details: ClassVar[Mapping[str, str]] = {}

    targets: Numbers = field(repr=False)

    def work(self, model: Model) -> int:
        return model.tokens**2 * sum(len(layer.heads) for layer in model.layers)

    def expected(self, model: Model) -> dict[str, Outcomes]:
        """The index is the position."""
        return {NAME: self._outcomes(_amplitudes(model), model.index_qubits)}

    def closed_form(self, model: Model) -> Result:
        """The metrics, however small the success probability is, or the share of one position in it."""
        states, qubits = model.outputs, model.index_qubits
        lengths = np.abs(states).max(axis=1, keepdims=True)
        by_position = self._outcomes(states / np.where(lengths, lengths, 1.0), qubits).index
        found = replace(self._outcomes(states / (float(lengths.max()) or 1.0), qubits), index=by_position)
        metrics, warnings = _metrics(found, model.tokens)
        metrics["success_probability"] = float((np.abs(_amplitudes(model)) ** 2).sum())
        return Result(metrics, {}, metrics["success_probability"], tuple(warnings))

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        found: Outcomes = seen[NAME]
        if not found.exact:
            return _counted(found)
        metrics, warnings = _metrics(found, model.tokens)
        return Result(metrics, {}, metrics["success_probability"], tuple(warnings))

    def deviation(self, model: Model, seen: Mapping[str, Outcomes]) -> dict[str, float | None]:
        wanted, found = self.expected(model)[NAME], seen[NAME]
        fidelities = [one.share("fidelity") for one in (wanted, found)]
        return {
            "loss_deviation": log(fidelities[0] / fidelities[1]) if min(fidelities) > 0 else None,
            "success_probability_deviation": found.given * found.subnormalisation**2 / wanted.given - 1
            if wanted.given
            else None,
        }

    def rows(self, model: Model, result: Result) -> Iterator[Row]:
        for name, value in result.metrics.items():
            errors = {"standard error": result.standard_errors.get(name)} if result.standard_errors else {}
            yield name, {"value": value} | errors

    def row_count(self, model: Model, result: Result) -> int:
        return len(result.metrics)

    def _outcomes(self, states: Numbers, qubits: int) -> Outcomes:
        """Exact outcomes for the states of all positions as the circuit has them, (N, d)."""
        tokens = len(states)
        overlaps = np.einsum("jd,jd->j", self.targets.conj(), states)
        weights = np.zeros((2, 1 << qubits))
        weights[0, :tokens] = (np.abs(states) ** 2).sum(axis=1)
        weights[1, :tokens] = np.abs(overlaps) ** 2
        success = {
            "fidelity": float(abs(overlaps.sum()) ** 2 / tokens),
            "token_fidelity": float(weights[1].sum()),
        }
        index = Index(weights[0], weights[1], LABELS) if qubits else None
        return Outcomes(1.0, float(weights[0].sum()), success, index, exact=True)


def _amplitudes(model: Model) -> Numbers:
    """The states of all positions as the circuit has them, (N, d). Where there is no weight they are all zero."""
    amplitudes: Numbers = model.outputs / ((fidelity_normaliser(model) or 1.0) * np.sqrt(model.tokens))
    return amplitudes


def _metrics(found: Outcomes, tokens: int) -> tuple[dict[str, float | None], list[str]]:
    """The metrics of exact outcomes, and why some do not exist."""
    given = found.given
    metrics: dict[str, float | None] = dict.fromkeys(("fidelity", "token_fidelity", "loss", "cross_entropy"))
    if given < RESOLUTION:
        names = ", ".join(metrics)
        metrics["success_probability"] = 0.0
        return metrics, [f"{names} do not exist: every state o_j is zero, so no shot is accepted"]
    fidelity, token = (
        0.0 if found.success[name] < RESOLUTION else min(found.share(name), 1.0)
        for name in ("fidelity", "token_fidelity")
    )
    metrics |= {"fidelity": fidelity, "token_fidelity": token}
    metrics["success_probability"] = min(given, 1.0)
    warnings = []
    if fidelity:
        metrics["loss"] = -log(fidelity) + 0.0
    else:
        warnings.append("loss does not exist: the fidelity is 0")
    marginal, joint = np.array([given]), np.array([found.success["token_fidelity"]])
    if found.index is not None:
        marginal, joint = found.index.marginal[:tokens], found.index.joint[:tokens]
    empty = np.flatnonzero((marginal < RESOLUTION) | (joint < RESOLUTION))
    if empty.size:
        what = "the state o_j is" if marginal[empty[0]] < RESOLUTION else "the overlap of o_j with its target is"
        warnings.append(f"cross_entropy does not exist: {what} zero for j = {empty[0] + 1}")
    else:
        metrics["cross_entropy"] = float(-np.log(np.minimum(joint / marginal, 1.0)).mean()) + 0.0
    return metrics, warnings


def _counted(found: Outcomes) -> Result:
    """Metrics from at least one shot, with binomial standard errors (delta method for the logarithm); where a fraction
    is 0 or 1 they are taken at half a count from the edge. Which position a shot was of is not measured: it has no
    cross entropy."""
    given, fidelity = found.given, found.success["fidelity"]
    metrics: dict[str, float | None] = {}
    errors: dict[str, float | None] = {}
    warnings: list[str] = []
    for name in ("fidelity", "token_fidelity"):
        part = found.success[name]
        metrics[name] = part / given if given else None
        errors[name] = standard_error(part, given) if given else None
    metrics["loss"] = errors["loss"] = None
    if fidelity:
        metrics["loss"] = log(given / fidelity)
        errors["loss"] = standard_error(fidelity, given) / (fidelity / given)
    elif given:
        bound = -log(upper_bound(given)) + 0.0
        warnings.append(
            f"loss is not resolved: none of {given:,.0f} accepted shots succeeded; with 95% confidence it is at least "
            f"{bound:.3g}"
        )
    else:
        warnings.append(
            f"fidelity, token_fidelity and loss are not resolved: none of {found.total:,.0f} shots were accepted; with "
            f"95% confidence success_probability is at most {upper_bound(found.total):.3g}"
        )
    probability = given / found.total
    metrics["success_probability"] = probability
    errors["success_probability"] = standard_error(given, found.total)
    return Result(metrics, errors, probability, tuple(warnings))
