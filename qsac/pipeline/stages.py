"""How a pass is applied: as it is if it is qsac's own, contained and checked if it is another package's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from math import isfinite, sqrt
from pathlib import Path
from time import perf_counter
from traceback import extract_tb
from typing import Any, TypeAlias, TypeVar

import numpy as np

from qsac.errors import ExtensionError, QsacError
from qsac.ir.catalogue import op_class
from qsac.ir.printer import print_program
from qsac.ir.program import Program
from qsac.ir.verifier import ProgramError, verify
from qsac.machine.target import Target
from qsac.native.circuit import GATES, NativeCircuit
from qsac.native.provenance import Provenance
from qsac.pipeline.contract import CircuitPass, ErrorLedger, Pass, PassContext
from qsac.plugins import blame, contained, is_foreign, package_of, unreadable
from qsac.progress import Announce

Stage: TypeAlias = Callable[[str, Program | NativeCircuit], None]
"""What a stage's name and result are handed to."""

Subject = TypeVar("Subject", Program, NativeCircuit)

_ROUNDING = 1e-9
"""How much more than the error budget may seem to be spent, relatively."""


@dataclass
class Watch:
    """What a compilation tells while it runs: each stage's result, and how long it took."""

    after: Stage | None
    announce: Announce | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times the body."""
        start = perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - start

    def show(self, name: str, result: Program | NativeCircuit) -> None:
        """Tell a stage's result."""
        if self.after is not None:
            self.after(name, result)


def applied(step: Pass | CircuitPass, subject: Subject, context: PassContext) -> Subject:
    """What a pass makes of a program or a circuit.

    A pass of another package works contained, and on a ledger of its own. Raises
    :class:`~qsac.errors.ExtensionError` where it fails, changes what it was given, or returns what qsac cannot go on
    with: another kind of object, other readouts, an op that is not qsac's, a program that breaks the rules of the
    language, gates that the target does not have, spending beyond the error budget.
    """
    if not is_foreign(type(step)):
        own_result: Subject = _apply(step, subject, context)
        return own_result
    package, called = package_of(type(step)), title(step)
    before, own = fingerprint(subject), replace(context, ledger=context.ledger.copy())
    with contained(f"{called} failed", package, seed=context.seed, diagnoses=True):
        try:
            found: Any = _apply(step, subject, own)
        except QsacError as error:
            raise error.located(called) from error
    with contained(f"{called} returned what cannot be checked", package):
        problem = _problem(subject, found, context.target)
        if problem is None and fingerprint(subject) != before:
            problem = "a pass that leaves what it is given as it is", "one that changed it in place"
        problem = problem or _overspent(step.name, context.ledger, own.ledger)
    if problem is not None:
        wanted, shown = problem
        raise ExtensionError(
            f"{called} breaks the rules of passes",
            code="extension.broken-rules",
            package=package,
            found=shown,
            wanted=wanted,
            help=blame(package),
        )
    context.ledger.spent.update(own.ledger.spent)
    result: Subject = found
    return result


class Ahead:
    """The passes of a pipeline on programs, each of which may ask what those after it make of a program.

    What a pass on attention programs has made of a program it is not asked again, in the compilation itself neither: a
    candidate that is taken has been through the passes already. Programs are told apart by identity: a pass hands on
    the very candidate that it has asked about.
    """

    def __init__(self, chosen: Iterable[Pass | CircuitPass]) -> None:
        self.steps = tuple(step for step in chosen if isinstance(step, Pass))
        self._believed = True
        self._made: dict[tuple[object, ...], tuple[Program, Program, dict[str, float]]] = {}
        self._foretold: dict[tuple[int, int], tuple[Program, Program]] = {}
        self._contexts: dict[int, tuple[PassContext, PassContext]] = {}

    def at(self, context: PassContext, place: int = -1) -> PassContext:
        """The context of the pass at a place; of none: all passes are to come."""
        before, made = self._contexts.get(place, (None, context))
        if before is not context:
            made = replace(context, rest=partial(self._finished, place))
            self._contexts[place] = context, made
        return made

    def applied(self, place: int, program: Program, context: PassContext) -> Program:
        """What the pass at a place makes of a program; what it spends stands in the context's ledger then."""
        step, ledger = self.steps[place], context.ledger
        if step.level == "block":
            return applied(step, program, self.at(context, place))
        # Who has spent what makes no difference to a pass, nor do other fields, which a compilation has one of each.
        key = place, id(program), ledger.budget, *ledger.spent.values()
        if key not in self._made:
            before = dict(ledger.spent)
            result = applied(step, program, self.at(context, place))
            spent = {name: error for name, error in ledger.spent.items() if before.get(name) != error}
            self._made[key] = program, result, spent
        _, result, spent = self._made[key]
        ledger.spent.update(spent)
        return result

    def forget(self, *, believed: bool = True) -> None:
        """Let go of what the passes have made: they are not asked any more, or asked anew. What they foretell is not
        ``believed`` then: they are taken to leave programs as they are."""
        self._made.clear()
        self._foretold.clear()
        self._believed = believed

    def came_true(self, place: int, program: Program, made: Program, context: PassContext) -> bool:
        """Whether the pass at a place made of a program the ops that it foretold."""
        if not self._foretells(self.steps[place]):
            return True
        shown = self._shown(place, program, context)
        return Counter(op.name for op in shown.ops) == Counter(op.name for op in made.ops)

    @staticmethod
    def _foretells(step: Pass) -> bool:
        return not is_foreign(type(step)) and type(step).foretold is not Pass.foretold

    def _finished(self, place: int, program: Program, context: PassContext) -> Program:
        for later in range(place + 1, len(self.steps)):
            step = self.steps[later]
            if step.level == program.level and step.foreseen(program, context):
                program = self._shown(later, program, context)
        return program

    def _shown(self, place: int, program: Program, context: PassContext) -> Program:
        """What the pass at a place is expected to make of a program."""
        step = self.steps[place]
        if not self._foretells(step):
            return self.applied(place, program, context)
        if not self._believed:
            return program
        key = place, id(program)
        if key not in self._foretold:
            self._foretold[key] = program, step.foretold(program, self.at(context, place))
        return self._foretold[key][1]


def title(step: Pass | CircuitPass) -> str:
    """What messages call a pass: one of another package with that package."""
    return f"the pass {step.name!r} of {package_of(type(step))}" if is_foreign(type(step)) else f"the pass {step.name}"


@contextmanager
def naming_extensions(chosen: Iterable[Pass | CircuitPass]) -> Iterator[None]:
    """An unexpected failure in the body, where passes of other packages take part, is not simply called a bug of qsac:
    the :class:`~qsac.errors.ExtensionError` names them, and says how to find out. Nor is one of a library that looks
    for its plugins among the installed packages, and finds one damaged."""
    foreign = [step for step in chosen if is_foreign(type(step))]
    try:
        yield
    except (QsacError, MemoryError, OSError):
        raise
    except Exception as error:
        damaged = unreadable() if _asks_for_plugins(error) else []
        if damaged:
            raise ExtensionError(
                "a library that qsac uses cannot look for its plugins",
                code="extension.damaged-entry-points",
                package=" and ".join(damaged),
                found=f"damaged entry points of {' and '.join(damaged)}",
                help="install these packages again, or uninstall them",
            ) from error
        if not foreign:
            raise
        raise ExtensionError(
            f"the compilation failed, in a pipeline with {' and '.join(map(title, foreign))}",
            code="extension.failed",
            package=" and ".join(dict.fromkeys(package_of(type(step)) for step in foreign)),
            found=f"{type(error).__name__}: {str(error)[:200]}",
            help="compile without these passes: if it fails then too, it is a bug of qsac; if not, it is one of theirs",
        ) from error


def _asks_for_plugins(error: BaseException) -> bool:
    """Whether an exception was raised while entry points were read."""
    return any("metadata" in Path(frame.filename).parts for frame in extract_tb(error.__traceback__))


def check_rules(program: Program, stage: str) -> None:
    """A program that breaks a rule after a stage of ours is a bug of that stage, not the user's mistake."""
    try:
        verify(program)
    except ProgramError as error:
        raise RuntimeError(f"{stage} returned a program that breaks a rule: {error}") from error


def fingerprint(subject: Program | NativeCircuit) -> str:
    """What tells programs and circuits apart, numbers included."""
    if isinstance(subject, Program):
        return sha256(print_program(subject).encode()).hexdigest()
    columns = (subject.kind, subject.first, subject.second, subject.angles)
    content = b"".join(np.ascontiguousarray(column).tobytes() for column in (*columns, subject.provenance.of))
    provenance = Provenance(subject.provenance.sets)
    plain = replace(subject, kind=_NONE, first=_NONE, second=_NONE, angles=_NONE, provenance=provenance)
    return f"{sha256(content).hexdigest()} {plain!r}"


_NONE: Any = None


def _apply(step: Pass | CircuitPass, subject: Any, context: PassContext) -> Any:
    return step.apply(subject, context)


Problem = tuple[str, str]
"""What is wanted, and what was found."""


def _problem(before: Program | NativeCircuit, found: object, target: Target) -> Problem | None:
    """Why qsac cannot go on with what a pass returned, if it cannot."""
    if type(found) is not type(before):
        return f"a {type(before).__name__}", f"an object of type {type(found).__name__}"
    if isinstance(before, Program) and isinstance(found, Program):
        return _program_problem(before, found)
    if isinstance(before, NativeCircuit) and isinstance(found, NativeCircuit):
        return _circuit_problem(before, found, target)
    return None


def _program_problem(before: Program, found: Program) -> Problem | None:
    if found.level != before.level or found.name != before.name:
        return f"a program {before.name!r} of the {before.level} level", f"{found.name!r} of the {found.level} level"
    asked, given = [[(one.metric, len(one.index)) for one in program.readouts] for program in (before, found)]
    if asked != given:
        return _readouts([metric for metric, _ in asked]), _readouts([metric for metric, _ in given])
    unknown = [op for op in found.ops if op_class(op.name) is not type(op)]
    if unknown:
        return "ops that qsac knows", f"an op of type {type(unknown[0]).__name__}"
    if not (isfinite(found.subnormalisation) and found.subnormalisation > 0):
        return "a positive subnormalisation", repr(found.subnormalisation)
    sources = {source for op in before.ops for source in op.sources}
    foreign = {source for op in found.ops for source in op.sources} - sources
    if foreign:
        return "the sources of the blocks that it was given", f"the source {min(foreign)}"
    endless = [name for name, table in found.tables.items() if not np.isfinite(table.values).all()]
    if endless:
        return "finite numbers", f"others in the table {endless[0]!r}"
    try:
        verify(found)
    except ProgramError as error:
        return "a program that keeps the rules of the language", error.title
    print_program(found)
    return None


def _circuit_problem(before: NativeCircuit, found: NativeCircuit, target: Target) -> Problem | None:
    asked, given = [[one.metric for one in circuit.readouts] for circuit in (before, found)]
    if asked != given:
        return _readouts(asked), _readouts(given)
    if (before.snapshot is None) != (found.snapshot is None):
        return "a profile exactly where there was one", "none" if found.snapshot is None else "one"
    wrong = _wrong_column(found)
    if wrong is not None:
        return "columns of one length, and maps to qubits of the circuit", wrong
    unmet = found.out_of_range()
    if unmet is not None:
        return unmet, "a circuit without that"
    known = {number for ids in before.provenance.sets for number in ids}
    if found.provenance.wrong(len(found), known):
        return "for each gate the ops that it is of, as they were given, or for none", "another provenance"
    unmet = found.unmet()
    if unmet is not None:
        return unmet, "a circuit without that"
    if _foreign_gate(before, target) is None:
        gate = _foreign_gate(found, target)
        return None if gate is None else (f"gates and pairs of qubits that {target.name} has", gate)
    return None


def _readouts(metrics: list[str]) -> str:
    return f"the readouts {', '.join(metrics)}"


def _wrong_column(circuit: NativeCircuit) -> str | None:
    """What the columns of a circuit hold that they cannot hold."""
    count = len(circuit.kind)
    columns = (circuit.kind, circuit.first, circuit.second)
    if any(column.shape != (count,) or column.dtype.kind != "i" for column in columns):
        return "columns of other shapes or types"
    if circuit.angles.shape != (count, 2) or circuit.angles.dtype.kind != "f":
        return "angles of another shape or type"
    places = (*circuit.initial_map, *circuit.final_map)
    return None if set(places) <= set(range(len(circuit.qubits))) else "maps to qubits that are not there"


def _foreign_gate(circuit: NativeCircuit, target: Target) -> str | None:
    """The first kind of gate, or pair of qubits, that the target does not have."""
    kinds = [GATES[kind] for kind in np.unique(circuit.kind).tolist()]
    missing = [gate.name for gate in kinds if gate.name not in target.gates]
    if missing:
        return f"the gate {missing[0]}"
    if target.coupling is None:
        return None
    if any(register != "node" for register, _ in circuit.qubits):
        return "qubits that are not placed"
    for place in np.concatenate(circuit.off_coupling(target.coupling, target.directions)).tolist():
        first, second = (circuit.qubits[column[place]][1] for column in (circuit.first, circuit.second))
        return f"a gate on the qubits {first} and {second}"
    return None


def _overspent(name: str, before: ErrorLedger, after: ErrorLedger) -> Problem | None:
    """What is wrong with what a pass called ``name`` wrote into the ledger of errors."""
    others = {key: value for key, value in after.spent.items() if key != name}
    if after.budget != before.budget or others != {key: one for key, one in before.spent.items() if key != name}:
        return "an error ledger with its own spending only", "one whose other entries were changed"
    if name not in after.spent or after.spent.get(name) == before.spent.get(name):
        return None
    if not 0 <= after.spent[name] <= 1:
        return "an infidelity from 0 to 1 as its spending", repr(after.spent[name])
    total = sum(map(sqrt, after.spent.values())) ** 2
    if total > after.budget * (1 + _ROUNDING):
        return f"an infidelity of at most {after.budget:g} spent by all passes together", f"{total:g}"
    return None
