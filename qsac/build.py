"""From a model to its attention program: the fused single-circuit readout (algorithm point 1)."""

from __future__ import annotations

from math import copysign, sqrt

import numpy as np

from qsac.errors import InvalidInputError
from qsac.ir.attention import ApplyUnitary, LoadTokens, PhaseTable, PrepareIndices, PreparePower, Project
from qsac.ir.attention.unitary import UnitaryForm
from qsac.ir.evolution import Evolution
from qsac.ir.observe import Observe
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table
from qsac.model.ansatz import Ansatz
from qsac.model.model import Model
from qsac.model.unitary import Identity, Matrix

CONTEXT, TARGETS = "context", "targets"


def build(model: Model, *, provenance: bool = False) -> Program:
    """The attention program whose readouts are the model's fidelity and token fidelity.

    Registers: ``query`` and ``key`` of m qubits (none for T = 1), ``value`` and ``score[c]`` of n qubits, for a kernel
    of several terms ``power[c]`` of one qubit. Score copies come one after another, each loaded by ``key``,
    transformed, un-loaded by ``query`` and projected; then the value register takes the same way to the targets.
    The observed ``weights`` and ``overlaps`` are w_j^2 and |A_j|^2 over lam^2 T N. With ``provenance`` the tables of
    tokens that come from an evolution say so, for passes that may use it. Raises
    :class:`~qsac.errors.InvalidInputError` for a readout that has no program yet.
    """
    if model.readout != "loss":
        raise InvalidInputError(
            f'the readout "{model.readout}" cannot be compiled yet',
            pointer="/readout/type",
            wanted='"loss", the default',
            help="leave the field readout out",
        )
    positions = model.context
    degree, amplitudes = _terms(model.kernel)
    indexed = positions > 1
    scores = tuple(f"score[{copy}]" for copy in range(degree))
    powers = tuple(f"power[{copy}]" for copy in range(degree)) if amplitudes else ()
    key, query = (("key",), ("query",)) if indexed else ((), ())

    source = _evolution(model) if provenance else None
    tables = {CONTEXT: Table(model.tokens[:positions], source), TARGETS: Table(model.tokens[1:], source)}
    value = _unitary("value", model.value, model, tables)
    score = _unitary("score", model.score, model, tables) if scores else None

    ops: list[Op] = []
    if indexed:
        ops.append(PrepareIndices("query", "key", model.mask, positions, origin="/attention/mask"))
    if powers:
        ops.append(PreparePower(powers, amplitudes, origin="/attention/kernel"))
    for copy, register in enumerate(scores):
        when = powers[copy : copy + 1]
        ops.append(LoadTokens(register, key, CONTEXT, when=when, origin="/tokens"))
        if score is not None:
            form, rotations = score
            ops.append(ApplyUnitary(register, form, "score", rotations, when, origin="/attention/score"))
        ops.append(LoadTokens(register, query, CONTEXT, adjoint_load=True, when=when, origin="/tokens"))
        ops.append(Project((register,), origin="/attention/kernel"))
    ops.append(LoadTokens("value", key, CONTEXT, origin="/tokens"))
    if value is not None:
        form, rotations = value
        ops.append(ApplyUnitary("value", form, "value", rotations, origin="/attention/value"))
    if powers:
        magnitudes = tuple(abs(amplitude) for amplitude in amplitudes)
        ops.append(Project(powers, "unary", amplitudes=magnitudes, origin="/attention/kernel"))
    if indexed:
        ops.append(Project(key, "uniform", positions, origin="/attention/mask"))
        ops.append(Observe(query, "weights", origin="/readout"))
    ops.append(LoadTokens("value", query, TARGETS, adjoint_load=True, origin="/tokens"))
    if indexed and np.any(model.phases):
        ops.append(PhaseTable("query", Table(model.phases), origin="/phases"))
    ops.append(Project(("value",), origin="/readout"))
    if indexed:
        ops.append(Observe(query, "overlaps", origin="/readout"))
        ops.append(Project(query, "uniform", positions, origin="/readout"))

    sizes = {"query": model.index_qubits, "key": model.index_qubits, "value": model.data_qubits}
    sizes |= dict.fromkeys(scores, model.data_qubits) | dict.fromkeys(powers, 1)
    given = (*scores, *powers, *key)
    return Program(
        name=model.name,
        level="attention",
        registers=tuple(Register(name, size) for name, size in sizes.items() if size),
        tables=tables,
        ops=tuple(ops),
        readouts=(
            Readout("fidelity", given, ("value", *query)),
            Readout("token_fidelity", given, ("value",)),
        ),
    )


def _evolution(model: Model) -> Evolution | None:
    if model.evolution is None:
        return None
    terms = tuple(term.lower() for term in model.evolution.terms)
    return Evolution(terms, model.evolution.coefficients, model.evolution.dt)


def _terms(kernel: tuple[float, ...]) -> tuple[int, tuple[float, ...]]:
    """The number of score copies, and the amplitudes sign(c_p) sqrt(|c_p| / lam) of the terms if there are several.

    A kernel of one term c_p s^p is a monomial: its coefficient is a factor of every z_j, which no metric sees.
    """
    degree = max(power for power, coefficient in enumerate(kernel) if coefficient)
    lam = sum(abs(coefficient) for coefficient in kernel)
    if sum(1 for coefficient in kernel if coefficient) == 1:
        return degree, ()
    return degree, tuple(copysign(sqrt(abs(c) / lam), c) for c in kernel[: degree + 1])


def _unitary(
    name: str, unitary: Identity | Ansatz | Matrix, model: Model, tables: dict[str, Table]
) -> tuple[UnitaryForm, tuple[str, ...]] | None:
    """Form and rotations of a unitary, whose table goes into ``tables`` under ``name``; None for the identity."""
    if isinstance(unitary, Identity):
        return None
    if isinstance(unitary, Matrix):
        tables[name] = Table(unitary.matrix(model.dimension))
        return "matrix", ()
    tables[name] = Table(unitary.parameters)
    return "hardware-efficient", tuple(unitary.rotations)
