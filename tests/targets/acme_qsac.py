"""A target of another package: seven superconducting qubits in a ring."""

from qsac.machine.target import ErrorRates, Target


def ring() -> Target:
    pairs = tuple(sorted(tuple(sorted((qubit, (qubit + 1) % 7))) for qubit in range(7)))
    return Target(
        name="ring-7",
        vendor="Acme",
        description="seven transmons in a ring",
        kind="device",
        qubits=7,
        family="cz",
        gates=("SX", "X", "Rz", "CZ", "Measure", "Reset"),
        coupling=pairs,
        errors=ErrorRates(
            one_qubit=2e-4,
            two_qubit=5e-3,
            measure_0=1e-2,
            measure_1=2e-2,
            memory=1e-4,
            date="2026-11-01",
            source="the laboratory's calibration",
        ),
    )
