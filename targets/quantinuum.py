"""Quantinuum's machines: trapped ions, all-to-all, with mid-circuit measurement and reset.

For the H-Series counts, gate sets and error rates are those of the offline machine list of pytket-quantinuum; a test
compares them, so that drift is noticed, but nothing here imports it (over a second). They are averages over the
machine, as published.

A ZZPhase errs less the smaller its angle. Quantinuum's emulators model it as
``p2 * (przz_a * (|theta| / pi) ** przz_power + przz_b)`` (emulator user guide, "arbitrary angle noise scaling"), with
fits published in the emulators' noise specifications of 2024: H1-1E 1.651 and 0.175, H2-1E 1.518 and 0.241, power 1.
Both give 1 at the full entangler, pi/2, to 0.1 %. :attr:`ErrorRates.two_qubit_scaling` counts from there, hence the
halves below. H2-2 has no fit of its own in the sources and takes that of H2-1, a machine of the same model.

Helios is not in that list. Its rates are the average infidelities of the paper that introduced it (arXiv:2511.05465,
version 1 of 7 November 2025), state preparation and measurement as one figure, which stands for both states here. There
a ZZPhase is only measured at pi/2: no dependence on the angle is assumed, and none on waiting.
"""

from __future__ import annotations

from qsac.machine.target import ErrorRates, Target

_SOURCE = (
    "pytket-quantinuum's offline machine list; angle dependence of ZZPhase: fit of the {emulator} emulator's noise "
    "specification (2024)"
)

_ERRORS = {
    "H1-1": ErrorRates(
        one_qubit=1.8e-5,
        two_qubit=9.73e-4,
        measure_0=1.22e-3,
        measure_1=3.43e-3,
        memory=2.22e-4,
        date="2025-05-02",
        source=_SOURCE.format(emulator="H1-1E"),
        two_qubit_scaling=(1.651 / 2, 0.175),
    ),
    "H2-1": ErrorRates(
        one_qubit=1.89e-5,
        two_qubit=1.05e-3,
        measure_0=6.0e-4,
        measure_1=1.39e-3,
        memory=2.03e-4,
        date="2025-04-30",
        source=_SOURCE.format(emulator="H2-1E"),
        two_qubit_scaling=(1.518 / 2, 0.241),
    ),
    "H2-2": ErrorRates(
        one_qubit=2.8e-5,
        two_qubit=8.3e-4,
        measure_0=6.7e-4,
        measure_1=1.2e-3,
        memory=1.2e-4,
        date="2025-08-28",
        source=_SOURCE.format(emulator="H2-1E"),
        two_qubit_scaling=(1.518 / 2, 0.241),
    ),
    "Helios": ErrorRates(
        one_qubit=2.5e-5,
        two_qubit=7.9e-4,
        measure_0=4.8e-4,
        measure_1=4.8e-4,
        memory=0.0,
        date="2025-11-07",
        source="arXiv:2511.05465v1: average infidelities; none for waiting, none for small angles of ZZPhase",
    ),
}

_QUBITS = {"H1-1": 20, "H2-1": 56, "H2-2": 56, "Helios": 98}

MACHINES: dict[str, str] = {"h1": "H1-1", "h2": "H2-1", "h2-1": "H2-1", "h2-2": "H2-2", "helios": "Helios"}
"""Target name -> the machine it stands for, as Quantinuum names it."""

_NOTICES = {
    "h1": "H1-1 is no longer sold: its data stay for comparison with published results; h2 is its successor",
    "helios": "Helios is billed by what runs: its cost by the H-Series' formula is an estimate",
}


def names() -> tuple[str, ...]:
    """The targets of this vendor."""
    return tuple(MACHINES)


def load(name: str) -> Target:
    """The target called ``name``, one of :func:`names`."""
    machine = MACHINES[name]
    return Target(
        name=name,
        vendor="Quantinuum",
        description=f"{machine}, {_QUBITS[machine]} trapped-ion qubits",
        kind="device",
        qubits=_QUBITS[machine],
        family="zzphase",
        gates=("PhasedX", "Rz", "ZZPhase", "Measure", "Reset"),
        feed_forward=True,
        max_shots=10_000,
        errors=_ERRORS[machine],
        cost_formula="hqc",
        notice=_NOTICES.get(name),
    )
