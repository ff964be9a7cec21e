"""The model file's fields as they are with the section ``steps``. The shipped JSON Schema is generated from these.

Blocks, and circuits inside attention, are declared here and validated one by one by :mod:`qsac.families.steps.reading`:
each has the same fields wherever it stands.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, SkipValidation, TypeAdapter

from qsac.families.schema import Axis, Bounded, Count, Name, NormalParameters
from qsac.files.fields import ONE_COMPLAINT, Fields, without_default

Place = Annotated[int, Field(ge=0, le=2**31)]
Places = Annotated[list[Place], Field(min_length=1), ONE_COMPLAINT]
Times = Annotated[int, Field(ge=1, le=10_000)]
Nested = list[Any]


class NumbersFile(Fields):
    """Numbers in a .safetensors, .npz, .npy or .csv file, named relative to the model file and inside its folder.

    ``array`` names one of several arrays in a .npz or .safetensors file.
    """

    path: Annotated[str, Field(min_length=1)]
    array: Annotated[str, Field(min_length=1)] = Field(
        default=None,  # type: ignore[assignment]  # the only one
        json_schema_extra=without_default,
    )


Array = SkipValidation[Nested | NormalParameters | NumbersFile]
"""Numbers of the shape that the place asks for: nested lists, a rule to draw them, or a file."""


class BlockFields(Fields):
    """What most blocks have: ``qubits`` are those it acts on, in this order; all of the circuit's by default."""

    qubits: Places = Field(
        default=None,  # type: ignore[arg-type]  # absent: all
        json_schema_extra=without_default,
    )


class InputBlockFields(BlockFields):
    """An input block takes the next numbers of the circuit's input, from ``start`` if that is given."""

    start: Place = Field(
        default=None,  # type: ignore[assignment]  # absent: after the last one that was taken
        json_schema_extra=without_default,
    )


class AngleBlock(InputBlockFields):
    """On each qubit the rotations in the order given, by ``factor`` times an input: index [qubit][rotation]."""

    type: Literal["angle"]
    rotations: Annotated[list[Axis], Field(min_length=1), ONE_COMPLAINT] = Field(["ry"])
    factor: Bounded = 1.0


class BitsBlock(InputBlockFields):
    """X on each qubit whose input is above 0.5."""

    type: Literal["bits"]


class AmplitudeBlock(InputBlockFields):
    """The state whose amplitudes are ``length`` inputs (2^q by default), zero-padded and normalised. It is the first
    block on its qubits."""

    type: Literal["amplitude"]
    length: Count = Field(
        default=None,  # type: ignore[assignment]  # absent: 2^q
        json_schema_extra=without_default,
    )


class UnaryBlock(InputBlockFields):
    """The normalised state sum_q x_q |0..1_q..0>. It is the first block on its qubits."""

    type: Literal["unary"]


class InputAnsatz14Block(InputBlockFields):
    """``ansatz-14`` whose layers * 4 * q angles are inputs, in C order: a token as a unitary."""

    type: Literal["input-ansatz-14"]
    layers: Count = 1


class HardwareEfficientBlock(BlockFields):
    """Layers of rotations on each qubit and a ring of CX. ``parameters``: (layers, q, rotations)."""

    type: Literal["hardware-efficient"]
    layers: Count = 1
    rotations: Annotated[list[Axis], Field(min_length=1), ONE_COMPLAINT] = Field(["rx", "ry", "rz"])
    parameters: Array


class TwoLocalBlock(BlockFields):
    """A row of RY, then ``layers`` times a ring of CZ and a row of RY. ``parameters``: (layers + 1, q)."""

    type: Literal["two-local"]
    layers: Count = 1
    parameters: Array


class BrickworkBlock(BlockFields):
    """Layers of a row of RX, a row of RY, CZ(0,1) CZ(2,3).. and CZ(1,2) CZ(3,4)... ``parameters``: (layers, 2, q)."""

    type: Literal["brickwork"]
    layers: Count = 1
    parameters: Array


class Ansatz14Block(BlockFields):
    """Layers of RY, a ring of CRX, RY, a ring of CRX (arXiv 1905.10876, circuit 14). ``parameters``: (layers, 4, q);
    the angles of a ring are taken in time order."""

    type: Literal["ansatz-14"]
    layers: Count = 1
    parameters: Array


class IqpBlock(BlockFields):
    """Layers of a row of H and CRZ(i, i+1), then a row of H. ``parameters``: (layers, q-1); on one qubit RX RZ RX by
    (3,)."""

    type: Literal["iqp"]
    layers: Count = 1
    parameters: Array


class QcnnBlock(BlockFields):
    """Convolution and pooling in floor(log2 q) layers (arXiv 1810.03787). ``parameters``: (floor(log2 q), 2, 15)."""

    type: Literal["qcnn"]
    parameters: Array


class RbsBlock(BlockFields):
    """A pyramid of RBS gates: on unary states an orthogonal matrix. ``parameters``: (q (q-1) / 2,)."""

    type: Literal["rbs"]
    parameters: Array


class NeuronBlock(Fields):
    """A quantum neuron (arXiv 2006.14619) from ``sources`` onto ``target``: theta = bias + phi_0 + the sum over subsets
    of at most ``degree`` sources of phi times their product, by size and then lexicographic. ``parameters``:
    (1 + subsets,). ``amplified``: without the post-selection of the published circuit."""

    type: Literal["neuron"]
    sources: Places
    target: Place
    degree: Count = 2
    order: Annotated[int, Field(ge=0, le=8)] = 2
    bias: Bounded = 1.5707963267948966
    amplified: bool = True
    parameters: Array


class QftBlock(BlockFields):
    """F[x, y] = exp(2 pi i x y / 2^q) / sqrt(2^q), or its adjoint."""

    type: Literal["qft"]
    adjoint: bool = False


class GatesBlock(BlockFields):
    """Gates one by one: [name, qubits] or [name, qubits, number], the qubits by their places in the block's.

    h x y z s sdg t · cx cy cz swap · rx ry rz · crx cry crz · xx yy zz (exp(-i t PP / 2)) · rbs · ``unitary`` with a
    matrix of [re, im] pairs · ``project`` with the outcome 0 or 1, which post-selects.
    """

    type: Literal["gates"]
    gates: SkipValidation[Annotated[list[list[Any]], Field(min_length=1)]]


class RepeatBlock(Fields):
    """The blocks again, ``times`` in all: with the same parameters, while inputs are taken on."""

    type: Literal["repeat"]
    times: Times
    blocks: SkipValidation[Annotated[list[Block], Field(min_length=1)]]


Block = Annotated[
    AngleBlock
    | BitsBlock
    | AmplitudeBlock
    | UnaryBlock
    | InputAnsatz14Block
    | HardwareEfficientBlock
    | TwoLocalBlock
    | BrickworkBlock
    | Ansatz14Block
    | IqpBlock
    | QcnnBlock
    | RbsBlock
    | NeuronBlock
    | QftBlock
    | GatesBlock
    | RepeatBlock,
    Field(discriminator="type"),
]


RepeatBlock.model_rebuild()


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
Blocks = SkipValidation[Annotated[list[Block], Field(min_length=1)]]


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
    """scale tr(rho_query sigma_key) of the states that are left on the qubits ``keep``."""

    type: Literal["mixed-overlap"]
    scale: Bounded = 1.0
    keep: Places


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


BLOCK: TypeAdapter[Any] = TypeAdapter(Block)
BLOCK_FIELDS: tuple[type[Fields], ...] = get_args(get_args(Block)[0])
CIRCUIT = TypeAdapter(MeasuredCircuit)
VALUE_MAP: TypeAdapter[Any] = TypeAdapter(Annotated[LinearFields | IdentityValue, Field(discriminator="type")])
