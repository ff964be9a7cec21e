"""How probable the values of an index are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention import LoadTokens, PrepareIndex, PrepareIndices, Project, SelectIndex
from qsac.ir.program import Program


def index_weights(program: Program, count: int) -> NDArray[np.float64]:
    """The most probability that an index has on each of ``count`` values, as the indices are prepared.

    A register that holds one index in one branch and the other in the next is between the two.
    """
    found: list[NDArray[np.float64]] = []
    for op in program.ops:
        if isinstance(op, PrepareIndex) and op.length == count:
            found.append(np.full(count, 1 / count))
        elif isinstance(op, PrepareIndices) and op.length == count:
            joint = np.abs(op.prepared(program.scope).reshape(1 << program.scope.sizes[op.query], -1)) ** 2
            found.append(np.maximum(joint.sum(axis=0), joint.sum(axis=1))[:count])
    return np.max(found, axis=0) if found else np.ones(count)


def as_prepared(program: Program, op: LoadTokens) -> bool:
    """Whether a loader's index is as it was prepared, but for selections: its values' probabilities are known."""
    changed = [program.ops[place] for register in op.index for place in program.targeting(register)]
    rows = program.tables[op.table].shape[0]
    return (
        not op.when
        and rows > program.scope.dimension(op.index) // 2
        and all(isinstance(other, PrepareIndex | PrepareIndices | SelectIndex | Project) for other in changed)
    )
