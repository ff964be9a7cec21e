"""Targets without a machine behind them: exact probabilities, and shots without noise."""

from __future__ import annotations

from qsac.machine.target import Target

_GATES = ("PhasedX", "Rz", "ZZPhase", "CZ", "SX", "X", "Measure", "Reset")

_TARGETS = {
    target.name: target
    for target in (
        Target(
            name="statevector",
            vendor="qsac",
            description="exact probabilities of the compiled circuit, no sampling",
            kind="exact",
            qubits=None,
            family="zzphase",
            gates=_GATES,
        ),
        Target(
            name="qulacs",
            vendor="Qulacs",
            description="as statevector, on Qulacs (extra qulacs)",
            kind="exact",
            qubits=None,
            family="zzphase",
            gates=_GATES,
        ),
        Target(
            name="aer",
            vendor="Qiskit",
            description="sampled shots of the compiled circuit on Qiskit Aer, no noise",
            kind="shots",
            qubits=None,
            family="zzphase",
            gates=_GATES,
        ),
    )
}


def names() -> tuple[str, ...]:
    """The simulators."""
    return tuple(_TARGETS)


def load(name: str) -> Target:
    """The target called ``name``, one of :func:`names`."""
    return _TARGETS[name]
