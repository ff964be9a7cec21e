"""Trials: a circuit compiled with an error budget of its own, and which of them is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from qsac.compiler.budget import best_quality, fewest_gates
from qsac.compiler.circuit_compilation import Compilation, CompiledCircuit
from qsac.compiler.options import Options
from qsac.compiler.stagewise import check_stages, with_culprit
from qsac.errors import CheckFailedError, present
from qsac.families.contract import Model
from qsac.families.outcomes import Outcomes
from qsac.families.registry import family_of
from qsac.ir.attention import LoadRotated, LoadTokens
from qsac.ir.program import Program
from qsac.layout.choice import Candidate, lowest_expected_error
from qsac.lowering.allocation import allocate
from qsac.machine.target import Target
from qsac.native.circuit import NativeCircuit
from qsac.pipeline.contract import CircuitPass, Pass
from qsac.pipeline.registry import pass_class, print_pipeline
from qsac.pipeline.stages import Watch
from qsac.progress import Progress

if TYPE_CHECKING:
    from qsac.native.statistics import PassCount, TriedBudget


_LADDERS = "rotate-ladders"

_COLUMNS = 8
"""Columns of real tables of which rotated ladders are tried on coupling graphs: of fewer columns they are deeper than
multiplexors, of more they are seldom solved."""

_ROWS = 32
"""Most rows of such tables."""

_SMALL = 60
"""Two-qubit gates of circuits for which ladders that are not spread are tried, too."""


class CircuitTrial:
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
        self.tried: list[TriedBudget] | None = None
        self.counts_of_programs: list[PassCount] = []
        """What the passes on programs did, once there is a native circuit."""
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
        blocks = self.compilation.blocks(self.program)
        self.counts_of_programs = list(self.compilation.counts)
        return self.compilation.native(blocks, allocation, self.program)

    @property
    def lowered(self) -> Program:
        """The block program before its passes, once there is a native circuit."""
        return present(self.compilation.lowered, "the block program")

    @property
    def circuit(self) -> NativeCircuit:
        """The native circuit."""
        return self.native.circuit

    def wanted(self) -> Outcomes:
        """The closed form of its circuit, in the model's own subnormalisation."""
        return list(self.source.expected.values())[self.place]

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
        again = CircuitTrial(self.source, self.place, self.target, self.options, Watch(None), None, keep=True)
        _ = again.native
        return with_culprit(error, self.wanted, again.stages, again.compilation.chosen, again.compilation.context)


def best_trial(
    source: Model, place: int, machine: Target, options: Options, watch: Watch, progress: Progress | None, keep: bool
) -> CircuitTrial:
    """The way that is taken for one circuit of the plan."""

    def trial(budget: float) -> CircuitTrial:
        return CircuitTrial(source, place, machine, replace(options, error_budget=budget), watch, progress, keep=keep)

    def branch() -> float:
        (name, wanted) = list(source.expected.items())[place]
        return source.readout.branch(source, name, wanted)

    if options.error_budget == "auto":
        best, tried = best_quality(branch, trial)
        best.tried = tried
        return best
    if options.error_budget:
        return fewest_gates(options.error_budget, trial)
    first = trial(0.0)
    trials = [first]
    for passes in _other_pipelines(first):
        other = CircuitTrial(source, place, machine, replace(options, passes=passes), watch, progress, keep=keep)
        trials += [other] if other.program.ops != first.program.ops else []
    if len(trials) == 1:
        return first
    natives = [one.native for one in trials]
    taken = lowest_expected_error(natives, first.target)
    return next(one for one, native in zip(trials, natives, strict=True) if native is taken)


def _other_pipelines(trial: CircuitTrial) -> list[str]:
    """Where the machine has a coupling graph, which decides what ladders are worth: the pipelines with others than the
    trial has."""
    program = trial.program
    pipelines = ladder_pipelines(trial.compilation.chosen, trial.target)
    if not pipelines:
        return []
    loaded = [program.tables[op.table] for op in program.ops if isinstance(op, LoadTokens)]
    real = any(table.real and table.shape[1] == _COLUMNS and table.shape[0] <= _ROWS for table in loaded)
    spread = any(isinstance(op, LoadRotated) and op.toggled for op in program.ops)
    small = spread and trial.circuit.two_qubit_gates <= _SMALL
    return [pipeline for pipeline, tried in zip(pipelines, (real, small), strict=True) if tried]


def ladder_pipelines(chosen: Sequence[Pass | CircuitPass], machine: Target) -> list[str]:
    """The pipelines that may be tried for a machine with a coupling graph besides the one that is asked for: with
    ladders of real tables, and with ladders that are not spread. None where the options of ladders are asked for."""
    usual: Any = pass_class(_LADDERS)
    if machine.coupling is None or all(step != usual() for step in chosen):
        return []
    others = (usual(real=True), usual(spread=False))
    return [print_pipeline([other if step == usual() else step for step in chosen]) for other in others]
