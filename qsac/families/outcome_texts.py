"""Outcomes and arrays as JSON, every number exactly: for workers of other processes, and for journals."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.families.outcomes import Index, Outcomes


def outcomes_to_json(outcomes: Outcomes) -> dict[str, Any]:
    """Outcomes, JSON-ready."""
    index = outcomes.index
    return {
        "total": _number(outcomes.total),
        "given": _number(outcomes.given),
        "success": {name: _number(weight) for name, weight in outcomes.success.items()},
        "index": None if index is None else [*map(array_to_json, (index.marginal, index.joint)), list(index.labels)],
        "exact": bool(outcomes.exact),
        "subnormalisation": float(outcomes.subnormalisation),
    }


def outcomes_from_json(found: Mapping[str, Any]) -> Outcomes:
    """The outcomes that :func:`outcomes_to_json` wrote, of whoever wrote them last."""
    index = None
    if found["index"] is not None:
        marginal, joint, (first, second) = found["index"]
        index = Index(array_from_json(marginal), array_from_json(joint), (first, second))
    return Outcomes(found["total"], found["given"], found["success"], index, found["exact"], found["subnormalisation"])


def _number(value: Any) -> int | float:
    """A weight as Python's number: a count stays a whole one."""
    return int(value) if isinstance(value, int | np.integer) else float(value)


def array_to_json(values: NDArray[Any]) -> list[Any]:
    """An array: its type, its shape and its bytes."""
    whole = np.ascontiguousarray(values)
    return [whole.dtype.str, list(np.shape(values)), base64.b64encode(whole.tobytes()).decode("ascii")]


def array_from_json(found: Sequence[Any]) -> NDArray[Any]:
    """The array that :func:`array_to_json` wrote. Raises ValueError for anything else."""
    kind, shape, text = found
    dtype = np.dtype(kind)
    data = base64.b64decode(text, validate=True)
    if dtype.kind not in "fciu" or len(data) != dtype.itemsize * math.prod(shape):
        raise ValueError("an array that is not whole")
    return np.frombuffer(data, dtype).reshape(shape).copy()
