"""What pytket says of a machine: a ``BackendInfo``, or the ``Backend`` that has one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from qsac.errors import InvalidInputError
from qsac.machine.backend import Described, Place, probability, unreadable

_GATES = ("PhasedX", "Rz", "ZZPhase", "SX", "X", "CZ", "CX", "ECR", "Measure", "Reset")
_TWO_QUBIT = ("ZZPhase", "CZ", "CX", "ECR")


def described(chosen: object) -> Described | None:
    """What a backend of pytket's, or its information, says; None for any other object."""
    if _is_a(chosen, "pytket.backends.backendinfo", "BackendInfo"):
        info: Any = chosen
    elif _is_a(chosen, "pytket.backends.backend", "Backend"):
        backend: Any = chosen
        try:
            info = backend.backend_info
        except Exception as error:  # backends are other packages' code, and may ask a service
            raise unreadable("pytket", error) from error
        if info is None:
            raise InvalidInputError(
                "pytket's backend does not say what machine it is",
                code="target.undescribed-backend",
                found=f"{type(chosen).__name__} without backend_info",
                wanted="a backend of a machine, or a BackendInfo",
            )
    else:
        return None
    try:
        return _described(info)
    except Exception as error:
        raise unreadable("pytket", error) from error


def _is_a(chosen: object, module: str, name: str) -> bool:
    """Whether an object is of a class that was imported, if it was."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(chosen, kind)


def _described(info: Any) -> Described:
    offered = {gate.name for gate in info.gate_set}
    graph = info.architecture
    nodes = [] if graph is None else list(graph.nodes)
    index, count = _numbered(nodes)
    # Of a machine without an architecture, or with one of FullyConnected, nothing is said of pairs.
    pairs = [(index[a], index[b]) for a, b in getattr(graph, "coupling", ())]
    errors = _errors(info, index)
    places: dict[str, frozenset[Place] | None] = {}
    for gate in offered & set(_GATES):
        failed = {place for place, error in errors.get(gate, {}).items() if error >= 1}
        everywhere: list[Place] | None = [(place,) for place in sorted(index.values())] or None
        if gate in _TWO_QUBIT:
            everywhere = list(pairs) if hasattr(graph, "coupling") else None
            if everywhere is None and failed:
                everywhere = [(a, b) for a in index.values() for b in index.values() if a != b]
        places[gate] = None if everywhere is None else frozenset(everywhere) - failed
    if info.supports_reset:
        places.setdefault("Reset", None)
    return Described(
        name=str(info.device_name or info.name or "pytket-machine"),
        package="pytket",
        qubits=count,
        words={gate: gate for gate in _GATES},
        offered=tuple(offered),
        places=places,
        errors=errors,
        readout=_readout(info, index),
        mid_circuit_measurement=bool(info.supports_midcircuit_measurement),
        feed_forward=bool(info.supports_fast_feedforward),
    )


def _numbered(nodes: list[Any]) -> tuple[dict[Any, int], int | None]:
    """Numbers of the nodes, and how many qubits there are: None without nodes.

    Nodes of one register with one index each keep it, so that circuits name them as the machine does; others are
    counted in pytket's order.
    """
    if not nodes:
        return {}, None
    one_register = len({node.reg_name for node in nodes}) == 1 and all(len(node.index) == 1 for node in nodes)
    largest = max(node.index[0] for node in nodes) if one_register else 0
    if one_register and largest < 2 * len(nodes) + 64:
        return {node: int(node.index[0]) for node in nodes}, largest + 1
    return {node: place for place, node in enumerate(sorted(nodes))}, len(nodes)


def _errors(info: Any, index: Mapping[Any, int]) -> dict[str, dict[Place, float]]:
    """Errors by gate and place. Averages stand for every gate where those of gates are not given."""
    found: dict[str, dict[Place, float]] = {gate: {} for gate in _GATES}
    for table, averages, gates in (
        (info.all_node_gate_errors, info.averaged_node_gate_errors, set(_GATES) - {*_TWO_QUBIT, "Measure", "Reset"}),
        (info.all_edge_gate_errors, info.averaged_edge_gate_errors, set(_TWO_QUBIT)),
    ):
        for nodes, value in (table or averages or {}).items():
            units = nodes if isinstance(nodes, tuple) else (nodes,)
            if not all(unit in index for unit in units):
                continue
            place = tuple(index[unit] for unit in units)
            named = {gate.name: error for gate, error in value.items()} if table else dict.fromkeys(gates, value)
            for gate in gates & set(named):
                error = probability(named[gate])
                if error is not None:
                    found[gate][place] = error
    return found


def _readout(info: Any, index: Mapping[Any, int]) -> dict[int, tuple[float, float]]:
    """P(1 read in state 0) and P(0 read in state 1) by qubit: what the diagonal of a readout matrix leaves to 1."""
    found = {}
    for node, value in (info.all_readout_errors or info.averaged_readout_errors or {}).items():
        if node not in index or value is None:
            continue
        states = [1 - value[state][state] for state in (0, 1)] if info.all_readout_errors else [value, value]
        # Rounding may leave a little less than nothing.
        rates = [probability(max(rate, 0.0)) for rate in states]
        if rates[0] is not None and rates[1] is not None:
            found[index[node]] = (rates[0], rates[1])
    return found
