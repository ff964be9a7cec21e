"""Routing keeps what a circuit means: outcomes, what is left on the qubits, and the profile, up to the maps."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pytket import OpType
from pytket.architecture import Architecture
from pytket.passes import DefaultMappingPass
from pytket.predicates import CompilationUnit, ConnectivityPredicate, DirectednessPredicate, GateSetPredicate

from qsac.errors import DoesNotFitError
from qsac.export.circuit_dict import to_dict
from qsac.export.tket import to_tket
from qsac.machine import registry as machines
from qsac.machine.target import ErrorRates, Target
from qsac.native.circuit import GATES, KIND, BitReadout, NativeCircuit, Snapshot
from qsac.native.provenance import Provenance
from qsac.pipeline import registry
from qsac.pipeline.contract import PassContext
from tests.cases import some

Route: Any = registry.pass_class("route")

LINE = Target(
    name="line",
    vendor="test",
    description="five qubits in a row",
    kind="device",
    qubits=5,
    family="cz",
    gates=("SX", "X", "Rz", "CZ", "Measure", "Reset"),
    coupling=((0, 1), (1, 2), (2, 3), (3, 4)),
)
ECR_RING = replace(
    LINE,
    name="ring",
    gates=("SX", "X", "Rz", "ECR", "Measure", "Reset"),
    coupling=((0, 1), (0, 4), (1, 2), (2, 3), (3, 4)),
    directions=((0, 1), (2, 1), (2, 3), (4, 3), (4, 0)),
)
CX_LINE = replace(LINE, gates=("SX", "X", "Rz", "CX", "Measure", "Reset"))

MATRICES: dict[str, Any] = {
    "SX": lambda _x, _y: np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2,
    "X": lambda _x, _y: np.array([[0, 1], [1, 0]]),
    "Rz": lambda x, _y: np.diag(np.exp([-0.5j * np.pi * x, 0.5j * np.pi * x])),
    "CZ": lambda _x, _y: np.diag([1, 1, 1, -1]),
    "CX": lambda _x, _y: np.eye(4)[[0, 1, 3, 2]],
    "ZZPhase": lambda x, _y: np.diag(np.exp(-0.5j * np.pi * x * np.array([1, -1, -1, 1]))),
    "ECR": lambda _x, _y: np.array([[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]]) / np.sqrt(2),
    "PhasedX": lambda x, y: _rz(y) @ _rx(x) @ _rz(-y),
}

State = NDArray[np.complex128]
Outcomes = dict[tuple[int, ...], Any]


def _rz(turn: float) -> State:
    return np.diag(np.exp([-0.5j * np.pi * turn, 0.5j * np.pi * turn]))


def _rx(turn: float) -> State:
    half = 0.5 * np.pi * turn
    return np.array([[np.cos(half), -1j * np.sin(half)], [-1j * np.sin(half), np.cos(half)]])


def applied(matrix: State, state: State, qubits: list[int]) -> State:
    axes = len(qubits)
    tensor = matrix.reshape((2,) * (2 * axes))
    moved = np.tensordot(tensor, state, axes=(list(range(axes, 2 * axes)), qubits))
    return np.moveaxis(moved, range(axes), qubits)


def branches(circuit: NativeCircuit, gates: int | None = None, start: State | None = None) -> list[tuple[Any, State]]:
    """Every course of the first gates: bits (-1: not written) and the unnormalised state."""
    width = len(circuit.qubits)
    if start is None:
        start = np.zeros((2,) * width, dtype=complex)
        start[(0,) * width] = 1
    courses: list[tuple[Any, State]] = [((-1,) * len(circuit.bits), start)]
    for index in range(len(circuit) if gates is None else gates):
        name, arity, _ = GATES[circuit.kind[index]]
        first, second = int(circuit.first[index]), int(circuit.second[index])
        if name in MATRICES:
            matrix = MATRICES[name](*circuit.angles[index])
            on = [first, second] if arity == 2 else [first]
            courses = [(bits, applied(matrix, state, on)) for bits, state in courses]
            continue
        split = []
        for bits, state in courses:
            for outcome in (0, 1):
                kept = np.zeros_like(state)
                place = (slice(None),) * first + (outcome,)
                goal = (slice(None),) * first + (0,) if name == "Reset" else place
                kept[goal] = state[place]
                if np.vdot(kept, kept).real > 1e-14:
                    written = (*bits[:second], outcome, *bits[second + 1 :]) if name == "Measure" else bits
                    split.append((written, kept))
        courses = split
    return courses


def left_over(circuit: NativeCircuit, courses: list[tuple[Any, State]], qubits: tuple[int, ...]) -> Outcomes:
    """Outcome -> unnormalised density matrix of some qubits."""
    found: Outcomes = defaultdict(lambda: 0)
    rest = [qubit for qubit in range(len(circuit.qubits)) if qubit not in qubits]
    for bits, state in courses:
        columns = np.transpose(state, (*qubits, *rest)).reshape(2 ** len(qubits), -1)
        found[bits] = found[bits] + columns @ columns.conj().T
    return dict(found)


def assert_same(left: Outcomes, right: Outcomes) -> None:
    for bits in {*left, *right}:
        np.testing.assert_allclose(left.get(bits, 0), right.get(bits, 0), atol=1e-9)


def circuit_of(gates: list[tuple[Any, ...]], qubits: int, bits: int, **more: Any) -> NativeCircuit:
    rows = np.zeros((len(gates), 5))
    for row, (name, first, second, *angles) in zip(rows, gates, strict=True):
        row[:3] = KIND[name], first, second
        row[3 : 3 + len(angles)] = angles
    return NativeCircuit(
        "loss",
        tuple(("q", index) for index in range(qubits)),
        tuple(("c", index) for index in range(bits)),
        rows[:, 0].astype(np.int8),
        rows[:, 1].astype(np.int32),
        rows[:, 2].astype(np.int32),
        rows[:, 3:],
        initial_map=tuple(range(qubits)),
        final_map=tuple(range(qubits)),
        **{"provenance": own_ops(len(gates)), **more},
    )


def random_circuit(seed: int, qubits: int = 4, size: int = 30, bits: int = 5, names: str = "cz") -> NativeCircuit:
    """Gates, mid-circuit measurements and resets, and a profile at a random place."""
    rng = np.random.default_rng(seed)
    pool = ["SX", "Rz", "X", "CZ", "CZ", "CZ"] if names == "cz" else ["PhasedX", "Rz", "ZZPhase", "ECR", "CX", "CZ"]
    gates: list[tuple[Any, ...]] = [("SX", qubit, -1) for qubit in range(qubits)]
    gates += [("Rz", qubit, -1, rng.uniform(-2, 2)) for qubit in range(qubits)]
    # angles that libraries like to round away
    small = (0.5, 2e-6, -3e-8, 1 + 5e-7)[seed // 2 % 4]
    measured = 0
    for _ in range(size):
        first, second = (int(qubit) for qubit in rng.permutation(qubits)[:2])
        if bits and measured < bits and rng.random() < 0.15:
            gates.append(("Measure", first, measured))
            measured += 1
            if rng.random() < 0.7:
                gates += [("Reset", first, -1), ("SX", first, -1)]
            continue
        name = pool[rng.integers(len(pool))]
        gate = GATES[KIND[name]]
        angles = rng.choice([0.25, 0.5, -0.5, 1.0, small, *rng.uniform(-2, 2, 4)], gate.parameters)
        gates.append((name, first, second if gate.qubits == 2 else -1, *angles))
    stop = int(rng.integers(len(gates) + 1))
    written = [gate[2] for gate in gates[:stop] if gate[0] == "Measure"]
    profile = Snapshot(stop, (2, 0), tuple(written[:1]), tuple(written[1:])) if bits else None
    return circuit_of(gates, qubits, bits, snapshot=profile)


def own_ops(gates: int) -> Provenance:
    """Each gate is of an op of its own."""
    return Provenance(tuple((place,) for place in range(gates)), np.arange(gates, dtype=np.int32))


def assert_routed(source: NativeCircuit, routed: NativeCircuit, target: Target) -> None:
    before = left_over(source, branches(source), source.final_map)
    after = left_over(routed, branches(routed), routed.final_map)
    assert_same(before, after)
    assert routed.bits == source.bits
    assert routed.readouts == source.readouts
    assert_traced(source, routed)
    if source.snapshot is not None:
        assert routed.snapshot is not None
        assert routed.snapshot._replace(stop=0, register=()) == source.snapshot._replace(stop=0, register=())
        stop = source.snapshot.stop
        left = left_over(source, branches(source, stop), source.snapshot.register)
        right = left_over(routed, branches(routed, routed.snapshot.stop), routed.snapshot.register)
        # in the computational basis: what is left on the register may differ by phases that a measurement forgets
        diagonals = [{bits: np.diag(rho) for bits, rho in table.items()} for table in (left, right)]
        assert_same(*diagonals)
    assert_fits(routed, target)


def assert_traced(source: NativeCircuit, routed: NativeCircuit) -> None:
    """Every gate is of some of the source's; measurements, by their bits, and resets are of their own alone."""
    masks, own = routed.provenance.masks(len(routed)), source.provenance.masks(len(source))
    assert all(masks)
    assert max(masks, default=0) < 1 << len(source)
    measured = [
        {int(bit): of[place] for place, bit in enumerate(circuit.second) if circuit.kind[place] == KIND["Measure"]}
        for circuit, of in ((source, own), (routed, masks))
    ]
    assert measured[0] == measured[1]
    resets = [
        sorted(of[place] for place in np.flatnonzero(circuit.kind == KIND["Reset"]))
        for circuit, of in ((source, own), (routed, masks))
    ]
    assert resets[0] == resets[1]


def assert_fits(routed: NativeCircuit, target: Target) -> None:
    written = to_tket(routed)
    assert target.coupling is not None
    architecture = Architecture(list(target.directions or target.coupling))
    assert GateSetPredicate({getattr(OpType, name) for name in target.gates}).verify(written)
    assert ConnectivityPredicate(architecture).verify(written)
    if target.directions is not None:
        assert DirectednessPredicate(architecture).verify(written)
    two = np.isin(routed.kind, [KIND[gate.name] for gate in GATES if gate.qubits == 2])
    for first, second in zip(routed.first[two].tolist(), routed.second[two].tolist(), strict=True):
        pair = routed.qubits[first][1], routed.qubits[second][1]
        assert pair in (target.directions or {*target.coupling, *((b, a) for a, b in target.coupling)})
    assert {register for register, _ in routed.qubits} == {"node"}


ROUTED = [(LINE, 2), (LINE, 0), (ECR_RING, 1), (ECR_RING, 3), (CX_LINE, 2)]


@pytest.mark.parametrize(("on", "seed"), some(product(ROUTED, range(8)), 3))
def test_outcomes_final_states_and_profile_are_kept(on: tuple[Target, int], seed: int) -> None:
    target, optimisation = on
    source = random_circuit(seed, names="cz" if seed % 2 else "all")
    routed = Route(attempts=2).apply(source, PassContext(target, optimisation=optimisation))
    assert_routed(source, routed, target)


@pytest.mark.parametrize("name", ["ibm-fez", "ibm-brisbane", "ibm-washington", "ibm-nighthawk"])
def test_devices(name: str) -> None:
    target = machines.target(name)
    for seed in range(2):
        source = random_circuit(100 + seed, qubits=5, size=40)
        routed = Route(attempts=3).apply(source, PassContext(target))
        assert len(routed.qubits) < 12
        assert_routed(source, routed, target)


@pytest.mark.parametrize("seed", range(6))
def test_maps_hold_for_every_initial_state(seed: int) -> None:
    source = random_circuit(seed, qubits=4, size=25, bits=0)
    order = np.random.default_rng(seed).permutation(4)
    source = replace(source, initial_map=tuple(order.tolist()), final_map=tuple(np.roll(order, 1).tolist()))
    routed = Route(attempts=2).apply(source, PassContext(LINE))
    rng = np.random.default_rng(seed)
    singles = rng.normal(size=(4, 2)) + 1j * rng.normal(size=(4, 2))
    assert_same(
        left_over(source, branches(source, start=_product(singles, source)), source.final_map),
        left_over(routed, branches(routed, start=_product(singles, routed)), routed.final_map),
    )


def _product(singles: State, circuit: NativeCircuit) -> State:
    """Logical qubit i in the state singles[i], all others in 0."""
    state: Any = np.ones(())
    for qubit in range(len(circuit.qubits)):
        on = circuit.initial_map.index(qubit) if qubit in circuit.initial_map else None
        state = np.multiply.outer(state, np.array([1, 0]) if on is None else singles[on])
    return np.asarray(state, dtype=complex)


def test_a_qubit_measured_reset_and_used_again_keeps_its_bits() -> None:
    gates = []
    for bit in range(4):
        gates += [
            ("SX", 0, -1),
            ("Rz", 0, -1, 0.1 * bit),
            ("SX", 0, -1),
            ("CZ", 0, 1 + bit % 3),
            ("SX", 1 + bit % 3, -1),
        ]
        gates += [("Measure", 0, 3 - bit), ("Reset", 0, -1)]
    readouts = (BitReadout("fidelity", (3, 2), (0,)),)
    source = circuit_of(gates, 4, 4, readouts=readouts)
    assert_routed(source, Route().apply(source, PassContext(LINE)), LINE)


@pytest.mark.parametrize("profile", [None, Snapshot(9, (0,), (), (0,))])
def test_a_qubit_is_swapped_with_its_last_gate_and_measured_then(profile: Snapshot | None) -> None:
    gates = [("SX", 0, -1), ("SX", 1, -1), ("SX", 2, -1), ("CZ", 0, 1), ("SX", 1, -1), ("CZ", 1, 2), ("Measure", 1, 0)]
    gates += [("SX", 2, -1), ("CZ", 0, 2), ("SX", 0, -1), ("Measure", 0, 1), ("Measure", 2, 2)]
    source = circuit_of(gates, 3, 3, snapshot=profile)
    routed = Route().apply(source, PassContext(LINE))
    assert_routed(source, routed, LINE)
    assert routed.two_qubit_gates == 4


def test_a_profile_before_nothing_but_measurements_stays_there() -> None:
    gates = [("SX", 0, -1), ("CZ", 0, 2), ("SX", 2, -1), ("SX", 1, -1), ("CZ", 1, 2), ("CZ", 0, 1), ("SX", 0, -1)]
    gates += [("Measure", qubit, qubit) for qubit in range(3)]
    source = circuit_of(gates, 3, 3, snapshot=Snapshot(7, (0, 1), (), ()))
    routed = Route().apply(source, PassContext(LINE))
    assert_routed(source, routed, LINE)
    assert routed.snapshot is not None
    assert (routed.kind[routed.snapshot.stop :] == KIND["Measure"]).all()


def test_small_and_empty_circuits() -> None:
    for gates, bits in (([], 0), ([("X", 0, -1)], 0), ([("SX", 1, -1), ("Measure", 1, 0)], 1)):
        source = circuit_of(gates, 2, bits, snapshot=Snapshot(0, (0,), (), ()))
        assert_routed(source, Route().apply(source, PassContext(ECR_RING)), ECR_RING)


def test_without_coupling_nothing_is_done() -> None:
    source = random_circuit(0)
    assert Route().apply(source, PassContext(machines.target("h2"))) is source


def test_what_does_not_fit_is_refused() -> None:
    wide = circuit_of([("X", qubit, -1) for qubit in range(6)], 6, 0)
    with pytest.raises(DoesNotFitError, match="6 qubits"):
        Route().apply(wide, PassContext(LINE))
    parted = replace(LINE, coupling=((0, 1), (3, 4)))
    with pytest.raises(DoesNotFitError, match="at most the 2"):
        Route().apply(circuit_of([], 3, 0), PassContext(parted))
    resetting = circuit_of([("Reset", 0, -1)], 1, 0)
    with pytest.raises(DoesNotFitError, match="no reset"):
        Route().apply(resetting, PassContext(machines.target("ibm-berlin")))


def test_only_connected_and_working_parts_are_used() -> None:
    parted = replace(LINE, qubits=9, coupling=((0, 1), (3, 4), (4, 5), (5, 6), (3, 6)))
    source = random_circuit(3)
    routed = Route(attempts=2).apply(source, PassContext(parted))
    assert_routed(source, routed, parted)


def test_a_qubit_of_no_two_qubit_gate_stays_with_the_others() -> None:
    """However well those are read that the machine does not connect."""
    rates = ErrorRates(
        one_qubit=1e-3,
        two_qubit=1e-2,
        measure_0=0.1,
        measure_1=0.1,
        memory=0.0,
        date="2026-01-01",
        source="test",
        measure_by_qubit=(*((0.1, 0.1),) * 5, (1e-3, 1e-3)),
    )
    source = circuit_of([("CZ", 0, 1), ("X", 2, -1), ("Measure", 2, 0)], 3, 1)
    routed = Route().apply(source, PassContext(replace(LINE, qubits=6, errors=rates)))
    assert ("node", 5) not in routed.qubits


def test_more_attempts_are_never_worse_and_tket_does_no_better() -> None:
    source = multiplexed(seed=1)
    target = machines.target("ibm-fez")
    counts = [Route(attempts=n).apply(source, PassContext(target)).two_qubit_gates for n in (1, 12)]
    assert counts[1] <= counts[0]
    unit = CompilationUnit(to_tket(source))
    assert target.coupling is not None
    DefaultMappingPass(Architecture(list(target.coupling)), delay_measures=False).apply(unit)
    swaps = unit.circuit.n_gates_of_type(OpType.SWAP)
    assert counts[1] < unit.circuit.n_gates_of_type(OpType.CZ) + 3 * swaps


def multiplexed(seed: int) -> NativeCircuit:
    """A rotation on qubit 3, multiplexed by the other three along a Gray code, then one on qubit 2."""
    rng = np.random.default_rng(seed)
    gates: list[tuple[Any, ...]] = [("SX", qubit, -1) for qubit in range(4)]
    for goal, controls in ((3, (0, 1, 2)), (2, (0, 1, 3))):
        for step in range(8):
            gates += [("SX", goal, -1), ("Rz", goal, -1, rng.uniform(-1, 1)), ("SX", goal, -1)]
            gates.append(("CZ", controls[min(((step + 1) & -(step + 1)).bit_length() - 1, 2)], goal))
    return circuit_of(gates, 4, 0)


def test_progress_is_told() -> None:
    told: list[tuple[int, int, str]] = []
    context = PassContext(LINE, progress=lambda *step: told.append(step))
    Route(attempts=3).apply(multiplexed(0), context)
    assert told == [(1, 3, "routing"), (2, 3, "routing"), (3, 3, "routing")]


def digest() -> str:
    routed = Route(attempts=3).apply(random_circuit(7), PassContext(machines.target("ibm-fez"), seed=5))
    return hashlib.sha256(repr(to_dict(routed)).encode()).hexdigest()


def test_the_same_input_and_seed_give_the_same_circuit_in_any_process() -> None:
    other = subprocess.run(
        [sys.executable, "-c", "from tests.passes.circuit.test_route import digest; print(digest())"],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": "77", "PYTHONPATH": "."},
    )
    assert digest() == digest() == other.stdout.strip()
