"""The readout of the loss: fidelity, token fidelity, and every metric that follows (Construction, section 1).

With g accepted shots, t of them with the value register measured as 0 and s of these with all bits 0: fidelity s/g,
token fidelity t/g, and the Renyi divergence loss - loss_a = ln(t/s) from the same shots.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import log
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from qsac.families.contract import CircuitStep, Result, Row
from qsac.families.nested import NestedReadout
from qsac.families.outcomes import Index, Outcomes, standard_error, upper_bound
from qsac.families.qsa.construction import Attention
from qsac.families.qsa.metrics import closed_form, metrics_from_probabilities, prefix_loss, with_excess
from qsac.families.qsa.parts import ALPHA, CONTEXT, LENGTHS, TARGETS, program
from qsac.ir.attention import LoadTokens, PhaseTable, PrepareIndices, Project
from qsac.ir.op import Op
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.numerics.product_formulas import Evolution

if TYPE_CHECKING:
    from qsac.families.qsa.model import Model

NAME = "loss"
"""The name of the circuit."""

DETAILS = {
    "loss_a": "-ln token_fidelity",
    "mu": "|sum_j e^(i phi_j) A_j|^2 / (lambda N)^2",
    "zeta": "sum_j w_j^2 / (lambda^2 T N)",
    "nu": "sum_j |A_j|^2 / (lambda^2 T N)",
}
"""Metrics of the theory that few users need, each explained."""

LABELS = ("w_j^2 at j = ", "|A_j|^2 at j = ")
"""The names of the entries of the saved index."""


@dataclass(frozen=True)
class Loss(NestedReadout):
    """The fused readout of the loss."""

    type: ClassVar[str] = "loss"
    precise: ClassVar[str | None] = "loss"
    standard_error: ClassVar[float] = 0.1
    corrected: ClassVar[bool] = True
    details: ClassVar[Mapping[str, str]] = DETAILS

    def step(self, model: Model, source: Evolution | None = None) -> CircuitStep:
        """The one circuit of the plan."""
        build = partial(self.program, model, source)
        return CircuitStep(NAME, build, ("fidelity", "token_fidelity"), model.index_qubits)

    def program(self, model: Model, source: Evolution | None = None) -> Program:
        """The program whose readouts are the fidelity and the token fidelity.

        Score copies come one after another: each is loaded by ``key``, transformed, loaded inversely by ``query`` and
        projected; the value register follows, with the targets in its inverse load. Where these are words shorter than
        1, the register ``alpha`` is loaded with sqrt(alpha) on 0 and projected on it. The saved probabilities
        ``weights`` and ``overlaps`` are w_j^2 and |A_j|^2 over lam^2 T N.
        """
        positions = model.context
        indexed = positions > 1
        key, query = (("key",), ("query",)) if indexed else ((), ())
        tables = {CONTEXT: Table(model.tokens[:positions], source), TARGETS: Table(model.tokens[1:], source)}
        attention = Attention(model, positions)
        values = attention.values(tables)

        ops: list[Op] = []
        if indexed:
            ops.append(PrepareIndices("query", "key", model.mask, positions, origin="/attention/mask"))
        ops += attention.begun(tables)
        ops += attention.scores(tables, (query, CONTEXT))
        ops += values
        ops += attention.ended()
        if indexed:
            ops.append(Project(key, "uniform", positions, origin="/attention/mask"))
            ops.append(SaveProbabilities(query, "weights", origin="/readout"))
        ops.append(LoadTokens("value", query, TARGETS, inverse=True, origin="/tokens"))
        if indexed and np.any(model.phases):
            ops.append(PhaseTable("query", Table(model.phases), origin="/phases"))
        ops.append(Project(("value",), origin="/readout"))
        success: tuple[str, ...] = ("value",)
        if model.lengths is not None:
            success = ("value", ALPHA)
            tables[LENGTHS] = Table(np.stack((model.lengths, np.sqrt(1 - model.lengths**2)), axis=1))
            ops.append(LoadTokens(ALPHA, query, LENGTHS, origin="/tokens"))
            ops.append(Project((ALPHA,), origin="/readout"))
        if indexed:
            ops.append(SaveProbabilities(query, "overlaps", origin="/readout"))
            ops.append(Project(query, "uniform", positions, origin="/readout"))

        sizes = {"query": model.index_qubits, "key": model.index_qubits, "value": model.data_qubits}
        sizes |= {} if model.lengths is None else {ALPHA: 1}
        given = (*attention.registers, *key)
        return program(
            model,
            sizes | attention.sizes,
            tables,
            ops,
            Readout("fidelity", given, (*success, *query)),
            Readout("token_fidelity", given, success),
            subnormalisation=attention.subnormalisation,
        )

    def work(self, model: Model) -> int:
        return model.context**2

    def expected(self, model: Model) -> dict[str, Outcomes]:
        exact = closed_form(model, prefix=False)
        zeta = exact["zeta"] or 0.0
        success = {name: (exact[name] or 0.0) * zeta for name in ("fidelity", "token_fidelity")}
        index = None
        if model.index_qubits:
            scale = model.lam**2 * model.context * model.pairs
            weights = np.zeros((2, 1 << model.index_qubits))
            weights[0, : model.context] = exact.norms**2 / scale
            weights[1, : model.context] = np.abs(exact.overlaps) ** 2 / scale
            index = Index(weights[0], weights[1], LABELS)
        return {NAME: Outcomes(1.0, zeta, success, index, exact=True)}

    def closed_form(self, model: Model) -> Result:
        exact = closed_form(model)
        return Result(exact.values, {}, exact["success_probability"], exact.warnings)

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        found: Outcomes = seen[NAME]
        return _exact(model, found) if found.exact else _counted(model, found)

    def deviation(self, model: Model, seen: Mapping[str, Outcomes]) -> dict[str, float | None]:
        exact, found = closed_form(model), seen[NAME]
        loss, fidelity, zeta = exact["loss"], found.share("fidelity"), exact["zeta"]
        return {
            "loss_deviation": None if loss is None or fidelity <= 0 else -log(fidelity) - loss,
            "success_probability_deviation": found.given * found.subnormalisation**2 / zeta - 1 if zeta else None,
        }

    def rows(self, model: Model, result: Result) -> Iterator[Row]:
        for name, value in result.metrics.items():
            errors = {"standard error": result.standard_errors.get(name)} if result.standard_errors else {}
            yield name, {"value": value} | errors

    def row_count(self, model: Model, result: Result) -> int:
        return len(result.metrics)


def _exact(model: Model, found: Outcomes) -> Result:
    # A single position has no query register: its shares are the metrics themselves.
    weights, overlaps = np.ones(1), np.array([found.share("token_fidelity")])
    if found.index is not None:
        weights, overlaps = found.index.marginal / (found.given or 1.0), found.index.joint / (found.given or 1.0)
    metrics, warnings = metrics_from_probabilities(
        zeta=found.given * found.subnormalisation**2,
        fidelity=found.share("fidelity"),
        token_fidelity=found.share("token_fidelity"),
        weight_share=weights[: model.context],
        overlap_share=overlaps[: model.context],
        context=model.context,
        pairs=model.pairs,
        prefix=prefix_loss(model),
    )
    if metrics["success_probability"]:
        metrics["success_probability"] /= found.subnormalisation**2
    metrics, warnings = with_excess(model, metrics, warnings)
    return Result(metrics, {}, metrics["success_probability"], tuple(warnings))


def _counted(model: Model, found: Outcomes) -> Result:
    """Metrics from at least one shot.

    mu, zeta and nu are the model's: the circuit's probabilities times the square of its subnormalisation.
    Standard errors are binomial (delta method for logarithms); where a fraction is 0 or 1 they are taken at half a
    count from the edge.
    """
    shots, given = found.total, found.given
    token, fidelity = found.success["token_fidelity"], found.success["fidelity"]
    metrics: dict[str, float | None] = {}
    errors: dict[str, float | None] = {}
    warnings: list[str] = []

    def fraction(name: str, part: float, whole: float, factor: float = 1.0) -> None:
        metrics[name] = factor * part / whole if whole else None
        errors[name] = factor * standard_error(part, whole) if whole else None

    def logarithm(name: str, part: float, whole: float, what: str) -> None:
        if part:
            metrics[name] = log(whole / part)
            errors[name] = standard_error(part, whole) / (part / whole)
            return
        metrics[name] = errors[name] = None
        if whole:
            bound = -log(upper_bound(whole)) + 0.0
            warnings.append(f"{name} is not resolved: {what}; with 95% confidence it is at least {bound:.3g}")
        elif given:
            warnings.append(f"{name} is not resolved: in no accepted shot is the value register 0")

    growth = found.subnormalisation**2
    fraction("fidelity", fidelity, given)
    logarithm("loss", fidelity, given, f"none of {given:,.0f} accepted shots succeeded")
    fraction("token_fidelity", token, given)
    logarithm("loss_a", token, given, f"in none of {given:,.0f} accepted shots is the value register 0")
    logarithm("renyi_divergence", fidelity, token, f"none of {token:,.0f} shots with the value register 0 succeeded")
    fraction("mu", fidelity, shots, growth * model.context**2 / model.pairs)
    fraction("zeta", given, shots, growth)
    fraction("nu", token, shots, growth)
    fraction("success_probability", given, shots)
    if not given:
        warnings.append(
            "fidelity, loss, token_fidelity, loss_a and renyi_divergence are not resolved: none of "
            f"{shots:,.0f} shots were accepted; with 95% confidence success_probability is at most "
            f"{upper_bound(shots):.3g}"
        )
    return Result(metrics, errors, metrics["success_probability"], tuple(warnings))
