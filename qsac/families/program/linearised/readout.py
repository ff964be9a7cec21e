"""The readout of linearised training: the parameters by the history, and all that is known beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.errors import DoesNotFitError, of_type
from qsac.families.contract import Result
from qsac.families.outcomes import Index, Outcomes
from qsac.families.program.readouts import ProgramReadout, spread_of_share, with_steps
from qsac.numerics.tomography import estimated, turned_probabilities

if TYPE_CHECKING:
    from qsac.families.program.linearised.dynamics import Linearised
    from qsac.families.program.model import Model


Real = NDArray[np.float64]

NAME, HISTORY = "history", "solution"
"""The readout of every circuit, and what the classical step writes."""

EXACT, SOLVED = "theta_carleman", "theta_solved"
"""The parameters of the exact history, which ``neumann`` gives, and those that a polynomial gives."""

LABELS = ("P(entry and accepted) at ", "P(entry and accepted) again at ")


class Setting(NamedTuple):
    """One circuit: its name, and the qubit of time and state that a Hadamard gate turns, None for none."""

    name: str
    qubit: int | None


def settings(system: Linearised) -> Iterator[Setting]:
    """The circuits."""
    yield Setting("history", None)
    for qubit in range(system.time_qubits + system.state_qubits):
        yield Setting(f"history-turned-{qubit}", qubit)


def read_history(system: Linearised, seen: Mapping[str, Outcomes], options: Mapping[str, Any]) -> dict[str, Any]:
    """The history by tomography, a classical step: its length by the share of accepted shots, its sign by the first
    instant, which is known: y(0), or where that is zero b."""
    outcomes = [seen[one.name] for one in settings(system)]
    counts = [np.array([one.given]) if one.index is None else one.index.marginal for one in outcomes]
    size, width = len(system.offset), 1 << system.state_qubits
    warnings: list[str] = []
    unit = np.zeros(len(counts[0]))
    if counts[0].sum() > 0:
        found = estimated(counts[0], counts[1:])
        unit = found.values
        if found.undetermined and not outcomes[0].exact:
            listed = ", ".join(map(str, found.undetermined[:8]))
            warnings.append(f"no shots tell the sign of entries {listed} of the history")
    else:
        warnings.append("the history is not resolved: no shot was accepted")
    shares = sum(one.given * one.subnormalisation**2 for one in outcomes) / sum(one.total for one in outcomes)
    length = system.subnormalisation * float(np.linalg.norm(system.right)) * sqrt(shares)
    rows = unit.reshape(-1, width)[: system.steps + 1, :size] * length
    known = int(not system.first.any())
    rows = rows * (-1.0 if float(rows[known] @ system.solved[known]) < 0 else 1.0)
    theta = system.theta_of(rows)
    error = system.bias + system.spread / sqrt(outcomes[0].total)
    told = {
        "history": rows.tolist(),
        "theta": theta.tolist(),
        "errors": np.full_like(theta, error).tolist(),
        "warnings": warnings,
    }
    return {HISTORY: told}


@dataclass(frozen=True)
class LinearisedReadout(ProgramReadout):
    """Theta at every instant, beside plain gradient descent."""

    type: ClassVar[str] = "linearised-training"

    def work(self, model: Model) -> int:
        return int(_system(model).history.size) ** 2

    def expected(self, model: Model) -> dict[str, Outcomes]:
        """The index is the instant and the entry of the history, in the basis of the setting."""
        system, found = _system(model), {}
        amplitudes = np.ravel(system.padded(system.solved))
        amplitudes = amplitudes / (system.subnormalisation * np.linalg.norm(system.right))
        for one in settings(system):
            weights = amplitudes**2 if one.qubit is None else turned_probabilities(amplitudes, one.qubit)
            given = float(weights.sum())
            found[one.name] = Outcomes(1.0, given, {NAME: given}, Index(weights, weights, LABELS), exact=True)
        return found

    def closed_form(self, model: Model) -> Result:
        system = _system(model)
        history = system.history
        values: dict[str, Any] = {
            "loss_polynomial": system.loss.listed(),
            "maps": [found.tolist() for found in system.maps],
            "A": system.matrix.tolist(),
            "b": system.offset.tolist(),
            "rhs": system.right.tolist(),
            "history": history.tolist(),
            "theta": system.descent.tolist(),
            "theta_carleman": system.linearised.tolist(),
            "truncation_error": float(np.abs(system.linearised - system.descent).max()),
            "norm_A": system.norm,
            "R": system.dissipation,
            "neumann": system.neumann(),
            "qsvt": system.qsvt(),
            "share_of_last_theta": float((history[-1, : system.parameters] ** 2).sum() / (history**2).sum()),
            "parameters": list(system.places),
            "classical_multiply_adds": system.multiply_adds,
        }
        try:
            values["solver"] = system.solver_facts()
        except DoesNotFitError as error:
            # The exact values stand without a polynomial.
            warning = f"{error.title}: {error.found}; the circuits are refused"
            return Result({"success_probability": None}, {}, None, (warning,), values)
        if system.by_polynomial:
            solved = system.solved
            values |= {"history_solved": solved.tolist(), SOLVED: system.theta_of(solved).tolist()}
        return Result({"success_probability": system.success}, {}, system.success, (), values)

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        system, seen = _system(model), with_steps(model, seen)
        found = seen[HISTORY]
        history, theta = ("history_solved", SOLVED) if system.by_polynomial else ("history", EXACT)
        values = {
            history: found["history"],
            theta: found["theta"],
            "solver": system.solver_facts(),
            "parameters": list(system.places),
            "classical_multiply_adds": system.multiply_adds,
        }
        outcomes = [seen[one.name] for one in settings(system)]
        total = sum(one.total for one in outcomes)
        probability = sum(one.given for one in outcomes) / total
        metrics: dict[str, float | None] = {"success_probability": probability}
        if all(one.exact for one in outcomes):
            return Result(metrics, {}, probability, (), values)
        spread = spread_of_share(probability, total)
        told = {theta: found["errors"]}
        return Result(metrics, {"success_probability": spread}, probability, tuple(found["warnings"]), values, told)

    def shots(self, model: Model, expected: Mapping[str, Outcomes], error: float) -> int | None:
        """Of each circuit, for what the solver leaves of the precision that the model asks for; for all of it where a
        polynomial of a degree that was given leaves nothing."""
        system = _system(model)
        left = system.precision - system.bias
        return max(1, ceil((system.spread / (left if left > 0 else system.precision)) ** 2))

    def shown(self, result: Result) -> list[Any]:
        return list(result.values[SOLVED if SOLVED in result.values else EXACT])


def _system(model: Model) -> Linearised:
    from qsac.families.program.linearised.dynamics import Linearised

    return of_type(model.system, Linearised)
