"""Compilation as a whole: from a model to a verified artifact for a target."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import perf_counter
from typing import Any, Literal

from qsac.artifact import Compiled, describe
from qsac.build import build
from qsac.emit.emit import emit
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.ir.cost import two_qubit_gates
from qsac.ir.native import NativeCircuit
from qsac.ir.printer import print_program
from qsac.ir.program import Program
from qsac.ir.verifier import ProgramError, verify
from qsac.lowering.allocation import Allocation, allocate
from qsac.lowering.lower import lower
from qsac.model.load import load
from qsac.model.metrics import closed_form
from qsac.model.model import Model
from qsac.pipeline import CircuitPass, ErrorLedger, Pass, PassContext, Preference, Progress, Target
from qsac.registry import parse_pipeline, pass_class, pass_names, print_pipeline, target, target_names
from qsac.report.quality import quality, total
from qsac.report.stats import circuit_stats
from qsac.report.summary import register_sizes
from qsac.runtime.verification import AUTOMATIC_WIDTH, verify_compiled

GATE_LIMIT = 1 << 24
"""Most two-qubit gates of a circuit."""

BYTES_A_GATE = 256
"""Memory for a two-qubit gate and the one-qubit gate beside it, while they are emitted."""

AUTOMATIC_BUDGETS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
"""Error budgets that ``auto`` chooses from, beside 0."""

Stage = Callable[[str, Program | NativeCircuit], None]


@dataclass
class _Watch:
    """What a compilation tells while it runs: each stage's result, and how long it took."""

    after: Stage | None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - start

    def show(self, name: str, result: Program | NativeCircuit) -> None:
        if self.after is not None:
            self.after(name, result)


def compile(
    model: Model | Mapping[str, Any] | str | os.PathLike[str],
    target: str | Target = "h1",
    *,
    optimisation: int = 2,
    passes: str | None = None,
    seed: int = 0,
    error_budget: float | Literal["auto"] = 0.0,
    qubits: int | None = None,
    prefer: Preference = "qubits",
    verify: bool | None = None,
    after: Stage | None = None,
    progress: Progress | None = None,
) -> Compiled:
    """Compile a model for a target.

    ``optimisation`` is 0 (plain structured lowering) to 3 (also approximating passes, within ``error_budget``, an
    infidelity of the final state; ``"auto"`` takes the one that the target's error rates speak for, see
    :func:`~qsac.report.quality.quality`); ``passes`` names a pipeline that takes the place of the level's
    (``"fold-unitaries,..."``; routing, where the target needs it, always follows). ``qubits`` is the most to use,
    ``prefer`` what to spare: qubits, or depth by taking more of them. ``verify`` simulates the compiled circuit and
    compares it with the closed form, or, where a pass has spent of the budget, with the final program (the statistics
    then hold what the spending came to): None does so where at most 14 qubits are alive at once. ``after`` is called
    with each stage's name and result.

    Raises :class:`~qsac.errors.InvalidInputError` for a model, target or option that is none,
    :class:`~qsac.errors.DoesNotFitError` where the target has too few qubits, and
    :class:`~qsac.errors.CheckFailedError` where the verification does not hold.
    """
    watch = _Watch(after)
    with watch.stage("load"):
        source = model if isinstance(model, Model) else load(model)
        machine = target if isinstance(target, Target) else _target(target)
        chosen = _pipeline(optimisation, passes)
        _check_options(optimisation, seed, error_budget, qubits, prefer)
    if error_budget == "auto" and all(step.optimisation < 3 for step in chosen):
        raise InvalidInputError(
            "the error budget has nothing to be chosen for: no pass of this pipeline approximates",
            found=f"-O {optimisation} and the error budget auto",
            wanted="-O 3 with it, or the error budget 0",
        )

    def way(budget: float) -> _Way:
        ledger = ErrorLedger(budget)
        return _Way(source, chosen, PassContext(machine, optimisation, seed, qubits, prefer, ledger, progress), watch)

    tried: list[dict[str, Any]] | None = None
    if error_budget == "auto":
        best, tried = _best(source, way)
    else:
        best = _fewest_gates(error_budget, way)
    circuit = best.circuit
    best.show()
    with watch.stage("statistics"):
        stats = circuit_stats(circuit, machine)
    stats["passes"] = best.counts
    stats["allocation"] = {name: list(taken) for name, taken in allocate(best.program, best.context).qubits.items()}
    stats["lam"] = source.lam * best.program.normalisation
    stats["pairs"] = source.pairs
    budget = best.context.ledger.budget if error_budget == "auto" else error_budget
    stats["error_budget"] = {"budget": budget, "spent": dict(best.context.ledger.spent)}
    if tried is not None:
        stats["error_budget"]["tried"] = tried
    compiled = Compiled(
        model=source,
        target=describe(machine),
        options={
            "optimisation": optimisation,
            "passes": print_pipeline(chosen),
            "error_budget": error_budget,
            "qubits": qubits,
            "prefer": prefer,
            "seed": seed,
        },
        ir=print_program(best.program),
        circuits=(circuit,),
        stats=stats,
        timings=watch.seconds,
    )
    alive = allocate(best.program, replace(best.context, prefer="qubits")).width
    if verify or (verify is None and alive <= AUTOMATIC_WIDTH):
        with watch.stage("verify"):
            stats["error_budget"] |= verify_compiled(compiled, progress)
    return compiled


class _Way:
    """One way from the model to a circuit, with an error budget of its own. Its stages are shown once it is taken."""

    def __init__(
        self, source: Model, chosen: Sequence[Pass | CircuitPass], context: PassContext, watch: _Watch
    ) -> None:
        self.chosen = chosen
        self.context = context
        self.watch = watch
        self.counts: list[dict[str, Any]] = []
        self.stages: list[tuple[str, Program | NativeCircuit]] = []
        with watch.stage("build"):
            program = build(source, provenance=context.ledger.budget > 0)
            _check_rules(program, "build")
        self.stages.append(("build", program))
        self.program = self._through("attention", program)
        _check_fit(allocate(self.program, context), context)
        _check_size(self.program, context)

    @property
    def spent(self) -> bool:
        """Whether anything was approximated."""
        return bool(self.context.ledger.spent)

    @cached_property
    def circuit(self) -> NativeCircuit:
        """The native circuit, made when it is asked for."""
        with self.watch.stage("lower"):
            blocks = lower(self.program, self.context)
            _check_rules(blocks, "lower")
        self.stages.append(("lower", blocks))
        blocks = self._through("block", blocks)
        with self.watch.stage("emit"):
            circuit = emit(blocks, self.context)
        self.stages.append(("emit", circuit))
        for step in _circuit_steps(self.chosen, self.context.target):
            before = circuit.two_qubit_gates
            with self.watch.stage(step.name):
                circuit = step.apply(circuit, self.context)
            self.counts.append(_count(step, before, circuit.two_qubit_gates))
            self.stages.append((step.name, circuit))
        return circuit

    def show(self) -> None:
        """Tell the results of all stages."""
        for name, result in self.stages:
            self.watch.show(name, result)

    def _through(self, level: str, program: Program) -> Program:
        """The program after the passes of a level."""
        for step in self.chosen:
            if isinstance(step, Pass) and step.level == level:
                before = two_qubit_gates(program, self.context.target.family)
                with self.watch.stage(step.name):
                    program = step.apply(program, self.context)
                    _check_rules(program, step.name)
                self.counts.append(_count(step, before, two_qubit_gates(program, self.context.target.family)))
                self.stages.append((step.name, program))
        return program


def _fewest_gates(budget: float, way: Callable[[float], _Way]) -> _Way:
    """The way that uses the budget, or the exact one where that comes to as few two-qubit gates."""
    found = way(budget)
    if not found.spent:
        return found
    exact = way(0.0)
    return found if found.circuit.two_qubit_gates < exact.circuit.two_qubit_gates else exact


def _best(source: Model, way: Callable[[float], _Way]) -> tuple[_Way, list[dict[str, Any]]]:
    """Of the ways with the budgets of :data:`AUTOMATIC_BUDGETS` the one of the best estimated quality, and the
    estimates of all that came to different circuits. No way takes more two-qubit gates than the exact one."""
    exact = way(0.0)
    machine = exact.context.target
    if machine.errors is None:
        return exact, []
    values = closed_form(source)
    success = (values["zeta"] or 0.0) * (values["fidelity"] or 0.0)
    best, most, tried = exact, -1.0, []
    seen: list[Program] = []
    for budget in (0.0, *AUTOMATIC_BUDGETS):
        found = way(budget) if budget else exact
        if budget and (not found.spent or found.program in seen):
            continue
        seen.append(found.program)
        if budget and found.circuit.two_qubit_gates >= exact.circuit.two_qubit_gates:
            continue
        spent = total(found.context.ledger.spent.values())
        seen_with = success / found.program.normalisation**2
        worth = quality(circuit_stats(found.circuit, machine)["error_free_probability"], spent, seen_with)
        tried.append(
            {"budget": budget, "spent": spent, "two_qubit_gates": found.circuit.two_qubit_gates, "quality": worth}
        )
        if worth > most:
            best, most = found, worth
    return best, tried


def default_pipeline(optimisation: int) -> list[Pass | CircuitPass]:
    """The passes of an optimisation level: by level, in the registry's order as far as ``after`` allows."""
    kinds = [kind for kind in map(pass_class, pass_names()) if issubclass(kind, Pass)]
    waiting = [kind for kind in kinds if kind.optimisation <= optimisation]
    chosen: list[Pass | CircuitPass] = []
    while waiting:
        names = {kind.name for kind in waiting}
        following = next((kind for kind in waiting if not names.intersection(kind.after)), None)
        if following is None:
            raise RuntimeError(f"these passes each come after one another: {', '.join(sorted(names))}")
        waiting.remove(following)
        chosen.append(following())
    return chosen


def _target(name: str) -> Target:
    return target(name)


def _pipeline(optimisation: int, passes: str | None) -> Sequence[Pass | CircuitPass]:
    return default_pipeline(optimisation) if passes is None else parse_pipeline(passes)


def _circuit_steps(chosen: Sequence[Pass | CircuitPass], machine: Target) -> list[CircuitPass]:
    """The circuit passes asked for; routing is not a choice where the machine has a coupling graph."""
    steps = [step for step in chosen if isinstance(step, CircuitPass)]
    if machine.coupling is not None and all(step.name != "route" for step in steps):
        route = pass_class("route")()
        assert isinstance(route, CircuitPass)
        steps.append(route)
    return steps


def _check_options(optimisation: int, seed: int, error_budget: float | str, qubits: int | None, prefer: str) -> None:
    if optimisation not in (0, 1, 2, 3):
        raise InvalidInputError(
            "there is no such optimisation level", found=str(optimisation), wanted="0, 1, 2 (the default) or 3"
        )
    if error_budget != "auto" and (isinstance(error_budget, str) or not 0 <= error_budget < 1):
        raise InvalidInputError(
            "the error budget is no infidelity",
            found=str(error_budget),
            wanted="a number from 0 (exact) to below 1, or auto",
        )
    if qubits is not None and qubits < 1:
        raise InvalidInputError("the number of qubits is none", found=str(qubits), wanted="a whole number from 1 on")
    if prefer not in ("qubits", "depth"):
        raise InvalidInputError("there is no such preference", found=str(prefer), wanted="qubits or depth")
    if not 0 <= seed < 1 << 63:
        raise InvalidInputError("the seed is out of range", found=str(seed), wanted="a whole number from 0 to 2^63 - 1")


def _count(step: Pass | CircuitPass, before: int, after: int) -> dict[str, Any]:
    return {"name": step.name, "level": step.level, "two_qubit_gates": [before, after]}


def _check_rules(program: Program, stage: str) -> None:
    """A program that breaks a rule after a stage of ours is a bug of that stage, not the user's mistake."""
    try:
        verify(program)
    except ProgramError as error:
        raise RuntimeError(f"{stage} returned a program that breaks a rule: {error}") from error


def _check_size(program: Program, context: PassContext) -> None:
    """Refuse, before any memory is taken, a circuit that would not fit into it."""
    gates = two_qubit_gates(program, context.target.family)
    if gates > GATE_LIMIT:
        raise DoesNotFitError(
            "the circuit is too large to be built",
            found=f"{gates:,} two-qubit gates (about {gates * BYTES_A_GATE / 2**30:,.0f} GiB of memory)",
            wanted=f"at most {GATE_LIMIT:,}",
            help="gates grow with context x dimension: shorten the context, or choose a smaller dimension",
        )


def _check_fit(allocation: Allocation, context: PassContext) -> None:
    limit = context.width_limit
    if limit is None or allocation.width <= limit:
        return
    machine = context.target
    found = f"{allocation.width} qubits ({register_sizes(allocation.qubits)}, sharing qubits where one ends in time)"
    smaller = "a shorter context saves two qubits each time it halves, a smaller dimension one"
    if machine.qubits is None or allocation.width <= machine.qubits:
        raise DoesNotFitError(
            f"the model does not fit {limit} qubits: {allocation.width - limit} too few",
            found=found,
            wanted=f"at most {limit}, as asked for",
            help=f"{machine.name} has room for --qubits {allocation.width}; {smaller}",
        )
    wider = [
        name
        for name in target_names()
        if (other := target(name)).kind == "device" and (other.qubits or 0) >= allocation.width
    ]
    wider.sort(key=lambda name: target(name).coupling is not None)
    shown = ", ".join(wider[:4]) + (f" and {len(wider) - 4} more" if len(wider) > 4 else "")
    raise DoesNotFitError(
        f"the model does not fit {machine.name}: {allocation.width - machine.qubits} qubits too many",
        found=found,
        wanted=f"at most {machine.qubits} qubits",
        help=(f"large enough are {shown}; " if wider else "no known machine is large enough; ") + smaller,
    )
