"""What the page on construction says that single states cost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qsac.numerics.single_states import cascade_gates, disentangled
from tests import structured_states as states

SIZES = range(3, 9)


def cost() -> str:
    """Two-qubit gates of states of some qubits."""
    lines = ["| qubits | " + " | ".join(map(str, SIZES)) + " |", "| --- |" + " --: |" * len(SIZES)]
    for name, state in _CASES.items():
        counts = [disentangled(state(np.random.default_rng(size), size)).gates for size in SIZES]
        lines.append(f"| {name} | " + " | ".join(map(str, counts)) + " |")
    for kind, real in (("complex", False), ("real", True)):
        rows = [states.generic(np.random.default_rng(size), size, real=real)[None] for size in SIZES]
        lines.append(
            f"| any state by a cascade, {kind} | " + " | ".join(str(cascade_gates(row)) for row in rows) + " |"
        )
    return "\n".join(lines)


def _halves(rng: np.random.Generator, size: int) -> states.State:
    return states.of_rank(rng, (size // 2, size - size // 2), 2)


_CASES: dict[str, Callable[[np.random.Generator, int], states.State]] = {
    "product, basis state, uniform over 2^k values": lambda rng, size: states.on(size, range(1 << (size - 1))),
    "GHZ, cluster state of a chain": lambda rng, size: states.chain(size),
    "W, cosine on a grid, uniform over 2^n - 1 values": lambda rng, size: states.w(size),
    "four basis states": lambda rng, size: states.on(size, rng.choice(1 << size, 4, replace=False).tolist()),
    "Schmidt rank 2 between the halves": _halves,
    "Gaussian about the middle of a grid": lambda rng, size: states.gaussian(size),
    "generic, complex": lambda rng, size: states.generic(rng, size),
    "generic, real": lambda rng, size: states.generic(rng, size, real=True),
}
