"""Unitaries on a data register: the value and score transformations V and W."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Data, Level, Op, Scope, check_data, registers_of, spoken
from qsac.numerics.pauli import Axis, rotation_matrix

if TYPE_CHECKING:
    from qsac.ir.program import Program

UnitaryForm = Literal["matrix", "diagonal", "hardware-efficient"]


_AXES: dict[str, Axis] = {"rx": "x", "ry": "y", "rz": "z"}


class Rotation(NamedTuple):
    """exp(-i angle P / 2) with P the given axis, on one qubit of the register; angle in radians."""

    axis: Axis
    qubit: int
    angle: float


class Entangler(NamedTuple):
    """CX from ``control`` to ``target``, qubits of the register."""

    control: int
    target: int


@dataclass(frozen=True)
class ApplyUnitary(Op):
    """Apply a unitary to ``data`` if every ``when`` qubit is 1.

    ``data`` is a register, or a list of several that are taken as one, the first of them most significant.
    ``matrix``: ``table`` names the (D, D) matrix. ``diagonal``: it names the D entries. ``hardware-efficient``: it
    names angles of shape (layers, n, rotations) in radians; each layer rotates every qubit about ``rotations`` in
    order, followed by a ring of CX (docs/model-file.md).
    """

    name: ClassVar[str] = "apply-unitary"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "unitary on"

    data: Data
    form: UnitaryForm
    table: str
    rotations: tuple[str, ...] = ()
    when: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        return registers_of(self.data)

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return self.when

    def check(self, scope: Scope) -> str | None:
        problem = check_data(self.data)
        if problem is not None:
            return problem
        table, size = scope.tables[self.table], self.size(scope)
        if self.form == "matrix":
            if table.shape != (1 << size, 1 << size):
                return f"matrix {self.table!r} of shape {table.shape} does not fit {spoken(self.data)}"
            if table.known and np.max(np.abs(table.values @ table.values.conj().T - np.eye(1 << size))) > 1e-9:
                return f"matrix {self.table!r} is not unitary"
            return None
        if self.form == "diagonal":
            turned = table.known and np.max(np.abs(np.abs(table.values) - 1)) > 1e-9
            if table.shape != (1 << size,) or turned:
                return f"diagonal {self.table!r} is not {1 << size} entries of modulus 1"
            return None
        if self.form != "hardware-efficient":
            return f"form {self.form!r} is none of 'matrix', 'diagonal', 'hardware-efficient'"
        if not set(self.rotations) <= set(_AXES):
            return f"rotations {self.rotations} are not among rx, ry, rz"
        if len(table.shape) != 3 or table.shape[1:] != (size, len(self.rotations)) or not table.real:
            return f"angles {self.table!r} of shape {table.shape} are not (layers, {size}, {len(self.rotations)})"
        return None

    def size(self, scope: Scope) -> int:
        """The qubits that the unitary is on, without those that gate it."""
        return sum(scope.sizes[name] for name in self.targets)

    def gates(self, scope: Scope) -> Iterator[Rotation | Entangler]:
        """The gates of a hardware-efficient unitary, in time order."""
        size = self.size(scope)
        ring = {1: [], 2: [(0, 1)]}.get(size, [(q, (q + 1) % size) for q in range(size)])
        for layer in scope.tables[self.table].values:
            for qubit in range(size):
                for rotation, angle in zip(self.rotations, layer[qubit], strict=True):
                    yield Rotation(_AXES[rotation], qubit, float(angle))
            for control, target in ring:
                yield Entangler(control, target)

    def unitary(self, scope: Scope) -> NDArray[np.complex128]:
        """The (D, D) matrix applied where the ``when`` qubits are 1."""
        if self.form == "matrix":
            return scope.tables[self.table].values.astype(np.complex128)
        if self.form == "diagonal":
            return np.diag(scope.tables[self.table].values).astype(np.complex128)
        size = self.size(scope)
        dimension = 1 << size
        matrix = np.eye(dimension, dtype=np.complex128)
        basis = np.arange(dimension)
        for gate in self.gates(scope):
            if isinstance(gate, Entangler):
                controlled = (basis >> (size - 1 - gate.control)) & 1
                matrix = matrix[basis ^ (controlled << (size - 1 - gate.target))]
            else:
                shaped = matrix.reshape(1 << gate.qubit, 2, -1)
                matrix = np.einsum("ab,xby->xay", rotation_matrix(gate.axis, gate.angle), shaped)
                matrix = matrix.reshape(dimension, dimension)
        return matrix

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        unitary = self.unitary(scope)
        matrices = np.tile(np.eye(len(unitary), dtype=np.complex128), (scope.dimension(self.when), 1, 1))
        matrices[-1] = unitary
        return matrices


def has_synthesis(program: Program, *, gated: bool = False) -> bool:
    """Whether a program has matrices on two qubits or more, ``gated`` ones only if wanted, gates included, that passes
    may fold into tables: those without a barrier.

    They are synthesised, so that their gates depend on their numbers. Where a matrix stands by itself a template has
    fixed gates for it.
    """
    return any(
        isinstance(op, ApplyUnitary)
        and op.form == "matrix"
        and not op.barrier
        and (bool(op.when) or (not gated and op.size(program.scope) > 1))
        for op in program.ops
    )
