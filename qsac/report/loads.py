"""How the tables of a program are loaded: which ladders were solved for together, and which loads are multiplexors."""

from __future__ import annotations

from qsac.ir.attention import LoadRotated, LoadTokens
from qsac.ir.program import Program
from qsac.native.statistics import LoadCounts


def loads_of(program: Program) -> LoadCounts:
    """The loads and inverse loads of an attention program, by how they are made."""
    paired = {place for register in program.registers for place in _pair(program, register.name)}
    rotated = [place for place, op in enumerate(program.ops) if isinstance(op, LoadRotated)]
    others = [op for op in program.ops if isinstance(op, LoadTokens)]
    by_structure = sum(op.by_structure for op in others)
    return {
        "ladders_in_pairs": len(paired),
        "ladders": len(rotated) - len(paired),
        "multiplexors": len(others) - by_structure,
        "by_structure": by_structure,
    }


def _pair(program: Program, name: str) -> tuple[int, ...]:
    """The places of a ladder and the inverse one after it on a register, of which only inner products count."""
    uses = program.uses(name)[:2]
    found = [op for op in (program.ops[place] for place in uses) if isinstance(op, LoadRotated) and not op.barrier]
    return tuple(uses) if [op.inverse for op in found] == [False, True] else ()
