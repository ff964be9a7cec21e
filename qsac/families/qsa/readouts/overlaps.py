"""The readout of the scores: the overlaps of the context tokens, all pairs from the same shots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import CircuitStep, Result, Row
from qsac.families.indexed import fractions, given_deviation, lists, outside, success, unresolved
from qsac.families.outcomes import Index, Outcomes
from qsac.families.qsa.parts import CONTEXT, applied, measured, program, unitary
from qsac.families.unitary import Unitary
from qsac.ir.attention import (
    ApplyUnitary,
    LoadTokens,
    PrepareDegree,
    PrepareIndex,
    PrepareIndices,
    Project,
    SelectIndex,
)
from qsac.ir.op import Op
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.numerics.product_formulas import Evolution

if TYPE_CHECKING:
    from qsac.families.qsa.model import Model

NAME = "overlaps"
"""What the circuit, its readout and the result are called."""


@dataclass(frozen=True)
class Overlaps:
    """The scores s_ji = <x_j|W|x_i> of the context tokens, over the pairs in ``mask``, W being that of ``head``.

    A head's key shift and conjugation are no part of them.
    """

    type: ClassVar[str] = "overlaps"
    precise: ClassVar[str | None] = None
    standard_error: ClassVar[float] = 0.1
    corrected: ClassVar[bool] = False
    details: ClassVar[Mapping[str, str]] = {}

    part: Literal["complex", "abs2"]
    mask: Literal["causal", "full"]
    head: int = 0

    def index_qubits(self, model: Model) -> int:
        """The qubits of the index (j, i), for complex overlaps (quadrature, j, i)."""
        return 2 * model.index_qubits + (self.part == "complex")

    def step(self, model: Model, source: Evolution | None = None) -> CircuitStep:
        """The one circuit of the plan."""
        return CircuitStep(NAME, partial(self.program, model, source), (NAME,), self.index_qubits(model))

    def program(self, model: Model, source: Evolution | None = None) -> Program:
        """The program that measures s_ji = <x_j|W|x_i> for all pairs of the mask, (j, i) read from ``query`` and
        ``key``.

        Squared moduli: x_i is loaded and transformed, followed by the inverse load of x_j; P(0) is |s_ji|^2. Complex
        ones: a Hadamard test without controlled loaders. ``branch`` is in |+>; if it is 0 the one loader gets j instead
        of i (select-index), if it is 1 the token is transformed by W. The two branches' states have the overlap s_ji,
        so ``branch`` is measured as |+> with probability (1 + Re s_ji) / 2. A register ``quadrature``, an even coin,
        decides whether ``branch`` gets a quarter turn of phase first: then it is (1 + Im s_ji) / 2.
        """
        positions = model.context
        query, key = (("query",), ("key",)) if positions > 1 else ((), ())
        tables = {CONTEXT: Table(model.tokens[:positions], source)}
        given, place = model.heads[self.head].score, model.place(self.head, "score")
        sizes = {"query": model.index_qubits, "key": model.index_qubits}
        ops: list[Op] = []
        if query:
            ops.append(PrepareIndices("query", "key", self.mask, positions, origin="/attention/mask"))
        if self.part == "abs2":
            sizes["score"] = model.data_qubits
            if query:
                ops.append(SaveProbabilities((*query, *key), "weights", origin="/readout"))
            ops.append(LoadTokens("score", key, CONTEXT, origin="/tokens"))
            ops += applied("score", "score", unitary("score", given, model, tables), place)
            ops.append(LoadTokens("score", query, CONTEXT, inverse=True, origin="/tokens"))
            ops.append(Project(("score",), origin="/readout"))
            if query:
                ops += measured((*query, *key), "overlaps")
            return program(model, sizes, tables, ops, Readout("overlaps", (), ("score",), (*query, *key)))

        sizes |= {"quadrature": 1, "branch": 1, "score": model.data_qubits}
        index = ("quadrature", *query, *key)
        even = (sqrt(0.5), sqrt(0.5))
        select = SelectIndex("key", "query", "branch", origin="/readout")
        ops.append(PrepareIndex("quadrature", 2, origin="/readout"))
        ops.append(PrepareDegree(("branch",), even, origin="/readout"))
        ops += [select] if query else []
        ops.append(LoadTokens("score", key, CONTEXT, origin="/tokens"))
        ops += [select.adjoint()] if query else []
        ops += applied("score", "score", unitary("score", given, model, tables), place, ("branch",))
        # Re(-i s) = Im s: a factor of -i on the branch of W x_i.
        tables["quadrature"] = Table(np.array([1, -1j]))
        ops.append(ApplyUnitary("branch", "diagonal", "quadrature", (), ("quadrature",), origin="/readout"))
        ops.append(SaveProbabilities(index, "weights", origin="/readout"))
        ops.append(Project(("branch",), "unary", amplitudes=even, origin="/readout"))
        ops += measured(index, "overlaps")
        return program(model, sizes, tables, ops, Readout("overlaps", (), ("branch",), index))

    def work(self, model: Model) -> int:
        return 8 << self.index_qubits(model)

    def expected(self, model: Model) -> dict[str, Outcomes]:
        """The index is (j, i), for complex overlaps (quadrature, j, i) with quadrature 0 real and 1 imaginary."""
        matrix = scores(model, model.heads[self.head].score, self.mask)
        parts = ((1 + matrix.real) / 2, (1 + matrix.imag) / 2) if self.part == "complex" else (np.abs(matrix) ** 2,)
        size = 1 << model.index_qubits
        marginal, joint = np.zeros((2, len(parts), size, size))
        inside = ~np.isnan(matrix)
        for place, part in enumerate(parts):
            share = 1 / (len(parts) * np.count_nonzero(inside))
            window = np.s_[place, : model.context, : model.context]
            marginal[window] = np.where(inside, share, 0.0)
            joint[window] = np.where(inside, np.minimum(part, 1.0) * share, 0.0)
        index = Index(marginal.reshape(-1), joint.reshape(-1)) if self.index_qubits(model) else None
        return {NAME: Outcomes(1.0, 1.0, {NAME: float(joint.sum())}, index, exact=True)}

    def closed_form(self, model: Model) -> Result:
        return self.result(model, model.expected)

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        """Overlaps outside the mask are null, whatever noise or an approximation has put there."""
        found: Outcomes = seen[NAME]
        values, errors = fractions(NAME, found, conditional=True)
        possible = self._possible(model)
        names = ("re", "im") if self.part == "complex" else ("abs2",)
        size = 1 << model.index_qubits
        window = np.s_[:, : model.context, : model.context]
        # Half of one plus the overlap is what a Hadamard test measures.
        scale, shift = (2.0, 1.0) if self.part == "complex" else (1.0, 0.0)

        def by_pair(numbers: NDArray[np.float64], factor: float, less: float) -> dict[str, Any]:
            parts = factor * np.where(possible, numbers, np.nan).reshape(-1, size, size)[window] - less
            return {name: lists(part) for name, part in zip(names, parts, strict=True)}

        probability, error = success(found, certain=True)
        warnings = unresolved(NAME, found, possible, conditional=True)
        warnings += outside(found, ~possible, "pairs outside the mask", "they are left out")
        return Result(
            {"success_probability": probability},
            {} if error is None else {"success_probability": error},
            probability,
            tuple(warnings),
            {NAME: by_pair(values, scale, shift)},
            {} if errors is None else {NAME: by_pair(errors, scale, 0.0)},
        )

    def shots(self, model: Model, expected: Mapping[str, Outcomes], error: float) -> int | None:
        return None

    def reached(self, result: Result) -> float | None:
        return None

    def influence(self, name: str, value: float, seen: Mapping[str, Outcomes], weights: Mapping[str, Any]) -> Any:
        raise NotImplementedError("overlaps are not corrected for readout errors")

    def branch(self, model: Model, circuit: str, expected: Outcomes) -> float:
        return expected.given

    def deviation(self, model: Model, seen: Mapping[str, Outcomes]) -> dict[str, float | None]:
        return given_deviation(model.expected[NAME], seen[NAME])

    def rows(self, model: Model, result: Result) -> Iterator[Row]:
        """Pairs outside the mask are left out."""
        content, errors = result.values[NAME], result.value_errors.get(NAME)
        for j, i in ((j, i) for j in range(model.context) for i in range(model.context)):
            if self.mask == "causal" and i > j:
                continue
            values: dict[str, float | None] = {}
            for part in content:
                values[part] = content[part][j][i]
                if errors is not None:
                    values[f"error of {part}"] = errors[part][j][i]
            yield f"s_{j + 1},{i + 1}", values

    def row_count(self, model: Model, result: Result) -> int:
        return model.context * (model.context + 1) // 2 if self.mask == "causal" else model.context**2

    def _possible(self, model: Model) -> NDArray[np.bool_]:
        """For each value of the index, whether it stands for a pair of the mask."""
        possible = np.zeros(1 << self.index_qubits(model), dtype=bool)
        size, positions = 1 << model.index_qubits, np.arange(model.context)
        window = possible.reshape(-1, size, size)[:, : model.context, : model.context]
        window[:] = True if self.mask == "full" else positions[:, None] >= positions
        return possible


def scores(model: Model, score: Unitary, mask: Literal["causal", "full"]) -> NDArray[np.complex128]:
    """All s_ji = <x_j|W|x_i> of the context tokens, (T, T): row j, column i. NaN outside the mask."""
    context = model.tokens[:-1]
    matrix = np.asarray(context.conj() @ score.apply(context).T, dtype=np.complex128)
    if mask == "causal":
        matrix[np.triu_indices(len(context), 1)] = np.nan
    return matrix
