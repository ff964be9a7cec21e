"""Counts of a model's circuit, of any size, without building it.

A program of tables without numbers (:mod:`qsac.ir.outline`) goes through the same passes, the same lowering and the same
emitters as a model's program does, and its ladders are counted as wholes (:mod:`qsac.emit.tally`). So the counts are
those of the circuit that is compiled for generic tokens of the shape; the work grows with log T, log d and k alone.
Small models are compiled as they are, without routing and verification.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import numpy as np

from qsac.build import CONTEXT, TARGETS, build
from qsac.compiler import Compilation, Options, Watch
from qsac.emit.emit import emit
from qsac.emit.tally import Tally, tally
from qsac.errors import InvalidInputError
from qsac.ir.attention import ApplyUnitary, PhaseTable, PrepareIndices, Project
from qsac.ir.op import Op, Register
from qsac.ir.outline import Outline, Span
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.lowering.allocation import allocate
from qsac.machine.read import find_target
from qsac.model.ansatz import Ansatz
from qsac.model.load import load
from qsac.model.model import Model
from qsac.model.readout import Predict
from qsac.model.unitary import Identity, Matrix
from qsac.pipeline import Preference, Target
from qsac.report.stats import circuit_stats, gate_times, tally_stats

CONTEXT_LIMIT = 1 << 40
DIMENSION_LIMIT = 1 << 20
"""Largest shape that is estimated: far beyond what any machine will run."""

BUILT = 1 << 14
"""Most two-qubit gates of a circuit that is compiled to be counted."""

SYNTHESISED = 5
"""Most qubits of a matrix that is drawn, so that it can be synthesised where it is not folded into tables."""


@dataclass(frozen=True)
class Shape:
    """What an estimate is of: ``dimension`` d as given, ``data_qubits`` after padding; ``value``, ``score``,
    ``kernel`` and ``readout`` as in the model file; ``real``: whether the tokens are."""

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
class Estimate:
    """Counts of a circuit that was not built for a machine.

    ``counts`` are those of :func:`~qsac.report.stats.circuit_stats`. ``exact``: a circuit compiled for what the
    estimate is of has just these counts; ``reason`` says why, or why not. ``basis``: whether the model's own circuit was
    counted, or that of generic tokens of its shape. ``limit`` is the most qubits that may be used.
    """

    name: str
    target: str
    shape: Shape
    optimisation: int
    prefer: Preference
    basis: Literal["circuit", "shape"]
    exact: bool
    reason: str
    limit: int | None
    counts: Mapping[str, Any]
    passes: tuple[dict[str, Any], ...]

    @property
    def fits(self) -> bool:
        """Whether the target has the qubits."""
        return self.limit is None or self.counts["qubits"] <= self.limit

    def to_json(self) -> dict[str, Any]:
        """All of it, JSON-ready: what ``qsac estimate --json`` prints."""
        return {
            "name": self.name,
            "target": self.target,
            "shape": asdict(self.shape),
            "options": {"optimisation": self.optimisation, "prefer": self.prefer, "qubits": self.limit},
            "basis": self.basis,
            "exact": self.exact,
            "reason": self.reason,
            "fits": self.fits,
            **self.counts,
        }


class _Estimation(Compilation):
    """A compilation of any size."""

    def check_size(self, program: Program) -> None:
        """Nothing is refused: whether it fits is part of what is told."""


def estimate(
    model: Model | Mapping[str, Any] | str | os.PathLike[str],
    target: str | Target = "h1",
    *,
    context: int | float | str | None = None,
    dimension: int | float | str | None = None,
    optimisation: int = 2,
    qubits: int | None = None,
    prefer: Preference = "qubits",
) -> Estimate:
    """Counts of what :func:`~qsac.compiler.compile` would build, of the model's shape or of another one.

    ``context`` T and ``dimension`` d stand for a model like this one (mask, kernel, kinds of V and W, readout, real or
    complex tokens) with generic tokens of that shape; whole numbers, also as text such as ``"1e6"``. Without them the
    model is taken as it is, and compiled if that takes at most :data:`BUILT` two-qubit gates. Routing is left out.
    Other options as for :func:`~qsac.compiler.compile`, without an error budget.

    Raises :class:`~qsac.errors.InvalidInputError` for a model, target, size or option that is none.
    """
    source = model if isinstance(model, Model) else load(model)
    rescaled = context is not None or dimension is not None
    if rescaled and isinstance(source.readout, Predict):
        raise InvalidInputError(
            "a model that reads out a prediction has no other shape: its states belong to its tokens",
            found="--context or --dimension with the readout predict",
            wanted="the readout loss or overlaps",
        )
    positions = source.context if context is None else whole(context, "context", 1, CONTEXT_LIMIT)
    entries = int(source.given_tokens.shape[1])
    if dimension is not None:
        entries = whole(dimension, "dimension", 2, DIMENSION_LIMIT)
    machine = find_target(target)
    options = Options(optimisation, qubits=qubits, prefer=prefer)

    def estimation() -> _Estimation:
        return _Estimation(machine, options, Watch(None), None)

    compilation = estimation()
    counted, synthesised = _tallied(_outlined(source, positions, entries), compilation)
    counts = tally_stats(counted, machine)
    exact, reason = rescaled and not synthesised, _GENERIC if rescaled else _NOT_LOOKED_AT
    basis: Literal["circuit", "shape"] = "shape"
    if not rescaled and counted.two_qubit_gates <= BUILT:
        compilation = estimation()
        blocks = compilation.blocks(compilation.attention(build(source)))
        counts = circuit_stats(emit(blocks, compilation.context), machine)
        basis, exact, reason = "circuit", True, "the model's own circuit was counted"
    elif synthesised:
        reason += "; a matrix that is not folded is synthesised, by gates that depend on it"
    if machine.coupling is not None:
        counts |= {"error_free_probability": None, "run_time": None, "cost": None}
        exact = False
        reason = f"before routing to {machine.name}, which adds gates that only routing tells; {reason}"
    return Estimate(
        name=source.name,
        target=machine.name,
        shape=_shape(source, positions, entries),
        optimisation=optimisation,
        prefer=prefer,
        basis=basis,
        exact=exact,
        reason=reason,
        limit=compilation.context.width_limit,
        counts=counts,
        passes=tuple(compilation.counts),
    )


_GENERIC = (
    "for generic tokens of this shape; tokens that repeat, or span fewer dimensions than their number allows, take fewer"
    " gates"
)
_NOT_LOOKED_AT = (
    "for generic tokens of this shape, as the model is too large to be built; its tokens were not looked at, and take"
    " fewer gates if they repeat or span fewer dimensions than their number allows"
)


def whole(number: int | float | str, name: str, least: int, most: int) -> int:
    """A whole number within bounds, also as text. Raises :class:`~qsac.errors.InvalidInputError`."""
    wanted = f"a whole number from {least} to {most:,}"
    try:
        exact = Decimal(str(number).strip().replace("_", ""))
    except InvalidOperation:
        exact = Decimal("nan")
    if not exact.is_finite() or exact != exact.to_integral_value() or not least <= exact <= most:
        raise InvalidInputError(f"this is no {name}", found=f"{name} {str(number)[:40]}", wanted=wanted)
    return int(exact)


def _shape(model: Model, positions: int, entries: int) -> Shape:
    attention = model.fields["attention"]
    return Shape(
        context=positions,
        dimension=entries,
        data_qubits=(entries - 1).bit_length(),
        degree=model.degree,
        kernel=attention["kernel"]["type"],
        mask=model.mask,
        value=attention["value"]["type"],
        score=attention["score"]["type"],
        readout=model.readout.type,
        real=not np.iscomplexobj(model.tokens),
    )


def _tallied(program: Program, compilation: Compilation) -> tuple[Tally, bool]:
    """The counts of an outlined program, and whether a matrix was synthesised for them."""
    program = compilation.attention(program)
    kept = [op for op in program.ops if isinstance(op, ApplyUnitary) and op.form == "matrix"]
    wide = [op for op in kept if program.scope.sizes[op.data] + len(op.when) > 1]
    if any(not program.tables[op.table].known for op in kept):
        size = program.scope.sizes[kept[0].data]
        raise InvalidInputError(
            f"a matrix on {size} qubits that is not folded into tables cannot be estimated: its gates are synthesised",
            found=f"-O {compilation.options.optimisation}",
            wanted=f"-O 2, which folds it, or at most {SYNTHESISED} qubits",
        )
    machine = compilation.context.target
    lasts = machine.durations and gate_times(machine.durations)
    return tally(compilation.blocks(program), machine.family, lasts), bool(wide)


def _outlined(model: Model, positions: int, entries: int) -> Program:
    """The attention program of a model of another shape, or of its own, with outlines in place of its tables."""
    resized = (positions, entries) != (model.context, model.given_tokens.shape[1])
    stand_in = _stand_in(model, min(positions, 2)) if resized else _with_phases(model)
    program = build(stand_in)
    rows, size = stand_in.context, max(1, (entries - 1).bit_length())
    index = (positions - 1).bit_length()
    tables = {name: _resized(name, table, model, positions, entries, rows) for name, table in program.tables.items()}

    def op_of(op: Op) -> Op:
        match op:
            case PrepareIndices():
                return replace(op, length=positions)
            case Project(state="uniform", registers=("key" | "query",)) if resized:
                return replace(op, length=positions)
            case PhaseTable(index="query"):
                return replace(op, phases=Outline((positions,), real=True))
        return op

    def register_of(register: Register) -> Register:
        if resized and register.name in ("query", "key"):
            return Register(register.name, index)
        if resized and register.name.partition("[")[0] in ("value", "score"):
            return Register(register.name, size)
        return register

    return replace(
        program, tables=tables, ops=tuple(map(op_of, program.ops)), registers=tuple(map(register_of, program.registers))
    )


def _with_phases(model: Model) -> Model:
    """The model with phases of no importance in place of optimal ones, which take long to find."""
    return replace(model, given_phases=np.ones(model.context)) if isinstance(model.given_phases, str) else model


def _stand_in(model: Model, context: int) -> Model:
    """The model with so many context tokens, all the same."""
    phases = model.given_phases
    some = phases is not None and (isinstance(phases, str) or bool(np.any(phases)))
    return replace(
        model,
        tokens=np.repeat(model.tokens[:1], context + 1, axis=0),
        given_tokens=np.repeat(model.given_tokens[:1], context + 1, axis=0),
        given_phases=np.ones(context) if some else None,
    )


def _resized(name: str, table: Table, model: Model, positions: int, entries: int, rows: int) -> Table:
    """What stands for a table of a model's program, built with ``rows`` context tokens."""
    dimension = 1 << max(1, (entries - 1).bit_length())
    real = not np.iscomplexobj(model.tokens)
    if name in (CONTEXT, TARGETS):
        count = table.shape[0] if isinstance(model.readout, Predict) else positions
        first = int(name == TARGETS)
        return Outline((count, dimension), real=real, columns=entries, spans=[Span("tokens", first, first + count)])
    if name in ("value", "score"):
        unitary = getattr(model, name)
        return _unitary(name, unitary, dimension)
    if len(table.shape) == 2 and table.shape[0] != table.shape[1]:
        return Outline(table.shape, real=table.real, spans=[Span(name, 0, table.shape[0])])
    return table


def _unitary(name: str, unitary: Identity | Ansatz | Matrix, dimension: int) -> Table:
    """Generic numbers for a unitary of the same kind on d dimensions: drawn, unless they are too many."""
    rng = np.random.default_rng([2602, len(name)])
    size = dimension.bit_length() - 1
    if isinstance(unitary, Ansatz):
        layers, _, rotations = unitary.parameters.shape
        return Table(rng.uniform(0.5, 2.5, (layers, size, rotations)))
    assert isinstance(unitary, Matrix)
    if size > SYNTHESISED:
        return Outline((dimension, dimension), real=unitary.is_real, spans=[Span(name, 0, dimension)])
    values = rng.normal(size=(dimension, dimension))
    if not unitary.is_real:
        values = values + 1j * rng.normal(size=(dimension, dimension))
    return Table(np.linalg.qr(values)[0])
