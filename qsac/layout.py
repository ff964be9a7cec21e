"""Circuits for a coupling graph: candidates laid out by our own synthesis, and the choice among all candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from math import inf, log
from typing import Any, get_args

from qsac.ir.attention import LoadPruned
from qsac.ir.blocks import UniformlyControlledGate
from qsac.ir.blocks.multiplexor import LadderOrder
from qsac.ir.cost import two_qubit_gates
from qsac.ir.native import NativeCircuit
from qsac.ir.program import Program
from qsac.ir.verifier import verify
from qsac.lowering.allocation import Allocation, allocate
from qsac.lowering.lower import lower
from qsac.pipeline import CircuitPass, Pass, PassContext, Preference, Target
from qsac.registry import pass_class
from qsac.report.stats import circuit_stats

Stage = Callable[[str], AbstractContextManager[None]]
"""Times a stage, by its name."""

SKETCHED = (0, 0, 800, 8_000)
"""For each ``-O`` level, the two-qubit gates of all schedules together that the search for arrangements starts with."""

FEWEST_SKETCHES, MOST_SKETCHES = (0, 0, 8, 24), (0, 0, 12, 128)
"""For each ``-O`` level, how many schedules it starts with at the least and at the most."""

CHANGES = (0, 0, 150, 1_500)
"""For each ``-O`` level, how many changes the search tries for each two-qubit gate."""

MOST_CHANGES = (0, 0, 40_000, 200_000)
"""For each ``-O`` level, how many changes it tries at the most."""

_AS_GOOD = 1.01
"""Expected errors, as multiples of the least, that no machine's rates tell apart."""

MOST_GATES = 2_000
"""Two-qubit gates up to which a program is laid out."""


@dataclass(frozen=True)
class Candidate:
    """A circuit, where its registers lie, and what the circuit passes made of it: name, gates before, result."""

    circuit: NativeCircuit
    allocation: Allocation
    passed: tuple[tuple[str, int, NativeCircuit], ...] = ()


def circuit_steps(chosen: Sequence[Pass | CircuitPass], machine: Target) -> list[CircuitPass]:
    """The circuit passes asked for; routing is not a choice where the machine has a coupling graph."""
    steps = [step for step in chosen if isinstance(step, CircuitPass)]
    if machine.coupling is not None and all(step.name != "route" for step in steps):
        route = pass_class("route")()
        assert isinstance(route, CircuitPass)
        steps.append(route)
    return steps


def through(steps: Sequence[CircuitPass], candidate: Candidate, context: PassContext, stage: Stage) -> Candidate:
    """The candidate after the circuit passes, each timed as a stage of its own."""
    circuit = candidate.circuit
    passed = []
    for step in steps:
        before = circuit.two_qubit_gates
        with stage(step.name):
            circuit = step.apply(circuit, context)
        passed.append((step.name, before, circuit))
    return Candidate(circuit, candidate.allocation, tuple(passed))


def better(
    best: Candidate,
    program: Program,
    usual: Program,
    chosen: Sequence[Pass | CircuitPass],
    context: PassContext,
    stage: Stage,
) -> Candidate:
    """The best of a candidate and of those that are laid out."""
    candidates = laid_out(program, usual, chosen, context)
    ended = [best]
    while True:
        with stage("arrange"):
            candidate = next(candidates, None)
        if candidate is None:
            return soundest(ended, context.target)
        ended.append(through(circuit_steps(chosen, context.target), candidate, context, stage))


def soundest(candidates: Sequence[Candidate], machine: Target) -> Candidate:
    """The candidate that errs least: of those whose expected errors are within 1 % of the least, by the machine's
    median rates, idling included, the one whose gates and depth have the least product. Gates count as errors where no
    rates are known.

    By medians: each circuit lies at the best place of its shape already, and calibrations change.
    """
    rates = machine.errors and replace(machine.errors, one_qubit_by_qubit=(), two_qubit_by_edge=(), measure_by_qubit=())
    known = replace(machine, errors=rates)
    stats: list[dict[str, Any]] = [circuit_stats(candidate.circuit, known) for candidate in candidates]
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


def laid_out(
    program: Program, usual: Program, chosen: Sequence[Pass | CircuitPass], context: PassContext
) -> Iterator[Candidate]:
    """Circuits laid out along the coupling graph (:mod:`qsac.emit.arrange`), for an attention program and its usual
    block program.

    One with registers that share qubits and one with qubits of their own, as far as there are any: loaders that need
    not wait for each other's qubits take less time, and may lie better. None at all below -O2, for large programs, for
    templates (arrangements are found for one model), for pruned loaders (whose ladders have the order of their
    controls' reach), and where block passes spend of the error budget.
    """
    if not CHANGES[context.optimisation] or context.template:
        return
    if any(isinstance(op, LoadPruned) for op in program.ops):
        return
    if context.target.coupling is None or two_qubit_gates(usual, context.target.family) > MOST_GATES:
        return
    widths = set()
    for prefer in dict.fromkeys((context.prefer, *get_args(Preference))):
        preferring = replace(context, prefer=prefer)
        allocation = allocate(program, preferring)
        limit = context.width_limit
        if allocation.width in widths or (limit is not None and allocation.width > limit):
            continue
        widths.add(allocation.width)
        for circuit in _laid_out(program, chosen, preferring):
            yield Candidate(circuit, allocation)


def _laid_out(program: Program, chosen: Sequence[Pass | CircuitPass], context: PassContext) -> Iterator[NativeCircuit]:
    """Arrangements are found for the block program in its usual form; then the loaders are lowered in their orders.

    None where that does not give the same steps, or where passes spend: that has been done for the usual form.
    """
    from qsac.emit import coupled
    from qsac.emit.arrange import fits
    from qsac.emit.search import arrange

    scratch = replace(context, ledger=context.ledger.copy())

    def blocks(orders: Sequence[LadderOrder | None] = ()) -> tuple[Program, bool]:
        lowered = lower(program, scratch, orders=orders)
        gates = _shapes(lowered)
        for step in chosen:
            if isinstance(step, Pass) and step.level == "block":
                lowered = step.apply(lowered, scratch)
        verify(lowered)
        return lowered, _shapes(lowered) == gates

    usual, same = blocks()
    if not same:
        return  # orders are given gate by gate
    level, gates = context.optimisation, max(two_qubit_gates(usual, context.target.family), 1)
    sketches = min(max(SKETCHED[level] // gates, FEWEST_SKETCHES[level]), MOST_SKETCHES[level])
    for arrangement in arrange(usual, context, sketches, min(CHANGES[level] * gates, MOST_CHANGES[level])):
        ordered, _ = blocks(arrangement.orders(usual))
        if fits(ordered, arrangement) and scratch.ledger.spent == context.ledger.spent:
            circuit = coupled.emit(ordered, arrangement)
            # Nodes where something was measured are used again.
            if "Reset" in context.target.gates or not circuit.count("Reset"):
                yield circuit


def _shapes(program: Program) -> list[tuple[str, int]]:
    """Target and rows of each uniformly controlled gate."""
    return [(op.target, op.theta.shape[0]) for op in program.ops if isinstance(op, UniformlyControlledGate)]
