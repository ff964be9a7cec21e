"""The model file's fields as they are with the section ``steps``. The shipped JSON Schema is generated from these.

Blocks, and circuits inside attention, are declared here and validated one by one by :mod:`qsac.families.steps.reading`:
each has the same fields wherever it stands.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SkipValidation, TypeAdapter

from qsac.families.schema import Bounded, Count, Name
from qsac.families.steps.block_schema import Array, Blocks, Nested, Places
from qsac.files.fields import ONE_COMPLAINT, Fields, without_default


class PauliMeasure(Fields):
    """Expectation values: of ``observables``, one letter I, X, Y or Z a qubit, the first one most significant; or of
    ``each`` letter on each of ``qubits`` (all by default), letter by letter."""

    type: Literal["pauli"]
    observables: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1), ONE_COMPLAINT] = Field(
        default=None,  # type: ignore[arg-type]  # absent: each
        json_schema_extra=without_default,
    )
    each: Annotated[str, Field(min_length=1, max_length=3)] = Field(
        default=None,  # type: ignore[assignment]  # absent: observables
        json_schema_extra=without_default,
    )
    qubits: Places = Field(
        default=None,  # type: ignore[arg-type]  # absent: all
        json_schema_extra=without_default,
    )


class ProbabilitiesMeasure(Fields):
    """The 2^k probabilities of the values of ``qubits`` (all by default), the first one most significant."""

    type: Literal["probabilities"]
    qubits: Places = Field(
        default=None,  # type: ignore[arg-type]  # absent: all
        json_schema_extra=without_default,
    )


class StateMeasure(Fields):
    """The state itself, for scores that compare states: inside attention only."""

    type: Literal["state"]


Measure = Annotated[PauliMeasure | ProbabilitiesMeasure | StateMeasure, Field(discriminator="type")]


class MeasuredCircuit(Fields):
    """A circuit and what is measured of it."""

    qubits: Count
    blocks: Blocks
    measure: Measure


class TokenCircuit(Fields):
    """A circuit of one token, without measurement."""

    qubits: Count
    blocks: Blocks


class CircuitFields(MeasuredCircuit):
    """A circuit on each vector: blocks in order from |0..0>, and a measurement."""

    type: Literal["circuit"]


class LinearFields(Fields):
    """``weight`` x + ``bias``: (G, F) and (G,), which is 0 if it is left out."""

    type: Literal["linear"]
    weight: Array
    bias: Array = Field(
        default=None,  # type: ignore[assignment]  # absent: 0
        description="0 if it is left out.",
        json_schema_extra=without_default,
    )


class ActivationFields(Fields):
    """``factor`` times a function of each number."""

    type: Literal["activation"]
    function: Literal["tanh", "relu", "sigmoid"]
    factor: Bounded = 1.0


class IdentityValue(Fields):
    """The tokens themselves."""

    type: Literal["identity"]


class GaussianScore(Fields):
    """-scale (<O>_query - <O>_key)^2, of one observable each."""

    type: Literal["gaussian"]
    scale: Bounded = 1.0


class SquaredScore(Fields):
    """scale |<key|query>|^2."""

    type: Literal["overlap-squared"]
    scale: Bounded = 1.0


class RealScore(Fields):
    """scale Re <key|query>."""

    type: Literal["overlap-real"]
    scale: Bounded = 1.0


class MixedScore(Fields):
    """scale tr(rho_query sigma_key) of the states that are left on the qubits ``keep``. ``form``: which circuits; by
    default those of less work."""

    type: Literal["mixed-overlap"]
    scale: Bounded = 1.0
    keep: Places
    form: Literal["auto", "inversion", "bell-basis"] = "auto"


Score = Annotated[GaussianScore | SquaredScore | RealScore | MixedScore, Field(discriminator="type")]


class MeasuredAttention(Fields):
    """output_j = sum_i w_ji v_i (+ x_j with ``residual``): scores are numbers, and mixed classically.

    ``query``, ``key`` (the query by default): circuits of one token. ``value``: a circuit, a ``linear`` map or the
    ``identity``.
    """

    type: Literal["measured"]
    mask: Literal["causal", "full"] = "causal"
    query: MeasuredCircuit
    key: MeasuredCircuit = Field(
        default=None,  # type: ignore[assignment]  # absent: the query
        json_schema_extra=without_default,
    )
    value: SkipValidation[MeasuredCircuit | LinearFields | IdentityValue]
    score: Score
    normaliser: Literal["softmax", "sum", "none"] = "softmax"
    residual: bool = False


class UnitaryMixture(Fields):
    """P(M)|0> / norm of M = sum_t mixing_t U(x_t), P = sum_k polynomial_k M^k (arXiv 2406.04305).

    ``mixing``: one number or [re, im] pair for each token. ``token``: one ansatz that the token is the input of.
    """

    type: Literal["unitary-mixture"]
    mixing: SkipValidation[Annotated[list[Any], Field(min_length=1)]]
    polynomial: Annotated[list[Bounded], Field(min_length=1), ONE_COMPLAINT]
    token: TokenCircuit


Attention = Annotated[MeasuredAttention | UnitaryMixture, Field(discriminator="type")]


class AttentionFields(Fields):
    """Attention over the tokens of a sequence. ``then``: the circuit, without inputs, on the state of a
    ``unitary-mixture``."""

    type: Literal["attention"]
    attention: Attention
    then: MeasuredCircuit = Field(
        default=None,  # type: ignore[assignment]  # absent: measured attention has none
        json_schema_extra=without_default,
    )


class PoolFields(Fields):
    """The mean of all tokens, or the last one."""

    type: Literal["pool"]
    over: Literal["mean", "last"]


class SoftmaxFields(Fields):
    """exp(x_i) / sum_k exp(x_k)."""

    type: Literal["softmax"]


class FlattenFields(Fields):
    """A sequence (T, F) as one vector (T F,)."""

    type: Literal["flatten"]


Step = Annotated[
    LinearFields | ActivationFields | CircuitFields | AttentionFields | PoolFields | SoftmaxFields | FlattenFields,
    Field(discriminator="type"),
]


class ModelFile(Fields):
    """A qsac model: a list of steps, arrays in, arrays out.

    ``sample``: the one input, a vector or a sequence of vectors, that the model is compiled for.
    """

    qsac: Literal[1]
    name: Name = "model"
    steps: Annotated[list[Step], Field(min_length=1), ONE_COMPLAINT]
    sample: SkipValidation[Nested] = Field(
        default=None,  # type: ignore[arg-type]  # absent: inputs are given when it is run
        json_schema_extra=without_default,
    )


CIRCUIT = TypeAdapter(MeasuredCircuit)
VALUE_MAP: TypeAdapter[Any] = TypeAdapter(Annotated[LinearFields | IdentityValue, Field(discriminator="type")])
