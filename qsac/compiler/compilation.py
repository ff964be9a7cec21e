"""Compilation as a whole: from a model to a verified artifact for a target."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from qsac.arguments import callback, flag
from qsac.artifact.cache import Cache, key_of, opened
from qsac.artifact.compiled import Compiled
from qsac.artifact.fingerprint import fingerprint
from qsac.compiler.budget import best_quality, fewest_gates
from qsac.compiler.fit import check_fit, check_size
from qsac.compiler.options import Budget, Options, Pipeline, asked_for
from qsac.compiler.stagewise import check_stages, with_culprit
from qsac.compiler.verification import verified
from qsac.counting.formulas import two_qubit_gates
from qsac.counting.stats import circuit_stats, together
from qsac.emit.emit import emit
from qsac.errors import CheckFailedError, InvalidInputError
from qsac.families.contract import Model
from qsac.families.outcomes import Outcomes
from qsac.families.reading import model_of
from qsac.families.registry import family_of
from qsac.ir.printer import print_program
from qsac.ir.program import Program
from qsac.layout.choice import Candidate, better, circuit_steps, through
from qsac.lowering.allocation import Allocation, allocate
from qsac.lowering.lower import lower
from qsac.machine.read import find_target
from qsac.machine.target import DEFAULT_TARGET, Target, describe
from qsac.native.circuit import NativeCircuit
from qsac.pipeline.contract import CircuitPass, ErrorLedger, Pass, PassContext, Preference
from qsac.pipeline.registry import print_pipeline
from qsac.pipeline.stages import Ahead, check_rules, naming_extensions
from qsac.pipeline.stages import Stage as Stage
from qsac.pipeline.stages import Watch as Watch
from qsac.progress import Announce, Progress
from qsac.report.forecast import forecast
from qsac.simulation.verification import is_narrow

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget


def compile(
    model: Model | Mapping[str, Any] | str | os.PathLike[str],
    target: AnyTarget = DEFAULT_TARGET,
    *,
    optimisation: int | None = None,
    optimization_level: int | None = None,
    passes: Pipeline | None = None,
    seed: int = 0,
    error_budget: Budget = 0.0,
    qubits: int | None = None,
    prefer: Preference = "qubits",
    verify: bool | None = None,
    verify_each: bool = False,
    cache: Cache | str | os.PathLike[str] | None = None,
    after: Stage | None = None,
    progress: Progress | None = None,
    announce: Announce | None = None,
) -> Compiled:
    """Compile a model for a target: one of those that ``qsac targets`` lists, a file that describes a machine, a
    :class:`~qsac.machine.target.Target`, or a machine as Qiskit or pytket describes it (:mod:`qsac.machine.backend`).

    ``optimisation`` (or ``optimization_level``) is 2 if not given: from 0 (plain structured lowering) to 3 (also
    approximating passes, within ``error_budget``, an infidelity of the final state; ``"auto"`` takes the one that the
    target's error rates speak for, see :func:`~qsac.compiler.budget.quality`). ``passes`` names a pipeline that takes
    the place of the level's (``"fold-unitaries,..."``, or a list of names or of passes; routing, where the target needs
    it, always follows). ``qubits`` is the most to use, ``prefer`` what to spare: qubits, or depth by taking more of
    them. ``verify`` simulates the compiled circuit and compares it with the closed form, or, where a pass has spent of
    the budget, with the final program (the statistics then hold what the spending came to): None does so where at most
    15 qubits are alive at once. ``verify_each`` compares the result of each stage with the stage before
    (:func:`~qsac.compiler.stagewise.check_stages`); where the verification fails, that is done in any case, and the
    error names the stage. What ``cache``, a :class:`~qsac.artifact.cache.Cache` or the path of its folder, has is taken
    from there, and what it has not is put there; nothing is looked up with ``verify_each``, nor where ``after`` is
    given, which is called with each stage's name and result. ``announce`` is told of long searches before they begin.

    Raises :class:`~qsac.errors.InvalidInputError` for an invalid model, target or option,
    :class:`~qsac.errors.DoesNotFitError` where the target has too few qubits,
    :class:`~qsac.errors.CheckFailedError` where a verification does not hold, and
    :class:`~qsac.errors.ExtensionError` where a pass or target of another package fails.
    """
    callback(after, "after")
    callback(progress, "progress")
    callback(announce, "announce")
    watch = Watch(after, announce)
    verify = None if verify is None else flag(verify, "verify")
    verify_each = flag(verify_each, "verify_each")
    cache = None if cache is None else opened(cache)
    with watch.stage("load"):
        source = model_of(model)
        options = asked_for(optimisation, optimization_level, passes, seed, error_budget, qubits, prefer)
        compilation = Compilation(find_target(target), options, watch, progress)
        if options.error_budget == "auto" and all(step.optimisation < 3 for step in compilation.chosen):
            raise InvalidInputError(
                "the error budget has nothing to be chosen for: no pass of this pipeline approximates",
                code="error-budget.not-spendable",
                found=f"-O {options.optimisation} and the error budget auto",
                wanted="-O 3 with it, or the error budget 0",
            )
    key = None if cache is None else compilation.key(source)
    if cache is not None and key is not None and after is None and not verify_each:
        with watch.stage("cache"):
            found = cache.get(key, source, describe(compilation.context.target), compilation.described_options())
        if found is not None:
            return compilation.as_asked(replace(found, timings=watch.seconds), verify)

    machine, places = compilation.context.target, range(len(family_of(source).plan(source).circuits))
    with naming_extensions(compilation.chosen):
        ways = [_best(source, place, machine, options, watch, progress, verify_each) for place in places]
        circuits = [way.finished(options, each=verify_each) for way in ways]
        try:
            compiled = compilation.finished(source, circuits, verify)
        except CheckFailedError as error:
            errors = [way.culprit(error) for way in ways]
            raise next((one for one in errors if one.title != error.title), errors[0]) from error
    if cache is not None and key is not None:
        with watch.stage("cache"):
            cache.put(key, compiled)
    return compiled


class Compilation:
    """One way from an attention program to a compiled circuit, stage by stage.

    ``chosen`` are the passes; ``template`` as in :class:`~qsac.pipeline.contract.PassContext`.
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
        self._ahead = Ahead(self.chosen)
        self.options = options
        self.watch = watch
        self.counts: list[dict[str, Any]] = []
        context = PassContext(
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
        self.context = self._ahead.at(context)

    def attention(self, program: Program) -> Program:
        """The program after the attention passes; it fits the target and this machine."""
        check_rules(program, "build")
        self.watch.show("build", program)
        program = self._through("attention", program)
        self._ahead.forget()
        self.check_size(program)
        return program

    def passed(self, program: Program) -> Program:
        """The program after the passes of its level."""
        return self._through(program.level, program)

    def check_size(self, program: Program) -> None:
        """Whether the program fits the target, and its circuit this machine."""
        check_fit(program, self.context)
        check_size(program, self.context)

    def blocks(self, program: Program) -> Program:
        """The block program after the block passes."""
        with self.watch.stage("lower"):
            block_program = lower(program, self.context, slots=self.context.template)
            check_rules(block_program, "lower")
        self.watch.show("lower", block_program)
        return self._through("block", block_program)

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
        if best.arranged is not None:
            self.watch.show("arrange", best.arranged)
        for step, (name, before, result) in zip(steps, best.passed, strict=True):
            self.counts.append(_count(step, before, result.two_qubit_gates))
            self.watch.show(name, result)
        return best

    def circuit_statistics(
        self, name: str, program: Program, native: Candidate, tried: list[dict[str, Any]] | None = None
    ) -> CompiledCircuit:
        """The circuit, under the ``name`` of its step, with its statistics; ``tried`` says which budgets were
        compared."""
        context, circuit = self.context, replace(native.circuit, name=name)
        with self.watch.stage("statistics"):
            stats = circuit_stats(circuit, context.target)
        budget = {"budget": context.ledger.budget, "spent": dict(context.ledger.spent)}
        budget |= {} if tried is None else {"tried": tried}
        registers = {name: list(qubits) for name, qubits in native.allocation.qubits.items()}
        rest = {"passes": self.counts, "allocation": registers, "error_budget": budget}
        return CompiledCircuit(circuit, native.program or program, stats, rest)

    def finished(self, model: Model, circuits: Sequence[CompiledCircuit], verify: bool | None) -> Compiled:
        """The circuits of a model's plan together, verified if they are to be."""
        context, watch = self.context, self.watch
        programs = [one.program for one in circuits]
        normalisations = [program.normalisation for program in programs]
        with watch.stage("statistics"):
            stats = together([one.stats for one in circuits])
            stats["forecast"] = forecast(model, normalisations, stats, context.target)
        if len(circuits) == 1:
            stats |= circuits[0].rest
        else:
            stats["circuits"] = {one.circuit.name: one.stats | one.rest for one in circuits}
        compiled = Compiled(
            model=model,
            target=describe(context.target),
            options=self.described_options(),
            irs=tuple(map(print_program, programs)),
            circuits=tuple(one.circuit for one in circuits),
            stats=stats | family_of(model).statistics(model, normalisations),
            timings=watch.seconds,
        )
        return self.as_asked(compiled, verify, programs)

    def as_asked(self, compiled: Compiled, verify: bool | None, programs: Sequence[Program] | None = None) -> Compiled:
        """A compiled program verified or not, as it is asked for: what a cache held does not decide what is written.

        ``programs`` are its programs, read from their texts if not given.
        """
        if verify is None:
            narrowest = replace(self.context, prefer="qubits")
            pairs = zip(compiled.circuits, compiled.programs if programs is None else programs, strict=True)
            verify = all(is_narrow(circuit, allocate(program, narrowest).width) for circuit, program in pairs)
        if not verify:
            return compiled.unverified()
        if compiled.verified is not None:
            return compiled
        with self.watch.stage("verify"):
            return verified(compiled, self.context.progress)

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

    def key(self, model: Model) -> str | None:
        """What a cache keeps the result under; None where it is not to be kept: passes of other packages may change
        without their version."""
        if not all(type(step).__module__.startswith("qsac.") for step in self.chosen):
            return None
        # What is not part of the canonical model is looked at where an error is allowed.
        beside = family_of(model).beside(model) if self.options.error_budget else None
        return key_of(
            model=model.sha256,
            beside=beside,
            target=describe(self.context.target),
            options=self.described_options(),
            code=fingerprint(),
        )

    def _through(self, level: str, program: Program) -> Program:
        """The program after the passes of its level."""
        family = self.context.target.family
        for place, step in enumerate(self._ahead.steps):
            if step.level == level:
                # Diagonals one by one, so that what merge-diagonals saves is not told of the passes before it.
                before = two_qubit_gates(program, family, merged=False)
                with self.watch.stage(step.name):
                    program = self._ahead.applied(place, program, self.context)
                    check_rules(program, step.name)
                self.counts.append(_count(step, before, two_qubit_gates(program, family, merged=False)))
                self.watch.show(step.name, program)
        return program


@dataclass(frozen=True)
class CompiledCircuit:
    """One circuit of a plan with its program. ``stats`` are its :func:`~qsac.counting.stats.circuit_stats`, ``rest``
    what else its statistics say of it alone: passes, allocation, error budget."""

    circuit: NativeCircuit
    program: Program
    stats: dict[str, Any]
    rest: dict[str, Any]


class _Way:
    """One way from a circuit of the model's plan, by its place, to a native circuit, with an error budget of its own.
    Its stages are shown once it is taken, and kept where ``keep`` says so."""

    def __init__(
        self,
        source: Model,
        place: int,
        machine: Target,
        options: Options,
        watch: Watch,
        progress: Progress | None,
        *,
        keep: bool = False,
    ) -> None:
        self.stages: list[tuple[str, Program | NativeCircuit]] = []
        self.source, self.place, self.options, self.watch = source, place, options, watch
        self.tried: list[dict[str, Any]] | None = None
        kept = (lambda *stage: self.stages.append(stage)) if keep or watch.after is not None else None
        shown = Watch(kept, watch.announce, watch.seconds)
        self.compilation = Compilation(machine, options, shown, progress)
        with watch.stage("build"):
            plan = family_of(source).plan(source, provenance=options.error_budget != 0)
            step = plan.circuits[place]
            self.name, program = step.name, step.program
        self.program = self.compilation.attention(program)

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

    def wanted(self) -> Outcomes:
        """The closed form of its circuit, in the model's own normalisation."""
        return list(self.source.readout.expected(self.source).values())[self.place]

    def finished(self, options: Options, *, each: bool) -> CompiledCircuit:
        """What this way amounts to, described as what was asked for; with ``each`` every stage is verified."""
        native, compilation = self.native, self.compilation
        for name, result in self.stages:
            self.watch.show(name, result)
        compilation.options = options
        if options.error_budget != "auto":
            compilation.context.ledger.budget = options.error_budget
        if each:
            with self.watch.stage("verify-each"):
                check_stages(self.wanted, self.stages, compilation.chosen, compilation.context)
        return compilation.circuit_statistics(self.name, self.program, native, self.tried)

    def culprit(self, error: CheckFailedError) -> CheckFailedError:
        """The error with the first stage that changed the meaning, if it is one of this circuit, compiled again."""
        again = _Way(self.source, self.place, self.target, self.options, Watch(None), None, keep=True)
        _ = again.native
        return with_culprit(error, self.wanted, again.stages, again.compilation.chosen, again.compilation.context)


def _best(
    source: Model, place: int, machine: Target, options: Options, watch: Watch, progress: Progress | None, keep: bool
) -> _Way:
    """The way that is taken for one circuit of the plan."""

    def way(budget: float) -> _Way:
        return _Way(source, place, machine, replace(options, error_budget=budget), watch, progress, keep=keep)

    def branch() -> float:
        (name, wanted) = list(source.readout.expected(source).items())[place]
        return source.readout.branch(source, name, wanted)

    if options.error_budget == "auto":
        best, tried = best_quality(branch, way)
        best.tried = tried
        return best
    return fewest_gates(options.error_budget, way) if options.error_budget else way(0.0)


def _count(step: Pass | CircuitPass, before: int, after: int) -> dict[str, Any]:
    return {"name": step.name, "level": step.level, "two_qubit_gates": [before, after]}
