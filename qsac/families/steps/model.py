"""The validated, materialised model of a list of steps: what its closed form and its circuits are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from qsac.families import contract
from qsac.families.steps.normal_form import Circuit, Real

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from qsac.families.contract import Plan
    from qsac.families.steps.evaluation import Trace
    from qsac.families.steps.readout import Outputs
    from qsac.families.steps.runs import Run

Score = Literal["gaussian", "overlap-squared", "overlap-real", "mixed-overlap"]
MixedForm = Literal["auto", "inversion", "bell-basis"]
MeasureKind = Literal["pauli", "probabilities", "state"]


@dataclass(frozen=True, eq=False)
class Measured:
    """A circuit with the numbers of its parameters (P,), and what is measured.

    ``observables``: Pauli strings of a letter a qubit, for ``pauli``; ``qubits``: those whose values' probabilities are
    given, the first most significant, for ``probabilities``.
    """

    circuit: Circuit
    parameters: Real
    kind: MeasureKind
    observables: tuple[str, ...] = ()
    qubits: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers it gives."""
        return len(self.observables) if self.kind == "pauli" else 1 << len(self.qubits)


@dataclass(frozen=True, eq=False)
class Linear:
    """W x + b: ``weight`` (G, F), ``bias`` (G,)."""

    weight: Real
    bias: Real

    def applied(self, inputs: Real) -> Real:
        """Of inputs (.., F)."""
        result: Real = inputs @ self.weight.T + self.bias
        return result


@dataclass(frozen=True)
class Activation:
    """``factor`` times a function of each number."""

    function: Literal["tanh", "relu", "sigmoid"]
    factor: float


@dataclass(frozen=True, eq=False)
class CircuitOf:
    """A circuit on each vector."""

    measured: Measured


@dataclass(frozen=True, eq=False)
class MeasuredAttention:
    """Attention whose scores are numbers. ``keep``: the qubits of a mixed overlap; ``form``: how its circuits are made.
    ``value``: None for the tokens themselves."""

    mask: Literal["causal", "full"]
    query: Measured
    key: Measured
    value: Measured | Linear | None
    score: Score
    scale: float
    keep: tuple[int, ...]
    normaliser: Literal["softmax", "sum", "none"]
    residual: bool
    form: MixedForm = "auto"

    def pairs(self, tokens: int) -> list[tuple[int, int]]:
        """The pairs (j, i) of a query and a key that it sees, in order."""
        return [(j, i) for j in range(tokens) for i in range(j + 1 if self.mask == "causal" else tokens)]


@dataclass(frozen=True, eq=False)
class UnitaryMixture:
    """P(M)|0> of M = sum_t ``mixing``_t U(x_t), and the circuit ``then`` on it."""

    mixing: NDArray[np.complex128]
    polynomial: Real
    token: Circuit
    then: Measured

    @property
    def subnormalisation(self) -> float:
        """sum_k |c_k| (sum_t |b_t|)^k."""
        norm = float(abs(self.mixing).sum())
        return float(sum(abs(factor) * norm**power for power, factor in enumerate(self.polynomial)))


@dataclass(frozen=True)
class Pool:
    """The mean of all tokens, or the last one."""

    over: Literal["mean", "last"]


@dataclass(frozen=True)
class Softmax:
    """exp(x_i) / sum_k exp(x_k)."""


@dataclass(frozen=True)
class Flatten:
    """A sequence as one vector."""


Step: TypeAlias = Linear | Activation | CircuitOf | MeasuredAttention | UnitaryMixture | Pool | Softmax | Flatten


@dataclass(frozen=True)
class Shape:
    """What a model takes: vectors of ``width`` numbers, or sequences of such. None where anything will do; 0 where it
    takes nothing. ``flat``: how many numbers all vectors of a sequence have together, where that is asked for."""

    width: int | None
    sequence: bool | None
    flat: int | None = None


@dataclass(frozen=True, eq=False)
class Model(contract.Model):
    """A list of steps, arrays in, arrays out (docs/steps.md).

    ``shape``: what samples have to be. ``sample``: the one that its circuits are bound to, or None. ``fields``: the
    canonical model without the sample. ``fed``: what steps are given by their places, where measured outcomes of
    earlier steps decide that, and not the closed form.
    """

    section: ClassVar[str] = "steps"

    readout: Outputs

    steps: tuple[Step, ...]
    shape: Shape
    sample: Real | None
    fields: dict[str, Any] = field(repr=False)
    fed: Mapping[int, Real] = field(default_factory=dict, repr=False)

    @cached_property
    def canonical(self) -> dict[str, Any]:
        """As JSON: every default explicit, all numbers written out."""
        return self.fields if self.sample is None else {**self.fields, "sample": self.sample.tolist()}

    @cached_property
    def trace(self) -> Trace:
        """What every step gives of the sample, by the closed form. Raises as
        :func:`~qsac.families.steps.evaluation.traced`, and where there is no sample."""
        from qsac.families.steps.evaluation import traced_sample

        return traced_sample(self)

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """All circuits of the sample, in order. Raises as :attr:`trace`."""
        from qsac.families.steps.quantum import step_runs

        given = {place: inputs[0] for place, inputs in enumerate(self.trace.inputs)} | dict(self.fed)
        return tuple(run for place in range(len(self.steps)) for run in step_runs(self, place, given[place]))

    @property
    def projects(self) -> bool:
        """Whether anything is post-selected."""
        return any(_projects(step) for step in self.steps)

    @cached_property
    def plan(self) -> Plan:
        """Its circuits, for the sample."""
        from qsac.families.steps.programs import plan

        return plan(self)

    @property
    def entries(self) -> int:
        return 0 if self.sample is None else int(self.sample.size)


def _projects(step: Step) -> bool:
    if isinstance(step, CircuitOf):
        return step.measured.circuit.projects
    if isinstance(step, MeasuredAttention):
        found = [one for one in (step.query, step.key, step.value) if isinstance(one, Measured)]
        return any(one.circuit.projects for one in found)
    return isinstance(step, UnitaryMixture)
