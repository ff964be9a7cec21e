"""Circuits that measure positions where the loss observes them: shots then show every position's overlap by itself.

The circuit of the loss projects the positions on a uniform state at its end. The cross entropy needs them one by one:
the circuit is then cut where its snapshot stands, and the register of positions measured.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qsac.families.outcomes import Outcomes, measures_index
from qsac.native.circuit import KIND, BitReadout, NativeCircuit
from qsac.native.provenance import Provenance

REGISTER = "position"
"""The classical register of the positions."""


def with_positions(circuit: NativeCircuit) -> NativeCircuit:
    """A circuit cut at its snapshot, whose register it measures; itself where it has none, or measures an index."""
    snapshot = circuit.snapshot
    if snapshot is None or measures_index(circuit):
        return circuit
    units = [(REGISTER, place) for place in range(len(snapshot.register))]
    bits = tuple(sorted((*circuit.bits, *units)))
    renumbered = np.array([bits.index(unit) for unit in circuit.bits], dtype=circuit.second.dtype)
    kept = circuit.rows(slice(0, snapshot.stop))
    seconds = kept.second.copy()
    measured = kept.kind == KIND["Measure"]
    seconds[measured] = renumbered[seconds[measured]]
    places = [bits.index(unit) for unit in units]
    given, success = (tuple(renumbered[list(part)].tolist()) for part in (snapshot.given, snapshot.success))
    return replace(
        kept,
        bits=bits,
        kind=np.append(kept.kind, np.full(len(units), KIND["Measure"], kept.kind.dtype)),
        first=np.append(kept.first, np.array(snapshot.register, kept.first.dtype)),
        second=np.append(seconds, np.array(places, seconds.dtype)),
        angles=np.concatenate([kept.angles, np.zeros((len(units), 2))]),
        readouts=(BitReadout(circuit.readouts[0].metric, given, success, tuple(places)),),
        snapshot=snapshot._replace(given=given, success=success),
        provenance=Provenance(),
    )


def by_position(outcomes: Outcomes) -> Outcomes:
    """Counted outcomes by position as a readout takes exact ones, of which it knows the same."""
    return replace(outcomes, exact=True) if outcomes.index is not None else outcomes
