"""Placement and routing for machines with a coupling graph, with their native two-qubit gates."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.counting.clock import two_qubit_depth
from qsac.errors import DoesNotFitError, InvalidInputError, present
from qsac.machine.target import Target
from qsac.native.circuit import GATES, KIND, NativeCircuit
from qsac.native.rebase import as_cz
from qsac.passes.circuit._reordering import measured_early, reordered
from qsac.passes.circuit._resynthesis import least, resynthesised
from qsac.passes.circuit._routed import Routed, in_place
from qsac.passes.circuit._tracing import merged
from qsac.pipeline.contract import CircuitPass, PassContext

_WORK = 12_000
"""Gates to route in all attempts together, at the most (about a second or two)."""

_FINISHED = 6
"""Routings of small circuits that are simplified, to be compared by what they come to."""

_MOST_PLACES, _MOST_CALLS = 2_000, 1_000_000
"""Places on the device that are compared for a routed circuit, and steps of the search for them."""

_MOST_TO_SIMPLIFY = (0, 2_000, 20_000, 100_000)
"""For each ``-O`` level, the two-qubit gates up to which the result is simplified: some 0.1 ms for each."""


@dataclass(frozen=True)
class Route(CircuitPass):
    """Places the circuit's qubits on the device, inserts swaps, and writes native gates.

    Needs a circuit of any native gates; does nothing for a target without coupling. A circuit whose qubits are all
    ``("node", index on the device)`` is already placed: it is only simplified and written in native gates.
    Guarantees that every two-qubit gate is one of the target's ``gates``, on a pair of its ``coupling`` (in one of its
    ``directions``). Exact, up to global phase and to ``initial_map`` and ``final_map``. Every measurement keeps its
    bit, so ``readouts`` stay; the ``snapshot`` follows its register. A resynthesised gate belongs to all ops whose
    gates it replaces, a swap to the ops of the gate that it serves.
    ``qubits`` are the used qubits of the device, as ``("node", index on the device)``.

    Deterministic for a seed. Of up to ``attempts`` routings, fewer for large circuits and low ``-O`` levels, those with
    the fewest expected two-qubit gates are finished, and the one with the fewest gates, then the least depth, is
    returned. Finishing resynthesises two-qubit blocks with more gates than they need, moves the circuit as a whole
    to an isomorphic part of the device with the lowest expected error, and reorders commuting gates to reduce depth.
    """

    name: ClassVar[str] = "route"
    level: ClassVar[Literal["circuit"]] = "circuit"
    optimisation: ClassVar[int] = 0

    attempts: int = 24

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise InvalidInputError(
                "the option attempts of route is too small",
                code="pass.option-out-of-range",
                found=str(self.attempts),
                wanted="1 or more",
            )

    def apply(self, circuit: NativeCircuit, context: PassContext) -> NativeCircuit:
        """The circuit on the device. :class:`DoesNotFitError` if it has too many qubits or needs a reset it lacks."""
        target = context.target
        if target.coupling is None:
            return circuit
        if "Reset" not in target.gates and circuit.count("Reset"):
            raise DoesNotFitError(
                f"{target.name} has no reset",
                code="target.no-reset",
                found="a circuit that resets qubits",
            )
        routed = _by_parts(in_place(circuit), as_cz)
        if all(register == "node" for register, _ in circuit.qubits):
            return self._finished(routed, circuit, context)
        from qsac.passes.circuit._sabre import Router  # imports Qiskit: seconds

        snapshot = circuit.snapshot and circuit.snapshot._replace(stop=routed.stop)
        router = Router(replace(routed.circuit, snapshot=snapshot), target)
        attempts = self._attempts(len(circuit), context.optimisation)
        tried: list[tuple[int, Routed]] = []
        for attempt in range(attempts):
            seed = (context.seed + attempt) % 2**32
            routed = _by_parts(router.attempt(seed, context.optimisation), as_cz)
            tried.append((sum(map(least, _parts(routed))) if attempts > 1 else 0, routed))
            if context.progress is not None:
                context.progress(attempt + 1, attempts, "routing")
        tried.sort(key=itemgetter(0))
        # Which of the best is the best is known when they are finished.
        most = max(1, min(_FINISHED, _WORK // (4 * max(len(circuit), 1)), attempts // 4))
        finished = [self._finished(routed, circuit, context) for _, routed in tried[:most]]
        return min(finished, key=lambda found: (found.two_qubit_gates, two_qubit_depth(found)))

    def _finished(self, routed: Routed, source: NativeCircuit, context: PassContext) -> NativeCircuit:
        """Simplified where that is sound, in the target's own gates, and in an order of little depth."""
        if routed.circuit.two_qubit_gates <= _MOST_TO_SIMPLIFY[context.optimisation]:
            routed = _by_parts(routed, resynthesised)
        routed = _relocated(routed, context.target)
        nodes = tuple(node for _, node in routed.circuit.qubits)
        routed = _in_native_gates(routed, context.target, nodes)
        if context.optimisation:
            routed = replace(routed, circuit=reordered(routed.circuit, routed.stop))
        return _on_device(replace(routed, circuit=measured_early(routed.circuit, routed.stop)), source)

    def _attempts(self, gates: int, optimisation: int) -> int:
        """How often to try; counted in gates and not by the clock, so that results do not depend on the machine."""
        most = (1, 4)[optimisation] if optimisation < 2 else self.attempts
        return max(1, min(most, _WORK // max(gates, 1)))


def _relocated(routed: Routed, target: Target) -> Routed:
    """The same circuit where the device errs least by its tables, of the places that have the same edges (after Nation
    and Treinish, PRX Quantum 4, 010327)."""
    rates = target.errors
    if rates is None or not (rates.two_qubit_by_edge or rates.one_qubit_by_qubit or rates.measure_by_qubit):
        return routed
    import rustworkx

    circuit = routed.circuit
    two = np.flatnonzero(circuit.kind == KIND["CZ"])
    ends = np.sort(np.stack((circuit.first[two], circuit.second[two])), axis=0).T
    pairs, pair_counts = np.unique(ends, axis=0, return_counts=True)
    used = sorted({*circuit.first.tolist(), *ends.reshape(-1).tolist(), *routed.initial, *routed.final})
    place = {qubit: index for index, qubit in enumerate(used)}
    edges = [(place[a], place[b]) for a, b in pairs.tolist()]
    turns = [int(np.isin(circuit.kind[circuit.first == qubit], [KIND["SX"], KIND["X"]]).sum()) for qubit in used]
    reads = [int((circuit.kind[circuit.first == qubit] == KIND["Measure"]).sum()) for qubit in used]
    tables = _logarithms(target)
    pattern, device = rustworkx.PyGraph(), rustworkx.PyGraph()
    pattern.add_nodes_from(range(len(used)))
    pattern.add_edges_from_no_data(edges)
    here = [circuit.qubits[qubit][1] for qubit in used]
    # A qubit without two-qubit gates stays in the same part of the graph, too.
    part = target.part
    number = {node: index for index, node in enumerate(part)}
    device.add_nodes_from(part)
    device.add_edges_from_no_data([(number[a], number[b]) for a, b in target.coupling or () if a in number])
    places = [here]
    found = rustworkx.vf2_mapping(device, pattern, subgraph=True, induced=False, call_limit=_MOST_CALLS)
    for mapping in itertools.islice(found, _MOST_PLACES):
        nodes = [0] * len(used)
        for node, index in mapping.items():
            nodes[index] = part[node]
        places.append(nodes)
    candidates = np.array(places)
    error = np.zeros(len(places))
    for (a, b), count in zip(edges, pair_counts.tolist(), strict=True):
        error += count * tables["CZ"][candidates[:, a], candidates[:, b]]
    for index, (turned, read) in enumerate(zip(turns, reads, strict=True)):
        error += turned * tables["SX"][candidates[:, index]] + read * tables["Measure"][candidates[:, index]]
    best = places[int(np.argmin(error))]
    rest = iter(sorted({node for _, node in circuit.qubits} | set(here) - set(best)))
    moved = dict(zip(used, best, strict=True))
    free = iter(node for node in rest if node not in set(best))
    return replace(
        routed,
        circuit=replace(
            circuit,
            qubits=tuple(
                ("node", moved[index] if index in moved else next(free)) for index in range(len(circuit.qubits))
            ),
        ),
    )


def _logarithms(target: Target) -> dict[str, NDArray[np.float64]]:
    """For each gate, by its nodes, minus the logarithm of the probability that it does not err."""
    errors, nodes = present(target.errors, "the error rates of the target"), target.qubits or 0
    reads = errors.measure_by_qubit or ((errors.measure_0, errors.measure_1),) * nodes
    rates = {
        "CZ": np.full((nodes, nodes), errors.two_qubit),
        "SX": np.array(errors.one_qubit_by_qubit or (errors.one_qubit,) * nodes),
        "Measure": np.array(reads).mean(axis=1),
    }
    for a, b, rate in errors.two_qubit_by_edge:
        rates["CZ"][a, b] = rates["CZ"][b, a] = rate
    return {gate: -np.log1p(-np.minimum(table, 0.999)) for gate, table in rates.items()}


def _by_parts(routed: Routed, rewrite: Callable[[NativeCircuit], NativeCircuit]) -> Routed:
    """What comes before the boundary and what comes after it rewritten separately: the state there is untouched."""
    return _joined(routed, [rewrite(part) for part in _parts(routed)])


def _in_native_gates(routed: Routed, target: Target, nodes: tuple[int, ...]) -> Routed:
    """Every CZ written as the target's own two-qubit gate, in its own direction, and one-qubit gates merged.

    The others are CZ up to one-qubit gates: CZ = H_b CX H_b, CZ = Rz_a(-1/2) Rz_b(-1/2) H_b X_a ECR H_b, and CZ =
    Rz_a(-1/2) Rz_b(-1/2) ZZPhase(1/2) (in half-turns, rightmost first, up to phase; a is the first qubit of ECR).
    """
    gate = next(name for name in ("CZ", "ECR", "CX", "ZZPhase") if name in target.gates)
    if gate == "CZ":
        return routed
    directions = {(nodes.index(a), nodes.index(b)) for a, b in target.directions or () if a in nodes and b in nodes}
    hadamard = (("Rz", 1, 0.5), ("SX", 1, 0.0), ("Rz", 1, 0.5)) if gate != "ZZPhase" else ()
    after = {
        "CX": (),
        "ECR": (("X", 0, 0.0), ("Rz", 0, -0.5), ("Rz", 1, -0.5)),
        "ZZPhase": (("Rz", 0, -0.5), ("Rz", 1, -0.5)),
    }[gate]
    parts = []
    for part in _parts(routed):
        rows: list[tuple[int, int, int, float, float]] = []
        counts = np.where(part.kind == KIND["CZ"], 1 + 2 * len(hadamard) + len(after), 1)
        columns = (part.kind.tolist(), part.first.tolist(), part.second.tolist(), part.angles.tolist())
        for kind, first, second, (angle, other) in zip(*columns, strict=True):
            if kind != KIND["CZ"]:
                rows.append((kind, first, second, angle, other))
                continue
            pair = (first, second) if not directions or (first, second) in directions else (second, first)
            rows.extend((KIND[name], pair[place], -1, turn, 0.0) for name, place, turn in hadamard)
            rows.append((KIND[gate], *pair, 0.5 if gate == "ZZPhase" else 0.0, 0.0))
            rows.extend((KIND[name], pair[place], -1, turn, 0.0) for name, place, turn in (*hadamard, *after))
        parts.append(_merged(_with_rows(part, rows, counts), gate))
    return _joined(routed, parts)


def _merged(circuit: NativeCircuit, two_qubit: str) -> NativeCircuit:
    """The circuit with no two one-qubit gates side by side that could be one, by TKET."""
    from pytket.circuit import OpType
    from pytket.passes import AutoSquash, RemoveRedundancies

    from qsac.export.tket import from_tket, tags_of, to_tagged

    one_qubit = {OpType.PhasedX, OpType.Rz} if two_qubit == "ZZPhase" else {OpType.SX, OpType.X, OpType.Rz}
    written = to_tagged(circuit)
    for step in (RemoveRedundancies(), AutoSquash(one_qubit), RemoveRedundancies()):
        step.apply(written)
    read = from_tket(written, qubits=circuit.qubits, bits=circuit.bits)
    if read.count(two_qubit) != read.two_qubit_gates:
        raise RuntimeError(f"merging one-qubit gates left two-qubit gates other than {two_qubit}")
    return replace(read, provenance=merged(circuit, read, tags_of(written)))


def _parts(routed: Routed) -> list[NativeCircuit]:
    return [routed.circuit.rows(slice(None, routed.stop)), routed.circuit.rows(slice(routed.stop, None))]


def _with_rows(
    circuit: NativeCircuit, rows: Iterable[tuple[int, int, int, float, float]], counts: NDArray[np.intp]
) -> NativeCircuit:
    """The circuit with these gates, so many instead of each of its own."""
    table: NDArray[np.float64] = np.array(list(rows), dtype=np.float64).reshape(-1, 5)
    return replace(
        circuit,
        kind=table[:, 0].astype(np.int8),
        first=table[:, 1].astype(np.int32),
        second=table[:, 2].astype(np.int32),
        angles=table[:, 3:],
        provenance=circuit.provenance.repeated(counts),
    )


def _joined(routed: Routed, parts: list[NativeCircuit]) -> Routed:
    return replace(routed, circuit=routed.circuit.joined(parts), stop=len(parts[0]))


def _on_device(routed: Routed, source: NativeCircuit) -> NativeCircuit:
    """The routed circuit on the nodes that it uses, with the maps and the snapshot of ``source`` carried over."""
    circuit = routed.circuit
    two = np.isin(circuit.kind, [KIND[gate.name] for gate in GATES if gate.qubits == 2])
    everything = tuple(range(len(source.qubits)))
    initial = [routed.initial[qubit] for qubit in source.initial_map or everything]
    final = [routed.final[qubit] for qubit in source.final_map or everything]
    used = sorted({*circuit.first.tolist(), *circuit.second[two].tolist(), *initial, *final})
    place = {node: index for index, node in enumerate(used)}
    lookup = np.zeros(len(circuit.qubits), dtype=np.int32)
    lookup[used] = range(len(used))
    snapshot = source.snapshot
    if snapshot is not None:
        register = tuple(place[routed.boundary[qubit]] for qubit in snapshot.register)
        snapshot = snapshot._replace(stop=routed.stop, register=register)
    return replace(
        source,
        qubits=tuple(circuit.qubits[node] for node in used),
        kind=circuit.kind,
        first=lookup[circuit.first],
        second=np.where(two, lookup[np.where(two, circuit.second, 0)], circuit.second).astype(np.int32),
        angles=circuit.angles,
        snapshot=snapshot,
        provenance=circuit.provenance,
        initial_map=tuple(place[node] for node in initial),
        final_map=tuple(place[node] for node in final),
    )
