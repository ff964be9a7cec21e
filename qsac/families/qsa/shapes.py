"""Stand-ins for models of another shape: programs of tables without numbers, and small models of drawn ones.

What is kept of the model is its mask, its kernel's coefficients, the kinds of V and W, the readout, whether there are
phases, and whether its numbers are real.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from qsac.families.ansatz import Ansatz
from qsac.families.contract import CircuitStep
from qsac.families.qsa.construction import (
    CONJUGATED,
    FLAG,
    KEYS,
    KIND,
    MODULI,
    QUERIES,
    VALUES,
    WEIGHTS,
)
from qsac.families.qsa.head_rows import HEAD, count_of_rows
from qsac.families.qsa.heads import Head
from qsac.families.qsa.joined import joined
from qsac.families.qsa.model import Model
from qsac.families.qsa.parts import CONTEXT, LENGTHS, TARGETS
from qsac.families.qsa.readouts.predict import Predict
from qsac.families.qsa.readouts.reading import Readout
from qsac.families.qsa.readouts.resolution import resolution
from qsac.families.qsa.schema import OF_ONE_HEAD
from qsac.families.qsa.walked_heads import ENDS, WALKED_KEYS, WALKED_QUERIES
from qsac.families.tokens.sequence import normalised
from qsac.families.unitary import Identity, Matrix, Unitary
from qsac.families.walked_kernel import PARITY
from qsac.files.numbers import Numbers
from qsac.ir.attention import LoadTokens, LoadWhole, MarkKeys, PhaseTable, PrepareIndices, Project
from qsac.ir.op import Op, Register
from qsac.ir.program import Program
from qsac.ir.shaped_table import ShapedTable, Span
from qsac.ir.table import Table
from qsac.numerics.plan import occupied_columns

SYNTHESISED = 5
"""Most qubits of a matrix that is drawn for a program, so that it can be synthesised where it is not folded."""

SEED = 2602

ROWS_OF_WALKS = (WALKED_KEYS, WALKED_QUERIES, ENDS)
ROWS_OF_HEADS = (KEYS, QUERIES, VALUES, *ROWS_OF_WALKS)
"""Tables of rows that are made of one token each; the former of heads that a walk is for."""

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


@dataclass(frozen=True)
class ShapeOfHeads(Shape):
    """The same of a model file that lists heads: how many, and their key shifts. The types of kernels, V and W are
    those of each head, separated by commas, or one if they are all the same; the degree is the highest."""

    heads: int
    key_shifts: str


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


def shape_of(model: Model, size: Size) -> Shape:
    """What an estimate of a model is of, at a size of its own or another."""
    attention = model.fields["attention"]
    listed = attention.get("heads", [attention])
    kinds = {side: ", ".join(_distinct([head[side]["type"] for head in listed])) for side in OF_ONE_HEAD}
    shape = Shape(
        context=size.context,
        dimension=size.dimension,
        data_qubits=size.data_qubits,
        degree=model.degree,
        kernel=kinds["kernel"],
        mask=model.mask,
        value=kinds["value"],
        score=kinds["score"],
        readout=model.readout.type,
        real=not np.iscomplexobj(model.tokens),
    )
    if "heads" not in attention:
        return shape
    shifts = ", ".join(str(head.key_shift) for head in model.heads)
    return ShapeOfHeads(**vars(shape), heads=len(model.heads), key_shifts=shifts)


_SAME_ROWS = "heads that have the same V or W, or none, load rows that repeat, which may save gates"


def doubts_of_heads(model: Model, size: Size) -> list[str]:
    """Why rows of several heads may not be as generic as their number says."""
    found, several = [], joined(model, size.context)
    if several.one_score and not several.heads[0].key_shift:
        return [_SAME_ROWS] if 1 < len(set(several.values)) < len(several.values) else []
    if size.data_qubits == 1:
        found.append("rows of two entries may have angles in common, which may save a few one-qubit gates")
    if len({head.conjugate for head in several.heads}) > 1:
        found.append("rows and their conjugates have the same moduli, which may save a few gates")
    alike = [numbers for numbers in (several.values, several.scores) if 1 < len(set(numbers)) < len(numbers)]
    scores = [given.fields for given in model.unitaries.values() if given.side == "score"]
    same = [scores[number] for number in dict.fromkeys(several.scores)]
    as_uncomputed = any(isinstance(head.score, Identity) for head in several.heads)
    if alike or as_uncomputed or any(fields in same[:place] for place, fields in enumerate(same)):
        found.append(_SAME_ROWS)
    return found


def _distinct(names: list[str]) -> list[str]:
    """One name where all are the same."""
    return names[:1] if len(set(names)) == 1 else names


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
    tokens = normalised(given, 1 << own.data_qubits)
    return replace(
        model,
        readout=model.readout if size is not None else _drawn_states(model, tokens, rng),
        lengths=None if model.lengths is None else rng.uniform(0.3, 0.9, rows - 1),
        tokens=tokens,
        given_tokens=given,
        given_phases=phases,
        heads=_drawn_heads(model, own, rng, as_given=size is None),
    )


def _drawn_states(model: Model, tokens: Numbers, rng: np.random.Generator) -> Readout:
    """The model's readout, over these tokens where it is read over the model's, and with words of another embedding
    where it is read over those of its text."""
    readout = model.readout
    if isinstance(readout, Predict) and readout.over == "tokens":
        return replace(readout, states=tokens)
    if model.text is None or not isinstance(readout, Predict) or readout.words is None or readout.states is None:
        return readout
    shape = len(readout.words), model.given_tokens.shape[1]
    states = np.linalg.qr(_numbers(rng, shape, real=not np.iscomplexobj(readout.states)))[0]
    return replace(readout, **resolution(cast(Numbers, states), model.dimension, "/tokens/embedding"))


def _drawn_heads(model: Model, size: Size, rng: np.random.Generator, *, as_given: bool) -> tuple[Head, ...]:
    """``as_given``: matrices have the rows that the model file gives, else those of the tokens. Heads that have the
    same V, or W, have the same here."""
    heads = list(model.heads)
    drawn: list[tuple[str, dict[str, Any], Unitary]] = []
    for given in model.unitaries.values():
        same = (made for side, fields, made in drawn if side == given.side and fields == given.fields)
        made = next(same, None) or _drawn_unitary(given.unitary, size, rng, given.rows if as_given else None)
        drawn.append((given.side, given.fields, made))
        heads[given.head] = heads[given.head].with_unitary(given.side, made)
    return tuple(heads)


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
    stand_in = model if own else _stand_in(model, size)
    step = stand_in.readout.step(stand_in)
    return CircuitStep(step.name, partial(outlined, model, size), step.reads, step.index)


def outlined(model: Model, size: Size) -> Program:
    """The attention program of a model of that size, with shaped_tables instead of its tables.

    Of small unitaries and of angles the numbers are drawn. A model that reads out a prediction has its own size.
    """
    own = size == size_of(model)
    stand_in = _with_some_phases(model) if own else _with_few_tokens(model, size)
    program = stand_in.readout.step(stand_in).program
    shifts = {mine.key_shift: head.key_shift for mine, head in zip(stand_in.heads, model.heads, strict=True)}

    def op_of(op: Op) -> Op:
        match op:
            case PrepareIndices() | Project(state="uniform", registers=("key" | "query",)) if not own:
                return replace(op, length=size.context)
            case MarkKeys() if not own:
                return replace(op, length=size.context, shifts=tuple(shifts[shift] for shift in op.shifts))
            case PhaseTable(index="query"):
                return replace(op, phases=ShapedTable((size.context,), real=True))
        return op

    sizes = {"query": size.index_qubits, "key": size.index_qubits} | dict.fromkeys(("value", "score"), size.data_qubits)
    registers = [
        register if own else Register(register.name, sizes.get(register.name.partition("[")[0], register.size))
        for register in program.registers
    ]
    loads = {op.table: op for op in program.ops if isinstance(op, LoadTokens | LoadWhole)}
    heads = joined(stand_in, stand_in.context).heads

    def outline(name: str, table: Table) -> Table:
        if name in ROWS_OF_HEADS:
            mine, rows = _loaded(name, loads[name].index, heads, size.context)
            rows = table.shape[0] if own else rows
            if rows == 1 and name in ROWS_OF_WALKS:  # a single row is loaded by its structure
                return table if own else Table(_generic_row(size))
            return _rows_outline(name, rows, mine, model, size)
        if name in ("value", "score", CONJUGATED):
            # Heads have one V, or those that are copied one W, where it is a table of its own.
            side = name.partition("-")[0]
            owner = next(head for head in heads if side == "value" or not head.walk)
            return _unitary_outline(side, getattr(owner, side), size)
        return _outline(name, table, model, size, name in loads)

    return replace(
        program,
        tables={name: outline(name, table) for name, table in program.tables.items()},
        ops=tuple(map(op_of, program.ops)),
        registers=tuple(registers),
    )


def _loaded(name: str, index: Sequence[str], heads: Sequence[Head], context: int) -> tuple[Sequence[Head], int]:
    """For which of the heads the rows of a table are made that is loaded by an index, and how many rows they are."""
    mine = [head for head in heads if name == VALUES or bool(head.walk) is (name in ROWS_OF_WALKS)]
    if name == QUERIES and {HEAD, KIND} & set(index):
        kinds = [next(head for head in mine if head.conjugate is kind) for kind in {head.conjugate for head in mine}]
        return kinds, count_of_rows(context, len(kinds))
    rows = 2 * context if PARITY in index else context
    return (mine, count_of_rows(rows, len(heads))) if HEAD in index else (mine[:1], rows)


def _generic_row(size: Size) -> Numbers:
    """One real row of unit length."""
    row = np.random.default_rng(SEED).normal(size=size.dimension)
    return normalised(row[None], 1 << size.data_qubits)


def _with_some_phases(model: Model) -> Model:
    """The model with phases of no importance instead of optimal ones, which take long to find."""
    return replace(model, given_phases=np.ones(model.context)) if isinstance(model.given_phases, str) else model


def _with_few_tokens(model: Model, size: Size) -> Model:
    """A stand-in of as few tokens as give a program with the ops of the size's: two, or as many as the key shifts ask
    for, which are made as small as they can be and differ where they did. Those that leave a head nothing still do."""
    live = sorted({head.key_shift for head in model.heads if 0 < head.key_shift < size.context})
    smaller = {0: 0} | {shift: 1 + place for place, shift in enumerate(live)}
    context = min(size.context, max(2, len(live) + 1))
    heads = tuple(replace(head, key_shift=smaller.get(head.key_shift, context)) for head in model.heads)
    return _stand_in(replace(model, heads=heads), size._replace(context=context))


def _stand_in(model: Model, size: Size) -> Model:
    """The model with so many context tokens, all the same: its program has the ops of a larger one. Views of one row,
    as there may be more tokens than any memory holds."""
    phases, context = model.given_phases, size.context
    some = phases is not None and (isinstance(phases, str) or bool(np.any(phases)))
    return replace(
        model,
        tokens=np.broadcast_to(model.tokens[0], (context + 1, model.tokens.shape[1])),
        given_tokens=np.broadcast_to(model.given_tokens[0], (context + 1, model.given_tokens.shape[1])),
        given_phases=np.broadcast_to(1.0, context) if some else None,
        lengths=None if model.lengths is None else np.broadcast_to(0.5, context),
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
    if name == LENGTHS:
        return ShapedTable((size.context, 2), real=True, spans=[Span(name, 0, size.context)])
    if name in (WEIGHTS, MODULI, FLAG, KIND):
        return table
    if loaded or (len(table.shape) == 2 and table.shape[0] != table.shape[1]):
        return ShapedTable(table.shape, real=table.real, spans=[Span(name, 0, table.shape[0])])
    return table


def _rows_outline(name: str, count: int, heads: Sequence[Head], model: Model, size: Size) -> Table:
    """What stands for a table of rows that are made of one token each, for some heads."""
    dimension = 1 << size.data_qubits
    real, columns = not np.iscomplexobj(model.tokens), size.dimension
    spans = set()
    for number, head in enumerate(heads):
        scored = name in (KEYS, WALKED_KEYS, ENDS)
        unitary = head.score if scored else head.value if name == VALUES else Identity()
        conjugated = "conjugate " if name != VALUES and head.conjugate else ""
        made = "" if isinstance(unitary, Identity) else f"{name} {number} of "
        spans.add(Span(f"{conjugated}{made}tokens", 0, size.context))
        real &= unitary.is_real
        if isinstance(unitary, Ansatz):
            columns = dimension
        elif isinstance(unitary, Matrix) and size == size_of(model):
            columns = max(columns, occupied_columns(unitary.entries[:, : size.dimension].T))
    return ShapedTable((count, dimension), real=real, columns=columns, spans=spans)


def _unitary_outline(name: str, unitary: Unitary, size: Size) -> Table:
    if isinstance(unitary, Matrix) and size.data_qubits > SYNTHESISED:
        shape = (1 << size.data_qubits, 1 << size.data_qubits)
        return ShapedTable(shape, real=unitary.is_real, spans=[Span(name, 0, shape[0])])
    made = _drawn_unitary(unitary, size, np.random.default_rng((SEED, len(name))))
    if isinstance(made, Identity):
        raise TypeError("the identity has no table")
    return Table(made.parameters if isinstance(made, Ansatz) else made.entries)
