"""A machine's published error rates as a noise model for Qiskit Aer.

- **Gates**: after each gate, with its error probability, a Pauli other than the identity on its qubits, all equally
  likely (3 for one qubit, 15 for two). If the target says so, the error of a ZZPhase depends on its angle, and that of
  a gate on its qubits.
- **Memory**: before a two-qubit gate, on each of its qubits that idled during layers of two-qubit gates, a Pauli
  other than the identity, with the probability ``1 - (1 - memory)^layers``.
- **Measurements**: each outcome is flipped with the probability for its state. No gate depends on an outcome, so the
  outcomes that Aer has sampled are flipped, which is the same and needs no memory.

Rz is a change of frame without error; for resets no rates are published. The rates are taken as probabilities of
an error, as :func:`~qsac.counting.stats.error_free_probability` does. A rate given as average infidelity corresponds to
an error probability larger by 3/2 (one qubit) or 5/4 (two).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.counting.error_rates import ARITY, gate_errors, readout_errors, waits
from qsac.machine.target import ErrorRates
from qsac.native.circuit import KIND, NativeCircuit

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

FLIPPED_TOGETHER = 1 << 16
"""Shots whose outcomes are flipped at once."""


def noisy(circuit: NativeCircuit, rates: ErrorRates) -> QuantumCircuit:
    """The circuit as :func:`~qsac.export.qiskit.to_qiskit` writes it, with Aer's error instructions between its
    gates."""
    from qsac.export.qiskit import to_qiskit

    plain = to_qiskit(circuit)
    written = plain.copy_empty_like()
    errors = gate_errors(circuit, rates)
    waited, _ = waits(circuit)
    idling = 1 - (1 - rates.memory) ** waited

    @cache
    def error(probability: float, qubits: int) -> Any:
        from qiskit_aer.noise import pauli_error

        others = ["".join(letters) for letters in product("IXYZ", repeat=qubits)][1:]
        terms = [("I" * qubits, 1 - probability), *((other, probability / len(others)) for other in others)]
        return pauli_error(terms).to_instruction()

    for place, instruction in enumerate(plain.data):
        for end in np.flatnonzero(idling[place]):
            written.append(error(float(idling[place, end]), 1), [instruction.qubits[end]])
        written.append(instruction)
        if errors[place]:
            written.append(error(float(errors[place]), ARITY[circuit.kind[place]]), instruction.qubits)
    return written


def misread(
    circuit: NativeCircuit, rates: ErrorRates, outcomes: Iterable[tuple[str, int]], generator: np.random.Generator
) -> Iterator[tuple[str, int]]:
    """Outcomes and their counts as a machine reads them: each measured bit flipped by its state's probability."""
    places = circuit.second[circuit.kind == KIND["Measure"]]
    flips = readout_errors(circuit, rates)
    found: Counter[str] = Counter()
    for outcome, count in outcomes:
        true = np.frombuffer(outcome.encode(), dtype=np.uint8) - ord("0")
        for start in range(0, count, FLIPPED_TOGETHER):
            shots = min(FLIPPED_TOGETHER, count - start)
            found.update(_read(true, places, flips, generator.random((shots, len(places)))))
    yield from sorted(found.items())


def _read(
    true: NDArray[np.uint8], places: NDArray[np.int32], flips: NDArray[np.float64], drawn: NDArray[np.float64]
) -> Iterator[str]:
    """One outcome for each row of uniform numbers ``drawn``, shape (shots, measurements)."""
    read = np.tile(true, (len(drawn), 1))
    probabilities = flips[np.arange(len(places)), true[places]]
    read[:, places] ^= drawn < probabilities
    for row in read + ord("0"):
        yield row.tobytes().decode()
