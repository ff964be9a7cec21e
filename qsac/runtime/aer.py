"""Shots on Qiskit Aer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qsac.errors import BackendError, DoesNotFitError
from qsac.machine.target import ErrorRates
from qsac.native.circuit import NativeCircuit
from qsac.runtime.noise import misread, noisy

WIDTH_LIMIT = 26
"""Most qubits that are sampled: all of them are kept at once, 16 bytes times 2^qubits, by Aer once for each branch."""


def check_width(circuit: NativeCircuit, simulator: str) -> None:
    """Raise :class:`~qsac.errors.DoesNotFitError` for circuits that are too wide to be sampled here."""
    if len(circuit.qubits) > WIDTH_LIMIT:
        raise DoesNotFitError(
            f"the circuit is too wide for {simulator} on this machine",
            code="capacity.too-wide-to-simulate",
            found=f"{len(circuit.qubits)} qubits ({(16 << len(circuit.qubits)) / 2**30:,.0f} GiB for a state)",
            wanted=f"at most {WIDTH_LIMIT} qubits",
            help="run a smaller model of the same shape",
        )


def sample(circuit: NativeCircuit, shots: int, seed: int, rates: ErrorRates | None = None) -> Iterator[tuple[str, int]]:
    """Run a circuit shot by shot, mid-circuit measurements and resets included; with the noise of ``rates`` if given.

    Yields outcomes as texts, one character for each bit of the circuit in its order, with their counts. Raises
    :class:`~qsac.errors.DoesNotFitError` for circuits that are too wide and :class:`~qsac.errors.BackendError` where
    Aer fails.
    """
    check_width(circuit, "Aer")
    from qiskit_aer import AerSimulator

    from qsac.export.qiskit import outcome_of, to_qiskit

    # Aer seeds shot i with seed + i: seeds that are neighbours would share all but a few of their shots.
    seeds = np.random.SeedSequence(seed)
    spread = int(seeds.generate_state(1, np.uint64)[0] >> 2)
    simulator = AerSimulator(method="statevector", seed_simulator=spread, shot_branching_enable=True)
    written = to_qiskit(circuit) if rates is None else noisy(circuit, rates)
    result = simulator.run(written, shots=shots).result()
    if not result.success:
        raise BackendError(
            "Aer did not run the circuit",
            code="simulator.failed",
            found=str(result.status),
        )
    outcomes = ((outcome_of(circuit, key), count) for key, count in sorted(result.get_counts().items()))
    yield from (
        outcomes if rates is None else misread(circuit, rates, outcomes, np.random.default_rng(seeds.spawn(1)[0]))
    )
