"""How probable the values of an index are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention import PrepareIndices
from qsac.ir.program import Program


def index_weights(program: Program, count: int) -> NDArray[np.float64]:
    """The most probability that an index has on each of ``count`` values, as the indices are prepared.

    A register that holds one index in one branch and the other in the next is between the two.
    """
    for op in program.ops:
        if isinstance(op, PrepareIndices) and op.length == count:
            joint = np.abs(op.prepared(program.scope).reshape(1 << program.scope.sizes[op.query], -1)) ** 2
            return np.asarray(np.maximum(joint.sum(axis=0), joint.sum(axis=1))[:count], dtype=np.float64)
    return np.ones(count)
