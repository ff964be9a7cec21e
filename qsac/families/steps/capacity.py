"""How large circuits may be: checked before anything is computed."""

from __future__ import annotations

from qsac.errors import DoesNotFitError
from qsac.files import limits

QUBITS = 20
"""Most qubits of a circuit: its state is computed, and takes 16 bytes for each of 2^n amplitudes."""

GATES = 1 << 20
"""Most gates of a circuit in normal form."""


def check_qubits(qubits: int, pointer: str, resets: int = 0) -> None:
    """Whether a circuit may have so many qubits, of which ``resets`` are counted for qubits that are reset: what they
    were before is kept beside the others, as every outcome is."""
    if qubits > QUBITS:
        again = f", {resets:,} of them for resets" if resets else ""
        raise DoesNotFitError(
            "the circuit has too many qubits",
            code="capacity.circuit-too-wide",
            pointer=pointer,
            found=f"{qubits:,} qubits{again}, whose state takes {limits.size(16.0 * 2.0 ** min(qubits, 1000))}",
            wanted=f"at most {QUBITS} qubits",
            help="the state is computed to check what is compiled; use fewer qubits",
        )


def check_gates(gates: int, pointer: str) -> None:
    """Whether a circuit may have at least so many gates, up to this block."""
    if gates > GATES:
        raise DoesNotFitError(
            "the circuit has too many gates",
            code="capacity.circuit-too-long",
            pointer=pointer,
            found=f"{gates:,} gates or more up to here",
            wanted=f"at most {GATES:,}",
        )
