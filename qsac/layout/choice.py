"""Circuits for a coupling graph: candidates laid out by our own synthesis, and the choice among all candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from math import inf, log
from typing import Any

from qsac.counting.formulas import two_qubit_gates
from qsac.counting.stats import circuit_stats
from qsac.errors import of_type, present
from qsac.ir.attention import Amplify, LoadPruned, LoadWhole
from qsac.ir.program import Program
from qsac.layout import compiled
from qsac.layout.search_budget import SearchBudget
from qsac.lowering.allocation import Allocation
from qsac.machine.target import Target
from qsac.native.circuit import NativeCircuit
from qsac.pipeline.contract import CircuitPass, Pass, PassContext
from qsac.pipeline.registry import pass_class
from qsac.pipeline.stages import applied
from qsac.plugins import is_foreign

Stage = Callable[[str], AbstractContextManager[None]]
"""Times a stage, by its name."""

_AS_GOOD = 1.01
"""Expected errors, as multiples of the least, that no machine's rates tell apart."""

_SMALL = 200
"""Two-qubit gates up to which -O2 takes its time. Larger programs are only laid out: routing takes far more gates."""

MOST_GATES = 2_000
"""Two-qubit gates up to which a program is laid out."""

_BRIEFLY = 4
"""Attempts at routing what is laid out, too, which is hardly ever worse."""


def search_budget(optimisation: int, gates: int) -> SearchBudget | None:
    """How much the search for arrangements tries at an ``-O`` level for a program of so many gates, if anything."""
    if optimisation < 1 or gates > MOST_GATES:
        return None
    if optimisation == 1:
        return SearchBudget(6, (4, 2), 2, min(20 * gates, 4_000), 2)
    if optimisation > 2:
        sweeps = min(max(2_000 // max(gates, 1), 4), 16)
        return SearchBudget(32, (16, 12, 8, 6, 4, 2), sweeps, min(60 * gates, 30_000), 8)
    if gates > _SMALL:
        return SearchBudget(8, (8, 4, 2, 1), 2, min(20 * gates, 10_000), 3)
    return SearchBudget(16, (16, 12, 8, 4), 4, 20 * gates, 6)


_CHANGES_A_SECOND = 300_000 if compiled.kernel else 10_000
"""Changes of an annealing, their share of sweeps included, as measured (T = 8 to 16, d = 4 to 8)."""

_LONG = 5
"""Seconds of search that are announced."""


def expected_seconds(budget: SearchBudget) -> float:
    """About how long a search takes: by its size, not by a clock."""
    return sum(budget.rounds) * budget.changes / _CHANGES_A_SECOND


def _announced(budget: SearchBudget, gates: int, context: PassContext) -> None:
    """Say that a long search begins."""
    seconds = expected_seconds(budget)
    if context.announce is None or seconds <= _LONG:
        return
    length = f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
    context.announce(
        f"searching for a layout of {gates:,} two-qubit gates on {context.target.name} takes about {length}; "
        "-O1 takes about a second"
    )


@dataclass(frozen=True)
class Candidate:
    """A circuit, where its registers lie, the attention program that it is of if that is not the one that was asked
    for, and what the circuit passes made of it: name, gates before, result. ``arranged`` is a laid-out circuit before
    them."""

    circuit: NativeCircuit
    allocation: Allocation
    program: Program | None = None
    passed: tuple[tuple[str, int, NativeCircuit], ...] = ()
    arranged: NativeCircuit | None = None


def circuit_steps(chosen: Sequence[Pass | CircuitPass], machine: Target) -> list[CircuitPass]:
    """The circuit passes asked for; routing is not a choice where the machine has a coupling graph."""
    steps = [step for step in chosen if isinstance(step, CircuitPass)]
    if machine.coupling is not None and all(step.name != "route" for step in steps):
        steps.append(of_type(pass_class("route")(), CircuitPass))
    return steps


def briefly(steps: Sequence[CircuitPass]) -> list[CircuitPass]:
    """The same passes with few attempts at routing where the number was left open."""
    route: Any = pass_class("route")
    return [route(attempts=_BRIEFLY) if step == route() else step for step in steps]


def through(steps: Sequence[CircuitPass], candidate: Candidate, context: PassContext, stage: Stage) -> Candidate:
    """The candidate after the circuit passes, each timed as a stage of its own."""
    circuit = candidate.circuit
    passed = []
    for step in steps:
        before = circuit.two_qubit_gates
        with stage(step.name):
            circuit = applied(step, circuit, context)
        passed.append((step.name, before, circuit))
    return replace(candidate, circuit=circuit, passed=tuple(passed))


def best_on_graph(
    first: Candidate,
    program: Program,
    usual: Program,
    chosen: Sequence[Pass | CircuitPass],
    context: PassContext,
    stage: Stage,
) -> Candidate:
    """For a coupling graph, the best circuit of an attention program, of which ``first`` is the usual one before the
    circuit passes, ``usual`` its block program: routed or laid out."""
    steps = circuit_steps(chosen, context.target)
    budget = _budget(program, usual, chosen, context)
    if budget is None:
        return through(steps, first, context, stage)
    ended = []
    if first.circuit.two_qubit_gates <= _SMALL:
        ended.append(through(briefly(steps), first, context, stage))
        if ended[0].circuit.two_qubit_gates <= first.circuit.two_qubit_gates:
            return ended[0]
    # Routing took its toll: our own synthesis may do with less.
    candidates = laid_out(program, usual, context, budget)
    while True:
        with stage("arrange"):
            candidate = next(candidates, None)
        if candidate is None:
            break
        ended.append(through(steps, candidate, context, stage))
    if not any(candidate.arranged for candidate in ended):
        return through(steps, first, context, stage)
    return lowest_expected_error(ended, context.target)


def lowest_expected_error(candidates: Sequence[Candidate], machine: Target) -> Candidate:
    """The candidate with the lowest expected error: of those that are within 1 % of the least, by the machine's median
    rates, idling included, the one whose gates and depth have the least product. Gates count as errors where no rates
    are known.

    By medians: each circuit lies at the best place of its shape already, and calibrations change.
    """
    rates = machine.errors and replace(machine.errors, one_qubit_by_qubit=(), two_qubit_by_edge=(), measure_by_qubit=())
    known = replace(machine, errors=rates)
    stats = [circuit_stats(candidate.circuit, known) for candidate in candidates]
    errors = [
        found["two_qubit_gates"]
        if found["error_free_probability"] is None
        else -log(max(found["error_free_probability"], 1e-300))
        for found in stats
    ]
    most = _AS_GOOD * min(errors)
    products = [
        found["two_qubit_gates"] * found["two_qubit_depth"] if error <= most else inf
        for found, error in zip(stats, errors, strict=True)
    ]
    return candidates[products.index(min(products))]


def _budget(
    program: Program, usual: Program, chosen: Sequence[Pass | CircuitPass], context: PassContext
) -> SearchBudget | None:
    """How much is searched for circuits that are laid out, if anything.

    Nothing at -O0, for large programs, for templates (arrangements are found for one model), for pruned loaders (whose
    ladders have the order of their controls' cutoffs), whole loads and amplification (whose ladders are mirrored), for
    blocks of other packages (of which is not known which qubits meet), and where block passes spend of the error
    budget.
    """
    if context.target.coupling is None or context.template:
        return None
    if any(isinstance(op, Amplify | LoadPruned | LoadWhole) for op in program.ops):
        return None
    if any(is_foreign(type(op)) for op in usual.ops):
        return None
    if any(isinstance(step, Pass) and step.level == "block" and step.name in context.ledger.spent for step in chosen):
        return None
    return search_budget(context.optimisation, two_qubit_gates(usual, context.target.family))


def laid_out(program: Program, usual: Program, context: PassContext, budget: SearchBudget) -> Iterator[Candidate]:
    """Circuits laid out along the coupling graph (:mod:`qsac.layout.search`), for an attention program and its usual
    block program: the best of its :mod:`~qsac.layout.variants` that are found."""
    from qsac.layout import emitter as coupled
    from qsac.layout.arrangement import fits
    from qsac.layout.search import arrange
    from qsac.layout.variants import Variants

    variants = Variants(program, context)
    if variants.possible:
        _announced(budget, two_qubit_gates(usual, context.target.family), context)
    for variant, arrangement in arrange(variants, context, budget) if variants.possible else ():
        blocks = present(variants.blocks(variant), "the blocks of an arranged variant")
        ordered = variants.blocks(variant, arrangement.orders(blocks))
        if ordered is not None and fits(ordered, arrangement):
            circuit = coupled.emit(ordered, arrangement)
            laid = Candidate(circuit, variants.allocation(variant), variants.attention(variant))
            yield replace(laid, arranged=circuit)
