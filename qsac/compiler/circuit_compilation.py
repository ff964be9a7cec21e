"""One circuit of a plan, from its attention program to native gates, stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, cast

from qsac.artifact.cache import key_of
from qsac.artifact.compiled import Compiled
from qsac.artifact.fingerprint import fingerprint
from qsac.compiler.fit import check_capacity, check_memory
from qsac.compiler.options import Options
from qsac.compiler.verification import verified
from qsac.counting.formulas import two_qubit_gates
from qsac.counting.stats import circuit_stats, together
from qsac.emit.emit import emit
from qsac.families.contract import Model
from qsac.families.registry import family_of
from qsac.ir.printer import Texts
from qsac.ir.program import Program
from qsac.layout.choice import Candidate, best_on_graph, circuit_steps, through
from qsac.lowering.allocation import Allocation, allocate
from qsac.lowering.lower import lower
from qsac.machine.target import Target, describe
from qsac.native.circuit import NativeCircuit
from qsac.pipeline.contract import CircuitPass, ErrorLedger, Pass, PassContext
from qsac.pipeline.registry import print_pipeline
from qsac.pipeline.stages import Ahead, Watch, check_rules
from qsac.progress import Progress
from qsac.report.amplification import amplification_of
from qsac.report.classical_work import classical_work
from qsac.report.forecast import forecast
from qsac.report.loads import loads_of
from qsac.simulation.verification import is_narrow

if TYPE_CHECKING:
    from qsac.native.statistics import (
        BudgetReport,
        CircuitStatistics,
        CompilationOptions,
        Making,
        PassCount,
        Statistics,
        TriedBudget,
    )


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
        self.counts: list[PassCount] = []
        self.lowered: Program | None = None
        """The block program before its passes, once there is one."""
        self.changing: list[Pass] = []
        """The passes on attention programs that have made another program of theirs."""
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
        passed = self._attention(program)
        before = program
        for name, after in passed.stages:
            if after is not before:
                self.changing += [step for step in self._ahead.steps if step.name == name]
            before = after
        program = self._kept(passed)
        self._ahead.forget()
        self.check_memory(program)
        return program

    def followed(self, program: Program) -> Program:
        """The program after the attention passes alone: of one that is like another, and fits as that does."""
        for place, step in enumerate(self._ahead.steps):
            if step.level == "attention":
                with self.watch.stage(step.name):
                    program = self._ahead.applied(place, program, self.context)
        self._ahead.forget()
        return program

    def passed(self, program: Program) -> Program:
        """The program after the passes of its level."""
        return self._kept(self._through(program.level, program))

    def check_memory(self, program: Program) -> None:
        """Whether the program fits the target, and its circuit this machine."""
        check_capacity(program, self.context)
        check_memory(program, self.context)

    def blocks(self, program: Program) -> Program:
        """The block program after the block passes."""
        with self.watch.stage("lower"):
            block_program = lower(program, self.context, slots=self.context.template)
            check_rules(block_program, "lower")
        self.watch.show("lower", block_program)
        self.lowered = block_program
        return self.after_lowering(block_program)

    def after_lowering(self, blocks: Program) -> Program:
        """A block program after the block passes."""
        return self._kept(self._through("block", blocks))

    def native(
        self,
        blocks: Program,
        allocation: Allocation,
        program: Program | None = None,
        emission: Callable[[Program, PassContext], NativeCircuit] | None = None,
    ) -> Candidate:
        """The native circuit after the circuit passes; for a coupling graph the best of some, if the attention program
        is given. ``emission`` is how the blocks are written, if not by the emitter of the target's gates."""
        with self.watch.stage("emit"):
            circuit = (emission or emit)(blocks, self.context)
        self.watch.show("emit", circuit)
        steps = circuit_steps(self.chosen, self.context.target)
        first, context = Candidate(circuit, allocation), self.circuit_context(blocks)
        if program is None or context.target.coupling is None:
            best = through(steps, first, context, self.watch.stage)
        else:
            best = best_on_graph(first, program, blocks, self.chosen, context, self.watch.stage)
        if best.arranged is not None:
            self.watch.show("arrange", best.arranged)
        for step, (name, before, result) in zip(steps, best.passed, strict=True):
            self.counts.append(_count(step, before, result.two_qubit_gates))
            self.watch.show(name, result)
        return best

    def circuit_context(self, blocks: Program) -> PassContext:
        """The context of the circuit passes: with the ops whose gates they keep apart."""
        barriers = {source for op in blocks.ops if op.barrier for source in op.sources}
        return replace(self.context, barriers=tuple(sorted(barriers)))

    def unrouted(self, blocks: Program) -> NativeCircuit:
        """The native circuit after the circuit passes, for a target without a coupling graph."""
        candidate = Candidate(emit(blocks, self.context), Allocation({}, 0, {}))
        steps = circuit_steps(self.chosen, self.context.target)
        return through(steps, candidate, self.circuit_context(blocks), self.watch.stage).circuit

    def circuit_statistics(
        self,
        name: str,
        program: Program,
        native: Candidate,
        tried: list[TriedBudget] | None = None,
        counted: Callable[[NativeCircuit, Target], CircuitStatistics] = circuit_stats,
    ) -> CompiledCircuit:
        """The circuit, under the ``name`` of its step, with its statistics as ``counted`` finds them; ``tried`` says
        which budgets were compared."""
        context, circuit = self.context, replace(native.circuit, name=name)
        with self.watch.stage("statistics"):
            stats = counted(circuit, context.target)
        budget: BudgetReport = {"budget": context.ledger.budget, "spent": dict(context.ledger.spent)}
        if tried is not None:
            budget["tried"] = tried
        registers = {name: list(qubits) for name, qubits in native.allocation.qubits.items()}
        last = native.program or program
        rest: Making = {
            "passes": self.counts,
            "allocation": registers,
            "loads": loads_of(last),
            "error_budget": budget,
        }
        amplification = amplification_of(last, context.target.family)
        if amplification is not None:
            rest["amplification"] = amplification
        return CompiledCircuit(circuit, last, stats, rest)

    def finished(self, model: Model, circuits: Sequence[CompiledCircuit], verify: bool | None) -> Compiled:
        """The circuits of a model's plan together, verified if they are to be."""
        context, watch = self.context, self.watch
        programs = [one.program for one in circuits]
        subnormalisations = [program.subnormalisation for program in programs]
        with watch.stage("statistics"):
            parts = [one.stats for one in circuits]
            stats = together(parts)
            stats["forecast"] = forecast(model, subnormalisations, stats, context.target, parts)
        worked_out = classical_work(model, self.chosen)
        if worked_out:
            stats["classical_work"] = worked_out
        if len(circuits) == 1:
            stats = {**stats, **circuits[0].rest}
        else:
            stats["circuits"] = {one.circuit.name: {**one.stats, **one.rest} for one in circuits}
        compiled = Compiled(
            model=model,
            target=describe(context.target),
            options=self.described_options(),
            irs=Texts(programs),
            circuits=tuple(one.circuit for one in circuits),
            stats=cast("Statistics", stats | family_of(model).statistics(model, subnormalisations)),
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

    def described_options(self) -> CompilationOptions:
        """The options as they stand in an artifact."""
        described: CompilationOptions = {
            "optimisation": self.options.optimisation,
            "passes": print_pipeline(self.chosen),
            "error_budget": self.options.error_budget,
            "qubits": self.options.qubits,
            "prefer": self.options.prefer,
            "seed": self.options.seed,
        }
        if self.context.template:
            described["template"] = True
        return described

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

    def _attention(self, program: Program) -> _Passed:
        """The program after the attention passes. Where one of them did not make what it foretold, those before it
        have chosen for what did not come: they choose again, as if nothing came of it, and the better program is
        kept."""
        ledger = self.context.ledger
        before = ledger.copy()
        first = self._through("attention", program)
        if first.foretold:
            return first
        after = ledger.copy()
        ledger.restore(before)
        self._ahead.forget(believed=False)
        second = self._through("attention", program)
        gates = partial(two_qubit_gates, family=self.context.target.family)
        if gates(second.program) < gates(first.program):
            return second
        ledger.restore(after)
        return first

    def _kept(self, passed: _Passed) -> Program:
        """The program that passes have made, once it is taken: its stages are shown then."""
        self.counts += passed.counts
        for name, program in passed.stages:
            self.watch.show(name, program)
        return passed.program

    def _through(self, level: str, program: Program) -> _Passed:
        """The program after the passes of its level."""
        steps = [(place, step) for place, step in enumerate(self._ahead.steps) if step.level == level]
        made = _Passed(program)
        # Diagonals one by one, so that what merge-diagonals saves is not told of the passes before it.
        gates = partial(two_qubit_gates, family=self.context.target.family, merged=False)
        before = gates(program) if steps else 0
        for place, step in steps:
            with self.watch.stage(step.name):
                program = self._ahead.applied(place, made.program, self.context)
                changed = not program.says_the_same(made.program)
                if changed:
                    check_rules(program, step.name)
            made.foretold &= self._ahead.came_true(place, made.program, program, self.context)
            made.program = program
            after = gates(program) if changed else before
            made.counts.append(_count(step, before, after))
            before = after
            made.stages.append((step.name, program))
        return made


@dataclass
class _Passed:
    """What passes have made of a program, with their counts and stages; ``foretold``: each what it had foretold."""

    program: Program
    counts: list[PassCount] = field(default_factory=list)
    stages: list[tuple[str, Program]] = field(default_factory=list)
    foretold: bool = True


@dataclass(frozen=True)
class CompiledCircuit:
    """One circuit of a plan with its program. ``stats`` are its :func:`~qsac.counting.stats.circuit_stats`, ``rest``
    what else its statistics say of it alone: passes, allocation, error budget."""

    circuit: NativeCircuit
    program: Program
    stats: CircuitStatistics
    rest: Making


def _count(step: Pass | CircuitPass, before: int, after: int) -> PassCount:
    return {"name": step.name, "level": step.level, "two_qubit_gates": [before, after]}
