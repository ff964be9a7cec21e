"""What a circuit is submitted to, as this qsac knows it: what an artifact says of its target is not believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qsac.artifact import describe
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.ir.native import GATES, KIND, NativeCircuit
from qsac.model.pointer import describe as shown
from qsac.model.pointer import join, quoted
from qsac.pipeline import Target
from qsac.registry import target, target_names

_TWO_QUBIT = [kind for kind, gate in enumerate(GATES) if gate.qubits == 2]
_DIRECTED = ("ECR", "CX")
_COMMANDS = "/circuits/0/circuit/commands"


def known_target(described: Mapping[str, Any]) -> Target:
    """The target that an artifact says it is compiled for, from the registry.

    Raises :class:`~qsac.errors.InvalidInputError` if there is none of that name, or if the artifact describes another
    machine under it.
    """
    name = described.get("name")
    if not isinstance(name, str) or name not in target_names():
        raise InvalidInputError(
            "the program is compiled for a target that this qsac does not know",
            pointer="/target/name",
            found=shown(name),
            wanted="a target that qsac targets lists: what a job costs is computed from its description",
            help="compile the model again for one of them",
        )
    known = target(name)
    difference = _difference(describe(known), dict(described), "/target")
    if difference is not None:
        pointer, wanted, found = difference
        raise InvalidInputError(
            f"the artifact describes another machine than the {quoted(name)} that this qsac knows",
            pointer=pointer,
            found=found,
            wanted=wanted,
            help="compile the model again: an artifact of another version, or one that was changed, is not submitted",
        )
    return known


def _difference(known: dict[str, Any], found: dict[str, Any], pointer: str) -> tuple[str, str, str] | None:
    """The first field that differs: its place, what is known and what was found."""
    for field in sorted({*known, *found}):
        place = join(pointer, field)
        if field not in known or field not in found:
            wanted, met = (shown(side[field]) if field in side else "no such field" for side in (known, found))
            return place, wanted, met
        ours, theirs = known[field], found[field]
        if isinstance(ours, dict) and isinstance(theirs, dict):
            deeper = _difference(ours, theirs, place)
            if deeper is not None:
                return deeper
        elif ours != theirs:
            return place, shown(ours), shown(theirs)
    return None


def check_circuit(circuit: NativeCircuit, machine: Target) -> None:
    """Whether a machine has the circuit's qubits and gates, and couples what its two-qubit gates act on.

    Raises :class:`~qsac.errors.DoesNotFitError` for too many qubits, else :class:`~qsac.errors.InvalidInputError`.
    """
    if machine.qubits is not None and len(circuit.qubits) > machine.qubits:
        raise DoesNotFitError(
            "the circuit has too many qubits",
            found=f"{len(circuit.qubits):,}",
            wanted=f"at most {machine.qubits:,} on {machine.name}",
        )
    _check_gates(circuit, machine)
    if machine.coupling is not None:
        _check_places(circuit, machine)
    if not machine.mid_circuit_measurement:
        _check_ends(circuit, machine)


def _check_gates(circuit: NativeCircuit, machine: Target) -> None:
    has = [gate.name in machine.gates for gate in GATES]
    foreign = np.flatnonzero(~np.array(has)[circuit.kind])
    if len(foreign):
        place = int(foreign[0])
        raise _unmet(place, f"{machine.name} does not have a gate of the circuit", circuit, ", ".join(machine.gates))


def _check_places(circuit: NativeCircuit, machine: Target) -> None:
    """On a machine with a coupling graph a qubit's index is its place."""
    size = machine.qubits or 0
    device = np.array([index for _, index in circuit.qubits], dtype=np.int64)
    if len(np.unique(device)) < len(device) or np.any(device >= size):
        raise InvalidInputError(
            f"the circuit's qubits must be different places of {machine.name}",
            pointer="/circuits/0/circuit/qubits",
            wanted=f"each of the indices 0 to {size - 1} at most once",
        )
    pairs = [*(machine.coupling or ()), *((b, a) for a, b in machine.coupling or ())]
    for kinds, allowed in (
        ([kind for kind in _TWO_QUBIT if GATES[kind].name not in _DIRECTED], pairs),
        ([KIND[name] for name in _DIRECTED], pairs if machine.directions is None else machine.directions),
    ):
        coupled = np.array([a * size + b for a, b in allowed], dtype=np.int64)
        places = np.flatnonzero(np.isin(circuit.kind, kinds))
        codes = device[circuit.first[places]] * size + device[circuit.second[places]]
        wrong = places[~np.isin(codes, coupled)]
        if len(wrong):
            first, second = (int(device[ends[wrong[0]]]) for ends in (circuit.first, circuit.second))
            title = f"{machine.name} does not couple the qubits {first} and {second} in this order"
            raise _unmet(int(wrong[0]), title, circuit, "pairs of the machine's coupling graph")


def _check_ends(circuit: NativeCircuit, machine: Target) -> None:
    ended: set[int] = set()
    columns = (circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist())
    for place, (kind, first, second) in enumerate(zip(*columns, strict=True)):
        if ended & ({first, second} if GATES[kind].qubits == 2 else {first}):
            raise _unmet(
                place, f"{machine.name} does not go on after a measurement", circuit, "measurements at the end"
            )
        if kind == KIND["Measure"]:
            ended.add(first)


def _unmet(place: int, title: str, circuit: NativeCircuit, wanted: str) -> InvalidInputError:
    return InvalidInputError(
        title,
        pointer=f"{_COMMANDS}/{place}",
        found=GATES[int(circuit.kind[place])].name,
        wanted=wanted,
        help="compile the model again for the machine",
    )
