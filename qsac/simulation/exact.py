"""Which library simulates a circuit exactly."""

from __future__ import annotations

from collections.abc import Callable

from qsac.families.outcomes import Outcomes
from qsac.native.circuit import NativeCircuit
from qsac.progress import Progress
from qsac.simulation import qulacs, statevector

SIMULATORS: dict[str, Callable[[NativeCircuit, Progress | None], Outcomes]] = {
    "statevector": statevector.simulate,
    "qulacs": qulacs.simulate,
}


def simulator(target: str) -> Callable[[NativeCircuit, Progress | None], Outcomes]:
    """The exact simulator of a target: its own if it is one, else the default.

    The default is ours in NumPy, and not the faster Qulacs: it is there wherever qsac is, and the last bits of what it
    gives depend on no number of threads.
    """
    return SIMULATORS.get(target, statevector.simulate)
