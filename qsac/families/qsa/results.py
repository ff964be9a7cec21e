"""What a readout other than the loss comes to: one number for each value of an index that the circuit measures.

The closed forms are computed without a circuit, with the kernel divided by lambda, as those of the metrics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import of_type
from qsac.families.qsa.metrics import RESOLUTION, kernel_values
from qsac.families.qsa.model import Model
from qsac.families.qsa.readouts import Overlaps, Predict

RESULT_NAMES = {"predict": "predictions", "overlaps": "overlaps"}
"""What the results of a readout, and the readouts of its circuit, are called."""


def index_qubits(model: Model) -> int:
    """The qubits of the index of a model's readout that is a prediction or overlaps."""
    readout = model.readout
    if isinstance(readout, Overlaps):
        return 2 * model.index_qubits + (readout.part == "complex")
    readout = of_type(readout, Predict)
    rows = readout.outcomes if readout.at_once else readout.rows
    return model.data_qubits if rows is None else (len(rows) - 1).bit_length()


@dataclass(frozen=True, eq=False)
class Distribution:
    """``given``: P(every given bit 0). For each value v of the index: ``marginal``, P(v | given), and ``joint``,
    P(v and every success bit 0 | given). Both have the length of the index's space, 1 where there is no index."""

    given: float
    marginal: NDArray[np.float64]
    joint: NDArray[np.float64]


def prediction(model: Model) -> tuple[NDArray[np.complex128], float]:
    """The scaled z / (lambda c), (d,), of a model whose readout is a prediction over c tokens, and its squared norm.

    The squared norm is the circuit's P(every given bit 0).
    """
    readout = of_type(model.readout, Predict)
    context = model.tokens[: readout.context]
    scores = model.score.apply(context) @ model.tokens[readout.position - 1].conj()
    weights = kernel_values(scores, np.array(model.kernel) / model.lam) / readout.context
    state = np.asarray(weights @ model.value.apply(context), dtype=np.complex128)
    return state, float(np.vdot(state, state).real)


def scores(model: Model) -> NDArray[np.complex128]:
    """All s_ji = <x_j|W|x_i> of the context tokens, (T, T): row j, column i. NaN outside the readout's mask."""
    readout = of_type(model.readout, Overlaps)
    context = model.tokens[:-1]
    matrix = np.asarray(context.conj() @ model.score.apply(context).T, dtype=np.complex128)
    if readout.mask == "causal":
        matrix[np.triu_indices(len(context), 1)] = np.nan
    return matrix


def distribution(model: Model) -> Distribution:
    """What an exact run of a model comes to whose readout is a prediction or overlaps.

    A prediction that is zero has shares of zero. The index is the outcome of the measured states, or the state that
    is compared with; for overlaps (j, i), for complex ones (quadrature, j, i) with quadrature 0 real and 1 imaginary.
    """
    return _of_prediction(model) if isinstance(model.readout, Predict) else _of_overlaps(model)


def _of_prediction(model: Model) -> Distribution:
    readout = of_type(model.readout, Predict)
    state, given = prediction(model)
    if given >= RESOLUTION:
        state = state / np.sqrt(given)
    else:
        state, given = np.zeros_like(state), 0.0
    rows = readout.outcomes if readout.at_once else readout.rows
    shares = np.abs(state if rows is None else rows.conj() @ state) ** 2
    joint = np.zeros(1 << (len(shares) - 1).bit_length())
    joint[: len(shares)] = shares
    if readout.at_once:
        return Distribution(given, joint, joint)
    marginal = np.zeros_like(joint)
    marginal[: len(shares)] = (given > 0) / len(shares)
    return Distribution(given, marginal, joint * marginal)


def _of_overlaps(model: Model) -> Distribution:
    readout = of_type(model.readout, Overlaps)
    matrix = scores(model)
    parts = ((1 + matrix.real) / 2, (1 + matrix.imag) / 2) if readout.part == "complex" else (np.abs(matrix) ** 2,)
    marginal, joint = np.zeros((2, len(parts), 1 << model.index_qubits, 1 << model.index_qubits))
    inside = ~np.isnan(matrix)
    for place, part in enumerate(parts):
        share = 1 / (len(parts) * np.count_nonzero(inside))
        window = np.s_[place, : model.context, : model.context]
        marginal[window] = np.where(inside, share, 0.0)
        joint[window] = np.where(inside, np.minimum(part, 1.0) * share, 0.0)
    return Distribution(1.0, marginal.reshape(-1), joint.reshape(-1))


def possible_index(model: Model) -> NDArray[np.bool_]:
    """For each value of the index of compared states or overlaps, whether it stands for one."""
    readout = model.readout
    possible = np.zeros(1 << index_qubits(model), dtype=bool)
    if isinstance(readout, Overlaps):
        size, positions = 1 << model.index_qubits, np.arange(model.context)
        window = possible.reshape(-1, size, size)[:, : model.context, : model.context]
        window[:] = True if readout.mask == "full" else positions[:, None] >= positions
    elif isinstance(readout, Predict):
        possible[: model.dimension if readout.rows is None else len(readout.rows)] = True
    return possible


def impossible_index(model: Model) -> NDArray[np.bool_]:
    """For each value of the index, whether an exact circuit never reads it: it stands for nothing that was loaded.

    A vocabulary is read together with outcomes that stand for none of its words; these do occur.
    """
    readout = model.readout
    impossible = ~possible_index(model)
    if isinstance(readout, Predict) and readout.outcomes is not None:
        impossible[: len(readout.outcomes)] = False
    return impossible


def fractions(model: Model, found: Distribution) -> NDArray[np.float64]:
    """What is asked for, by index: P(success | index, given), or P(index | given) where nothing has to succeed.

    NaN where it does not exist.
    """
    readout = model.readout
    whole = found.marginal
    if isinstance(readout, Predict) and readout.at_once:
        whole = np.full_like(found.marginal, 1.0 if found.given >= RESOLUTION else 0.0)
    exists = whole * found.given >= RESOLUTION
    return np.where(exists, np.minimum(found.joint / np.where(exists, whole, 1.0), 1.0), np.nan)


def as_result(
    model: Model, values: NDArray[np.float64], errors: NDArray[np.float64] | None
) -> tuple[str, dict[str, Any]]:
    """The result of fractions and their standard errors (None if exact) by index: its name and JSON-ready content.

    Overlaps outside the mask are null, whatever noise or an approximation has put there.
    """
    readout = model.readout
    if isinstance(readout, Predict):
        count = model.dimension if readout.rows is None else len(readout.rows)
        content: dict[str, Any] = {
            "position": readout.position,
            "over": readout.over,
            "probabilities": _lists(values[:count]),
            "standard_errors": [] if errors is None else _lists(errors[:count]),
        }
        return "predictions", content
    readout = of_type(readout, Overlaps)
    outside = ~possible_index(model)
    values = np.where(outside, np.nan, values)
    names = ("re", "im") if readout.part == "complex" else ("abs2",)
    size = 1 << model.index_qubits
    window = np.s_[:, : model.context, : model.context]
    # Half of one plus the overlap is what a Hadamard test measures.
    scale, shift = (2.0, 1.0) if readout.part == "complex" else (1.0, 0.0)
    parts = scale * values.reshape(-1, size, size)[window] - shift
    content = {name: _lists(part) for name, part in zip(names, parts, strict=True)}
    content["standard_errors"] = {}
    if errors is not None:
        spread = scale * np.where(outside, np.nan, errors).reshape(-1, size, size)[window]
        content["standard_errors"] = {name: _lists(part) for name, part in zip(names, spread, strict=True)}
    return "overlaps", content


def _lists(values: NDArray[np.float64]) -> list[Any]:
    """Nested lists, null where there is no number."""
    lists: list[Any] = np.where(np.isnan(values), None, values.astype(object)).tolist()  # type: ignore[call-overload]
    return lists


def closed_form_result(model: Model) -> tuple[str, dict[str, Any], float]:
    """The exact result of a model whose readout is a prediction or overlaps: name, content, success probability."""
    found = distribution(model)
    return *as_result(model, fractions(model, found), None), found.given
