"""From a model to its attention program: the fused readout of the loss (algorithm point 1), and specialised ones.

Every readout is one circuit. What is a list of numbers is read from an index that the circuit measures, so that all of
them come from the same shots.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import copysign, sqrt

import numpy as np

from qsac.errors import of_type
from qsac.families.ansatz import Ansatz
from qsac.families.qsa.model import Model
from qsac.families.qsa.readouts import Overlaps, Predict
from qsac.families.unitary import Identity, Matrix
from qsac.files.numbers import Numbers
from qsac.ir.attention import (
    ApplyUnitary,
    LoadTokens,
    PhaseTable,
    PrepareIndex,
    PrepareIndices,
    PreparePower,
    Project,
    SelectIndex,
)
from qsac.ir.attention.unitary import UnitaryForm
from qsac.ir.observe import Observe
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table
from qsac.numerics.product_formulas import Evolution

CONTEXT, TARGETS = "context", "targets"
Rotated = tuple[UnitaryForm, tuple[str, ...]]
"""How a unitary's table is read: its form, and the rotations of an ansatz."""


def build(model: Model, *, provenance: bool = False) -> Program:
    """The attention program of a model's readout.

    Registers: ``query`` and ``key`` of m qubits (none for T = 1), ``value`` and ``score[c]`` of n qubits, for a kernel
    of several terms ``power[c]`` of one qubit. With ``provenance`` the tables of tokens that come from an evolution say
    so, for passes that may use it.
    """
    source = _evolution(model) if provenance else None
    if isinstance(model.readout, Predict):
        return _predict(model, model.readout, source)
    if isinstance(model.readout, Overlaps):
        return _overlaps(model, model.readout, source)
    return _loss(model, source)


def _loss(model: Model, source: Evolution | None) -> Program:
    """The program whose readouts are the fidelity and the token fidelity.

    Score copies come one after another, each loaded by ``key``, transformed, un-loaded by ``query`` and projected; then
    the value register takes the same way to the targets. The observed ``weights`` and ``overlaps`` are w_j^2 and
    |A_j|^2 over lam^2 T N.
    """
    positions = model.context
    indexed = positions > 1
    key, query = (("key",), ("query",)) if indexed else ((), ())
    tables = {CONTEXT: Table(model.tokens[:positions], source), TARGETS: Table(model.tokens[1:], source)}
    value = _unitary("value", model.value, model, tables)
    kernel = _Kernel(model)

    ops: list[Op] = []
    if indexed:
        ops.append(PrepareIndices("query", "key", model.mask, positions, origin="/attention/mask"))
    ops += kernel.scores(model, tables, key, (query, CONTEXT))
    ops.append(LoadTokens("value", key, CONTEXT, origin="/tokens"))
    ops += _applied("value", "value", value, "/attention/value")
    ops += kernel.projected()
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
    given = (*kernel.registers, *key)
    return _program(
        model,
        sizes | kernel.sizes(model),
        tables,
        ops,
        Readout("fidelity", given, ("value", *query)),
        Readout("token_fidelity", given, ("value",)),
    )


def _predict(model: Model, readout: Predict, source: Evolution | None) -> Program:
    """The program that prepares z of one position and measures it.

    The query is one token: no query register, and its un-loading is one state's. ``key`` is uniform over the context.
    States that exclude each other are read at once, after the unitary that turns them into basis states, or, where they
    are more than d, from a wider ``value`` register that loads the amplitudes of all outcomes (Naimark's dilation).
    Others are un-loaded one each for every value of a uniform register ``state``, which is then measured.
    """
    positions = readout.context
    key = ("key",) if positions > 1 else ()
    tables = {
        CONTEXT: Table(model.tokens[:positions], source),
        "position": Table(model.tokens[readout.position - 1 : readout.position]),
    }
    kernel = _Kernel(model)
    sizes = {"key": (positions - 1).bit_length()}

    ops: list[Op] = []
    if key:
        ops.append(PrepareIndex("key", positions, origin="/attention/mask"))
    ops += kernel.scores(model, tables, key, ((), "position"))
    if readout.outcomes is not None and len(readout.outcomes) > model.dimension:
        sizes["value"] = (len(readout.outcomes) - 1).bit_length()
        tables["outcomes"] = Table(_dilated(model, readout.outcomes, 1 << sizes["value"]))
        ops.append(LoadTokens("value", key, "outcomes", origin="/readout"))
    else:
        sizes["value"] = model.data_qubits
        ops.append(LoadTokens("value", key, CONTEXT, origin="/tokens"))
        ops += _applied("value", "value", _unitary("value", model.value, model, tables), "/attention/value")
        if readout.outcomes is not None:
            tables["outcomes"] = Table(readout.outcomes.conj())
            ops.append(ApplyUnitary("value", "matrix", "outcomes", origin="/readout"))
    ops += kernel.projected()
    if key:
        ops.append(Project(key, "uniform", positions, origin="/attention/mask"))

    given = (*kernel.registers, *key)
    if readout.at_once or readout.rows is None:
        ops += _measured(("value",))
        asked = Readout("predictions", given, (), ("value",))
    else:
        sizes["state"] = (len(readout.rows) - 1).bit_length()
        tables["states"] = Table(readout.rows)
        ops.append(PrepareIndex("state", len(readout.rows), origin="/readout"))
        ops.append(Observe(("state",), "weights", origin="/readout"))
        ops.append(LoadTokens("value", ("state",), "states", adjoint_load=True, origin="/readout"))
        ops.append(Project(("value",), origin="/readout"))
        ops += _measured(("state",), "overlaps")
        asked = Readout("predictions", given, ("value",), ("state",))
    return _program(model, sizes | kernel.sizes(model), tables, ops, asked)


def _dilated(model: Model, outcomes: Numbers, width: int) -> Numbers:
    """The amplitudes of all outcomes for each V x_i, padded with zeros to ``width``; of unit norm."""
    context = of_type(model.readout, Predict).context
    amplitudes = model.value.apply(model.tokens[:context]) @ outcomes.conj().T
    padded = np.zeros((len(amplitudes), width), dtype=amplitudes.dtype)
    padded[:, : len(outcomes)] = amplitudes / np.linalg.norm(amplitudes, axis=1, keepdims=True)
    return padded


def _overlaps(model: Model, readout: Overlaps, source: Evolution | None) -> Program:
    """The program that measures s_ji = <x_j|W|x_i> for all pairs of the mask, (j, i) read from ``query`` and ``key``.

    Squared moduli: x_i is loaded, transformed and un-loaded as x_j; the share of zeros is |s_ji|^2. Complex ones: a
    Hadamard test without controlled loaders. ``branch`` is in |+>; where it is 0 the one loader is given j in place
    of i (select-index), where it is 1 the token is transformed by W. The two branches' states have the overlap s_ji, so
    ``branch`` is found in |+> with probability (1 + Re s_ji) / 2. A register ``quadrature``, an even coin, decides
    whether ``branch`` is turned by a quarter first: then it is (1 + Im s_ji) / 2.
    """
    positions = model.context
    query, key = (("query",), ("key",)) if positions > 1 else ((), ())
    tables = {CONTEXT: Table(model.tokens[:positions], source)}
    sizes = {"query": model.index_qubits, "key": model.index_qubits}
    ops: list[Op] = []
    if query:
        ops.append(PrepareIndices("query", "key", readout.mask, positions, origin="/attention/mask"))
    if readout.part == "abs2":
        sizes["score"] = model.data_qubits
        if query:
            ops.append(Observe((*query, *key), "weights", origin="/readout"))
        ops.append(LoadTokens("score", key, CONTEXT, origin="/tokens"))
        ops += _applied("score", "score", _unitary("score", model.score, model, tables), "/attention/score")
        ops.append(LoadTokens("score", query, CONTEXT, adjoint_load=True, origin="/tokens"))
        ops.append(Project(("score",), origin="/readout"))
        if query:
            ops += _measured((*query, *key), "overlaps")
        return _program(model, sizes, tables, ops, Readout("overlaps", (), ("score",), (*query, *key)))

    sizes |= {"quadrature": 1, "branch": 1, "score": model.data_qubits}
    index = ("quadrature", *query, *key)
    even = (sqrt(0.5), sqrt(0.5))
    select = SelectIndex("key", "query", "branch", origin="/readout")
    ops.append(PrepareIndex("quadrature", 2, origin="/readout"))
    ops.append(PreparePower(("branch",), even, origin="/readout"))
    ops += [select] if query else []
    ops.append(LoadTokens("score", key, CONTEXT, origin="/tokens"))
    ops += [select.adjoint()] if query else []
    score = _unitary("score", model.score, model, tables)
    ops += _applied("score", "score", score, "/attention/score", ("branch",))
    # Re(-i s) = Im s: a factor of -i on the branch of W x_i.
    tables["quadrature"] = Table(np.array([1, -1j]))
    ops.append(ApplyUnitary("branch", "diagonal", "quadrature", (), ("quadrature",), origin="/readout"))
    ops.append(Observe(index, "weights", origin="/readout"))
    ops.append(Project(("branch",), "unary", amplitudes=even, origin="/readout"))
    ops += _measured(index, "overlaps")
    return _program(model, sizes, tables, ops, Readout("overlaps", (), ("branch",), index))


def _measured(index: tuple[str, ...], *quantities: str) -> list[Op]:
    """Registers read as they come out: observed, then projected on zero, which measures them."""
    observed = [Observe(index, name, origin="/readout") for name in quantities or ("weights", "overlaps")]
    return [*observed, Project(index, origin="/readout")]


def _program(
    model: Model, sizes: Mapping[str, int], tables: dict[str, Table], ops: list[Op], *readouts: Readout
) -> Program:
    return Program(
        name=model.name,
        level="attention",
        registers=tuple(Register(name, size) for name, size in sizes.items() if size),
        tables=tables,
        ops=tuple(ops),
        readouts=readouts,
    )


class _Kernel:
    """The score copies of a kernel, and the power registers that a kernel of several terms takes.

    A kernel of one term c_p s^p is a monomial: its coefficient is a factor of every z_j, which no metric sees.
    """

    def __init__(self, model: Model) -> None:
        degree = max(power for power, coefficient in enumerate(model.kernel) if coefficient)
        several = sum(1 for coefficient in model.kernel if coefficient) > 1
        coefficients = model.kernel[: degree + 1] if several else ()
        self.amplitudes = tuple(copysign(sqrt(abs(c) / model.lam), c) for c in coefficients)
        self.copies = tuple(f"score[{copy}]" for copy in range(degree))
        self.powers = tuple(f"power[{copy}]" for copy in range(degree)) if several else ()

    @property
    def registers(self) -> tuple[str, ...]:
        """All registers, in the order in which they are given."""
        return (*self.copies, *self.powers)

    def sizes(self, model: Model) -> dict[str, int]:
        """The registers' qubits."""
        return dict.fromkeys(self.copies, model.data_qubits) | dict.fromkeys(self.powers, 1)

    def scores(
        self,
        model: Model,
        tables: dict[str, Table],
        key: tuple[str, ...],
        query: tuple[tuple[str, ...], str],
    ) -> list[Op]:
        """Multiply by g(s) / lam: each copy loaded by ``key``, un-loaded by ``query`` (index, table), and projected."""
        score = _unitary("score", model.score, model, tables) if self.copies else None
        ops: list[Op] = []
        if self.powers:
            ops.append(PreparePower(self.powers, self.amplitudes, origin="/attention/kernel"))
        for copy, register in enumerate(self.copies):
            when = self.powers[copy : copy + 1]
            ops.append(LoadTokens(register, key, CONTEXT, when=when, origin="/tokens"))
            ops += _applied(register, "score", score, "/attention/score", when)
            ops.append(LoadTokens(register, *query, adjoint_load=True, when=when, origin="/tokens"))
            ops.append(Project((register,), origin="/attention/kernel"))
        return ops

    def projected(self) -> list[Op]:
        """The end of the power registers."""
        if not self.powers:
            return []
        magnitudes = tuple(abs(amplitude) for amplitude in self.amplitudes)
        return [Project(self.powers, "unary", amplitudes=magnitudes, origin="/attention/kernel")]


def _evolution(model: Model) -> Evolution | None:
    if model.evolution is None:
        return None
    terms = tuple(term.lower() for term in model.evolution.terms)
    return Evolution(terms, model.evolution.coefficients, model.evolution.dt)


def _applied(register: str, table: str, unitary: Rotated | None, origin: str, when: tuple[str, ...] = ()) -> list[Op]:
    """The op of a unitary that :func:`_unitary` described; none for the identity."""
    if unitary is None:
        return []
    form, rotations = unitary
    return [ApplyUnitary(register, form, table, rotations, when, origin=origin)]


def _unitary(name: str, unitary: Identity | Ansatz | Matrix, model: Model, tables: dict[str, Table]) -> Rotated | None:
    """Form and rotations of a unitary, whose table goes into ``tables`` under ``name``; None for the identity."""
    if isinstance(unitary, Identity):
        return None
    if isinstance(unitary, Matrix):
        tables[name] = Table(unitary.matrix(model.dimension))
        return "matrix", ()
    tables[name] = Table(unitary.parameters)
    return "hardware-efficient", tuple(unitary.rotations)
