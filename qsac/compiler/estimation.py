"""Counts of a model's circuit, of any size, without building it.

A program of tables without numbers (:mod:`qsac.ir.shaped_table`) goes through the same passes, lowering and emitters as
a model's program does, and its ladders are counted as wholes (:mod:`qsac.counting.gate_counts`). So the counts are
those of the circuit that is compiled for generic tokens of the shape; the work grows with log T, log d and k alone.
What comes out small is compiled instead, without routing and verification.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from qsac.arguments import shown
from qsac.compiler.circuit_compilation import Compilation
from qsac.compiler.compilation import Watch
from qsac.compiler.estimate_types import Basis, CountedPart, EstimatedCounts, EstimatedForecast, EstimateFields
from qsac.compiler.interpolation import evenly, interpolated, kinds_of, of_all
from qsac.compiler.options import Options, asked_for
from qsac.counting.formulas import diagonal_cost, op_cost
from qsac.counting.stats import circuit_stats, gate_times, tally_stats, together
from qsac.emit.emit import emit
from qsac.emit.shape_emitter import tally
from qsac.errors import InvalidInputError, printable
from qsac.families.contract import Model, Sizes
from qsac.families.formulas import CountedByFormula
from qsac.families.places import Placed
from qsac.families.reading import model_of, naming_source
from qsac.families.registry import family_of
from qsac.ir.attention import ApplyUnitary, LoadRotated
from qsac.ir.program import Program
from qsac.ir.shaped_table import ShapedTable
from qsac.machine.read import find_target
from qsac.machine.target import DEFAULT_TARGET, Target
from qsac.pipeline.contract import Preference
from qsac.report.forecast import forecast
from qsac.showing import Shown

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

BUILT = 1 << 14
"""Most two-qubit gates of a circuit that is compiled to be counted; resynthesise-blocks leaves larger ones alone."""

ENTRIES = 1 << 16
"""Most entries of a unitary's matrix, or of tokens that are drawn, in a circuit that is compiled to be counted."""

MOST_CIRCUITS, LEAST_CIRCUITS, SAMPLED = 32, 3, 17
"""Circuits of a plan that are counted one by one. Of more so many are sampled, evenly, and the others interpolated."""

MATRIX_ENTRIES = 1 << 14
"""Entries of matrices that are synthesised in all of these together: one of 64 x 64 takes a third of a second."""

OPS = 1 << 11
"""Ops of all of these together: a thousand take two seconds."""

TABLE_ENTRIES = 1 << 23
"""Entries of all of these circuits' tables together: a million take a fifth of a second."""


@dataclass(frozen=True, repr=False)
class Estimate(Shown):
    """Counts of a circuit that was not compiled for a machine.

    ``counts`` are those of :func:`~qsac.counting.stats.circuit_stats`, None where they cannot be told. ``exact``: the
    circuit that is compiled for the model, or for generic tokens if another shape was asked for, has just these counts;
    ``reason`` says why, or why not. ``basis``: whether the model's own circuit was counted, that of drawn tokens, or
    none. ``limit`` is the most qubits that may be used. ``forecast`` is :func:`~qsac.report.forecast.forecast`'s; of
    another shape than the model's own the numbers are unknown, and so are its shots. ``source`` is the model that was
    given, ``sizes`` are those that were asked for, None for its own. ``shape`` is the family's: of quantum attention a
    :class:`~qsac.families.qsa.shapes.Shape`. ``formula``: what was counted by one, with the basis ``formula``.
    """

    name: str
    target: str
    shape: Any
    optimisation: int
    prefer: Preference
    basis: Basis
    exact: bool
    reason: str
    limit: int | None
    counts: EstimatedCounts
    forecast: EstimatedForecast
    source: Model = field(repr=False)
    sizes: Sizes | None
    formula: CountedPart | None = None

    def __repr__(self) -> str:
        """In one line: name, target, counts, and whether they are exact."""
        exact = "exact" if self.exact else "not exact"
        return printable(
            f"<Estimate {self.name!r} for {self.target}: {self.counts['two_qubit_gates']:,} two-qubit gates, "
            f"{self.counts['qubits']:,} qubits, {exact}>"
        )

    @property
    def fits(self) -> bool:
        """Whether the target has the qubits."""
        return self.limit is None or self.counts["qubits"] <= self.limit

    @cached_property
    def advice(self) -> str | None:
        """That a result would be noise and what would help, as a sentence; None where it would not."""
        from qsac.compiler.advice import advice

        options = {"optimisation": self.optimisation}
        return advice(self.source, self.target, self.counts, self.forecast, options, self.sizes)

    def to_json(self) -> EstimateFields:
        """All of it, JSON-ready: what ``qsac estimate --json`` prints."""
        told: EstimateFields = {
            "name": self.name,
            "target": self.target,
            "shape": asdict(self.shape),
            "options": {"optimisation": self.optimisation, "qubits": self.limit, "prefer": self.prefer},
            "basis": self.basis,
            "exact": self.exact,
            "reason": self.reason,
            "fits": self.fits,
            "counts": self.counts.copy(),
            "forecast": self.forecast.copy(),
            "advice": self.advice,
        }
        return told if self.formula is None else {**told, "formula": self.formula}


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
    asked = {name: value for name, value in (("context", context), ("dimension", dimension)) if value is not None}
    sizes = _sizes(source, asked)
    machine = find_target(target)
    options = asked_for(optimisation, optimization_level, None, 0, 0.0, qubits, prefer)
    with naming_source(source):
        return _estimated(source, asked, sizes, machine, options)


def _estimated(source: Model, asked: Mapping[str, object], sizes: Sizes, machine: Target, options: Options) -> Estimate:
    chosen = family_of(source)
    if isinstance(chosen, CountedByFormula) and (formula := chosen.formula(source, sizes)) is not None:
        from qsac.compiler.formula_estimation import by_formula

        return by_formula(source, sizes, formula, machine, options, rescaled=bool(asked))
    kinds = kinds_of(steps := chosen.generic(source, sizes).circuits)
    last = _Counted(machine, options, steps[kinds[-1][0]].program)
    most = last.most_circuits
    sampled = evenly(len(kinds), most if len(kinds) <= most else min(most, SAMPLED))
    counted = [*(_Counted(machine, options, steps[kinds[kind][0]].program) for kind in sampled[:-1]), last]
    finals = [one.final for one in counted]
    growth = np.interp(range(len(kinds)), sampled, [final.subnormalisation for final in finals]).tolist()
    parts = interpolated([one.of_shape for one in counted], sampled)
    basis = _basis(source, sizes, parts, rescaled=bool(asked), every=len(sampled) == len(kinds) and len(steps) <= most)
    parts, growth = of_all(parts, kinds), of_all(growth, kinds)
    if basis != "shape":
        one = source if basis == "model" else chosen.drawn(source, sizes)
        parts, growth = _built(one, machine, options, machine.coupling is None)
    elif isinstance(chosen, Placed):
        # What the passes gain depends on the numbers, which are not looked at.
        growth = [1.0] * len(steps)
    counts = together(parts)
    built = basis == "generic model"
    doubts = [] if basis == "model" else chosen.doubts(source, sizes, finals, built=built)
    if not asked and basis == "shape":
        doubts.insert(0, "the model is too large to be compiled to be counted, and its tokens were not looked at")
    if len(sampled) < len(kinds):
        what = "circuits" if len(kinds) == len(steps) else "kinds of circuits"
        doubts.append(f"{len(sampled)} of {len(kinds):,} {what} were counted, and those between them interpolated")
    if basis == "shape" and machine.coupling is None and options.optimisation and counts["two_qubit_gates"] <= BUILT:
        doubts.append("what resynthesise-blocks saves was not looked at")
    if basis != "model" and any(isinstance(op, LoadRotated) for final in finals for op in final.ops):
        doubts.append("ladders are solved for complex tables, and some tables take a few gates more")
    reason = "counted in the model's own circuit" if basis == "model" else _GENERIC
    known = None if asked else source
    at_most: dict[str, Any] = {}
    if machine.coupling is not None:
        at_most = _at_most(forecast(known, growth, counts, machine, parts), counts)
        unknown: dict[str, Any] = {"error_free_probability": None, "duration": None, "cost": None}
        parts, counts = [{**part, **unknown} for part in parts], counts | unknown
        doubts.insert(0, f"counts are for all-to-all connections, before routing to {machine.name} adds to them")
    return Estimate(
        name=source.name,
        target=machine.name,
        shape=chosen.shape(source, sizes),
        optimisation=options.optimisation,
        prefer=options.prefer,
        basis=basis,
        exact=not doubts,
        reason="; ".join([*doubts, reason]),
        limit=counted[0].context.width_limit,
        counts=cast("EstimatedCounts", counts),
        source=source,
        sizes=sizes if asked else None,
        forecast=cast("EstimatedForecast", forecast(known, growth, counts, machine, parts) | at_most),
    )


def _at_most(before: Mapping[str, Any], counts: Mapping[str, Any]) -> dict[str, Any]:
    """At most how many shots are free of errors after routing, and that the result is noise where they are too few."""
    most = before.get("error_free_probability", counts["error_free_probability"])
    if most is None:
        return {}
    return {"error_free_at_most": most} | ({"noise": True} if before["noise"] else {})


def _sizes(model: Model, asked: Mapping[str, float | str]) -> dict[str, int]:
    """The model's sizes, those that are ``asked`` for instead of its own."""
    known = family_of(model).sizes(model)
    unknown = next((name for name in asked if name not in known), None)
    if unknown is not None:
        raise InvalidInputError(
            f"a model of this family has no other {unknown}",
            code="estimate.unknown-size",
            found=f"--{unknown} with the section {model.section!r}",
            wanted=f"one of {', '.join(known)}" if known else "its own sizes",
        )
    return {
        name: whole(asked[name], name, extent.least, extent.most) if name in asked else extent.own
        for name, extent in known.items()
    }


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
            code="estimate.invalid-size",
            found=f"{name} {printable(number[:40]) if isinstance(number, str) else shown(number)}",
            wanted=f"a whole number from {least} to {most:,}, such as {4 * least} or 1e5",
        )
    return int(exact)


def built_counts(model: Model, machine: Target, options: Options) -> dict[str, Any]:
    """The counts of a model's circuits, built up to emission: without routing, verification and limits."""
    return together(_built(model, machine, options, False)[0])


def _built(model: Model, machine: Target, options: Options, finished: bool) -> tuple[list[dict[str, Any]], list[float]]:
    """The same of each circuit, after circuit passes if ``finished``, and its program's lambda over the model's."""
    parts, subnormalisations = [], []
    for step in family_of(model).plan(model).circuits:
        compilation = _Estimation(machine, options)
        program = compilation.attention(step.program)
        blocks = compilation.blocks(program)
        circuit = compilation.unrouted(blocks) if finished else emit(blocks, compilation.context)
        parts.append(cast("dict[str, Any]", circuit_stats(circuit, machine)))
        subnormalisations.append(program.subnormalisation)
    return parts, subnormalisations


class _Estimation(Compilation):
    """A compilation of any size, for all-to-all connections."""

    def __init__(self, machine: Target, options: Options) -> None:
        given: list[Any] = list(options.pipeline())
        chosen = [replace(step, spread=False) if step.name == "rotate-ladders" else step for step in given]
        super().__init__(machine, options, Watch(None), None, chosen)

    def check_memory(self, program: Program) -> None:
        """Nothing is refused: whether it fits is part of the estimate."""


class _Counted(_Estimation):
    """An outlined program after the passes on attention programs, ``final``, and its counts."""

    def __init__(self, machine: Target, options: Options, program: Program) -> None:
        super().__init__(machine, options)
        self.final = self.attention(program)

    @property
    def synthesised(self) -> list[ApplyUnitary]:
        """The matrices that are neither folded into tables nor have numbers: their gates can only be estimated."""
        scope, tables = self.final.scope, self.final.tables
        matrices = [op for op in self.final.ops if isinstance(op, ApplyUnitary) and op.form == "matrix"]
        wide = [op for op in matrices if op.size(scope) + len(op.when) > 1]
        return [op for op in wide if isinstance(tables[op.table], ShapedTable)]

    @property
    def most_circuits(self) -> int:
        """How many circuits like this one are counted: as many as take about as long as a few with large matrices."""
        scope, tables = self.final.scope, self.final.tables
        matrices = [op for op in self.final.ops if isinstance(op, ApplyUnitary) and op.form == "matrix"]
        known = [op for op in matrices if not isinstance(tables[op.table], ShapedTable)]
        entries = sum(4 ** op.size(scope) for op in known)
        rows = sum(prod(table.shape) for table in tables.values())
        fewest = min(MATRIX_ENTRIES // (entries or 1), OPS // len(self.final.ops), TABLE_ENTRIES // (rows or 1))
        return max(LEAST_CIRCUITS, min(MOST_CIRCUITS, fewest))

    @cached_property
    def of_shape(self) -> dict[str, Any]:
        """The counts; None for those that matrices without numbers leave unknown."""
        machine, unknown, scope = self.context.target, self.synthesised, self.final.scope
        # A diagonal keeps the place of such a matrix, so that what is before and after it stays apart.
        places = {op: replace(op, form="diagonal", table=f"{op.table}-place") for op in unknown}
        tables = {
            place.table: ShapedTable(self.final.tables[op.table].shape[:1], real=False) for op, place in places.items()
        }
        program = replace(
            self.final,
            ops=tuple(places.get(op, op) if isinstance(op, ApplyUnitary) else op for op in self.final.ops),
            tables={**self.final.tables, **tables},
        )
        lasts = gate_times(machine.durations) if machine.durations else None
        counted = tally(self.blocks(program), machine.family, lasts)
        counts = cast("dict[str, Any]", tally_stats(counted, machine))
        if unknown:
            counts["two_qubit_gates"] += sum(
                op_cost(op, scope, machine.family) - diagonal_cost(op.size(scope) + len(op.when), machine.family)
                for op in unknown
            )
            told = ("qubits", "two_qubit_gates", "measurements", "resets")
            counts = {name: value if name in told else None for name, value in counts.items()}
        return counts


def _basis(model: Model, sizes: Sizes, parts: Sequence[Mapping[str, Any]], *, rescaled: bool, every: bool) -> Basis:
    """What is counted: small circuits are built, if ``every`` one was counted."""
    gates = sum(part["two_qubit_gates"] for part in parts)
    if not every or gates > BUILT or not family_of(model).is_small(model, sizes, ENTRIES):
        return "shape"
    return "generic model" if rescaled else "model"
