"""IBM's devices, from the calibration snapshots that qiskit-ibm-runtime ships: those with 100 qubits or more.

The snapshots' JSON files are read where the package lies; neither Qiskit nor the runtime is imported (seconds). Only
what the files say is told: gates, coupling, error rates with their date, whether reset and feed-forward are offered.

A snapshot marks what was not calibrated by an error of 1. Such gates are left out of the averages and of ``coupling``
(a router must not use them), as are all edges of a qubit whose SX is marked so; ``one_qubit_by_qubit`` keeps the 1. A
snapshot without any calibrated two-qubit gate keeps its whole coupling map, has no error rates and says so.

Devices with ECR or CX are compiled for as CZ devices, family ``"cz"``: a CZ is one ECR or CX and one-qubit gates, and
the ``route`` pass writes it in the device's own gate and direction.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
import statistics
from pathlib import Path
from typing import Any

from qsac.machine.target import Durations, ErrorRates, Target, idling_error

FEWEST_QUBITS = 100
"""Smaller snapshots are of retired devices, too small or too noisy to compile for."""

JOB_SECONDS = 2.0
"""What a job takes beside its shots (IBM's guide "Workload usage": about 2 s a sub-job)."""

REP_DELAY = 250e-6
"""Seconds between shots where a snapshot says nothing (the same guide: the default of most devices)."""

_PREFIX = "ibm-"
_TWO_QUBIT = {"cz": "CZ", "ecr": "ECR", "cx": "CX"}
_QUBIT_COUNT = re.compile(rb'"n_qubits":\s*(\d+)')


@functools.lru_cache(maxsize=1)
def _snapshots() -> dict[str, Path]:
    """Target name -> folder of its snapshot. Counts qubits by a search in the bytes: parsing 70 files costs more."""
    spec = importlib.util.find_spec("qiskit_ibm_runtime")
    if spec is None or not spec.submodule_search_locations:
        return {}
    folder = Path(spec.submodule_search_locations[0]) / "fake_provider" / "backends"
    found = {}
    for configuration in sorted(folder.glob("*/conf_*.json")):
        count = _QUBIT_COUNT.search(configuration.read_bytes())
        if count and int(count[1]) >= FEWEST_QUBITS:
            found[_PREFIX + configuration.parent.name] = configuration.parent
    return found


def names() -> tuple[str, ...]:
    """The targets of this vendor; none where qiskit-ibm-runtime is not installed."""
    return tuple(_snapshots())


@functools.lru_cache(maxsize=8)
def load(name: str) -> Target:
    """The target called ``name``, one of :func:`names`."""
    folder = _snapshots()[name]
    device = folder.name
    configuration = json.loads((folder / f"conf_{device}.json").read_bytes())
    properties = json.loads((folder / f"props_{device}.json").read_bytes())
    native = next(gate for gate in _TWO_QUBIT if gate in configuration["basis_gates"])
    offered = set(configuration["supported_instructions"])
    gates = ("SX", "X", "Rz", _TWO_QUBIT[native], "Measure", *(("Reset",) if "reset" in offered else ()))
    one_qubit = {place[0]: error for place, error in _errors(properties, "sx")}
    two_qubit = {(place[0], place[1]): error for place, error in _errors(properties, native)}
    dead = {qubit for qubit, error in one_qubit.items() if error >= 1}
    usable = {edge for edge, error in two_qubit.items() if error < 1 and not dead & set(edge)}
    directed = usable or {(pair[0], pair[1]) for pair in configuration["coupling_map"]}
    durations = _durations(configuration, properties, native)
    processor = configuration.get("processor_type") or {}
    model = f"{processor.get('family', '')} r{processor['revision']}" if "revision" in processor else "superconducting"
    return Target(
        name=name,
        vendor="IBM",
        description=f"{configuration['backend_name']}, {configuration['n_qubits']} qubits, {model}",
        kind="device",
        qubits=configuration["n_qubits"],
        family="cz",
        gates=gates,
        coupling=tuple(sorted({(min(edge), max(edge)) for edge in directed})),
        directions=tuple(sorted(directed)) if native != "cz" else None,
        reset="reset" in offered,
        feed_forward="if_else" in offered,
        max_shots=configuration["max_shots"],
        errors=_error_rates(properties, one_qubit, two_qubit, usable, native) if usable else None,
        durations=durations,
        cost_formula="time" if durations else None,
        notice=_notice(name, configuration["backend_name"], bool(usable)),
    )


def _notice(name: str, backend_name: str, is_calibrated: bool) -> str | None:
    if not is_calibrated:
        return f"the snapshot of {name} holds no calibrated two-qubit gate: no error estimates"
    if backend_name.startswith("fake_"):
        return f"the error rates of {name} are not a real device's: the snapshot says that they are not typical"
    return None


def _errors(properties: dict[str, Any], gate: str) -> list[tuple[list[int], float]]:
    """The places of a gate with their ``gate_error``; 1, as the snapshots mark it, where none is given."""
    return [
        (entry["qubits"], _value(entry["parameters"], "gate_error", 1.0))
        for entry in properties["gates"]
        if entry["gate"] == gate
    ]


def _value(parameters: list[dict[str, Any]], name: str, default: float) -> float:
    return next((float(entry["value"]) for entry in parameters if entry["name"] == name), default)


def _error_rates(
    properties: dict[str, Any],
    one_qubit: dict[int, float],
    two_qubit: dict[tuple[int, int], float],
    usable: set[tuple[int, int]],
    native: str,
) -> ErrorRates:
    """Medians over what is calibrated, and the tables. An edge with both directions takes the smaller error."""
    qubits = properties["qubits"]
    measure = [(_value(q, "prob_meas1_prep0", 1.0), _value(q, "prob_meas0_prep1", 1.0)) for q in qubits]
    edges: dict[tuple[int, int], float] = {}
    for edge in sorted(usable):
        key = (min(edge), max(edge))
        edges[key] = min(edges.get(key, 1.0), two_qubit[edge])
    return ErrorRates(
        one_qubit=statistics.median(error for error in one_qubit.values() if error < 1),
        two_qubit=statistics.median(edges.values()),
        measure_0=statistics.median(zero for zero, _ in measure if zero < 1),
        measure_1=statistics.median(one for _, one in measure if one < 1),
        memory=_idling_error(properties, native),
        date=properties["last_update_date"][:10],
        source=f"medians of the snapshot {properties['backend_name']} that qiskit-ibm-runtime ships; memory: T1 and T2",
        one_qubit_by_qubit=tuple(one_qubit.get(qubit, 1.0) for qubit in range(len(qubits))),
        two_qubit_by_edge=tuple((a, b, error) for (a, b), error in sorted(edges.items())),
        measure_by_qubit=tuple(measure),
    )


def _length(properties: dict[str, Any], gate: str) -> float:
    """The median time of a gate in seconds; zero where none is given. Snapshots give nanoseconds."""
    times = [_value(each["parameters"], "gate_length", 0.0) for each in properties["gates"] if each["gate"] == gate]
    return statistics.median(times) / 1e9 if times else 0.0


def _durations(configuration: dict[str, Any], properties: dict[str, Any], native: str) -> Durations | None:
    """Medians of the snapshot; None where it does not tell how long gates and measurements take."""
    readout = statistics.median(_value(qubit, "readout_length", 0.0) for qubit in properties["qubits"]) / 1e9
    gates = {gate: _length(properties, gate) for gate in ("sx", native, "reset")}
    if not (readout and gates["sx"] and gates[native]):
        return None
    delay = configuration.get("default_rep_delay")
    told = "" if delay is not None else f"; delay between shots: {REP_DELAY * 1e6:g} us, the default of most devices"
    return Durations(
        one_qubit=gates["sx"],
        two_qubit=gates[native],
        measure=readout,
        # A reset is a measurement and an X where its own time is not given.
        reset=gates["reset"] or readout + gates["sx"],
        delay=REP_DELAY if delay is None else delay / 1e6,
        job=JOB_SECONDS,
        source=f"medians of the snapshot {properties['backend_name']}; 2 s a job: IBM's guide to workload usage{told}",
    )


def _idling_error(properties: dict[str, Any], native: str) -> float:
    """The error of one qubit relaxing (median T1, T2) for the median time of a two-qubit gate."""
    medians = {}
    for name in ("T1", "T2"):
        medians[name] = statistics.median(t for t in (_value(q, name, 0.0) for q in properties["qubits"]) if t > 0)
    return idling_error(1e6 * _length(properties, native), medians["T1"], medians["T2"])
