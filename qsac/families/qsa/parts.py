"""What the programs of all readouts are put together from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import copysign, sqrt
from typing import TYPE_CHECKING

from qsac.families.unitary import Identity, Matrix, Unitary
from qsac.ir.attention import ApplyUnitary, PrepareDegree, Project
from qsac.ir.attention.unitary import UnitaryForm
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.numerics.product_formulas import Evolution

if TYPE_CHECKING:
    from qsac.families.qsa.model import Model

CONTEXT, TARGETS, LENGTHS = "context", "targets", "lengths"
ALPHA = "alpha"
"""The register of one qubit that is found as 0 with probability alpha, the square of a target's length."""

Rotated = tuple[UnitaryForm, tuple[str, ...]]
"""How a unitary's table is read: its form, and the rotations of an ansatz."""


def measured(index: tuple[str, ...], *quantities: str) -> list[Op]:
    """Registers read as they come out: observed, then projected on zero, which measures them."""
    observed = [SaveProbabilities(index, name, origin="/readout") for name in quantities or ("weights", "overlaps")]
    return [*observed, Project(index, origin="/readout")]


def program(
    model: Model,
    sizes: Mapping[str, int],
    tables: dict[str, Table],
    ops: list[Op],
    *readouts: Readout,
    subnormalisation: float = 1.0,
) -> Program:
    """The program of these registers (those that have qubits), tables and ops; of heads and walks, of named tables."""
    own = "heads" in model.fields["attention"] or model.heads[0].walked
    named = {table for op in ops for table in op.tables} if own else tables.keys()
    return Program(
        name=model.name,
        level="attention",
        registers=tuple(Register(name, size) for name, size in sizes.items() if size),
        tables={name: table for name, table in tables.items() if name in named},
        ops=tuple(ops),
        readouts=readouts,
        subnormalisation=subnormalisation,
    )


class Kernel:
    """The score copies of a kernel c_0..c_k, and the degree registers that a kernel of several terms takes.

    A kernel of one term c_p s^p is a monomial: its coefficient is a factor of every z_j, which no metric sees.
    """

    def __init__(self, kernel: tuple[float, ...], origin: str = "/attention/kernel") -> None:
        self._origin = origin
        degree = max(power for power, coefficient in enumerate(kernel) if coefficient)
        several = sum(1 for coefficient in kernel if coefficient) > 1
        coefficients = kernel[: degree + 1] if several else ()
        lam = float(sum(abs(c) for c in kernel))
        self.amplitudes = tuple(copysign(sqrt(abs(c) / lam), c) for c in coefficients)
        self.copies = tuple(f"score[{copy}]" for copy in range(degree))
        self.degrees = tuple(f"degree[{copy}]" for copy in range(degree)) if several else ()

    @property
    def registers(self) -> tuple[str, ...]:
        """All registers, in the order in which they are given."""
        return (*self.copies, *self.degrees)

    def sizes(self, data_qubits: int) -> dict[str, int]:
        """The registers' qubits."""
        return dict.fromkeys(self.copies, data_qubits) | dict.fromkeys(self.degrees, 1)

    def scores(self, copy: Callable[[str, tuple[str, ...]], list[Op]]) -> list[Op]:
        """Multiply by g(s) / lam: each ``copy`` on its register, where its degree register is 1, and projected."""
        ops: list[Op] = []
        if self.degrees:
            ops.append(PrepareDegree(self.degrees, self.amplitudes, origin=self._origin))
        for place, register in enumerate(self.copies):
            ops += copy(register, self.degrees[place : place + 1])
            ops.append(Project((register,), origin=self._origin))
        return ops

    def projected(self) -> list[Op]:
        """The end of the degree registers."""
        if not self.degrees:
            return []
        magnitudes = tuple(abs(amplitude) for amplitude in self.amplitudes)
        return [Project(self.degrees, "unary", amplitudes=magnitudes, origin=self._origin)]


def evolution_of(model: Model) -> Evolution | None:
    """What takes each token to the next, as tables of tokens say it; None where the model file does not."""
    if model.evolution is None:
        return None
    terms = tuple(term.lower() for term in model.evolution.terms)
    return Evolution(terms, model.evolution.coefficients, model.evolution.dt)


def applied(register: str, table: str, rotated: Rotated | None, origin: str, when: tuple[str, ...] = ()) -> list[Op]:
    """The op of a unitary that :func:`unitary` described; none for the identity."""
    if rotated is None:
        return []
    form, rotations = rotated
    return [ApplyUnitary(register, form, table, rotations, when, origin=origin)]


def unitary(name: str, given: Unitary, model: Model, tables: dict[str, Table]) -> Rotated | None:
    """Form and rotations of a unitary, whose table goes into ``tables`` under ``name``; None for the identity."""
    if isinstance(given, Identity):
        return None
    if isinstance(given, Matrix):
        tables[name] = Table(given.matrix(model.dimension))
        return "matrix", ()
    tables[name] = Table(given.parameters)
    return "hardware-efficient", tuple(given.rotations)
