"""Two-qubit blocks in as few ZZPhase as they need: exact, with measurements, resets and profiles in between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.machine.registry import target
from qsac.native.circuit import GATES, KIND, NativeCircuit, Snapshot
from qsac.native.provenance import Provenance
from qsac.passes.circuit import _writing
from qsac.passes.circuit._blocks import Runs
from qsac.passes.circuit.resynthesise_blocks import ResynthesiseBlocks
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import default_pipeline
from tests.cases import seeds
from tests.passes.circuit.test_route import assert_same, branches, circuit_of, left_over, random_circuit
from tests.shares import Share

H2 = PassContext(target("h2"))
Gate = tuple[Any, ...]


def resynthesised(circuit: NativeCircuit, context: PassContext = H2) -> NativeCircuit:
    return ResynthesiseBlocks().apply(circuit, context)


def drawn(seed: int, qubits: int, size: int = 30, bits: int = 4) -> NativeCircuit:
    """Gates at random, many of them of special angles, measurements and resets among them, and a profile somewhere."""
    rng = np.random.default_rng(seed)
    gates: list[Gate] = []
    measured = 0
    turns = (0.3, 0.45)[seed % 2]
    for _ in range(size):
        first, second = (int(qubit) for qubit in rng.permutation(qubits)[:2])
        lot = rng.random()
        if measured < bits and lot < 0.08:
            gates.append(("Measure", first, measured))
            measured += 1
            if rng.random() < 0.7:
                gates.append(("Reset", first, -1))
        elif lot < turns:
            theta = rng.choice([0.5, 1.0, 0.0, *rng.uniform(-1, 1, 3)])
            gates.append(("PhasedX", first, -1, theta, rng.choice([0.0, 0.5, *rng.uniform(-1, 1, 2)])))
        elif lot < turns + 0.03:
            gates.append(("Rz", first, -1, rng.uniform(-1, 1)))
        else:
            gates.append(("ZZPhase", first, second, rng.choice([0.5, -0.5, 0.25, 1.0, *rng.uniform(-1, 1, 2)])))
    stop = int(rng.integers(len(gates) + 1))
    known = [gate[2] for gate in gates[:stop] if gate[0] == "Measure"]
    profile = Snapshot(stop, (2, 0), tuple(known[:1]), tuple(known[1:]))
    return circuit_of(gates, qubits, bits, snapshot=profile if seed % 3 else None)


def profile(circuit: NativeCircuit) -> dict[Any, Any]:
    """Of the register at the profile's place: probabilities of its values and of the bits before it."""
    assert circuit.snapshot is not None
    part = circuit.rows(slice(None, circuit.snapshot.stop))
    found = left_over(part, branches(part), circuit.snapshot.register)
    return {bits: np.diag(density) for bits, density in found.items()}


def assert_same_end(before: NativeCircuit, after: NativeCircuit) -> None:
    """Outcomes, and what is left on the qubits."""
    found, expected = (left_over(one, branches(one), one.final_map) for one in (after, before))
    assert_same(found, expected)


def test_outcomes_and_what_is_left_are_the_same() -> None:
    with Share(0.8) as share:
        for seed in seeds(120):
            before = drawn(seed, qubits=3 + seed % 2)
            after = resynthesised(before)
            assert_same(
                left_over(before, branches(before), before.final_map),
                left_over(after, branches(after), after.final_map),
            )
            if before.snapshot is not None:
                assert_same(profile(before), profile(after))
            share.saw(after.two_qubit_gates < before.two_qubit_gates)
            assert after.two_qubit_gates <= before.two_qubit_gates
            assert resynthesised(after).two_qubit_gates == after.two_qubit_gates
            again = resynthesised(before)
            assert all(
                np.array_equal(getattr(after, name), getattr(again, name)) for name in ("kind", "first", "angles")
            )


def test_on_a_graph_no_qubit_takes_anothers_place_and_pairs_stay() -> None:
    graph = PassContext(replace(target("h2"), coupling=((0, 1), (1, 2), (2, 3))))
    with Share(0.8) as share:
        for seed in seeds(60):
            before = drawn(seed, qubits=4)
            after = resynthesised(before, graph)
            assert after.final_map == before.final_map
            assert pairs(after) <= pairs(before)
            assert_same(
                left_over(before, branches(before), before.final_map),
                left_over(after, branches(after), after.final_map),
            )
            share.saw(after.two_qubit_gates < before.two_qubit_gates)


def test_circuits_of_cz_too() -> None:
    """Outcomes, and the profile: its register is not turned by what is moved."""
    with Share(0.8) as share:
        for seed in seeds(60):
            before = random_circuit(seed)
            after = resynthesised(before, PassContext(target("ibm-fez")))
            assert_same(
                left_over(before, branches(before), before.final_map),
                left_over(after, branches(after), after.final_map),
            )
            assert_same(profile(before), profile(after))
            share.saw(after.two_qubit_gates < before.two_qubit_gates)


def test_cz_meet_through_those_that_commute() -> None:
    between: list[Gate] = [("CZ", 0, 2), ("CZ", 1, 2), ("Rz", 1, -1, 0.3)]
    start: list[Gate] = [("SX", qubit, -1) for qubit in range(3)]
    circuit = circuit_of([*start, ("CZ", 0, 1), *between, ("CZ", 1, 0), *start, *MEASURED[:3]], 3, 3)
    after = resynthesised(circuit, PassContext(target("ibm-fez")))
    assert pairs(after) == {frozenset((0, 2)), frozenset((1, 2))}
    assert after.two_qubit_gates == 2


def pairs(circuit: NativeCircuit) -> set[frozenset[int]]:
    two = circuit.paired
    return {frozenset(pair) for pair in zip(circuit.first[two].tolist(), circuit.second[two].tolist(), strict=True)}


def ladder(controls: list[int], target_qubit: int, seed: int) -> list[Gate]:
    """Rotations of a target, with a quarter turn between it and a control after each."""
    rng = np.random.default_rng(seed)
    gates: list[Gate] = []
    for control in controls:
        gates.append(("PhasedX", target_qubit, -1, rng.uniform(0.1, 0.9), rng.uniform(-1, 1)))
        gates.append(("ZZPhase", control, target_qubit, 0.5))
    return gates


def inverse(gates: list[Gate]) -> list[Gate]:
    return [(name, first, second, -angle, *rest) for name, first, second, angle, *rest in reversed(gates)]


TURNED: list[Gate] = [("PhasedX", qubit, -1, 0.5, 0.1 * qubit) for qubit in range(3)]
MEASURED: list[Gate] = [("Measure", qubit, qubit) for qubit in range(4)]


def test_a_ladder_and_its_inverse_vanish_and_others_meet_in_one_gate() -> None:
    load = ladder([0, 1, 0, 2, 0, 1, 0, 2], 3, 1)
    assert resynthesised(circuit_of([*TURNED, *load, *inverse(load), *MEASURED], 4, 4)).two_qubit_gates == 0
    other = inverse(ladder([0, 1, 0, 2, 0, 1, 0, 2], 3, 2))
    met = circuit_of([*TURNED, *load, *other, *MEASURED], 4, 4)
    after = resynthesised(met)
    assert_same(left_over(met, branches(met), ()), left_over(after, branches(after), ()))
    # The gates that meet undo each other, and the two with qubit 0 that are next to each other then are one.
    assert (met.two_qubit_gates, after.two_qubit_gates) == (16, 13)


def test_gates_of_a_pair_meet_through_those_that_commute() -> None:
    between: list[Gate] = [("ZZPhase", 0, 2, 0.3), ("ZZPhase", 1, 3, 0.2), ("PhasedX", 3, -1, 0.4, 0.0)]
    gates = [*TURNED, ("ZZPhase", 0, 1, 0.2), *between, ("ZZPhase", 1, 0, 0.15), ("PhasedX", 0, -1, 0.3, 0.0)]
    after = resynthesised(circuit_of([*gates, ("ZZPhase", 0, 3, 0.1), *MEASURED], 4, 4))
    angles = sorted(np.round(after.angles[after.kind == KIND["ZZPhase"], 0], 12).tolist())
    assert angles == [0.1, 0.2, 0.3, 0.35]


@pytest.mark.parametrize(("count", "fresh", "needed"), [(5, 0, 3), (5, 1, 2), (5, 2, 1), (2, 0, 2), (2, 2, 1)])
def test_a_block_takes_three_gates_or_fewer_from_zero(count: int, fresh: int, needed: int) -> None:
    rng = np.random.default_rng(count + fresh)

    def turn(*qubits: int) -> list[Gate]:
        return [("PhasedX", qubit, -1, *rng.uniform(0.1, 0.9, 2)) for qubit in qubits]

    gates: list[Gate] = []
    for qubit in range(2 - fresh):
        gates += [*turn(qubit, 2 + qubit), ("ZZPhase", qubit, 2 + qubit, 0.3), *turn(qubit)]
    for _ in range(count):
        gates += [*turn(0, 1), ("ZZPhase", 1, 0, rng.uniform(0.1, 0.5))]
    before = circuit_of([*gates, *turn(0, 1), *MEASURED], 4, 4)
    after = resynthesised(before)
    assert_same(left_over(before, branches(before), ()), left_over(after, branches(after), ()))
    assert after.two_qubit_gates - (2 - fresh) == needed


def test_a_swap_is_no_gate() -> None:
    swap: list[Gate] = []
    for phase in (None, 0.5, 0.0):
        half = [("PhasedX", qubit, -1, 0.5, phase) for qubit in (0, 1)] if phase is not None else []
        back = [("PhasedX", qubit, -1, -0.5, phase) for qubit in (0, 1)] if phase is not None else []
        swap += [*half, ("ZZPhase", 0, 1, 0.5), *back]
    start: list[Gate] = [*TURNED, ("ZZPhase", 0, 2, 0.3), ("PhasedX", 0, -1, 0.3, 0.2)]
    end: list[Gate] = [("PhasedX", 0, -1, 0.2, 0.7), ("ZZPhase", 0, 3, 0.4), ("PhasedX", 3, -1, 0.5, 0.5)]
    before = circuit_of([*start, *swap, *end, *MEASURED], 4, 4)
    after = resynthesised(before)
    assert_same(left_over(before, branches(before), ()), left_over(after, branches(after), ()))
    assert (before.two_qubit_gates, after.two_qubit_gates) == (5, 2)
    assert after.final_map == (1, 0, 2, 3)


def test_gates_of_an_op_with_a_barrier_stay_by_themselves() -> None:
    load = ladder([0, 1, 0, 1], 3, 1)
    gates = [*TURNED, *load, *inverse(load), *MEASURED]
    of = np.repeat([0, 1, 2, 0], [len(TURNED), len(load), len(load), len(MEASURED)]).astype(np.int32)
    circuit = circuit_of(gates, 4, 4, provenance=Provenance(((0,), (1,), (2,)), of))
    assert resynthesised(circuit).two_qubit_gates == 0
    for barriers in ((1,), (2,), (1, 2)):
        kept = resynthesised(circuit, replace(H2, barriers=barriers))
        assert kept.two_qubit_gates == circuit.two_qubit_gates


def test_what_is_written_is_of_all_that_it_replaces() -> None:
    gates = [*TURNED, *ladder([0, 0], 3, 1), ("PhasedX", 3, -1, 0.2, 0.3), *MEASURED]
    circuit = circuit_of(gates, 4, 4)
    after = resynthesised(circuit)
    (place,) = np.flatnonzero(after.paired).tolist()
    assert after.provenance.sets[after.provenance.of[place]] == (4, 5, 6)
    assert not after.provenance.wrong(len(after), range(len(gates)))


def test_other_gates_and_large_circuits_are_left_alone() -> None:
    other = circuit_of([("SX", 0, -1), ("CX", 0, 1), ("CX", 0, 1)], 2, 0)
    assert resynthesised(other) is other
    load = ladder([0, 1, 0, 1], 3, 1)
    large = circuit_of([*TURNED, *load, *inverse(load), *MEASURED], 4, 4)
    assert ResynthesiseBlocks(most=7).apply(large, H2) is large
    assert ResynthesiseBlocks(most=8).apply(large, H2).two_qubit_gates == 0


def neighbours(circuit: NativeCircuit) -> int:
    """ZZPhase gates on one pair with nothing in between on either qubit."""
    last: dict[int, int] = {}
    found = 0
    for gate, (kind, first, second) in enumerate(
        zip(circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), strict=True)
    ):
        qubits = (first, second)[: GATES[kind].qubits]
        before = {last.get(qubit, -1) for qubit in qubits}
        if len(qubits) == 2 and len(before) == 1 and -1 not in before and GATES[circuit.kind[before.pop()]].qubits == 2:
            found += 1
        last.update(dict.fromkeys(qubits, gate))
    return found


@pytest.mark.parametrize("kernel", [{"type": "monomial", "degree": 1}, {"type": "softmax-taylor", "degree": 3}])
def test_where_a_load_meets_its_inverse_load(kernel: dict[str, Any]) -> None:
    """As in the artifacts that gates were found in which undo each other."""
    rng = np.random.default_rng(7)
    model = {
        "qsac": 1,
        "name": "met",
        "tokens": {"type": "inline", "values": rng.normal(size=(5, 4, 2)).tolist()},
        "attention": {
            "type": "overlap",
            "mask": "causal",
            "kernel": kernel,
            "value": {"type": "identity"},
            "score": {"type": "identity"},
        },
    }
    ladders = [step.name for step in default_pipeline(2) if step.name != "rotate-ladders"]
    better = qsac.compile(model, "h2", passes=",".join(ladders))
    plain = qsac.compile(model, "h2", passes=",".join(name for name in ladders if name != "resynthesise-blocks"))
    assert neighbours(plain.circuits[0]) > 0
    assert neighbours(better.circuits[0]) == 0
    assert better.stats["two_qubit_gates"] < plain.stats["two_qubit_gates"]
    assert better.verified is not None


def test_blocks_of_the_same_content_are_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """On other qubits, at other places and in other circuits too; what they are written as does not depend on who asked
    first."""
    gates: list[Gate] = [("ZZPhase", 0, 1, 0.3), ("PhasedX", 1, -1, 0.2, 0.4), ("ZZPhase", 0, 1, 0.1)]
    gates += [
        ("PhasedX", 0, -1, 0.7, 0.1),
        ("ZZPhase", 0, 1, 0.2),
        ("PhasedX", 0, -1, 0.6, 0.3),
        ("ZZPhase", 0, 1, 0.4),
    ]
    elsewhere = [(name, one + 1, two + 1 if two >= 0 else -1, *angles) for name, one, two, *angles in gates]
    first, second = circuit_of(gates, 2, 0), circuit_of([("PhasedX", 0, -1, 0.5, 0.5), *elsewhere], 3, 0)
    written: list[Any] = []
    canonical = _writing.canonical

    def counted(unitary: Any) -> Any:
        written.append(unitary)
        return canonical(unitary)

    monkeypatch.setattr(_writing, "canonical", counted)
    _writing._shorter.cache_clear()
    one, other = resynthesised(first), resynthesised(second)
    once = len(written)
    assert once
    assert one.two_qubit_gates < first.two_qubit_gates
    _writing._shorter.cache_clear()
    again = resynthesised(second)
    assert len(written) == 2 * once
    assert other.angles.tobytes() == again.angles.tobytes()
    assert np.array_equal(other.kind, again.kind)
    assert other.two_qubit_gates == one.two_qubit_gates


def test_runs_are_those_of_circuits_with_other_angles() -> None:
    def runs(*angles: float) -> Runs:
        gates: list[Gate] = [("ZZPhase", 0, 1, angles[0]), ("PhasedX", 1, -1, angles[1], 0.4), ("ZZPhase", 0, 1, 0.1)]
        circuit = circuit_of(gates, 2, 0)
        return Runs.of(circuit, len(circuit), np.zeros(len(circuit), np.int64))

    assert runs(0.3, 0.2) is runs(0.1, 0.9)
    # A whole turn leaves a qubit as it is, and parts no run.
    assert runs(0.3, 0.2) is not runs(0.3, 2.0)
    assert len(runs(0.3, 2.0).chains) == 1


def test_columns_of_wider_types_are_the_same_circuit() -> None:
    """A pass of another package may have made them of plain integers."""
    for seed in range(3):
        circuit = drawn(seed, 4)
        wide = replace(
            circuit, **{name: getattr(circuit, name).astype(np.int64) for name in ("kind", "first", "second")}
        )
        found, expected = resynthesised(wide), resynthesised(circuit)
        assert len(expected) < len(circuit)
        for name in ("kind", "first", "second", "angles"):
            assert (getattr(found, name) == getattr(expected, name)).all(), name
