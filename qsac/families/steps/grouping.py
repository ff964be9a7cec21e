"""Which circuits measure what: observables that commute qubit by qubit are measured together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from qsac.families.steps.model import Measured
from qsac.families.steps.normal_form import Circuit, Damping, Gate, Places, Projection
from qsac.families.steps.readings import Parities, Reading, Shares


@dataclass(frozen=True)
class Group:
    """One circuit of a measurement. ``bases``: the qubits that are measured, the first most significant, each with the
    letter of its basis. ``places``: which of the measured numbers it gives; all, where it gives probabilities."""

    bases: tuple[tuple[int, str], ...]
    places: tuple[int, ...]

    @property
    def qubits(self) -> tuple[int, ...]:
        """The qubits that are measured."""
        return tuple(qubit for qubit, _ in self.bases)


def groups(measured: Measured) -> list[Group]:
    """The circuits that a measurement takes, each observable in the first one that it fits into."""
    if measured.kind == "probabilities":
        return [Group(tuple((qubit, "Z") for qubit in measured.qubits), tuple(range(measured.width)))]
    found: list[tuple[dict[int, str], list[int]]] = []
    for place, observable in enumerate(measured.observables):
        own = {qubit: letter for qubit, letter in enumerate(observable) if letter != "I"}
        fits = (one for one in found if all(one[0].get(qubit, letter) == letter for qubit, letter in own.items()))
        bases, places = next(fits, ({}, []))
        if not places:
            found.append((bases, places))
        bases.update(own)
        places.append(place)
    return [Group(tuple(sorted(bases.items())), tuple(places)) for bases, places in found]


def reading(measured: Measured, group: Group, values: Places) -> Reading:
    """The numbers of a group, of which ``values`` (K,) says for each measured value which value of its qubits it is."""
    count = len(group.qubits)
    if measured.kind == "probabilities":
        return Shares(values, 1 << count)
    masks = [
        sum(1 << (count - 1 - bit) for bit, qubit in enumerate(group.qubits) if observable[qubit] != "I")
        for observable in (measured.observables[place] for place in group.places)
    ]
    return Parities(values, tuple(masks))


@lru_cache(maxsize=256)
def known_qubits(circuit: Circuit) -> dict[int, int]:
    """The qubits that are in a known state of the computational basis in the end: nothing acts on them, or nothing
    after their projection."""
    known = dict.fromkeys(range(circuit.qubits), 0)
    for gate in circuit.gates:
        for qubit in gate.qubits:
            known.pop(qubit, None)
        if isinstance(gate, Projection):
            known[gate.qubit] = gate.outcome
    return known


def light_cone(gates: tuple[Gate, ...], seen: set[int]) -> list[int]:
    """The places of the gates that the ``seen`` qubits, or a projection, depend on, in order. Projections of other
    qubits stay, as what follows is conditional on them."""
    kept: list[int] = []
    cone = set(seen)
    for place in range(len(gates) - 1, -1, -1):
        gate = gates[place]
        if isinstance(gate, Projection) or cone.intersection(gate.qubits) or _postselects(gate):
            cone.update(gate.qubits)
            kept.append(place)
    return kept[::-1]


def _postselects(gate: Gate) -> bool:
    return isinstance(gate, Damping)
