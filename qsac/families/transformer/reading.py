"""From valid fields to a model of a transformer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.matrices import Matrices
from qsac.families.schema import FileTokens
from qsac.families.tokens.file import file_tokens
from qsac.families.tokens.inline import inline_rows
from qsac.families.tokens.sequence import normalised
from qsac.families.transformer import schema
from qsac.families.transformer.layers import layer
from qsac.families.transformer.model import Layer, Model
from qsac.families.transformer.readouts.reading import build_readout
from qsac.families.walked_kernel import checked_walk, without_walk
from qsac.files import limits
from qsac.files.numbers import Numbers, as_lists, exactly_real
from qsac.files.pointer import counted, join, kind, quoted


def read(given: schema.ModelFile, fields: Mapping[str, Any], folder: Path) -> Model:
    """The model of a file; see :meth:`qsac.families.contract.Family.read`."""
    limits.check_layer_heads(sum(len(one.attention.heads) for one in given.transformer.layers), "/transformer/layers")
    matrices = Matrices(folder)
    rows, sequence, labels = _tokens(given.tokens, folder)
    words = rows if sequence is None else rows[sequence]
    inputs, position = _placed(words, given.transformer.position, matrices)
    if given.transformer.normalise:
        _check_lengths(inputs, given.tokens)
        inputs = normalised(inputs, inputs.shape[1])
    rotary = position["base"] if position["type"] == "rotary" else None
    layers = [
        layer(found, join("/transformer/layers", place), inputs.shape, matrices, rotary)
        for place, found in enumerate(given.transformer.layers)
    ]
    readout, canonical_readout = build_readout(given.readout, inputs.shape, sequence, matrices)
    _check_walks([found for found, _ in layers], inputs)
    return Model(
        name=given.name,
        readout=readout,
        inputs=exactly_real(inputs),
        rotary=rotary,
        layers=tuple(found for found, _ in layers),
        sequence=sequence,
        labels=labels,
        given_tokens=rows,
        fields={
            "qsac": given.qsac,
            "name": given.name,
            "transformer": {
                "position": position,
                "normalise": given.transformer.normalise,
                "layers": [canonical for _, canonical in layers],
            },
            "readout": canonical_readout,
        },
    )


def _check_walks(layers: Sequence[Layer], inputs: Numbers) -> None:
    """Whether kernels by a walk have states that a walk can load and undo: rows in tables."""
    for place, found in enumerate(layers):
        pointer = f"/transformer/layers/{place}/attention/kernel"
        if not found.walked:
            continue
        if len(layers) > 1:
            raise without_walk(pointer)
        matrices = [matrix for head in found.heads for matrix in (head.query, head.key)]
        checked_walk(found.kernel, pointer, real=not any(map(np.iscomplexobj, (inputs, *matrices))))


def canonical_tokens(model: Model) -> dict[str, Any]:
    """The tokens' field of a model, with no file left in it."""
    if model.sequence is None:
        return {"type": "inline", "values": as_lists(model.given_tokens)}
    found = {"type": "words", "embedding": as_lists(model.given_tokens), "sequence": model.sequence.tolist()}
    return found if model.labels is None else found | {"labels": list(model.labels)}


def _tokens(
    given: schema.Tokens, folder: Path
) -> tuple[Numbers, np.ndarray[Any, np.dtype[np.int64]] | None, tuple[str, ...] | None]:
    """The rows of the file: of the embedding for words, with their sequence and labels, else of the tokens."""
    if isinstance(given, FileTokens):
        return exactly_real(file_tokens(given.path, folder, "/tokens/path", given.array, (1, 2))), None, None
    if isinstance(given, schema.InlineRows):
        return exactly_real(_inline(given.values, "/tokens/values", "token")), None, None
    pointer = "/tokens/embedding"
    if isinstance(given.embedding, dict):
        rows = Matrices(folder).read(given.embedding, pointer, None, None, "one row for each word", least=2)
    else:
        rows = exactly_real(_inline(given.embedding, pointer, "word"))
    limits.check_tokens(len(given.sequence), rows.shape[1], "/tokens/sequence")
    sequence = np.array(given.sequence, dtype=np.int64)
    unknown = np.flatnonzero(sequence >= len(rows))
    if unknown.size:
        raise unknown_word(int(sequence[unknown[0]]), len(rows), join("/tokens/sequence", int(unknown[0])))
    sequence.flags.writeable = False
    labels = given.labels if "labels" in given.model_fields_set else None
    if labels is not None:
        _check_labels(labels, len(rows))
    return rows, sequence, None if labels is None else tuple(labels)


def _inline(values: object, pointer: str, noun: str) -> Numbers:
    if not isinstance(values, list) or not values:
        raise InvalidInputError(
            f"the {noun}s are not a list of rows",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(values),
            wanted=f"a list of at least one row, one for each {noun}",
        )
    return inline_rows(values, pointer, noun)


def unknown_word(word: int, words: int, pointer: str) -> InvalidInputError:
    """The diagnostic for a word that there is not."""
    return InvalidInputError(
        "there is no such word",
        code="words.unknown-word",
        pointer=pointer,
        found=f"the word {word:,}",
        wanted=f"0 to {words - 1:,}: there {'is' if words == 1 else 'are'} {counted(words, 'word')}",
        help="words are numbered from 0",
    )


def _check_labels(labels: list[str], words: int) -> None:
    if len(labels) != words:
        raise InvalidInputError(
            "there is not one label for each word",
            code="field.wrong-length",
            pointer="/tokens/labels",
            found=counted(len(labels), "label"),
            wanted=f"{counted(words, 'label')}: one for each row of the embedding",
        )
    first: dict[str, int] = {}
    for place, label in enumerate(labels):
        if first.setdefault(label, place) != place:
            raise InvalidInputError(
                "two words have the same label",
                code="words.repeated-label",
                pointer=join("/tokens/labels", place),
                found=f"{quoted(label)}, which is word {first[label]:,} too",
                wanted="labels that differ, as prompts and predictions name words by them",
            )


def _placed(words: Numbers, given: schema.Position, matrices: Matrices) -> tuple[Numbers, dict[str, Any]]:
    """The tokens with positions added, and the canonical field. Rotary positions turn queries and keys later."""
    tokens, dimension = words.shape
    if isinstance(given, schema.NoPosition):
        return words, {"type": "none"}
    if isinstance(given, schema.RotaryPosition):
        return words, {"type": "rotary", "base": float(given.base)}
    if isinstance(given, schema.SinusoidalPosition):
        added = given.scale * sinusoids(tokens, dimension, given.base)
        return words + added, {"type": "sinusoidal", "scale": float(given.scale), "base": float(given.base)}
    pointer = "/transformer/position/values"
    values = matrices.read(given.values, pointer, None, dimension, f"the tokens have {dimension:,} entries")
    if len(values) < tokens:
        raise InvalidInputError(
            "there are fewer positions than tokens",
            code="matrix.wrong-shape",
            pointer=pointer,
            found=counted(len(values), "row"),
            wanted=f"at least {counted(tokens, 'row')}: one for each token, of which the first are taken",
        )
    return words + values[:tokens], {"type": "add", "values": as_lists(values)}


def sinusoids(tokens: int, dimension: int, base: float) -> Numbers:
    """p_0 .. p_(N-1), (N, d): p_i[2a] = sin(i base^(-2a/d)), p_i[2a+1] = cos(the same)."""
    places = np.arange(dimension) // 2
    angles = np.arange(tokens)[:, None] * base ** (-2 * places / dimension)
    result: Numbers = np.where(np.arange(dimension) % 2 == 0, np.sin(angles), np.cos(angles))
    return result


def _check_lengths(inputs: Numbers, tokens: schema.Tokens) -> None:
    """Whether every row has a direction."""
    empty = np.flatnonzero(~inputs.any(axis=1))
    if not empty.size:
        return
    place = {"words": "/tokens/sequence", "inline": "/tokens/values"}.get(tokens.type)
    raise InvalidInputError(
        f"token {empty[0]} is zero",
        code="tokens.zero-token",
        pointer="/tokens/path" if place is None else join(place, int(empty[0])),
        found=f"row {empty[0]} (counted from 0) with all {inputs.shape[1]:,} entries 0 after positions were added",
        wanted='at least one entry other than 0: "normalise" divides each row by its length',
        help='leave "normalise" out, or give the token a state',
    )
