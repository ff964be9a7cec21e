"""Gates in an order of less depth: the same gates, the same meaning, never a greater depth."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.counting.stats import layers
from qsac.emit.cz import emit
from qsac.families.reading import load
from qsac.ir.program import Program
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.native.circuit import GATES, KIND, NativeCircuit
from qsac.passes.circuit._reordering import measured_early, reordered
from qsac.pipeline.contract import PassContext
from tests.cases import examples
from tests.emit.families import assert_same_probabilities
from tests.programs import build
from tests.shares import Share
from tests.strategies import block_programs, models


def gates(circuit: NativeCircuit) -> Counter[tuple[object, ...]]:
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles[:, 0], circuit.angles[:, 1])
    return Counter(zip(*(column.tolist() for column in columns), strict=True))


LOWERED = models(max_context=6, max_dimension=4).map(
    lambda model: lower(build(load(model)), PassContext(target("aer")))
)


def test_the_order_changes_nothing_but_the_depth() -> None:
    with Share(0.15) as share:

        @settings(max_examples=80, deadline=None)
        @given(block_programs() | LOWERED, st.floats(0, 1))
        def holds(program: Program, part: float) -> None:
            circuit = emit(program)
            # What a snapshot sees is to stay before it.
            stop = int(part * len(circuit)) if circuit.snapshot is None else circuit.snapshot.stop
            better = reordered(circuit, stop)
            before, after = layers(circuit).two_qubit_depth, layers(better).two_qubit_depth
            share.saw(after < before)
            assert after <= before
            for kept in (slice(None, stop), slice(stop, None)):
                assert gates(better.rows(kept)) == gates(circuit.rows(kept))
            assert_same_probabilities(program, better)

        holds()


@settings(max_examples=examples(60), deadline=None)
@given(block_programs(), st.floats(0, 1), st.data())
def test_measurements_come_as_early_as_they_can(program: Program, share: float, data: st.DataObject) -> None:
    circuit = emit(program)
    # Measurements where they may come later: before their qubit's next gate.
    order = list(range(len(circuit)))
    for gate in np.flatnonzero(circuit.kind == KIND["Measure"]).tolist():
        place = order.index(gate)
        qubits = [{int(circuit.first[other]), *second(circuit, other)} for other in order[place + 1 :]]
        most = next((after for after, used in enumerate(qubits) if int(circuit.first[gate]) in used), len(qubits))
        order.insert(place + data.draw(st.integers(0, most)), order.pop(place))
    late = circuit.rows(np.array(order, dtype=np.intp))
    stop = int(share * len(circuit))
    early = measured_early(late, stop)
    assert_same_probabilities(program, early)
    for part in (slice(None, stop), slice(stop, None)):
        assert gates(early.rows(part)) == gates(late.rows(part))
        rest = [gate for gate in range(len(early))[part] if early.kind[gate] == KIND["Measure"]]
        for gate in rest:
            before = gate - 1
            while before in rest:
                before -= 1
            if before >= (part.start or 0):
                others = {int(early.first[other]) for other in range(before, gate)} | second(early, before)
                assert int(early.first[gate]) in others


def second(circuit: NativeCircuit, gate: int) -> set[int]:
    return {int(circuit.second[gate])} if GATES[circuit.kind[gate]].qubits == 2 else set()


def written(*given: tuple[str, int, int]) -> NativeCircuit:
    return NativeCircuit(
        name="ladders",
        qubits=tuple(("q", index) for index in range(4)),
        bits=(),
        kind=np.array([KIND[name] for name, _, _ in given], dtype=np.int8),
        first=np.array([first for _, first, _ in given], dtype=np.int32),
        second=np.array([second for _, _, second in given], dtype=np.int32),
        angles=np.zeros((len(given), 2)),
        readouts=(),
    )


def test_ladders_under_the_same_controls_run_side_by_side() -> None:
    """Controls 0 and 1, targets 2 and 3: one ladder after the other takes 6 layers, both together 4."""
    ladders = [
        gate
        for target, order in ((2, (0, 1, 0)), (3, (0, 1, 0)))
        for control in order
        for gate in (("CZ", control, target), ("SX", target, -1))
    ]
    circuit = written(*ladders)
    assert layers(circuit).two_qubit_depth == 6
    assert layers(reordered(circuit, len(circuit))).two_qubit_depth == 4


@pytest.mark.parametrize("between", ["SX", "Measure", "Reset"])
def test_what_does_not_commute_stays_in_order(between: str) -> None:
    circuit = written(("CZ", 0, 1), (between, 0, -1), ("CZ", 0, 2), ("CZ", 2, 3), ("CZ", 1, 3))
    better = reordered(circuit, len(circuit))
    names = list(zip(better.kind.tolist(), better.first.tolist(), better.second.tolist(), strict=True))
    assert names.index((KIND[between], 0, -1)) > names.index((KIND["CZ"], 0, 1))
    assert names.index((KIND["CZ"], 0, 2)) > names.index((KIND[between], 0, -1))
