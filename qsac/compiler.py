"""Compilation as a whole: from a model to a verified artifact for a target."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from time import perf_counter
from typing import Any, Literal

from qsac.artifact import Compiled, describe
from qsac.build import build
from qsac.cache import Cache, key_of
from qsac.emit.emit import emit
from qsac.errors import InvalidInputError
from qsac.fingerprint import fingerprint
from qsac.fit import check_fit, check_size
from qsac.ir.cost import two_qubit_gates
from qsac.ir.native import NativeCircuit
from qsac.ir.printer import print_program
from qsac.ir.program import Program
from qsac.ir.verifier import ProgramError, verify
from qsac.layout import Candidate, better, circuit_steps, through
from qsac.lowering.allocation import Allocation, allocate
from qsac.lowering.lower import lower
from qsac.machine.read import find_target
from qsac.model.load import load
from qsac.model.model import Model
from qsac.pipeline import (
    DEFAULT_TARGET,
    Announce,
    CircuitPass,
    ErrorLedger,
    Pass,
    PassContext,
    Preference,
    Progress,
    Target,
)
from qsac.registry import parse_pipeline, pass_class, pass_names, print_pipeline
from qsac.report.forecast import forecast
from qsac.report.quality import best_quality, fewest_gates
from qsac.report.stats import circuit_stats
from qsac.runtime.verification import is_narrow, verify_compiled

Budget = float | Literal["auto"]
Stage = Callable[[str, Program | NativeCircuit], None]


@dataclass
class Watch:
    """What a compilation tells while it runs: each stage's result, and how long it took."""

    after: Stage | None
    announce: Announce | None = None
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
    target: str | Target = DEFAULT_TARGET,
    *,
    optimisation: int = 2,
    passes: str | None = None,
    seed: int = 0,
    error_budget: Budget = 0.0,
    qubits: int | None = None,
    prefer: Preference = "qubits",
    verify: bool | None = None,
    cache: Cache | None = None,
    after: Stage | None = None,
    progress: Progress | None = None,
    announce: Announce | None = None,
) -> Compiled:
    """Compile a model for a target: its name, a file that describes a machine, or a :class:`~qsac.pipeline.Target`.

    ``optimisation`` is 0 (plain structured lowering) to 3 (also approximating passes, within ``error_budget``, an
    infidelity of the final state; ``"auto"`` takes the one that the target's error rates speak for, see
    :func:`~qsac.report.quality.quality`); ``passes`` names a pipeline that takes the place of the level's
    (``"fold-unitaries,..."``; routing, where the target needs it, always follows). ``qubits`` is the most to use,
    ``prefer`` what to spare: qubits, or depth by taking more of them. ``verify`` simulates the compiled circuit and
    compares it with the closed form, or, where a pass has spent of the budget, with the final program (the statistics
    then hold what the spending came to): None does so where at most 15 qubits are alive at once. What
    ``cache`` has is taken from there, and what it has not is put there; nothing is looked up where ``after`` is given,
    which is called with each stage's name and result. ``announce`` is told of long searches before they begin.

    Raises :class:`~qsac.errors.InvalidInputError` for a model, target or option that is none,
    :class:`~qsac.errors.DoesNotFitError` where the target has too few qubits, and
    :class:`~qsac.errors.CheckFailedError` where the verification does not hold.
    """
    watch = Watch(after, announce)
    with watch.stage("load"):
        source = model if isinstance(model, Model) else load(model)
        options = Options(optimisation, passes, seed, error_budget, qubits, prefer)
        compilation = Compilation(find_target(target), options, watch, progress)
        if error_budget == "auto" and all(step.optimisation < 3 for step in compilation.chosen):
            raise InvalidInputError(
                "the error budget has nothing to be chosen for: no pass of this pipeline approximates",
                found=f"-O {optimisation} and the error budget auto",
                wanted="-O 3 with it, or the error budget 0",
            )
    key = None if cache is None else compilation.key(source, verify)
    if cache is not None and key is not None and after is None:
        with watch.stage("cache"):
            found = cache.get(key, source, describe(compilation.context.target), compilation.described_options())
        if found is not None:
            return replace(found, timings=watch.seconds)

    def way(budget: float) -> _Way:
        return _Way(source, compilation.context.target, replace(options, error_budget=budget), watch, progress)

    if error_budget == "auto":
        best, tried = best_quality(source, way)
    elif error_budget:
        best, tried = fewest_gates(error_budget, way), None
    else:
        best, tried = way(0.0), None
    compiled = best.finished(source, options, verify, tried)
    if cache is not None and key is not None:
        with watch.stage("cache"):
            cache.put(key, compiled)
    return compiled


@dataclass(frozen=True)
class Options:
    """What a compilation is asked for; see :func:`compile`. Raises for values that are none."""

    optimisation: int = 2
    passes: str | None = None
    seed: int = 0
    error_budget: Budget = 0.0
    qubits: int | None = None
    prefer: Preference = "qubits"

    def __post_init__(self) -> None:
        _check_options(self.optimisation, self.seed, self.error_budget, self.qubits, self.prefer)

    def pipeline(self) -> Sequence[Pass | CircuitPass]:
        """The passes asked for."""
        return default_pipeline(self.optimisation) if self.passes is None else parse_pipeline(self.passes)


class Compilation:
    """One way from an attention program to a compiled circuit, stage by stage.

    ``chosen`` are the passes; ``template`` as in :class:`~qsac.pipeline.PassContext`.
    """

    def __init__(
        self,
        machine: Target,
        options: Options,
        watch: Watch,
        progress: Progress | None,
        chosen: Sequence[Pass | CircuitPass] | None = None,
        *,
        template: bool = False,
    ) -> None:
        self.chosen = options.pipeline() if chosen is None else chosen
        self.options = options
        self.watch = watch
        self.counts: list[dict[str, Any]] = []
        self.context = PassContext(
            machine,
            options.optimisation,
            options.seed,
            options.qubits,
            options.prefer,
            ErrorLedger(0.0 if options.error_budget == "auto" else options.error_budget),
            progress,
            template,
            watch.announce,
        )

    def attention(self, program: Program) -> Program:
        """The program after the attention passes; it fits the target and this machine."""
        _check_rules(program, "build")
        self.watch.show("build", program)
        for step in self.chosen:
            if isinstance(step, Pass) and step.level == "attention":
                program = self._applied(step, program)
        self.check_size(program)
        return program

    def check_size(self, program: Program) -> None:
        """Whether the program fits the target, and its circuit this machine."""
        check_fit(program, self.context)
        check_size(program, self.context)

    def blocks(self, program: Program) -> Program:
        """The block program after the block passes."""
        with self.watch.stage("lower"):
            block_program = lower(program, self.context, slots=self.context.template)
            _check_rules(block_program, "lower")
        self.watch.show("lower", block_program)
        for step in self.chosen:
            if isinstance(step, Pass) and step.level == "block":
                block_program = self._applied(step, block_program)
        return block_program

    def native(self, blocks: Program, allocation: Allocation, program: Program | None = None) -> Candidate:
        """The native circuit after the circuit passes; for a coupling graph the best of some, if the attention program
        is given."""
        with self.watch.stage("emit"):
            circuit = emit(blocks, self.context)
        self.watch.show("emit", circuit)
        steps = circuit_steps(self.chosen, self.context.target)
        best = through(steps, Candidate(circuit, allocation), self.context, self.watch.stage)
        if program is not None and best.circuit.two_qubit_gates > circuit.two_qubit_gates:
            # Routing took its toll: our own synthesis may do with less.
            best = better(best, program, blocks, self.chosen, self.context, self.watch.stage)
        for step, (name, before, result) in zip(steps, best.passed, strict=True):
            self.counts.append(_count(step, before, result.two_qubit_gates))
            self.watch.show(name, result)
        return best

    def finished(
        self,
        model: Model,
        program: Program,
        native: Candidate,
        verify: bool | None,
        tried: list[dict[str, Any]] | None = None,
    ) -> Compiled:
        """The circuit with its statistics, verified if it is to be; ``tried`` says which budgets were compared."""
        context, watch = self.context, self.watch
        circuit, allocation = native.circuit, native.allocation
        with watch.stage("statistics"):
            stats = circuit_stats(circuit, context.target)
            stats["forecast"] = forecast(model, program.normalisation, stats, context.target)
        stats["passes"] = self.counts
        stats["allocation"] = {name: list(qubits) for name, qubits in allocation.qubits.items()}
        stats["lam"] = model.lam * program.normalisation
        stats["pairs"] = model.pairs
        stats["error_budget"] = {"budget": context.ledger.budget, "spent": dict(context.ledger.spent)}
        if tried is not None:
            stats["error_budget"]["tried"] = tried
        compiled = Compiled(
            model=model,
            target=describe(context.target),
            options=self.described_options(),
            ir=print_program(native.program or program),
            circuits=(circuit,),
            stats=stats,
            timings=watch.seconds,
        )
        alive = allocate(program, replace(context, prefer="qubits")).width
        if verify or (verify is None and is_narrow(circuit, alive)):
            with watch.stage("verify"):
                stats["error_budget"] |= verify_compiled(compiled, context.progress)
            return replace(compiled, verified=True)
        return compiled

    def described_options(self) -> dict[str, Any]:
        """The options as they stand in an artifact."""
        described = {
            "optimisation": self.options.optimisation,
            "passes": print_pipeline(self.chosen),
            "error_budget": self.options.error_budget,
            "qubits": self.options.qubits,
            "prefer": self.options.prefer,
            "seed": self.options.seed,
        }
        return described | ({"template": True} if self.context.template else {})

    def key(self, model: Model, verify: bool | None) -> str | None:
        """What a cache keeps the result under; None where it is not to be kept: passes of other packages may change
        without their version."""
        if not all(type(step).__module__.startswith("qsac.") for step in self.chosen):
            return None
        # The evolution is not part of the canonical model, and is looked at where an error is allowed.
        evolution = None if model.evolution is None or not self.options.error_budget else asdict(model.evolution)
        return key_of(
            model=model.sha256,
            evolution=evolution,
            target=describe(self.context.target),
            options=self.described_options(),
            verify=verify,
            code=fingerprint(),
        )

    def _applied(self, step: Pass, program: Program) -> Program:
        family = self.context.target.family
        before = two_qubit_gates(program, family)
        with self.watch.stage(step.name):
            program = step.apply(program, self.context)
            _check_rules(program, step.name)
        self.counts.append(_count(step, before, two_qubit_gates(program, family)))
        self.watch.show(step.name, program)
        return program


class _Way:
    """One way from the model to a circuit, with an error budget of its own. Its stages are shown once it is taken."""

    def __init__(
        self, source: Model, machine: Target, options: Options, watch: Watch, progress: Progress | None
    ) -> None:
        self.stages: list[tuple[str, Program | NativeCircuit]] = []
        self.watch = watch
        shown = Watch(None if watch.after is None else self._keep, watch.announce, watch.seconds)
        self.compilation = Compilation(machine, options, shown, progress)
        with watch.stage("build"):
            program = build(source, provenance=options.error_budget != 0)
        self.program = self.compilation.attention(program)

    def _keep(self, name: str, result: Program | NativeCircuit) -> None:
        self.stages.append((name, result))

    @property
    def spent(self) -> dict[str, float]:
        """What was spent, pass by pass."""
        return self.compilation.context.ledger.spent

    @property
    def target(self) -> Target:
        """What it is for."""
        return self.compilation.context.target

    @cached_property
    def native(self) -> Candidate:
        """The native circuit and its allocation, made when they are asked for."""
        allocation = allocate(self.program, self.compilation.context)
        return self.compilation.native(self.compilation.blocks(self.program), allocation, self.program)

    @property
    def circuit(self) -> NativeCircuit:
        """The native circuit."""
        return self.native.circuit

    def finished(
        self, source: Model, options: Options, verify: bool | None, tried: list[dict[str, Any]] | None
    ) -> Compiled:
        """What this way comes to, described as what was asked for."""
        native = self.native
        for name, result in self.stages:
            self.watch.show(name, result)
        self.compilation.options = options
        if options.error_budget != "auto":
            self.compilation.context.ledger.budget = options.error_budget
        return self.compilation.finished(source, self.program, native, verify, tried)


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
