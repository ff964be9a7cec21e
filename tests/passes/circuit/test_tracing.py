"""Gates are followed through a router and libraries that merge: each gate of the input is of an op of its own."""

from dataclasses import replace

import numpy as np
import pytest
from pytket.circuit import Circuit, OpType

from qsac.export.tket import from_tket, tags_of, to_tagged
from qsac.native.circuit import GATES, KIND, NativeCircuit
from qsac.native.rebase import as_cz
from qsac.passes.circuit._resynthesis import resynthesised
from qsac.passes.circuit._sabre import Router
from qsac.passes.circuit._tracing import merged
from tests.cases import seeds
from tests.passes.circuit.test_route import LINE, circuit_of, own_ops, random_circuit

CX, CZ = KIND["CX"], KIND["CZ"]


def _sets(circuit: NativeCircuit) -> list[tuple[int, ...]]:
    return [circuit.provenance.sets[place] for place in circuit.provenance.of.tolist()]


@pytest.mark.parametrize("seed", seeds(30, one_of=3))
def test_a_routed_gate_is_the_gate_that_it_was(seed: int) -> None:
    """By kind and angle, each once; the gates of a swap are of a gate that comes after it, on one of its nodes."""
    circuit = random_circuit(seed, qubits=4, size=40)
    routed = Router(circuit, LINE).attempt(seed, 1).circuit
    sets = _sets(routed)
    assert all(len(ids) == 1 for ids in sets)
    swaps = np.flatnonzero(routed.kind == CX)
    kept = np.flatnonzero(routed.kind != CX)
    places = [sets[gate][0] for gate in kept]
    assert sorted(places) == list(range(len(circuit)))
    assert routed.kind[kept].tolist() == circuit.kind[places].tolist()
    np.testing.assert_allclose(routed.angles[kept], circuit.angles[places], atol=1e-12)
    served = {sets[gate][0]: gate for gate in kept if GATES[routed.kind[gate]].qubits == 2}
    followed = [place for place in range(len(swaps)) if sets[swaps[place]][0] in served]
    assert len(followed) == len(swaps)
    assert len(swaps) % 3 == 0
    assert all(served[sets[gate][0]] > gate for gate in swaps)


def test_there_are_swaps() -> None:
    circuits = (Router(random_circuit(seed, size=40), LINE).attempt(seed, 1).circuit for seed in range(30))
    assert sum(bool(circuit.count("CX")) for circuit in circuits) > 20


@pytest.mark.parametrize("names", ["cz", "any"])
@pytest.mark.parametrize("seed", seeds(20, one_of=3))
def test_two_qubit_gates_stay_their_own_and_others_are_of_their_neighbourhood(seed: int, names: str) -> None:
    circuit = random_circuit(seed, names=names)
    written = as_cz(circuit)
    sets, two = _sets(written), [kind for kind, gate in enumerate(GATES) if gate.qubits == 2]
    # A ZZPhase of whole half-turns entangles nothing.
    whole = (circuit.kind == KIND["ZZPhase"]) & (np.abs(circuit.angles[:, 0] - np.round(circuit.angles[:, 0])) < 1e-9)
    entangling = np.flatnonzero(np.isin(circuit.kind, two) & ~whole).tolist()
    found = [sets[gate] for gate in np.flatnonzero(written.kind == CZ)]
    assert all(len(ids) == 1 for ids in found)
    assert list(dict.fromkeys(place for (place,) in found)) == entangling
    for gate in range(len(written)):
        own = {written.first[gate], *([written.second[gate]] if written.kind[gate] == CZ else [])}
        for place in sets[gate]:
            ends = {circuit.first[place], *([circuit.second[place]] if circuit.kind[place] in two else [])}
            assert own & ends


def test_a_block_that_is_written_anew_is_of_all_that_it_was() -> None:
    gates = [("SX", 0, -1), ("CZ", 0, 1), ("SX", 1, -1), ("CZ", 0, 1), ("SX", 0, -1), ("CZ", 0, 1), ("SX", 1, -1)]
    circuit = circuit_of([*gates, ("CZ", 0, 1), ("SX", 2, -1)], 3, 0)
    found = resynthesised(circuit)
    assert found.two_qubit_gates < circuit.two_qubit_gates
    of_two = {ids for ids, kind in zip(_sets(found), found.kind, strict=True) if kind == CZ}
    assert of_two == {tuple(range(1, 8))}
    assert (8,) in _sets(found)
    assert all(_sets(found))


def _squashed(circuit: NativeCircuit) -> NativeCircuit:
    from pytket.passes import AutoSquash, RemoveRedundancies

    written: Circuit = to_tagged(circuit)
    for step in (RemoveRedundancies(), AutoSquash({OpType.SX, OpType.X, OpType.Rz}), RemoveRedundancies()):
        step.apply(written)
    read = from_tket(written, qubits=circuit.qubits, bits=circuit.bits)
    return replace(read, provenance=merged(circuit, read, tags_of(written)))


def test_merged_gates_are_of_what_stood_between_the_same_gates() -> None:
    gates = [("SX", 0, -1), ("Rz", 0, -1, 0.3), ("SX", 0, -1), ("CX", 0, 1), ("SX", 1, -1), ("CX", 0, 1)]
    found = _squashed(circuit_of([*gates, ("CX", 0, 1), ("SX", 1, -1)], 2, 0))
    named = zip(_sets(found), (GATES[kind].name for kind in found.kind), strict=True)
    turns = {ids for ids, name in named if name in ("SX", "X")}
    assert turns == {(0, 2), (4, 7)}  # two CX undo each other, and what was around them is one
    assert [ids for ids, kind in zip(_sets(found), found.kind.tolist(), strict=True) if kind == CX] == [(3,)]


@pytest.mark.parametrize("seed", seeds(20, one_of=3))
def test_what_merging_leaves_alone_is_its_own(seed: int) -> None:
    circuit = as_cz(random_circuit(seed))
    circuit = replace(circuit, provenance=own_ops(len(circuit)), snapshot=None)
    found = _squashed(circuit)
    two = np.flatnonzero(found.kind == CZ)
    assert all(len(_sets(found)[gate]) == 1 for gate in two)
    places = [_sets(found)[gate][0] for gate in two]
    assert len(set(places)) == len(places)
    # CZ is the same both ways
    ends = [{*pair} for pair in zip(found.first[two].tolist(), found.second[two].tolist(), strict=True)]
    assert ends == [{*pair} for pair in zip(circuit.first[places], circuit.second[places], strict=True)]
    assert all(_sets(found))
