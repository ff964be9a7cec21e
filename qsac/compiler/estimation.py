"""Counts of a model's circuit, of any size, without building it.

A program of tables without numbers (:mod:`qsac.ir.outline`) goes through the same passes, lowering and emitters as a
model's program does, and its ladders are counted as wholes (:mod:`qsac.counting.tally`). So the counts are those of the
circuit that is compiled for generic tokens of the shape; the work grows with log T, log d and k alone. What comes out
small is compiled instead, without routing and verification.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from qsac.compiler.compilation import Compilation, Watch
from qsac.compiler.options import Options, asked_for
from qsac.counting.formulas import diagonal_cost, op_cost
from qsac.counting.stats import circuit_stats, gate_times, tally_stats
from qsac.counting.tally import tally
from qsac.emit.emit import emit
from qsac.errors import InvalidInputError, printable
from qsac.families.qsa.build import build
from qsac.families.qsa.model import Model
from qsac.families.qsa.readouts import Predict
from qsac.families.qsa.shapes import Size, drawn, outlined, size_of
from qsac.families.reading import model_of
from qsac.families.unitary import Identity
from qsac.files.arguments import shown
from qsac.ir.attention import ApplyUnitary, LoadTokens
from qsac.ir.outline import Outline
from qsac.ir.program import Program
from qsac.machine.read import find_target
from qsac.machine.target import DEFAULT_TARGET, Target
from qsac.pipeline.contract import Preference
from qsac.report.forecast import forecast

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

CONTEXT_LIMIT = 1 << 40
DIMENSION_LIMIT = 1 << 20
"""Largest shape that is estimated: far beyond what any machine will run."""

BUILT = 1 << 14
"""Most two-qubit gates of a circuit that is compiled to be counted."""

ENTRIES = 1 << 16
"""Most entries of a unitary's matrix, or of tokens that are drawn, in a circuit that is compiled to be counted."""

Basis = Literal["model", "generic model", "shape"]


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
class Estimate:
    """Counts of a circuit that was not compiled for a machine.

    ``counts`` are those of :func:`~qsac.counting.stats.circuit_stats`, None where they cannot be told. ``exact``: the
    circuit that is compiled for the model, or for generic tokens if another shape was asked for, has just these counts;
    ``reason`` says why, or why not. ``basis``: whether the model's own circuit was counted, that of drawn tokens, or
    none. ``limit`` is the most qubits that may be used. ``forecast`` is :func:`~qsac.report.forecast.forecast`'s; of
    another shape than the model's own the numbers are unknown, and so are its shots. ``source`` is the model that was
    given, ``rescaled`` whether the estimate is of another shape.
    """

    name: str
    target: str
    shape: Shape
    optimisation: int
    prefer: Preference
    basis: Basis
    exact: bool
    reason: str
    limit: int | None
    counts: Mapping[str, Any]
    forecast: Mapping[str, Any]
    source: Model = field(repr=False)
    rescaled: bool

    @property
    def fits(self) -> bool:
        """Whether the target has the qubits."""
        return self.limit is None or self.counts["qubits"] <= self.limit

    @cached_property
    def advice(self) -> str | None:
        """That a result would be noise and what would help, as a sentence; None where it would not."""
        from qsac.compiler.advice import advice

        shape = (self.shape.context, self.shape.dimension) if self.rescaled else None
        options = {"optimisation": self.optimisation}
        return advice(self.source, self.target, self.counts, self.forecast, options, shape)

    def to_json(self) -> dict[str, Any]:
        """All of it, JSON-ready: what ``qsac estimate --json`` prints."""
        return {
            "name": self.name,
            "target": self.target,
            "shape": asdict(self.shape),
            "options": {"optimisation": self.optimisation, "qubits": self.limit, "prefer": self.prefer},
            "basis": self.basis,
            "exact": self.exact,
            "reason": self.reason,
            "fits": self.fits,
            "counts": dict(self.counts),
            "forecast": dict(self.forecast),
            "advice": self.advice,
        }


def estimate(
    model: Model | Mapping[str, Any] | str | os.PathLike[str],
    target: AnyTarget = DEFAULT_TARGET,
    *,
    context: float | str | None = None,
    dimension: float | str | None = None,
    optimisation: int | None = None,
    optimization_level: int | None = None,
    qubits: int | None = None,
    prefer: Preference = "qubits",
) -> Estimate:
    """Counts of what :func:`~qsac.compiler.compilation.compile` would build, of the model's shape or of another one.

    ``context`` T and ``dimension`` d stand for a model like this one (mask, kernel's coefficients, kinds of V and W,
    readout, real or complex tokens) with generic tokens of that shape; whole numbers, also as text such as ``"1e6"``.
    Without them the model is taken as it is. Routing is left out. The other options are as for
    :func:`~qsac.compiler.compilation.compile`; there is no error budget.

    Raises :class:`~qsac.errors.InvalidInputError` for an invalid model, target, size or option.
    """
    source = model_of(model)
    own = size_of(source)
    size = Size(
        own.context if context is None else whole(context, "context", 1, CONTEXT_LIMIT),
        own.dimension if dimension is None else whole(dimension, "dimension", 2, DIMENSION_LIMIT),
    )
    if size != own and isinstance(source.readout, Predict):
        raise InvalidInputError(
            "a model that reads out a prediction has no other shape: its states belong to its tokens",
            found="--context or --dimension with the readout predict",
            wanted="the readout loss or overlaps",
        )
    machine = find_target(target)
    options = asked_for(optimisation, optimization_level, None, 0, 0.0, qubits, prefer)
    rescaled = context is not None or dimension is not None
    counted = _Counted(machine, options, outlined(source, size))
    counts, basis = dict(counted.of_shape), _basis(source, size, counted, rescaled=rescaled)
    if basis != "shape":
        counts = built_counts(source if basis == "model" else drawn(source, size), machine, options)
    doubts = [] if basis == "model" else _doubts(source, size, counted.final, basis)
    if not rescaled and basis == "shape":
        doubts.insert(0, "the model is too large to be compiled to be counted, and its tokens were not looked at")
    reason = "counted in the model's own circuit" if basis == "model" else _GENERIC
    if machine.coupling is not None:
        counts |= {"error_free_probability": None, "duration": None, "cost": None}
        doubts.insert(0, f"counts are for all-to-all connections, before routing to {machine.name} adds to them")
    return Estimate(
        name=source.name,
        target=machine.name,
        shape=_shape(source, size),
        optimisation=options.optimisation,
        prefer=options.prefer,
        basis=basis,
        exact=not doubts,
        reason="; ".join([*doubts, reason]),
        limit=counted.context.width_limit,
        counts=counts,
        source=source,
        rescaled=rescaled,
        forecast=forecast(None if rescaled else source, counted.final.normalisation, counts, machine),
    )


_GENERIC = (
    "counted for generic tokens: those that repeat, or span fewer dimensions than their number allows, take fewer gates"
)


def whole(number: float | str, name: str, least: int, most: int) -> int:
    """A whole number within bounds, also as text. Raises :class:`~qsac.errors.InvalidInputError`."""
    exact = Decimal("nan")
    if isinstance(number, str):
        with suppress(InvalidOperation):
            exact = Decimal(number.strip())
    elif not isinstance(number, bool):
        # NumPy's too: whole numbers as they are, others by their shortest text.
        with suppress(TypeError):
            exact = Decimal(operator.index(number))  # type: ignore[arg-type]  # a TypeError if it is not whole
        if isinstance(number, float | np.floating):
            exact = Decimal(repr(float(number)))
    if not exact.is_finite() or not least <= exact <= most or exact != exact.to_integral_value():
        raise InvalidInputError(
            f"the {name} cannot be estimated",
            found=f"{name} {printable(number[:40]) if isinstance(number, str) else shown(number)}",
            wanted=f"a whole number from {least} to {most:,}, such as {4 * least} or 1e5",
        )
    return int(exact)


def built_counts(model: Model, machine: Target, options: Options) -> dict[str, Any]:
    """The counts of a model's circuit, built up to emission: without routing, verification and limits."""
    compilation = _Estimation(machine, options, Watch(None), None)
    blocks = compilation.blocks(compilation.attention(build(model)))
    return circuit_stats(emit(blocks, compilation.context), machine)


class _Estimation(Compilation):
    """A compilation of any size."""

    def check_size(self, program: Program) -> None:
        """Nothing is refused: whether it fits is part of what is told."""


class _Counted(_Estimation):
    """An outlined program after the passes on attention programs, ``final``, and what it comes to."""

    def __init__(self, machine: Target, options: Options, program: Program) -> None:
        super().__init__(machine, options, Watch(None), None)
        self.final = self.attention(program)

    @property
    def matrices(self) -> list[ApplyUnitary]:
        """The matrices that are not folded into tables, and are synthesised."""
        scope = self.final.scope
        return [
            op
            for op in self.final.ops
            if isinstance(op, ApplyUnitary) and op.form == "matrix" and scope.sizes[op.data] + len(op.when) > 1
        ]

    @property
    def synthesised(self) -> list[ApplyUnitary]:
        """Those of them that have no numbers: what they come to can only be told about."""
        return [op for op in self.matrices if isinstance(self.final.tables[op.table], Outline)]

    @cached_property
    def of_shape(self) -> dict[str, Any]:
        """The counts, None where matrices without numbers do not let them be told."""
        machine, unknown, scope = self.context.target, self.synthesised, self.final.scope
        # A diagonal keeps the place of such a matrix, so that what is before and after it stays apart.
        places = {op: replace(op, form="diagonal", table=f"{op.table}-place") for op in unknown}
        tables = {
            place.table: Outline(self.final.tables[op.table].shape[:1], real=False) for op, place in places.items()
        }
        program = replace(
            self.final,
            ops=tuple(places.get(op, op) if isinstance(op, ApplyUnitary) else op for op in self.final.ops),
            tables={**self.final.tables, **tables},
        )
        lasts = gate_times(machine.durations) if machine.durations else None
        counts = tally_stats(tally(self.blocks(program), machine.family, lasts), machine)
        if unknown:
            counts["two_qubit_gates"] += sum(
                op_cost(op, scope, machine.family) - diagonal_cost(scope.sizes[op.data] + len(op.when), machine.family)
                for op in unknown
            )
            told = ("qubits", "two_qubit_gates", "measurements", "resets")
            counts = {name: value if name in told else None for name, value in counts.items()}
        return counts


def _basis(model: Model, size: Size, counted: _Counted, *, rescaled: bool) -> Basis:
    """What is to be counted: circuits are built where they are small."""
    identities = all(isinstance(unitary, Identity) for unitary in (model.value, model.score))
    if counted.of_shape["two_qubit_gates"] > BUILT or (not identities and size.dimension**2 > ENTRIES):
        return "shape"
    if not rescaled:
        return "model"
    return "generic model" if size.context * size.dimension <= ENTRIES else "shape"


def _doubts(model: Model, size: Size, final: Program, basis: Basis) -> list[str]:
    """Why generic tokens' circuit may not have just these counts."""
    found = []
    scope = final.scope
    unitaries = [op for op in final.ops if isinstance(op, ApplyUnitary)]
    if any(op.form == "matrix" and scope.sizes[op.data] + len(op.when) > 1 for op in unitaries):
        found.append("a matrix that is not folded into tables is synthesised, with about as many gates as counted here")
    if model.score.is_real and any(op.form == "diagonal" and op.when for op in unitaries):
        spared = 2 * model.degree << size.data_qubits
        found.append(
            f"the eigenvalues of a real score unitary come in pairs, for which up to {spared:,} gates are spared"
        )
    real = not np.iscomplexobj(model.tokens) and model.value.is_real
    if isinstance(model.given_phases, str) and real:
        found.append("optimal phases of a real model are signs, for which a few gates may not be needed")
    gated = any(isinstance(op, LoadTokens) and op.when for op in final.ops)
    if basis == "shape" and gated and size.dimension < 1 << size.data_qubits:
        found.append("where gated loads are padded with zeros, a few one-qubit gates may not be needed")
    if basis == "shape" and size.context <= 2 < size.dimension:
        found.append("so few tokens are alike in a basis of their span, which may spare a few one-qubit gates")
    return found


def _shape(model: Model, size: Size) -> Shape:
    attention = model.fields["attention"]
    return Shape(
        context=size.context,
        dimension=size.dimension,
        data_qubits=size.data_qubits,
        degree=model.degree,
        kernel=attention["kernel"]["type"],
        mask=model.mask,
        value=attention["value"]["type"],
        score=attention["score"]["type"],
        readout=model.readout.type,
        real=not np.iscomplexobj(model.tokens),
    )
