"""What a reader of an artifact gets to see: every probability of its circuit, and every number that qsac reports of it.

Two artifacts are compared by these, and by nothing that is written in them: so it shows whether a change is harmless,
whatever a checker thinks of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qsac.artifact.compiled import Compiled
from qsac.native.circuit import NativeCircuit
from qsac.runtime.run import run
from qsac.simulation.statevector import simulate

TOLERANCE = 1e-9
SHOTS = 2000

Numbers = dict[str, float | str | None]


@dataclass(frozen=True)
class Readings:
    """``probabilities``: P(given), every readout's and every index value's under it. ``results``: what a run
    reports, exactly and from shots that are drawn with a fixed seed. ``meaning``: which bit is read for what."""

    probabilities: Numbers
    results: Numbers
    meaning: dict[str, Any]


def readings(compiled: Compiled) -> Readings:
    """Simulates the circuits exactly. Raises what the simulation raises."""
    probabilities: Numbers = {}
    for circuit in compiled.circuits:
        probabilities |= {f"{circuit.name}/{name}": value for name, value in _probabilities(circuit).items()}
    results: Numbers = dict(_flat("exact", run(compiled, "statevector").to_dict()))
    results |= _flat("shots", run(compiled, "statevector", shots=SHOTS, seed=1).to_dict())
    return Readings(probabilities, results, {circuit.name: _meaning(circuit) for circuit in compiled.circuits})


def _probabilities(circuit: NativeCircuit) -> Numbers:
    found = simulate(circuit)
    probabilities: Numbers = {"given": found.given, **{name: found.share(name) for name in found.success}}
    if found.index is not None:
        for name, weights in (("marginal", found.index.marginal), ("joint", found.index.joint)):
            shares = weights / (found.given or 1.0)
            probabilities |= {f"{name}[{place}]": share for place, share in enumerate(shares.tolist())}
    return probabilities


def moved(before: Readings, after: Readings) -> str:
    """``probabilities``, ``results`` or ``counts`` where a change moves these, the first of them; else nothing."""
    if _differ(before.probabilities, after.probabilities):
        return "probabilities"
    if before.meaning != after.meaning:
        return "counts"
    return "results" if _differ(before.results, after.results) else ""


def _meaning(circuit: NativeCircuit) -> dict[str, Any]:
    """How a text of outcomes is read: by the order of the bits, and by the readouts' bits in it."""
    return {
        "bits": circuit.bits,
        "readouts": [
            (readout.metric, sorted(set(readout.given)), sorted(readout.success), readout.index_bits)
            for readout in circuit.readouts
        ],
    }


def _flat(place: str, value: Any) -> Iterator[tuple[str, float | str | None]]:
    if isinstance(value, dict):
        for name, entry in value.items():
            # The name of the target is a text, and a warning words what the numbers say.
            if name not in ("target", "warnings"):
                yield from _flat(f"{place}/{name}", entry)
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            yield from _flat(f"{place}/{index}", entry)
    else:
        yield place, value


def _differ(before: Numbers, after: Numbers) -> bool:
    if before.keys() != after.keys():
        return True
    for name, one in before.items():
        other = after[name]
        if isinstance(one, float | int) and isinstance(other, float | int):
            if not abs(one - other) <= TOLERANCE * max(1.0, abs(one)):
                return True
        elif one != other:
            return True
    return False
