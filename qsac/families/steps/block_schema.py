"""The fields of the blocks that circuits are made of. The shipped JSON Schema is generated from these."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, SkipValidation, TypeAdapter

from qsac.families.schema import Axis, Bounded, Count, NormalParameters
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
    """The normalised state sum_q x_q |0..1_q..0>. It is the first block on its qubits. ``prefer``: where what follows
    keeps it unary and can be read of fewer qubits, by default the circuit has log2 q of them; ``unary`` keeps all, in
    which errors show by the number of ones."""

    type: Literal["unary"]
    prefer: Literal["qubits", "unary"] = "qubits"


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


class GatesBlock(InputBlockFields):
    """Gates one by one: [name, qubits] or [name, qubits, number], the qubits by their places in the block's. In place
    of a number, the angle may be {"parameter": k} or {"input": k} times a ``factor`` plus an ``offset``, k the place
    among the block's ``parameters``, or among the inputs that it takes.

    h x y z s sdg t · cx cy cz swap · rx ry rz · crx cry crz · xx yy zz (exp(-i t PP / 2)) · rbs · ``unitary`` with a
    matrix of [re, im] pairs · ``project`` with the outcome 0 or 1, which post-selects.
    """

    type: Literal["gates"]
    gates: SkipValidation[Annotated[list[list[Any]], Field(min_length=1)]]
    parameters: Array = Field(
        default=None,  # type: ignore[assignment]  # absent: no angle names one
        json_schema_extra=without_default,
    )


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

Blocks = SkipValidation[Annotated[list[Block], Field(min_length=1)]]
BLOCK: TypeAdapter[Any] = TypeAdapter(Block)
BLOCK_FIELDS: tuple[type[Fields], ...] = get_args(get_args(Block)[0])
