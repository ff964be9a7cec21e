"""From a sketch, or a whole model, to the outline of what is learned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families import schema as shared
from qsac.families.kernel import canonical_kernel, coefficients
from qsac.families.learning import Given
from qsac.families.qsa.learning import sketch as fields
from qsac.families.qsa.learning.diagnosis import EXAMPLES
from qsac.families.qsa.learning.kernels import Kernel, learned_kernel
from qsac.families.qsa.learning.outline import SIDES, EmbeddingOutline, HeadOutline, Outline
from qsac.families.qsa.learning.unitaries import Fixed, Form, Free, Layered, Orthogonal, form_of, started
from qsac.families.qsa.model import Model
from qsac.families.tokens.sequence import padded_dimension
from qsac.families.unitary import build_unitary
from qsac.files import limits
from qsac.files.pointer import counted, join

POINTER = "/attention"
_OF_ONE_HEAD = ("kernel", *SIDES)


@dataclass(frozen=True)
class _Tokens:
    """``given``: the entries of a token; ``padded``: after padding; ``used``: those that unitaries act on; ``real``:
    whether tokens are real."""

    given: int
    padded: int
    used: int
    real: bool


def outline_of_sketch(sketch: fields.OverlapSketch, given: Given) -> Outline:
    """The outline of a sketch for some data. Raises :class:`~qsac.errors.QsacError` with pointers into the sketch."""
    attention = sketch.attention
    embedding = _embedding(sketch.tokens, given)
    size = embedding.dimension if embedding is not None else given.dimension
    if size is None:
        raise TypeError("data have states or words")
    real = given.real if embedding is None else embedding.real
    limits.check_tokens(given.length, size, "/tokens/dimension" if embedding is not None else "")
    listed = _listed(attention)
    given_heads: list[Any] = list(attention.heads) if listed else [attention]
    places = [join(POINTER, "heads", number) if listed else POINTER for number in range(len(given_heads))]
    padded = padded_dimension(size)
    used = padded if any(_is_padded(head, size) for head in given_heads) else size
    tokens = _Tokens(size, padded, used, real)
    heads = tuple(
        _head(head, place, f"heads.{number}." if listed else "", tokens)
        for number, (head, place) in enumerate(zip(given_heads, places, strict=True))
    )
    _check_shifts(heads, given.length - 1)
    optimal = attention.phases == "optimal"
    return _with_something(Outline(heads, attention.mask, optimal, size, used, listed, embedding))


def _listed(attention: fields.OverlapAttentionSketch) -> bool:
    """Whether heads are listed; raises unless there is one head or a list of them."""
    present = [name for name in _OF_ONE_HEAD if name in attention.model_fields_set]
    if "heads" in attention.model_fields_set:
        if present:
            names = ", ".join(f'"{name}"' for name in present)
            raise InvalidInputError(
                "attention with heads has no kernel, value and score of its own",
                code="attention.heads-and-kernel",
                pointer=join(POINTER, present[0]),
                found=f'"heads" and {names}',
                wanted="a kernel in every head, or one kernel and no heads",
                help=f"move {names} into the items of heads",
            )
        limits.check_heads(len(attention.heads), join(POINTER, "heads"))
        return True
    if "kernel" not in present:
        raise _missing("kernel", POINTER, "attention without heads has a kernel")
    return False


def _missing(name: str, pointer: str, reason: str) -> InvalidInputError:
    return InvalidInputError(
        f'the field "{name}" is missing: {reason}',
        code="field.missing",
        pointer=pointer,
        help=f"add it, for example {EXAMPLES[name]}",
    )


def _is_padded(head: Any, size: int) -> bool:
    """Whether a unitary of a head acts on padded tokens alone."""
    sides = [getattr(head, side) for side in SIDES]
    return any(
        isinstance(one, fields.AnsatzSketch) or (isinstance(one, fields.MatrixSketch) and len(one.entries) != size)
        for one in sides
    )


def _head(given: Any, place: str, name: str, tokens: _Tokens) -> HeadOutline:
    kernel = _kernel(given.kernel, tokens.padded, join(place, "kernel"))
    value, score = (_form(getattr(given, side), join(place, side), tokens) for side in SIDES)
    if not isinstance(given, fields.OverlapHeadSketch):
        return HeadOutline(name, kernel, value, score)
    fixed = "weight" in given.model_fields_set
    return HeadOutline(
        name,
        kernel,
        value,
        score,
        given.key_shift,
        given.conjugate,
        float(given.weight) if fixed else 1.0,
        weighs=not fixed and not kernel.is_learned,
    )


def _kernel(given: Any, dimension: int, place: str) -> Kernel:
    if not isinstance(given, fields.OverlapPolynomialSketch):
        return Kernel(coefficients(given, dimension, place), (), canonical_kernel(given, dimension))
    chosen = [name for name in ("degree", "coefficients") if name in given.model_fields_set]
    if len(chosen) != 1:
        raise InvalidInputError(
            "a polynomial kernel has either a degree or coefficients",
            code="train.kernel-not-one",
            pointer=place,
            found="both" if chosen else "neither",
            wanted='"degree" for coefficients that are learned, "coefficients" for given ones',
            help='coefficients that learning starts from are given with "trained": true',
        )
    if chosen == ["degree"]:
        limits.check_degree(given.degree, f"{place}/degree")
        return learned_kernel(given.degree, math.sqrt(dimension))
    fixed = shared.PolynomialKernel(type="polynomial", coefficients=given.coefficients)
    found = coefficients(fixed, dimension, place)
    places = tuple(power for power, one in enumerate(found) if one) if given.trained else ()
    return Kernel(found, places, canonical_kernel(fixed, dimension))


def _form(given: Any, place: str, tokens: _Tokens) -> Form:
    if given is None:
        return Orthogonal(tokens.used) if tokens.real else Free(tokens.used)
    if isinstance(given, fields.FreeUnitarySketch):
        return Free(tokens.used)
    if isinstance(given, fields.OrthogonalUnitarySketch):
        return Orthogonal(tokens.used)
    if isinstance(given, fields.AnsatzSketch):
        return _layered(given, place, tokens)
    if isinstance(given, fields.MatrixSketch):
        matrix = shared.MatrixUnitary(type="matrix", entries=given.entries)
        unitary, canonical = build_unitary(matrix, place, tokens.given, tokens.padded)
        entries = unitary.matrix(tokens.padded)[: tokens.used, : tokens.used]
        return started(entries, real=tokens.real) if given.trained else Fixed(tokens.used, entries, canonical)
    return Fixed(tokens.used, None, {"type": "identity"})


def _layered(given: fields.AnsatzSketch, place: str, tokens: _Tokens) -> Form:
    qubits = tokens.padded.bit_length() - 1
    drawn = "parameters" not in given.model_fields_set
    if drawn and given.trained:
        # the angles of a fixed ansatz with as many layers are checked as those of a model file
        angles: Any = shared.NormalParameters(init="normal")
    elif drawn:
        raise _missing("parameters", place, "the angles of an ansatz that is not trained are given")
    else:
        angles = given.parameters
    ansatz = shared.HardwareEfficientUnitary.model_construct(
        type="hardware-efficient",
        rotations=given.rotations,
        layers=given.layers,
        parameters=angles.model_dump() if isinstance(angles, shared.NormalParameters) else angles,
    )
    unitary, canonical = build_unitary(ansatz, place, tokens.given, tokens.padded)
    if not given.trained:
        return Fixed(tokens.used, unitary.matrix(tokens.padded), canonical)
    start = None if drawn else np.array(canonical["parameters"], dtype=np.float64)
    return Layered(tuple(given.rotations), given.layers, qubits, start)


def _embedding(given: fields.EmbeddingSketch | None, data: Given) -> EmbeddingOutline | None:
    if data.labels is None:
        if given is not None:
            raise InvalidInputError(
                "the data are states, which have no embedding",
                code="train.tokens-for-states",
                pointer="/tokens",
                wanted="no tokens in the sketch, or data that are words",
            )
        return None
    if given is None:
        raise _missing("tokens", "", "words are learned with their embedding")
    words = len(data.labels)
    if words < given.dimension:
        raise InvalidInputError(
            "there are fewer words than the embedding has dimensions",
            code="train.too-few-words",
            pointer="/tokens/dimension",
            found=f"{counted(words, 'word')}, {given.dimension:,} dimensions",
            wanted=f"at most {counted(words, 'dimension')}: the columns of an isometry are orthogonal",
        )
    limits.check_matrices(words * given.dimension, "/tokens/dimension")
    return EmbeddingOutline(data.labels, given.dimension, given.real)


def _check_shifts(heads: tuple[HeadOutline, ...], context: int) -> None:
    if any(head.key_shift < context for head in heads):
        return
    raise InvalidInputError(
        "no head attends to anything: a head of key shift r adds the tokens after the r-th one",
        code="head.shift-too-large",
        pointer=join(POINTER, "heads", 0, "key_shift"),
        found=f"a key shift of {heads[0].key_shift:,} and a context of {counted(context, 'token')}",
        wanted=f"at least one head with a key shift of at most {context - 1:,}",
    )


def _with_something(outline: Outline) -> Outline:
    """The outline, if anything of it is learned."""
    if outline.shapes:
        return outline
    raise InvalidInputError(
        "nothing of the model is learned",
        code="train.nothing-to-learn",
        pointer=POINTER,
        wanted="a value, a score, a kernel or a weight that is not fixed",
        help='leave "value" and "score" out: they are drawn then, and learned',
    )


def outline_of_model(model: Model) -> Outline:
    """The outline in which all is learned that a model has numbers of, from these on: matrices, angles, the
    coefficients of polynomial kernels that are not 0, weights beside other kernels, and the embedding. Kernels by a
    walk stay: their phases belong to their coefficients."""
    embedding = _embedding_of(model)
    given = int(model.given_tokens.shape[1])
    real = not np.iscomplexobj(model.tokens) if embedding is None else embedding.real
    listed = "heads" in model.fields["attention"]
    used = model.dimension if any(_needs_padding(model, name, given) for name in model.unitaries) else given
    written = model.fields["attention"]["heads"] if listed else [model.fields["attention"]]
    heads = []
    for number, (head, written_head) in enumerate(zip(model.heads, written, strict=True)):
        polynomial = written_head["kernel"]["type"] == "polynomial" and not head.walked
        places = tuple(power for power, one in enumerate(head.kernel) if one) if polynomial else ()
        heads.append(
            HeadOutline(
                f"heads.{number}." if listed else "",
                Kernel(head.kernel, places, written_head["kernel"]),
                form_of(head.value, used, real=real),
                form_of(head.score, used, real=real),
                head.key_shift,
                head.conjugate,
                head.weight,
                weighs=len(model.heads) > 1 and not polynomial,
            )
        )
    phases = isinstance(model.given_phases, str)
    return _with_something(Outline(tuple(heads), model.mask, phases, given, used, listed, embedding))


def _needs_padding(model: Model, name: str, given: int) -> bool:
    unitary = model.unitaries[name]
    return unitary.fields["type"] == "hardware-efficient" or unitary.rows not in (None, given)


def _embedding_of(model: Model) -> EmbeddingOutline | None:
    text = model.text
    if text is None:
        return None
    matrix = text.states.conj()
    return EmbeddingOutline(text.words, int(matrix.shape[1]), not np.iscomplexobj(matrix), matrix)
