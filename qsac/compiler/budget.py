"""The value of an approximation on a noisy machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import sqrt
from typing import TYPE_CHECKING, Protocol, TypeVar

from qsac.counting.stats import circuit_stats
from qsac.ir.program import Program
from qsac.machine.target import Target
from qsac.native.circuit import NativeCircuit

if TYPE_CHECKING:
    from qsac.native.statistics import TriedBudget

AUTOMATIC_BUDGETS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
"""Error budgets that ``auto`` tries, besides 0."""


class Trial(Protocol):
    """One way to compile a model: its final attention program, the circuit, and what passes have spent."""

    @property
    def program(self) -> Program: ...
    @property
    def circuit(self) -> NativeCircuit: ...
    @property
    def spent(self) -> dict[str, float]: ...
    @property
    def target(self) -> Target: ...


W = TypeVar("W", bound=Trial)


def total(spent: Iterable[float]) -> float:
    """The infidelity that several passes spend together: in the worst case errors add up, not their squares."""
    return sum(map(sqrt, spent)) ** 2


def quality(error_free: float | None, spent: float, success: float) -> float:
    """A lower bound on the share of successful shots that are also correct.

    It is the ESP (``error_free``) times the fidelity of the branch from which the loss is read: the branch has the
    probability ``success`` = zeta F, and all of the infidelity ``spent`` of the final state may lie in it, so its own
    infidelity is at most spent / (zeta F). A budget pays off as long as the saved gates would have added more error.
    """
    if spent == 0:
        return error_free or 0.0
    return (error_free or 0.0) * max(0.0, 1 - spent / success) if success > 0 else 0.0


def best_quality(branch: Callable[[], float], trial: Callable[[float], W]) -> tuple[W, list[TriedBudget]]:
    """Of the trials with the budgets of :data:`AUTOMATIC_BUDGETS` the one of the best estimated quality, and the
    estimates of all that came to different circuits. No way takes more two-qubit gates than the exact one. ``branch``
    is the probability of the branch that is read, in the model's own subnormalisation."""
    exact = trial(0.0)
    machine = exact.target
    if machine.errors is None:
        return exact, []
    success = branch()
    best, most = exact, -1.0
    tried: list[TriedBudget] = []
    seen: list[Program] = []
    for budget in (0.0, *AUTOMATIC_BUDGETS):
        found = trial(budget) if budget else exact
        if budget and (not found.spent or found.program in seen):
            continue
        seen.append(found.program)
        if budget and found.circuit.two_qubit_gates >= exact.circuit.two_qubit_gates:
            continue
        spent = total(found.spent.values())
        seen_with = success / found.program.subnormalisation**2
        worth = quality(circuit_stats(found.circuit, machine)["error_free_probability"], spent, seen_with)
        tried.append(
            {"budget": budget, "spent": spent, "two_qubit_gates": found.circuit.two_qubit_gates, "quality": worth}
        )
        if worth > most:
            best, most = found, worth
    return best, tried


def fewest_gates(budget: float, trial: Callable[[float], W]) -> W:
    """The way that uses the budget, or the exact one if that takes no more two-qubit gates."""
    found = trial(budget)
    if not found.spent:
        return found
    exact = trial(0.0)
    return found if found.circuit.two_qubit_gates < exact.circuit.two_qubit_gates else exact
