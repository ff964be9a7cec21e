"""Whether a program fits its target, and its circuit this machine."""

from __future__ import annotations

from qsac.errors import DoesNotFitError
from qsac.ir.cost import two_qubit_gates
from qsac.ir.program import Program
from qsac.lowering.allocation import Allocation
from qsac.pipeline import PassContext
from qsac.registry import target, target_names
from qsac.report.summary import register_sizes

GATE_LIMIT = 1 << 24
"""Most two-qubit gates of a circuit."""

BYTES_A_GATE = 256
"""Memory for a two-qubit gate and the one-qubit gate beside it, while they are emitted."""


def check_size(program: Program, context: PassContext) -> None:
    """Refuse, before any memory is taken, a circuit that would not fit into it."""
    gates = two_qubit_gates(program, context.target.family)
    if gates > GATE_LIMIT:
        raise DoesNotFitError(
            "the circuit is too large to be built",
            found=f"{gates:,} two-qubit gates (about {gates * BYTES_A_GATE / 2**30:,.0f} GiB of memory)",
            wanted=f"at most {GATE_LIMIT:,}",
            help="gates grow with context x dimension: shorten the context, or choose a smaller dimension",
        )


def check_fit(allocation: Allocation, context: PassContext) -> None:
    """Refuse what is wider than the target, or than was asked for."""
    limit = context.width_limit
    if limit is None or allocation.width <= limit:
        return
    machine = context.target
    found = f"{allocation.width} qubits ({register_sizes(allocation.qubits)}, sharing qubits where one ends in time)"
    smaller = "a shorter context saves two qubits each time it halves, a smaller dimension one"
    if machine.qubits is None or allocation.width <= machine.qubits:
        raise DoesNotFitError(
            f"the model does not fit {limit} qubits: {allocation.width - limit} too few",
            found=found,
            wanted=f"at most {limit}, as asked for",
            help=f"{machine.name} has room for --qubits {allocation.width}; {smaller}",
        )
    wider = [
        name
        for name in target_names()
        if (other := target(name)).kind == "device" and (other.qubits or 0) >= allocation.width
    ]
    wider.sort(key=lambda name: target(name).coupling is not None)
    shown = ", ".join(wider[:4]) + (f" and {len(wider) - 4} more" if len(wider) > 4 else "")
    raise DoesNotFitError(
        f"the model does not fit {machine.name}: {allocation.width - machine.qubits} qubits too many",
        found=found,
        wanted=f"at most {machine.qubits} qubits",
        help=(f"large enough are {shown}; " if wider else "no known machine is large enough; ") + smaller,
    )
