"""Make one of degree registers that are always equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from qsac.ir.attention import ApplyUnitary, LoadTokens, Multiply, PrepareDegree, Project
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.passes.attention._gates import finished_gates
from qsac.pipeline.contract import Pass, PassContext

Gated = LoadTokens | ApplyUnitary | Multiply
"""Ops that may be gated by degree registers."""


@dataclass(frozen=True)
class MergeDegrees(Pass):
    """Make one of neighbouring degree registers that are always equal, and do without those that are always 1.

    Needs a verified attention program before stage-degree. Guarantees the same meaning, exactly. In a unary state of
    which a term is missing, as in x + x^3, two registers never part: the copies that they gate are then gated by one of
    them. If the first terms are missing, the first registers are always 1, and their copies need no gate. A state is
    left as it is if anything but loads, unitaries and products is controlled by the registers that it would lose. Done
    for the states for which it takes fewer two-qubit gates on the target after the remaining passes.
    """

    name: ClassVar[str] = "merge-degrees"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 2
    after: ClassVar[tuple[str, ...]] = ("factor-kernel",)
    templates: ClassVar[bool] = True

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with fewer degree registers."""
        for preparation in [op for op in program.ops if isinstance(op, PrepareDegree)]:
            projection = _projection(program, preparation)
            if projection is None:
                continue
            candidate = _merged(program, preparation, projection)
            if candidate is not program and finished_gates(candidate, context) < finished_gates(program, context):
                program = candidate
        return program


def _projection(program: Program, preparation: PrepareDegree) -> Project | None:
    """The projection of a unary state on one of the same terms; None where there is none, or one must stay as it is."""
    op = program.ops[program.uses(preparation.degree[0])[-1]]
    if not (isinstance(op, Project) and op.state == "unary" and op.registers == preparation.degree):
        return None
    return None if op.barrier or preparation.barrier else op


def _merged(program: Program, preparation: PrepareDegree, projection: Project) -> Program:
    """The program without the registers that are 1, or equal to the one before them."""
    degree = preparation.degree
    instead: dict[str, tuple[str, ...]] = {}
    for place, register in enumerate(degree):
        # With the term of so many ones missing, what tells this register from the one before it is.
        missing = not preparation.amplitudes[place] and not projection.amplitudes[place]
        if missing and _only_gates(program, register, (preparation, projection)):
            before = degree[place - 1 : place]
            instead[register] = instead.get(before[0], before) if before else ()
    if not instead:
        return program
    kept = [place for place, register in enumerate(degree) if register not in instead]
    left = tuple(degree[place] for place in kept)
    terms = [*kept, len(degree)]
    # Copies that are not gated any more come before the preparation, as they would without the registers.
    waiting = [replace(preparation, degree=left, amplitudes=_of(preparation.amplitudes, terms))][: len(left)]
    ops: list[Op] = []
    for op in program.ops:
        if op is preparation:
            continue
        if op is projection:
            ends = [replace(projection, registers=left, amplitudes=_of(projection.amplitudes, terms))][: len(left)]
            ops += [*waiting, *ends]
            continue
        changed = _regated(op, instead)
        if waiting and set(left) & {*changed.targets, *changed.controlled_by}:
            ops.append(waiting.pop())
        ops.append(changed)
    return replace(
        program,
        registers=tuple(register for register in program.registers if register.name not in instead),
        ops=tuple(ops),
        readouts=tuple(
            replace(readout, given=_without(readout.given, instead), success=_without(readout.success, instead))
            for readout in program.readouts
        ),
    )


def _of(amplitudes: tuple[float, ...], terms: list[int]) -> tuple[float, ...]:
    return tuple(amplitudes[term] for term in terms)


def _only_gates(program: Program, register: str, ends: tuple[Op, ...]) -> bool:
    """Whether a register does nothing but gate ops that may be changed, and no readout saves it."""
    uses = [program.ops[place] for place in program.uses(register)]
    gated = [op for op in uses if all(op is not end for end in ends)]
    return all(isinstance(op, Gated) and register in op.when and not op.barrier for op in gated) and not any(
        register in readout.index for readout in program.readouts
    )


def _regated(op: Op, instead: Mapping[str, tuple[str, ...]]) -> Op:
    if not isinstance(op, Gated) or not set(op.when) & set(instead):
        return op
    gates = (gate for register in op.when for gate in instead.get(register, (register,)))
    return replace(op, when=tuple(dict.fromkeys(gates)))


def _without(names: tuple[str, ...], gone: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in gone)
