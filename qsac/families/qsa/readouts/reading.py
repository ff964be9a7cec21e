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
from qsac.families.tokens.file import file_tokens, path_and_array
from qsac.families.tokens.inline import inline_rows
from qsac.families.tokens.sequence import normalised
from qsac.files import limits
from qsac.files.numbers import Numbers, as_lists, exactly_real
from qsac.files.pointer import counted, join, kind, listed, nearest

Readout: TypeAlias = Loss | Predict | Overlaps

TOLERANCE = 1e-8
"""How far the rows of a vocabulary may be from resolving the identity, and those of states from being orthonormal."""


def build_readout(
    given: schema.Readout, attention_mask: Literal["causal", "full"], tokens: Numbers, width: int, folder: Path
) -> tuple[Readout, dict[str, Any]]:
    """The readout of a model's field and the field's canonical form, every default explicit and no file left.

    ``tokens`` (T+1, d) are normalised and padded, ``width`` is the length of their rows before padding.
    """
    if isinstance(given, schema.OverlapsReadout):
        limits.check_overlaps(len(tokens) - 1, "/readout")
        mask = attention_mask if given.pairs == "mask" else "full"
        return Overlaps(given.part, mask), {"type": given.type, "part": given.part, "pairs": given.pairs}
    if isinstance(given, schema.PredictReadout):
        return _predict(given, attention_mask, tokens, width, folder)
    return Loss(), {"type": given.type}


def _predict(
    given: schema.PredictReadout, mask: str, tokens: Numbers, width: int, folder: Path
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
    if not asked:
        return Predict(position, context, "basis", None, None), canonical
    if "vocabulary" in asked:
        values = _state_rows(given.vocabulary, "/readout/vocabulary", (width, dimension), folder)
        rows, outcomes = _resolution(values, dimension, "/readout/vocabulary")
        return Predict(position, context, "vocabulary", rows, outcomes), canonical | {"vocabulary": as_lists(values)}
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


def _resolution(values: Numbers, dimension: int, pointer: str) -> tuple[Numbers, Numbers]:
    """Rows x_l that resolve the identity, exactly, and the isometry of their outcomes (M >= d rows).

    Where the rows are shorter than ``dimension``, further outcomes stand for the padding.
    """
    width = values.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = np.abs(values.T @ values.conj() - np.eye(width)).max()
    if not deviation <= TOLERANCE:
        raise InvalidInputError(
            "the vocabulary does not resolve the identity",
            code="readout.incomplete-vocabulary",
            pointer=pointer,
            found=f"sum_l |x_l><x_l| differs from the identity by up to {deviation:.2g}",
            wanted=f"a difference of at most {TOLERANCE:g} in every entry, so that the probabilities sum to 1",
            help='give rows of any kind as "states": each is then compared by itself',
        )
    left, _, right = np.linalg.svd(values, full_matrices=False)
    outcomes: Numbers = np.zeros((len(values) + dimension - width, dimension), dtype=values.dtype)
    outcomes[: len(values), :width] = left @ right
    outcomes[len(values) :, width:] = np.eye(dimension - width)
    outcomes = exactly_real(outcomes)
    return outcomes[: len(values)], outcomes


def _orthonormal(rows: Numbers) -> Numbers | None:
    """A unitary whose first rows are those given, if they are orthonormal; else None."""
    count, dimension = rows.shape
    if count > dimension or np.abs(rows.conj() @ rows.T - np.eye(count)).max() > TOLERANCE:
        return None
    left, _, right = np.linalg.svd(rows)
    completed: Numbers = np.concatenate((left @ right[:count], right[count:]))
    return exactly_real(completed)
