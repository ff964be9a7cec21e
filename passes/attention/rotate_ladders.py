"""Load complex tables by one ladder each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar, Literal

from qsac.ir.program import Program
from qsac.passes.attention._rotation import OfTables, improved
from qsac.passes.attention._tables import SETTLED_BY
from qsac.pipeline.contract import Pass, PassContext


@dataclass(frozen=True)
class RotateLadders(Pass):
    """Load complex tables by one ladder each, whose data qubits are rotated between their entangling gates
    (Construction, section 13); with ``real`` those of real numbers, too.

    Needs a verified attention program with bound parameters. Guarantees the same meaning, to the last digits of double
    precision. A load and the inverse load after it are solved together, in a basis of their own; the last load by
    some registers undoes the phases that the others leave there. A load that is not solved, or takes no fewer two-qubit
    gates, stays as it is. Tables of up to 256 numbers (rows times columns) are solved at -O2, of up to 512 at -O3.
    Loads with a barrier are solved one by one. For a target with a coupling graph ladders are ``spread``: each bit of
    the index has its gates with a data qubit of its own.
    """

    name: ClassVar[str] = "rotate-ladders"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 2
    after: ClassVar[tuple[str, ...]] = (*SETTLED_BY, "load-by-structure")

    real: bool = False
    spread: bool = True

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with the ladders that take fewer gates."""
        return improved(program, context, _solver(context, self, solved=True))

    def foretold(self, program: Program, context: PassContext) -> Program:
        """The program with ladders of as many gates as generic tables take, which are not solved."""
        return improved(program, context, _solver(context, self, solved=False))


def _solver(context: PassContext, step: RotateLadders, *, solved: bool) -> OfTables:
    """What finds the ladders on the context's target: spread over its coupling graph, if it has one."""
    edges = context.target.coupling if step.spread else None
    degrees = Counter(node for edge in edges or () for node in edge)
    return OfTables(solved=solved, real=step.real, neighbours=max(degrees.values(), default=0))
