"""The rules of the language, checked op by op."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from qsac.errors import InvalidInputError
from qsac.ir.attention import LoadWhole, Project
from qsac.ir.blocks import Multiplexor
from qsac.ir.op import Adjointable, Op, Use
from qsac.ir.program import Program

_PLACES = 1 << 16
"""More ops than any attention program has. Text is untrusted, and sets of places are used as bits of a number."""


class ProgramError(InvalidInputError):
    """A program that breaks a rule of the language: which rule, and ``op``, the place of the op among the program's, if
    it is one op's."""

    def __init__(
        self, title: str, op: int | None = None, *, code: str | None = None, source: str | None = None
    ) -> None:
        super().__init__(title, code=code, pointer=None if op is None else f"/ops/{op}", source=source)
        self.op = op


def verify(program: Program) -> None:
    """Check a program against every rule; raise :class:`ProgramError` for the first op that breaks one.

    Registers are linear for their targets: allocated by their first targeting op, ended by a projection, not used
    after it (at block level a reset brings a qubit back). A control register is live and not also a target. An op
    that needs fresh targets finds them unallocated. Uncomputed data is projected on zero next. Every outcome that a
    readout names exists once, and its given set, and given with success, are what has been projected up to some point
    of the program: every probability a readout needs is then a norm on the way. A pair that an op opens is closed by
    its adjoint, with its registers only used as controls, or by pairs that nest, in between. An ancilla of an op is in
    zero.
    """
    _verify_declarations(program)
    live: set[str] = set()
    ended: set[str] = set()
    for index, op in enumerate(program.ops):
        for problem in _broken_rules(program, op, live, ended):
            raise ProgramError(
                f"op {index} ({op.name}) breaks a rule: {problem}",
                index,
                source=program.name or None,
                code="ir.invalid-op",
            )
        use = op.use
        live.update(use.targets)
        ended.difference_update(use.reallocates)
        live.difference_update(use.releases)
        ended.update(use.releases)
    _verify_promises(program)
    _verify_pairs(program)
    _verify_whole_loads(program)
    _verify_readouts(program)


def _verify_declarations(program: Program) -> None:
    names = [register.name for register in program.registers]
    for name in sorted({name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ()):
        raise ProgramError(
            f"register {name!r} is declared twice",
            code="ir.repeated-register",
        )
    for register in program.registers:
        if register.size < 1:
            raise ProgramError(
                f"register {register.name!r} has size {register.size}; the least is 1",
                code="ir.wrong-register-size",
            )
        if program.level == "block" and register.size != 1:
            raise ProgramError(
                f"register {register.name!r} of a block program is not one qubit",
                code="ir.wrong-register-size",
            )


def _broken_rules(program: Program, op: Op, live: set[str], ended: set[str]) -> Iterator[str]:
    # One after the other: an op is only asked to check itself where the names that it gives exist.
    use = op.use
    for found in (
        _unknown_names(program, op),
        _wrong_sources(program, op) if op.sources else (),
        _wrong_diagonal_uses(use, live, ended) if use.controlled_by or use.ancillas else (),
        _wrong_targets(use, live, ended),
    ):
        yield from found
    problem = op.check(program.scope)
    if problem is not None:
        yield problem


def _unknown_names(program: Program, op: Op) -> Iterator[str]:
    sizes = program.scope.sizes
    if op.level not in (program.level, "both"):
        yield f"it belongs to the {op.level} level, the program is of the {program.level} level"
    use = op.use
    for name in (*use.targets, *use.controlled_by, *use.ancillas):
        if name not in sizes:
            yield f"register {name!r} is not declared"
    for name in op.tables:
        if name not in program.tables:
            yield f"table {name!r} does not exist"


def _wrong_sources(program: Program, op: Op) -> Iterator[str]:
    if not op.sources:
        return
    if program.level == "attention":
        yield "only blocks have sources"
    ascending = len(op.sources) == 1 or all(one < other for one, other in pairwise(op.sources))
    if not ascending or op.sources[0] < 0 or op.sources[-1] >= _PLACES:
        yield f"its sources are not places from 0 to {_PLACES - 1} in ascending order"


def _wrong_diagonal_uses(use: Use, live: set[str], ended: set[str]) -> Iterator[str]:
    if len(set(use.controlled_by)) < len(use.controlled_by):
        yield "it names a control twice"
    for name in use.controlled_by:
        if name in use.targets:
            yield f"register {name!r} is a control and a target at once"
        if name in use.ancillas:
            yield f"register {name!r} is a control and an ancilla at once"
        if name not in live:
            yield f"register {name!r} is a control but not live"
    for name in use.ancillas:
        if name in ended:
            yield f"register {name!r} is an ancilla after its projection"


def _wrong_targets(use: Use, live: set[str], ended: set[str]) -> Iterator[str]:
    if len(set(use.targets)) < len(use.targets):
        yield "it targets a register twice"
    for name in use.targets:
        if name in ended and name not in use.reallocates:
            yield f"register {name!r} is used after its projection"
        if name not in ended and name in use.reallocates:
            yield f"register {name!r} is reset without having been measured"
        if name in use.requires_zero and name in live:
            yield f"register {name!r} is prepared but already live"


def _verify_promises(program: Program) -> None:
    """What ops promise about states: uncomputed and ``leaves_zero`` qubits end in zero, ``enters_zero`` begin so, and
    the ancillas of an op are."""
    untouched: dict[str, tuple[int, Op]] = {}
    used: set[str] = set()
    for index, op in enumerate(program.ops):
        use = op.use
        if isinstance(op, Multiplexor) and op.enters_zero and op.target in used:
            raise ProgramError(
                f"op {index} ({op.name}) says that {op.target!r} enters in zero, but it was used before",
                index,
                code="ir.not-in-zero",
            )
        for name in use.ancillas:
            if name in used:
                what = f"takes {name!r} as an ancilla, which is not known to be in zero"
                raise ProgramError(f"op {index} ({op.name}) {what}", index, code="ir.not-in-zero")
        for name in (*use.targets, *use.controlled_by):
            if name in untouched:
                if name in use.releases and op.outcomes and (not isinstance(op, Project) or op.state == "zero"):
                    del untouched[name]
                    continue
                _, promise = untouched[name]
                raise ProgramError(
                    f"op {index} ({op.name}) uses {name!r}, which only a projection on zero may after the "
                    f"{promise.name} before it",
                    index,
                    code="ir.not-in-zero",
                )
        used.update(use.targets)
        used.difference_update((*use.reallocates, *use.releases))
        for name in op.leaves_zero_on:
            untouched[name] = (index, op)
    for name, (index, op) in untouched.items():
        raise ProgramError(
            f"op {index} ({op.name}) leaves {name!r} without a projection on zero",
            index,
            code="ir.not-in-zero",
        )


def _verify_pairs(program: Program) -> None:
    """Between an op that opens a pair and its adjoint, the registers of the pair are only used as controls, or by pairs
    that nest: what opens such a one permutes basis states up to phases, so that all its pair does is to control."""
    opened: list[Op] = []
    for index, op in enumerate(program.ops):
        changed = op.use.changed
        touched = [
            place
            for place, other in enumerate(opened)
            if not changed.isdisjoint(other.use.targets) or not changed.isdisjoint(other.use.controlled_by)
        ]
        if op.uncomputes_pair:
            if not touched or not _closes(op, opened[touched[-1]]):
                raise ProgramError(
                    f"op {index} ({op.name}) closes a pair that is not the last one opened on its registers",
                    index,
                    code="ir.unmatched-pair",
                )
            del opened[touched[-1]]
        elif touched and not (op.computes_pair and op.nests):
            raise ProgramError(
                f"op {index} ({op.name}) targets registers of the {opened[touched[0]].name} that waits for its adjoint",
                index,
                code="ir.unmatched-pair",
            )
        if op.computes_pair:
            opened.append(op)
    for op in opened:
        raise ProgramError(
            f"{op.name} opens a pair that nothing closes",
            code="ir.unmatched-pair",
        )


def _verify_whole_loads(program: Program) -> None:
    """A whole load may leave any phases on its index, which inverse loads of its table take back: there are as many of
    both wherever the index is changed. Loads of one table have one index and one completion."""
    owed: dict[str, int] = {}
    index_of: dict[str, tuple[str, ...]] = {}
    completion_of: dict[str, str] = {}
    for index, op in enumerate(program.ops):
        if isinstance(op, LoadWhole) and op.index:
            if index_of.setdefault(op.table, op.index) != op.index:
                raise ProgramError(
                    f"op {index} ({op.name}) loads table {op.table!r} by another index than before",
                    index,
                    code="ir.unmatched-load",
                )
            if completion_of.setdefault(op.table, op.completion) != op.completion:
                raise ProgramError(
                    f"op {index} ({op.name}) loads table {op.table!r} with another completion than before",
                    index,
                    code="ir.unmatched-load",
                )
            owed[op.table] = owed.get(op.table, 0) + (-1 if op.inverse else 1)
            continue
        changed = op.use.changed
        for table, number in owed.items():
            if number and changed.intersection(index_of[table]):
                raise ProgramError(
                    f"op {index} ({op.name}) changes the index of table {table!r} between its load and inverse load",
                    index,
                    code="ir.unmatched-load",
                )
    for table, number in owed.items():
        if number:
            raise ProgramError(
                f"table {table!r} is loaded and not undone as often, which leaves phases on its index",
                code="ir.unmatched-load",
            )


def _closes(op: Op, other: Op) -> bool:
    own: dict[str, Any] = {"origin": "", "sources": ()}
    return isinstance(other, Adjointable) and replace(op, **own) == replace(other.adjoint(), **own)


def _verify_readouts(program: Program) -> None:
    reached: set[str] = set()
    prefixes: list[frozenset[str]] = [frozenset()]
    for op in program.ops:
        for outcome in op.outcomes:
            if outcome in reached:
                raise ProgramError(
                    f"outcome {outcome!r} is measured twice",
                    code="ir.repeated-outcome",
                )
            reached.add(outcome)
        if op.outcomes:
            prefixes.append(frozenset(reached))
    for readout in program.readouts:
        for outcome in (*readout.given, *readout.success, *readout.index):
            if outcome not in reached:
                raise ProgramError(
                    f"readout {readout.metric!r} names {outcome!r}, which nothing projects",
                    code="ir.invalid-readout",
                )
        if set(readout.index) & {*readout.given, *readout.success} or len(set(readout.index)) < len(readout.index):
            raise ProgramError(
                f"readout {readout.metric!r} names an outcome twice",
                code="ir.invalid-readout",
            )
        for wanted in (frozenset(readout.given), frozenset((*readout.given, *readout.success))):
            if wanted not in prefixes:
                raise ProgramError(
                    f"readout {readout.metric!r}: {', '.join(sorted(wanted))} are not what is projected by some point "
                    "of the program",
                    code="ir.invalid-readout",
                )
