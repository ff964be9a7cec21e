"""Circuits of one plan that are alike: one of them is compiled, and the others filled into its blocks.

A plan of a hundred circuits has few kinds of them: rows of one layer in one setting of tomography, neurons with echoes
of one order. Circuits of a kind have the same ops on tables of the same shapes, whose zeros, equal rows, ranks and
products are the same too. The first one is compiled as any other. Those after it go through the passes that have
changed it, and are lowered; if that gives the same blocks but for numbers, these are filled into the first one's blocks
after their passes, as a template's are. The passes on circuits look at every one. Where filled blocks would take the
first one more gates than it has, or there are too few circuits of its kind, every circuit is compiled by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields, replace

import numpy as np

from qsac.compiler.circuit_compilation import Compilation, CompiledCircuit
from qsac.compiler.counted import Counted
from qsac.compiler.filling import NUMBERS, fits, with_numbers_of
from qsac.compiler.options import Options
from qsac.compiler.trials import CircuitTrial, best_trial
from qsac.emit.recording import RecordedEmission
from qsac.errors import present
from qsac.families.contract import Model
from qsac.families.registry import family_of
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.lowering.lower import lower
from qsac.machine.target import Target
from qsac.pipeline.contract import CircuitPass, Pass
from qsac.pipeline.stages import Watch, check_rules
from qsac.plugins import is_foreign
from qsac.progress import Progress

LEAST = 3
"""Fewest circuits of a kind that are worth the blocks to be filled: making these takes as long as one circuit."""

MOST = 8
"""Most circuits of a kind that are compiled by themselves and filled: they differ in numbers that save gates, such as
the signs of quarter turns."""

_DIGITS = 10
"""Digits to which entries count as equal, or zero."""


def kind_of(program: Program) -> Hashable:
    """What programs of one kind have in common. Where entries of tables are zero, rows are equal or products, or span
    less, passes and lowering save gates: that has to be the same."""
    return _structure(program), tuple(_pattern(table) for _, table in sorted(program.tables.items()))


def _without_origin(op: Op) -> Op:
    """The op without the field of the model that it is from, which decides nothing."""
    return replace(op, origin="") if op.origin else op


def _pattern(table: Table) -> Hashable:
    values = np.asarray(table.values)
    if not values.size:
        return None
    scale = float(np.abs(values).max()) or 1.0
    rows = np.round(values.reshape(values.shape[0], -1) / scale, _DIGITS) + 0.0
    signs: Hashable
    if rows.shape[0] == 1:
        # Passes and emission look for equal entries, and rows that are products of states of fewer qubits.
        signs = _repetition(np.abs(rows.T)), _ranks(rows[0])
    else:
        signs = _repetition(rows), int(np.linalg.matrix_rank(rows))
    return (rows != 0).tobytes(), signs


def _repetition(rows: np.ndarray) -> tuple[int, ...]:
    """For each row the first one that equals it."""
    seen: dict[bytes, int] = {}
    return tuple(seen.setdefault(row.tobytes(), place) for place, row in enumerate(rows))


def _ranks(row: np.ndarray) -> tuple[int, ...]:
    """The ranks of a row as a matrix, for each number of first qubits: 1 where it is a product."""
    size = len(row)
    if size & (size - 1):
        return ()
    return tuple(int(np.linalg.matrix_rank(row.reshape(1 << cut, -1))) for cut in range(1, size.bit_length() - 1))


class Kind:
    """The first circuit of a kind, compiled, and the others filled into its blocks."""

    def __init__(
        self, first: CircuitTrial, make: Callable[[Sequence[Pass | CircuitPass] | None, bool], Compilation]
    ) -> None:
        self._first, self._make = first, make
        self._structure = _structure(first.program)
        self._lowered = first.lowered
        self._numbered: frozenset[int] = frozenset()
        self._refused: set[frozenset[int]] = set()
        self._blocks: Program | None = None
        self._emission, self._counted = RecordedEmission(), Counted()

    def lowered(self, built: Program) -> tuple[Program, Program] | None:
        """Another program after the passes that have changed the first one, and its blocks; None where it has other ops
        than that."""
        passed = self._make(self._first.compilation.changing, False)
        program = passed.followed(built)
        if _structure(program) != self._structure:
            return None
        check_rules(program, "the attention passes")
        with passed.watch.stage("lower"):
            return program, lower(program, passed.context)

    def filled(self, name: str, program: Program, lowered: Program) -> CompiledCircuit | None:
        """A circuit of the kind, by its program and its blocks; None where it has to be compiled by itself."""
        differing = _differing(self._lowered, lowered)
        if differing is None:
            return None
        compilation = self._make(self._first.compilation.chosen, True)
        if (self._blocks is None or not differing <= self._numbered) and not self._numbers(differing, compilation):
            return None
        compilation.counts[:] = self._first.counts_of_programs
        blocks = self._filled(present(self._blocks, "the blocks"), lowered)
        native = compilation.native(blocks, self._first.native.allocation, emission=self._emission)
        return compilation.circuit_statistics(name, program, native, counted=self._counted.stats)

    def _numbers(self, differing: frozenset[int], compilation: Compilation) -> bool:
        """Let the numbers of more blocks be filled in. Not where the first circuit would have more gates then: numbers
        that are known save some."""
        numbered = self._numbered | differing
        if numbered in self._refused:
            return False
        ops = [replace(op, slots=(place,)) if place in numbered else op for place, op in enumerate(self._lowered.ops)]
        blocks = compilation.after_lowering(replace(self._lowered, ops=tuple(ops)))
        emission, own = RecordedEmission(), self._first.native
        other = compilation.native(self._filled(blocks, self._lowered), own.allocation, emission=emission).circuit
        if other.two_qubit_gates > own.circuit.two_qubit_gates or len(other) > len(own.circuit):
            self._refused.add(numbered)
            return False
        self._numbered, self._blocks, self._emission = numbered, blocks, emission
        return True

    @staticmethod
    def _filled(blocks: Program, lowered: Program) -> Program:
        numbers = dict(enumerate(lowered.ops))
        ops = tuple(with_numbers_of(op, numbers) for op in blocks.ops)
        return replace(blocks, ops=ops, subnormalisation=lowered.subnormalisation)


def _structure(program: Program) -> Hashable:
    """What programs have in common that are lowered in the same way, as far as it is not in their numbers."""
    tables = tuple((name, table.shape, table.real) for name, table in sorted(program.tables.items()))
    return program.registers, tuple(_without_origin(op) for op in program.ops), program.readouts, tables


def _differing(one: Program, other: Program) -> frozenset[int] | None:
    """The places of blocks that differ in their numbers; None for programs that differ in anything else."""
    if len(one.ops) != len(other.ops) or one.registers != other.registers or one.readouts != other.readouts:
        return None
    found = set()
    for place, (mine, its) in enumerate(zip(one.ops, other.ops, strict=True)):
        if mine is its or mine == its:
            continue
        names = NUMBERS.get(type(mine))
        if names is None or type(its) is not type(mine):
            return None
        if not _fit(mine, its, names):
            return None
        found.add(place)
    return frozenset(found)


def _fit(one: Op, other: Op, names: Sequence[str]) -> bool:
    """Whether two blocks of one type have as many numbers, and differ in nothing else."""
    if not all(fits(getattr(other, name), getattr(one, name)) for name in names):
        return False
    for name in _OTHERS[type(one)]:
        mine, its = getattr(one, name), getattr(other, name)
        if mine is not its and mine != its:
            return False
    return True


_OTHERS = {kind: tuple(one.name for one in fields(kind) if one.name not in names) for kind, names in NUMBERS.items()}
"""The fields of each block that do not hold its numbers."""


class Kinds:
    """The circuits of a plan, one after the other, by their kinds."""

    def __init__(
        self, source: Model, machine: Target, options: Options, watch: Watch, progress: Progress | None, each: bool
    ) -> None:
        self._source, self._machine, self._options = source, machine, options
        self._watch, self._progress, self._each = watch, progress, each
        self._steps = family_of(source).plan(source).circuits
        self._kinds: dict[Hashable, list[Kind]] = {}
        self.trials: dict[int, CircuitTrial] = {}
        """The circuits that were compiled by themselves, by their place."""

    def circuits(self) -> list[CompiledCircuit]:
        """All of them, in order."""
        places = range(len(self._steps))
        if not self._may_be_alike():
            return [self._alone(place).finished(self._options, each=self._each) for place in places]
        with self._watch.stage("build"):
            keys = [kind_of(step.program) for step in self._steps]
        often = Counter(keys)
        return [self._circuit(place, key if often[key] >= LEAST else None) for place, key in enumerate(keys)]

    def _circuit(self, place: int, key: Hashable) -> CompiledCircuit:
        step, kinds = self._steps[place], self._kinds.get(key, [])
        made = kinds[0].lowered(step.program) if kinds else None
        found = None if made is None else next(filter(None, (one.filled(step.name, *made) for one in kinds)), None)
        if found is not None:
            return found
        trial = self._alone(place)
        finished = trial.finished(self._options, each=self._each)
        if key is not None and len(kinds) < MOST:
            self._kinds.setdefault(key, []).append(Kind(trial, self._made))
        return finished

    def _may_be_alike(self) -> bool:
        """Not where budgets, layouts or stages are those of single circuits."""
        options, watch = self._options, self._watch
        plain = not options.error_budget and self._machine.coupling is None
        own = not any(is_foreign(type(step)) for step in options.pipeline())
        return plain and own and watch.after is None and not self._each and len(self._steps) >= LEAST

    def _alone(self, place: int) -> CircuitTrial:
        trial = best_trial(self._source, place, self._machine, self._options, self._watch, self._progress, self._each)
        self.trials[place] = trial
        return trial

    def _made(self, chosen: Sequence[Pass | CircuitPass] | None, template: bool) -> Compilation:
        watch = Watch(None, self._watch.announce, self._watch.seconds)
        return Compilation(self._machine, self._options, watch, self._progress, chosen, template=template)
