"""What Qiskit says of a machine: a ``BackendV2``, or a ``Target`` by itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from qsac.machine.backend import Described, Place, median, probability, unreadable

_WORDS = {
    "PhasedX": "r",
    "Rz": "rz",
    "ZZPhase": "rzz",
    "SX": "sx",
    "X": "x",
    "CZ": "cz",
    "CX": "cx",
    "ECR": "ecr",
    "Measure": "measure",
    "Reset": "reset",
}
"""qsac's name of a gate -> Qiskit's."""

_QUBITS = {"ZZPhase": 2, "CZ": 2, "CX": 2, "ECR": 2}
"""Qubits of a gate, where there are more than one."""


def described(chosen: object) -> Described | None:
    """What a backend or target of Qiskit's says; None for any other object."""
    target: Any = None
    backend: Any = None
    if _is_a(chosen, "qiskit.transpiler", "Target"):
        target = chosen
    elif _is_a(chosen, "qiskit.providers", "BackendV2"):
        backend = chosen
    else:
        return None
    try:
        target = backend.target if target is None else target
        name = (target.description if backend is None else backend.name) or "qiskit-target"
        return _described(target, str(name), backend)
    except Exception as error:  # backends are other packages' code, and may ask a service
        raise unreadable("Qiskit", error) from error


def _is_a(chosen: object, module: str, name: str) -> bool:
    """Whether an object is of a class that was imported, if it was."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(chosen, kind)


def _described(target: Any, name: str, backend: Any) -> Described:
    """What the target says, and of IBM's backends also how often and how fast shots are taken."""
    max_shots, delay = (getattr(backend, field, None) for field in ("max_shots", "default_rep_delay"))
    usable = {gate: word for gate, word in _WORDS.items() if word in target.operation_names and _is_free(target, word)}
    places: dict[str, frozenset[Place] | None] = {}
    errors: dict[str, dict[Place, float]] = {}
    seconds: dict[str, float] = {}
    for gate, word in usable.items():
        if None in target[word]:
            places[gate] = None
            continue
        entries = dict(_entries(target, gate, word))
        rates = {place: probability(getattr(properties, "error", None)) for place, properties in entries.items()}
        errors[gate] = {place: error for place, error in rates.items() if error is not None}
        # An error of 1 is how a gate that does not work is marked.
        places[gate] = frozenset(place for place in entries if errors[gate].get(place, 0.0) < 1)
        lasts = median(getattr(properties, "duration", None) for properties in entries.values())
        if lasts is not None:
            seconds[gate] = lasts
    coherence = [median(getattr(qubit, time, None) for qubit in target.qubit_properties or ()) for time in ("t1", "t2")]
    return Described(
        name=name,
        package="Qiskit",
        # Of a target whose gates work everywhere Qiskit counts no qubits.
        qubits=target.num_qubits or None,
        words=_WORDS,
        offered=tuple(target.operation_names),
        places=places,
        errors=errors,
        readout={place[0]: (error, error) for place, error in errors.get("Measure", {}).items()},
        seconds=seconds,
        coherence=None if coherence[0] is None or coherence[1] is None else (coherence[0], coherence[1]),
        delay=median([delay]) or 0.0,
        feed_forward="if_else" in target.operation_names,
        max_shots=max_shots if type(max_shots) is int and max_shots > 0 else None,
    )


def _is_free(target: Any, word: str) -> bool:
    """Whether a gate's angles, if it has any, are the user's to choose."""
    operation = target.operation_from_name(word)
    if any(isinstance(parameter, int | float) for parameter in getattr(operation, "params", ())):
        return False
    has_bounds = getattr(target, "gate_has_angle_bounds", None)
    return has_bounds is None or not has_bounds(word)


def _entries(target: Any, gate: str, word: str) -> Iterator[tuple[Place, Any]]:
    """Where a gate that does not work everywhere does, with its properties there."""
    for qubits, properties in target[word].items():
        if len(qubits) == _QUBITS.get(gate, 1):
            yield tuple(int(qubit) for qubit in qubits), properties
