"""From a model file's field to its readout."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.qsa import schema
from qsac.families.qsa.readouts.loss import Loss
from qsac.families.qsa.readouts.overlaps import Overlaps
from qsac.families.qsa.readouts.predict import Predict
from qsac.families.qsa.readouts.resolution import TOLERANCE, resolution
from qsac.families.tokens.file import file_tokens, path_and_array
from qsac.families.tokens.inline import inline_rows
from qsac.families.tokens.sequence import normalised
from qsac.families.tokens.text import Text
from qsac.files import limits
from qsac.files.numbers import Numbers, as_lists, exactly_real
from qsac.files.pointer import counted, join, kind, listed, nearest

Readout: TypeAlias = Loss | Predict | Overlaps


def build_readout(
    given: schema.Readout,
    attention_mask: Literal["causal", "full"],
    tokens: Numbers,
    width: int,
    folder: Path,
    heads: int | None = None,
    text: Text | None = None,
) -> tuple[Readout, dict[str, Any]]:
    """The readout of a model's field and the field's canonical form, every default explicit and no file left.

    ``tokens`` (T+1, d) are normalised and padded, ``width`` is the length of their rows before padding. ``heads``: how
    many the model file lists; None where it lists none. A prediction is read over the words of a ``text`` unless the
    field says otherwise.
    """
    if isinstance(given, schema.OverlapsReadout):
        limits.check_overlaps(len(tokens) - 1, "/readout")
        mask = attention_mask if given.pairs == "mask" else "full"
        head = _head(given, heads)
        canonical = {"type": given.type, "part": given.part, "pairs": given.pairs}
        return Overlaps(given.part, mask, head), canonical | ({} if heads is None else {"head": head})
    if isinstance(given, schema.PredictReadout):
        return _predict(given, attention_mask, tokens, width, folder, text)
    return Loss(), {"type": given.type}


def _head(given: schema.OverlapsReadout, heads: int | None) -> int:
    """The head whose scores are read out."""
    if "head" not in given.model_fields_set:
        if heads is None or heads == 1:
            return 0
        raise InvalidInputError(
            "the overlaps are those of one head, and the model has several",
            code="readout.unsaid-head",
            pointer="/readout",
            found=f"{heads} heads",
            wanted=f'"head": 0 to {heads - 1}',
            help="make a model for each of the heads whose overlaps are wanted",
        )
    if given.head >= (heads or 1):
        raise InvalidInputError(
            "there is no such head",
            code="readout.unknown-head",
            pointer="/readout/head",
            found=f"head {given.head:,}",
            wanted=f"0 to {(heads or 1) - 1}: heads are counted from 0",
        )
    return given.head


def _predict(
    given: schema.PredictReadout, mask: str, tokens: Numbers, width: int, folder: Path, text: Text | None
) -> tuple[Predict, dict[str, Any]]:
    length, dimension = tokens.shape
    position = given.position if "position" in given.model_fields_set else length
    if position > length:
        raise InvalidInputError(
            "there is no such position",
            code="readout.unknown-position",
            pointer="/readout/position",
            found=f"position {position:,}",
            wanted=f"1 to {length:,}: the file has {counted(length, 'token')}",
            help="leave the field out for the prediction after the last token",
        )
    context = length - 1 if mask == "full" and position < length else position
    canonical: dict[str, Any] = {"type": given.type, "position": position}
    asked = given.model_fields_set & {"vocabulary", "states"}
    if len(asked) == 2:
        raise InvalidInputError(
            "a prediction is read over a vocabulary or over states, not both",
            code="readout.vocabulary-and-states",
            pointer="/readout/states",
            wanted="one of the two fields, or none for the computational basis",
            help="make two models of it",
        )
    if not asked and text is not None:
        found = resolution(text.states, dimension, "/tokens/embedding")
        return Predict(position, context, "vocabulary", **found, words=text.words), canonical
    if not asked:
        return Predict(position, context, "basis", None, None), canonical
    if "vocabulary" in asked:
        values = _state_rows(given.vocabulary, "/readout/vocabulary", (width, dimension), folder)
        found = resolution(values, dimension, "/readout/vocabulary")
        return Predict(position, context, "vocabulary", **found), canonical | {"vocabulary": as_lists(values)}
    if given.states == "tokens":
        # Compared one by one even if orthonormal: a template's shape must not depend on its tokens.
        return Predict(position, context, "tokens", tokens, None), canonical | {"states": "tokens"}
    values = _state_rows(given.states, "/readout/states", (width, dimension), folder)
    zero = np.flatnonzero(~values.any(axis=1))
    if zero.size:
        raise InvalidInputError(
            f"state {zero[0]} is zero",
            code="readout.zero-state",
            pointer="/readout/states/path" if isinstance(given.states, dict) else join("/readout/states", int(zero[0])),
            wanted="at least one entry other than 0: states are normalised on loading",
        )
    rows = normalised(values, dimension)
    return Predict(position, context, "states", rows, _orthonormal(rows)), canonical | {"states": as_lists(values)}


def _state_rows(given: Any, pointer: str, widths: tuple[int, int], folder: Path) -> Numbers:
    """The rows of a list or of a file, of the tokens' length before or after padding."""
    name = pointer.rpartition("/")[2]
    if isinstance(given, dict):
        values = file_tokens(*_file(given, pointer, folder))
    elif isinstance(given, list) and given:
        values = inline_rows(given, pointer, "state")
    else:
        raise InvalidInputError(
            f'"{name}" is not a list of rows',
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted='rows of numbers or of [re, im] pairs, or {"path": "states.npy"}'
            + (', or "tokens"' if name == "states" else ""),
            help='did you mean "tokens"?' if isinstance(given, str) and nearest(given, ["tokens"]) else None,
        )
    if values.shape[1] not in widths:
        sizes = " or ".join(f"{size}" for size in dict.fromkeys(widths))
        raise InvalidInputError(
            f'the rows of "{name}" do not match the tokens',
            code="readout.wrong-dimension",
            pointer=pointer,
            found=f"rows of {values.shape[1]} entries",
            wanted=f"rows of {sizes} entries, as the tokens have them",
        )
    return exactly_real(values)


def _file(given: dict[str, Any], pointer: str, folder: Path) -> tuple[str, Path, str, str | None]:
    """What :func:`file_tokens` takes, of an object that names a file."""
    named = path_and_array(given)
    if named is None:
        raise InvalidInputError(
            "a file of states is named by its path, and one of several arrays by its name",
            code="readout.invalid-file",
            pointer=pointer,
            found=f"an object with {listed(given)}" if given else "an empty object",
            wanted='{"path": "states.npy"} or {"path": "states.npz", "array": "a"}',
        )
    return named[0], folder, f"{pointer}/path", named[1]


def _orthonormal(rows: Numbers) -> Numbers | None:
    """A unitary whose first rows are those given, if they are orthonormal; else None."""
    count, dimension = rows.shape
    if count > dimension or np.abs(rows.conj() @ rows.T - np.eye(count)).max() > TOLERANCE:
        return None
    left, _, right = np.linalg.svd(rows)
    completed: Numbers = np.concatenate((left @ right[:count], right[count:]))
    return exactly_real(completed)
