"""Models as functions of what is learned, and derivatives of their closed form."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from qsac.families.ansatz import Ansatz
from qsac.families.contract import Model
from qsac.families.reading import model_of
from qsac.families.registry import family_of
from tests.strategies import unitary_entries

Real = NDArray[np.float64]
Models = Callable[[Real], Model]


def drawn(
    seed: int,
    context: int,
    dimension: int,
    kernel: dict[str, Any],
    *,
    real: bool = False,
    ansatz: int = 0,
    phases: Any = "optimal",
) -> Model:
    """A model of quantum attention; V and W are matrices, or an ansatz of so many layers."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(context + 1, dimension, 2))

    def unitary() -> dict[str, Any]:
        if not ansatz:
            return {"type": "matrix", "entries": unitary_entries(rng, dimension, real)}
        rotations = ["ry"] if real else ["rx", "ry", "rz"]
        shape = (ansatz, dimension.bit_length() - 1, len(rotations))
        return {
            "type": "hardware-efficient",
            "rotations": rotations,
            "layers": ansatz,
            "parameters": rng.normal(size=shape).tolist(),
        }

    attention = {
        "type": "overlap",
        "mask": "causal",
        "kernel": kernel,
        "value": unitary(),
        "score": unitary(),
    } | ({} if phases is None else {"phases": phases})
    tokens = (rows[..., 0] if real else rows).tolist()
    return model_of(
        {"qsac": 1, "name": "drawn", "tokens": {"type": "inline", "values": tokens}, "attention": attention}
    )


def with_unitaries(model: Model) -> tuple[Models, Real]:
    """The model with other V and W: other angles of an ansatz, or exp(iH) times a matrix, H Hermitian or imaginary."""
    family: Any = family_of(model)
    starts: list[Real] = []
    makers: list[tuple[str, Callable[[Real], NDArray[Any]]]] = []
    for name in ("value", "score"):
        unitary: Any = getattr(model, name)
        if isinstance(unitary, Ansatz):
            starts.append(unitary.parameters.reshape(-1))
            makers.append((name, partial(np.reshape, shape=unitary.parameters.shape)))
        else:
            rows: Any = model.given_tokens  # type: ignore[attr-defined]
            size = rows.shape[1]
            starts.append(np.zeros(size * (size - 1) // 2 if unitary.is_real else size**2))
            makers.append((name, partial(_turned, unitary.entries[:size, :size])))
    sizes = np.cumsum([len(start) for start in starts])[:-1]

    def models(vector: Real) -> Model:
        parts = zip(makers, np.split(vector, sizes), strict=True)
        found: Model = family.bound(model, {name: make(part) for (name, make), part in parts})
        return found

    return models, np.concatenate(starts)


def _turned(matrix: NDArray[Any], vector: Real) -> NDArray[Any]:
    size = len(matrix)
    lower = np.zeros((size, size), matrix.dtype)
    places = np.tril_indices(size, -1)
    if not np.iscomplexobj(matrix):
        lower[places] = vector
        turned: NDArray[Any] = expm(lower - lower.T) @ matrix
        return turned
    count = len(places[0])
    lower[places] = vector[:count] + 1j * vector[count : 2 * count]
    return expm(1j * (lower + lower.conj().T + np.diag(vector[2 * count :]))) @ matrix


def with_tokens(model: Model) -> tuple[Models, Real]:
    """The model with other tokens."""
    family: Any = family_of(model)
    given: Any = model.given_tokens  # type: ignore[attr-defined]
    parts = given.view(np.float64) if np.iscomplexobj(given) else given

    def models(vector: Real) -> Model:
        numbers = vector.reshape(parts.shape)
        rows = np.ascontiguousarray(numbers).view(np.complex128) if np.iscomplexobj(given) else numbers
        found: Model = family.bound(model, {"tokens": rows})
        return found

    return models, parts.reshape(-1).astype(np.float64)


def closed_form(models: Models, at: Real, metric: str) -> float:
    """A metric of the closed form."""
    model = models(at)
    value = model.readout.closed_form(model).metrics[metric]
    assert value is not None
    return value


def derivatives(models: Models, at: Real, metric: str, step: float = 1e-4) -> Real:
    """Those of a metric of the closed form, by differences of fourth order."""
    stencil = [(1, 8), (-1, -8), (2, -1), (-2, 1)]
    return np.array(
        [
            sum(weight * closed_form(models, at + place * step * unit, metric) for place, weight in stencil) / 12 / step
            for unit in np.eye(len(at))
        ]
    )
