"""Stand-ins for models of another shape: programs of tables without numbers, and small models of drawn ones.

What is kept of the model is its mask, its kernel's coefficients, the kinds of V and W, the readout, whether there are
phases, and whether its numbers are real.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from qsac.families.ansatz import Ansatz
from qsac.families.contract import CircuitStep
from qsac.families.qsa.model import Model
from qsac.families.qsa.parts import CONTEXT, TARGETS
from qsac.families.qsa.readouts.predict import Predict
from qsac.families.tokens.sequence import normalised
from qsac.families.unitary import Identity, Matrix, Unitary
from qsac.files.numbers import Numbers
from qsac.ir.attention import LoadTokens, PhaseTable, PrepareIndices, Project
from qsac.ir.op import Op, Register
from qsac.ir.program import Program
from qsac.ir.shaped_table import ShapedTable, Span
from qsac.ir.table import Table

SYNTHESISED = 5
"""Most qubits of a matrix that is drawn for a program, so that it can be synthesised where it is not folded."""

SEED = 2602


CONTEXT_LIMIT = 1 << 40
DIMENSION_LIMIT = 1 << 20
"""Largest shape that is estimated: far beyond what any machine will run."""


@dataclass(frozen=True)
class Shape:
    """What an estimate is of: T, d as given and n after padding; the degree k and the type of the kernel, mask, the
    types of V and W and the readout as in the model file; whether the tokens are real."""

    context: int
    dimension: int
    data_qubits: int
    degree: int
    kernel: str
    mask: str
    value: str
    score: str
    readout: str
    real: bool


class Size(NamedTuple):
    """T and d, the latter before padding."""

    context: int
    dimension: int

    @property
    def data_qubits(self) -> int:
        """The number n: d is padded to 2^n."""
        return (self.dimension - 1).bit_length()

    @property
    def index_qubits(self) -> int:
        """The number m = ceil(log2 T)."""
        return (self.context - 1).bit_length()


def size_of(model: Model) -> Size:
    """The model's own."""
    return Size(model.context, int(model.given_tokens.shape[1]))


def drawn(model: Model, size: Size | None = None) -> Model:
    """A model with generic tokens, parameters and phases; the same ones each time.

    Without a size it has the model's own, and phases wherever the model file has any, as others may be bound.
    """
    rng = np.random.default_rng(SEED)
    rows, columns = model.given_tokens.shape if size is None else (size.context + 1, size.dimension)
    given = _numbers(rng, (rows, columns), real=not np.iscomplexobj(model.given_tokens))
    phases = model.given_phases
    if phases is not None if size is None else isinstance(phases, np.ndarray) and np.any(phases):
        phases = rng.uniform(0.5, 2.5, rows - 1)
    own = Size(rows - 1, columns)
    return replace(
        model,
        tokens=normalised(given, 1 << own.data_qubits),
        given_tokens=given,
        given_phases=phases,
        value=_drawn_unitary(model.value, own, rng, model.matrix_rows("value") if size is None else None),
        score=_drawn_unitary(model.score, own, rng, model.matrix_rows("score") if size is None else None),
    )


def _drawn_unitary(unitary: Unitary, size: Size, rng: np.random.Generator, rows: int | None = None) -> Unitary:
    """``rows`` are those of a matrix before it is extended by the identity, those of the tokens if not given."""
    if isinstance(unitary, Identity):
        return unitary
    if isinstance(unitary, Ansatz):
        layers, _, rotations = unitary.parameters.shape
        return replace(unitary, parameters=rng.uniform(0.5, 2.5, (layers, size.data_qubits, rotations)))
    given = size.dimension if rows is None else rows
    turned = np.linalg.qr(_numbers(rng, (given, given), real=unitary.is_real))[0]
    entries = np.eye(1 << size.data_qubits, dtype=turned.dtype)
    entries[:given, :given] = turned
    return Matrix(cast(Numbers, entries))


def _numbers(rng: np.random.Generator, shape: tuple[int, ...], *, real: bool) -> Numbers:
    values: NDArray[np.float64] = rng.normal(size=shape)
    return values if real else values + 1j * rng.normal(size=shape)


def generic_step(model: Model, size: Size) -> CircuitStep:
    """The circuit of a model of that size, its program :func:`outlined`."""
    own = size == size_of(model)
    stand_in = model if own else _stand_in(model, size.context)
    step = stand_in.readout.step(stand_in)
    return CircuitStep(step.name, partial(outlined, model, size), step.reads, step.index)


def outlined(model: Model, size: Size) -> Program:
    """The attention program of a model of that size, with shaped_tables instead of its tables.

    Of small unitaries and of angles the numbers are drawn. A model that reads out a prediction has its own size.
    """
    own = size == size_of(model)
    stand_in = _with_some_phases(model) if own else _stand_in(model, min(size.context, 2))
    program = stand_in.readout.step(stand_in).program

    def op_of(op: Op) -> Op:
        match op:
            case PrepareIndices() | Project(state="uniform", registers=("key" | "query",)) if not own:
                return replace(op, length=size.context)
            case PhaseTable(index="query"):
                return replace(op, phases=ShapedTable((size.context,), real=True))
        return op

    sizes = {"query": size.index_qubits, "key": size.index_qubits} | dict.fromkeys(("value", "score"), size.data_qubits)
    registers = [
        register if own else Register(register.name, sizes.get(register.name.partition("[")[0], register.size))
        for register in program.registers
    ]
    loaded = {op.table for op in program.ops if isinstance(op, LoadTokens)}
    return replace(
        program,
        tables={name: _outline(name, table, model, size, name in loaded) for name, table in program.tables.items()},
        ops=tuple(map(op_of, program.ops)),
        registers=tuple(registers),
    )


def _with_some_phases(model: Model) -> Model:
    """The model with phases of no importance instead of optimal ones, which take long to find."""
    return replace(model, given_phases=np.ones(model.context)) if isinstance(model.given_phases, str) else model


def _stand_in(model: Model, context: int) -> Model:
    """The model with so many context tokens, all the same: its program has the ops of a larger one. Views of one row,
    as there may be more tokens than any memory holds."""
    phases = model.given_phases
    some = phases is not None and (isinstance(phases, str) or bool(np.any(phases)))
    return replace(
        model,
        tokens=np.broadcast_to(model.tokens[0], (context + 1, model.tokens.shape[1])),
        given_tokens=np.broadcast_to(model.given_tokens[0], (context + 1, model.given_tokens.shape[1])),
        given_phases=np.broadcast_to(1.0, context) if some else None,
    )


def _outline(name: str, table: Table, model: Model, size: Size, loaded: bool) -> Table:
    """What stands for a table of a model's program; of ``loaded`` ones the rows are states, even where it is square."""
    dimension = 1 << size.data_qubits
    if name in (CONTEXT, TARGETS):
        # The context of a prediction may be shorter than the model's.
        rows = table.shape[0] if isinstance(model.readout, Predict) else size.context
        first = int(name == TARGETS)
        spans = [Span("tokens", first, first + rows)]
        return ShapedTable(
            (rows, dimension), real=not np.iscomplexobj(model.tokens), columns=size.dimension, spans=spans
        )
    if name in ("value", "score"):
        return _unitary_outline(name, getattr(model, name), size)
    if loaded or (len(table.shape) == 2 and table.shape[0] != table.shape[1]):
        return ShapedTable(table.shape, real=table.real, spans=[Span(name, 0, table.shape[0])])
    return table


def _unitary_outline(name: str, unitary: Unitary, size: Size) -> Table:
    if isinstance(unitary, Matrix) and size.data_qubits > SYNTHESISED:
        shape = (1 << size.data_qubits, 1 << size.data_qubits)
        return ShapedTable(shape, real=unitary.is_real, spans=[Span(name, 0, shape[0])])
    made = _drawn_unitary(unitary, size, np.random.default_rng((SEED, len(name))))
    if isinstance(made, Identity):
        raise TypeError("the identity has no table")
    return Table(made.parameters if isinstance(made, Ansatz) else made.entries)
