"""Fields of the model file that several families have, contract version 1.

Long lists of numbers (``SkipValidation``) are declared here for the JSON Schema, but checked by
:mod:`qsac.files.numbers`, which is faster and knows the shapes that the other fields ask for.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SkipValidation, TypeAdapter

from qsac.files.fields import ONE_COMPLAINT, Fields, without_default
from qsac.files.limits import MAGNITUDE, NAME_CHARACTERS

Real = Annotated[float, Field(allow_inf_nan=False)]
Bounded = Annotated[float, Field(allow_inf_nan=False, ge=-MAGNITUDE, le=MAGNITUDE)]
Count = Annotated[int, Field(ge=1, le=2**53)]
Seed = Annotated[int, Field(ge=0, le=2**63 - 1)]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
Row = Annotated[list[float], Field(min_length=2)] | Annotated[list[Pair], Field(min_length=2)]
Axis = Literal["rx", "ry", "rz"]


class InlineTokens(Fields):
    """The tokens themselves: T+1 rows of d >= 2 numbers, or of d [re, im] pairs."""

    type: Literal["inline"]
    values: SkipValidation[Annotated[list[Row], Field(min_length=2)]]


ArrayName = Annotated[str, Field(min_length=1)]


class FileTokens(Fields):
    """Tokens in a .npy, .npz, .csv or .safetensors file, named relative to the model file and inside its folder.

    ``array`` names one of several arrays in a .npz or .safetensors file.
    """

    type: Literal["file"]
    path: Annotated[str, Field(min_length=1)]
    array: ArrayName = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # the only one


class TfimTokens(Fields):
    """States of a transverse-field Ising chain H = -J sum ZZ - h sum X at the times 0, dt, .., T dt (hbar = 1)."""

    type: Literal["tfim"]
    sites: Count
    context: Count
    dt: Bounded
    coupling: Bounded
    field: Bounded
    boundary: Literal["open", "periodic"] = "open"
    initial: Literal["zero", "plus", "haar"]
    seed: Seed = 0


class PauliTerm(Fields):
    """A Pauli string, one letter I, X, Y or Z a qubit, the first one most significant, and its coefficient."""

    paulis: Annotated[str, Field(min_length=1)]
    coefficient: Bounded


class HamiltonianTokens(Fields):
    """States of qubits under a Hamiltonian at the times 0, dt, .., T dt (hbar = 1), from a product state on.

    ``initial``: a letter 0, 1, +, -, r or l a qubit, or a pair [theta, phi] a qubit, in radians, for
    cos(theta/2) |0> + e^(i phi) sin(theta/2) |1>.
    """

    type: Literal["hamiltonian"]
    terms: Annotated[list[PauliTerm], Field(min_length=1), ONE_COMPLAINT]
    initial: SkipValidation[Annotated[str, Field(min_length=1)] | Annotated[list[Pair], Field(min_length=1)]]
    context: Count
    dt: Bounded


class WordsFile(Fields):
    """The words of a tokenizer.json of Hugging Face's tokenizers, named relative to the model file and inside its
    folder. It splits the text too."""

    path: Annotated[str, Field(min_length=1)]


class EmbeddingFile(Fields):
    """An embedding in a .npy, .npz, .csv or .safetensors file, named relative to the model file and inside its folder.

    ``array`` names one of several arrays in a .npz or .safetensors file.
    """

    path: Annotated[str, Field(min_length=1)]
    array: ArrayName = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # the only one


Label = Annotated[str, Field(min_length=1)]


class TextTokens(Fields):
    """Words of a text through an embedding E, (M, d), whose columns are orthonormal to 1e-8: word l's token is row l of
    E conjugated.

    ``words``: M different ones, or those of a tokenizer. ``text`` is a text or a list of words, ``path`` the UTF-8 file
    of a text: one of both. Where every word of the list is one character, every character of a text is a word;
    otherwise words stand between white space.
    """

    type: Literal["text"]
    words: SkipValidation[Annotated[list[Label], Field(min_length=2)] | WordsFile]
    embedding: SkipValidation[Annotated[list[Row], Field(min_length=2)] | EmbeddingFile]
    text: SkipValidation[str | list[Label]] = Field(
        default=None,  # type: ignore[assignment]  # absent: that of the file
        json_schema_extra=without_default,
    )
    path: Annotated[str, Field(min_length=1)] = Field(
        default=None,  # type: ignore[assignment]  # absent: the text is given
        json_schema_extra=without_default,
    )


Tokens = Annotated[InlineTokens | FileTokens | TfimTokens | HamiltonianTokens | TextTokens, Field(discriminator="type")]


WRITTEN_OUT = ("inline", "words", "text")
"""The kinds of tokens that are in the model file themselves: nothing is read or computed for them."""


class IdentityUnitary(Fields):
    """The identity."""

    type: Literal["identity"]


class NormalParameters(Fields):
    """Angles drawn by ``numpy.random.default_rng(seed).normal(0, scale, shape)``, in radians."""

    init: Literal["normal"]
    scale: Annotated[float, Field(allow_inf_nan=False, ge=0, le=MAGNITUDE)] = 1.0
    seed: Seed = 0


class HardwareEfficientUnitary(Fields):
    """Layers of rotations and a ring of CX. ``parameters``: angles in radians of shape (layers, n, rotations)."""

    type: Literal["hardware-efficient"]
    rotations: Annotated[list[Literal["rx", "ry", "rz"]], Field(min_length=1), ONE_COMPLAINT] = Field(
        ["rx", "ry", "rz"]
    )
    layers: Count
    parameters: SkipValidation[list[list[list[float]]] | NormalParameters]


class MatrixUnitary(Fields):
    """A unitary matrix as rows of [re, im] pairs, of the tokens' given or padded dimension, unitary to 1e-8."""

    type: Literal["matrix"]
    entries: SkipValidation[list[list[Pair]]]


Unitary = Annotated[IdentityUnitary | HardwareEfficientUnitary | MatrixUnitary, Field(discriminator="type")]


Degree = Annotated[int, Field(ge=0, le=2**53)]


class MonomialKernel(Fields):
    """g(s) = s^degree."""

    type: Literal["monomial"]
    degree: Degree


class PolynomialKernel(Fields):
    """g(s) = sum_p coefficients[p] s^p, not all coefficients zero.

    ``by``: score ``copies``, one for each degree, or a walk on one score register (``qsvt``), for real scores.
    """

    type: Literal["polynomial"]
    coefficients: Annotated[list[Real], Field(min_length=1), ONE_COMPLAINT]
    by: Literal["copies", "qsvt"] = "copies"


class SoftmaxTaylorKernel(Fields):
    """g(s) = sum_{p <= degree} (temperature s)^p / p!; temperature defaults to the square root of the dimension.

    That is d as padded for states that overlap, and e for heads whose queries have e entries.
    """

    type: Literal["softmax-taylor"]
    degree: Degree
    temperature: Annotated[float, Field(allow_inf_nan=False, gt=0)] = Field(
        default=None,  # type: ignore[assignment]  # known only once the tokens are
        json_schema_extra=without_default,
    )


Kernel = Annotated[MonomialKernel | PolynomialKernel | SoftmaxTaylorKernel, Field(discriminator="type")]


Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARACTERS)]
"""What a model is called."""

NORMAL_PARAMETERS = TypeAdapter(NormalParameters)
