"""The readout of a prediction: z of one position, measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.errors import printable
from qsac.families.contract import CircuitStep, Result, Row
from qsac.families.indexed import fractions, given_deviation, lists, outside, success, unresolved
from qsac.families.kernel import kernel_values
from qsac.families.outcomes import RESOLUTION, Index, Outcomes
from qsac.families.qsa.construction import Attention
from qsac.families.qsa.parts import CONTEXT, measured, program
from qsac.files.numbers import Numbers
from qsac.ir.attention import ApplyUnitary, LoadTokens, PrepareIndex, Project
from qsac.ir.op import Op
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.numerics.product_formulas import Evolution

if TYPE_CHECKING:
    from qsac.families.qsa.model import Model

NAME = "predictions"
"""What the circuit, its readout and the result are called."""

_LABELS = {"vocabulary": "word {}", "states": "state {}"}


@dataclass(frozen=True, eq=False)
class Predict:
    """The prediction z for the token x_j at ``position`` j (from 1), measured.

    z = sum_i g(<x_j|W|x_i>) V x_i over the tokens x_1 .. x_c, c the ``context``. ``states`` (S, d) are the x_l of the
    probabilities |<x_l|z>|^2 / <z|z>; None for the computational basis. ``outcomes``: the isometry (M, d) with M >= d
    and M >= S whose first S rows are those, and whose conjugate turns z into the amplitudes of M outcomes that exclude
    each other: all probabilities are then read from every shot. None where no turn is needed (the computational basis)
    or possible (states that are not orthogonal). ``words``: what the states are called, those of the model's text.
    """

    type: ClassVar[str] = "predict"
    precise: ClassVar[str | None] = None
    standard_error: ClassVar[float] = 0.1
    corrected: ClassVar[bool] = False
    details: ClassVar[Mapping[str, str]] = {}

    position: int
    context: int
    over: Literal["basis", "vocabulary", "states", "tokens"]
    states: Numbers | None = field(repr=False)
    outcomes: Numbers | None = field(repr=False)
    words: tuple[str, ...] | None = None

    @property
    def at_once(self) -> bool:
        """Whether the states exclude each other, so that one measurement decides between them."""
        return self.states is None or self.outcomes is not None

    def index_qubits(self, model: Model) -> int:
        """The qubits of the index: of the outcome, or of the state that is compared with."""
        rows = self.outcomes if self.at_once else self.states
        return model.data_qubits if rows is None else (len(rows) - 1).bit_length()

    def step(self, model: Model, source: Evolution | None = None) -> CircuitStep:
        """The one circuit of the plan."""
        return CircuitStep(NAME, partial(self.program, model, source), (NAME,), self.index_qubits(model))

    def program(self, model: Model, source: Evolution | None = None) -> Program:
        """The program that prepares z of one position and measures it.

        The query is one token: no query register, and the inverse load is of one state. ``key`` is uniform over the
        context. States that exclude each other are read at once, after the unitary that turns them into basis states,
        or, where they are more than d, from a wider ``value`` register that loads the amplitudes of all outcomes
        (Naimark's dilation). Others are uncomputed one each for every value of a uniform register ``state``, which is
        then measured.
        """
        positions = self.context
        key = ("key",) if positions > 1 else ()
        tables = {
            CONTEXT: Table(model.tokens[:positions], source),
            "position": Table(model.tokens[self.position - 1 : self.position]),
        }
        attention = Attention(model, positions)
        sizes = {"key": (positions - 1).bit_length()}

        ops: list[Op] = []
        if key:
            ops.append(PrepareIndex("key", positions, origin="/attention/mask"))
        ops += attention.begun(tables)
        ops += attention.scores(tables, ((), "position"))
        if self.outcomes is not None and len(self.outcomes) > model.dimension:
            sizes["value"] = (len(self.outcomes) - 1).bit_length()
            dilated = partial(_dilated, self.outcomes, 1 << sizes["value"])
            ops.append(attention.loaded(tables, "outcomes", dilated, "/readout"))
        else:
            sizes["value"] = model.data_qubits
            ops += attention.values(tables)
            if self.outcomes is not None:
                tables["outcomes"] = Table(self.outcomes.conj())
                ops.append(ApplyUnitary("value", "matrix", "outcomes", origin="/readout"))
        ops += attention.ended()
        if key:
            ops.append(Project(key, "uniform", positions, origin="/attention/mask"))

        given = (*attention.registers, *key)
        if self.at_once or self.states is None:
            ops += measured(("value",))
            asked = Readout("predictions", given, (), ("value",))
        else:
            sizes["state"] = (len(self.states) - 1).bit_length()
            tables["states"] = Table(self.states)
            ops.append(PrepareIndex("state", len(self.states), origin="/readout"))
            ops.append(SaveProbabilities(("state",), "weights", origin="/readout"))
            ops.append(LoadTokens("value", ("state",), "states", inverse=True, origin="/readout"))
            ops.append(Project(("value",), origin="/readout"))
            ops += measured(("state",), "overlaps")
            asked = Readout("predictions", given, ("value",), ("state",))
        sizes |= attention.sizes
        return program(model, sizes, tables, ops, asked, subnormalisation=attention.subnormalisation)

    def work(self, model: Model) -> int:
        return max(model.context**2, 8 << self.index_qubits(model))

    def expected(self, model: Model) -> dict[str, Outcomes]:
        state, given = prediction(model, self)
        if given >= RESOLUTION:
            state = state / np.sqrt(given)
        else:
            state, given = np.zeros_like(state), 0.0
        rows = self.outcomes if self.at_once else self.states
        shares = np.abs(state if rows is None else rows.conj() @ state) ** 2
        joint = np.zeros(1 << self.index_qubits(model))
        joint[: len(shares)] = shares
        marginal = joint
        if not self.at_once:
            marginal = np.zeros_like(joint)
            marginal[: len(shares)] = (given > 0) / len(shares)
            joint = joint * marginal
        index = Index(marginal * given, joint * given) if self.index_qubits(model) else None
        whole = given if self.at_once else given * float(joint.sum())
        return {NAME: Outcomes(1.0, given, {NAME: whole}, index, exact=True)}

    def closed_form(self, model: Model) -> Result:
        return self.result(model, model.expected)

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        """The probabilities by state. The index is the outcome of the measured states, or the state that is compared
        with; a vocabulary is read together with outcomes that stand for none of its words."""
        found: Outcomes = seen[NAME]
        conditional = not self.at_once
        values, errors = fractions(NAME, found, conditional=conditional)
        count = self._count(model)
        probability, error = success(found, certain=False)
        possible = np.zeros(1 << self.index_qubits(model), dtype=bool)
        possible[:count] = True
        impossible = ~possible
        if self.outcomes is not None:
            impossible[: len(self.outcomes)] = False
        place, effect = (
            ("values that stand for no state", "they are left out")
            if conditional
            else ("values that stand for nothing", "they lower every probability")
        )
        warnings = unresolved(NAME, found, possible, conditional=conditional)
        warnings += outside(found, impossible, place, effect)
        content = {"position": self.position, "over": self.over, "probabilities": lists(values[:count])}
        content |= {} if self.words is None else {"words": list(self.words)}
        return Result(
            {"success_probability": probability},
            {} if error is None else {"success_probability": error},
            probability,
            tuple(warnings),
            {NAME: content},
            {} if errors is None else {NAME: {"probabilities": lists(errors[:count])}},
        )

    def shots(self, model: Model, expected: Mapping[str, Outcomes], error: float) -> int | None:
        return None

    def reached(self, result: Result) -> float | None:
        return None

    def influence(self, name: str, value: float, seen: Mapping[str, Outcomes], weights: Mapping[str, Any]) -> Any:
        raise NotImplementedError("a prediction is not corrected for readout errors")

    def branch(self, model: Model, circuit: str, expected: Outcomes) -> float:
        return expected.given

    def deviation(self, model: Model, seen: Mapping[str, Outcomes]) -> dict[str, float | None]:
        return given_deviation(model.expected[NAME], seen[NAME])

    def rows(self, model: Model, result: Result) -> Iterator[Row]:
        """Basis states are written as bits, and words of a text as they are; other words and states are numbered from 0
        as in the list, tokens from 1 as in the formulas."""
        columns = {"probability": result.values[NAME]["probabilities"]}
        if NAME in result.value_errors:
            columns["standard error"] = result.value_errors[NAME]["probabilities"]
        for place in range(self.row_count(model, result)):
            yield self._label(model, place), {column: values[place] for column, values in columns.items()}

    def row_count(self, model: Model, result: Result) -> int:
        return len(result.values[NAME]["probabilities"])

    def _count(self, model: Model) -> int:
        """How many states the prediction is read over."""
        return model.dimension if self.states is None else len(self.states)

    def _label(self, model: Model, place: int) -> str:
        if self.over == "basis":
            return f"|{place:0{model.data_qubits}b}>"
        if self.words is not None:
            return printable(self.words[place])
        return f"x_{place + 1}" if self.over == "tokens" else _LABELS[self.over].format(place)


def prediction(model: Model, readout: Predict) -> tuple[NDArray[np.complex128], float]:
    """The scaled z / (lambda c), (d,), of a prediction over c tokens, and its squared norm.

    The squared norm is the circuit's P(every given bit 0).
    """
    context = model.tokens[: readout.context]
    state = np.zeros(model.dimension, dtype=np.complex128)
    for head in model.heads:
        keys = context[: max(readout.context - head.key_shift, 0)]
        scores = head.score.apply(keys) @ model.tokens[readout.position - 1].conj()
        weights = kernel_values(scores, np.array(head.kernel) * head.weight / model.lam) / readout.context
        state += (weights.conj() if head.conjugate else weights) @ head.value.apply(context)[head.key_shift :]
    return state, float(np.vdot(state, state).real)


def _dilated(outcomes: Numbers, width: int, rows: Numbers) -> Numbers:
    """The amplitudes of all outcomes for each of the rows V x_i, padded with zeros to ``width``; of unit norm."""
    amplitudes = rows @ outcomes.conj().T
    padded = np.zeros((len(amplitudes), width), dtype=amplitudes.dtype)
    padded[:, : len(outcomes)] = amplitudes / np.linalg.norm(amplitudes, axis=1, keepdims=True)
    return padded
