"""Block programs laid out along coupling graphs: what they mean, what they cost, where their gates are."""

from dataclasses import replace
from random import Random

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.families.reading import load
from qsac.ir.blocks import Diagonal, Measure, Multiplexor, PauliRotation, UniformlyControlledGate
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table
from qsac.layout import emitter as coupled
from qsac.layout.annealing import Schedule
from qsac.layout.arrangement import Arrangement, DeviceSubgraph, fits, steps
from qsac.layout.lookahead import Guess
from qsac.layout.pricing import IMPOSSIBLE
from qsac.layout.search import arrange
from qsac.layout.search_budget import SearchBudget
from qsac.layout.sweep import Sweeper
from qsac.layout.variants import Variants
from qsac.lowering.lower import lower
from qsac.machine.target import Target
from qsac.native.circuit import GATES, NativeCircuit
from qsac.passes.circuit.route import Route
from qsac.pipeline.contract import PassContext, Preference
from qsac.pipeline.registry import default_pipeline
from qsac.pipeline.stages import Ahead
from tests.cases import examples, seeds
from tests.emit.families import assert_same_probabilities
from tests.programs import build
from tests.strategies import block_programs, random_model

GRAPHS = {
    "line": nx.path_graph(12),
    "ring": nx.cycle_graph(12),
    "grid": nx.convert_node_labels_to_integers(nx.grid_2d_graph(3, 4)),
    # A cell of a heavy-hex lattice with a leaf at every other node.
    "comb": nx.Graph([*nx.cycle_graph(12).edges, *((node, 12 + node // 2) for node in range(0, 12, 2))]),
}


def machine(name: str) -> Target:
    graph = GRAPHS[name]
    return Target(
        name=name,
        vendor="test",
        description="",
        kind="device",
        qubits=len(graph),
        family="cz",
        gates=("SX", "X", "Rz", "CZ", "Measure", "Reset"),
        coupling=tuple(sorted((min(edge), max(edge)) for edge in graph.edges)),
    )


def assert_on_edges(circuit: NativeCircuit, name: str) -> None:
    for kind, first, second in zip(circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), strict=True):
        if GATES[kind].qubits == 2:
            assert GRAPHS[name].has_edge(circuit.qubits[first][1], circuit.qubits[second][1])
    for places in (circuit.initial_map, circuit.final_map):
        assert len(set(places)) == len(places)


def without_ladders(op: Op) -> Op:
    """What a uniformly controlled gate leaves depends on its order: those are lowered anew, as models below are."""
    return PauliRotation("y", (op.target,), 0.3) if isinstance(op, UniformlyControlledGate) else op


class Only:
    """A choice of one program."""

    usual = 0

    def __init__(self, program: Program) -> None:
        self._program = program
        self.width = len(program.registers)

    def drawn(self, _: Random) -> int:
        return 0

    def changed(self, _: int, __: Random) -> int:
        return 0

    def blocks(self, _: int) -> Program:
        return self._program


def arrangements(program: Program, context: PassContext, changes: int) -> list[Arrangement]:
    return [found for _, found in arrange(Only(program), context, SearchBudget(3, (2, 1), 2, changes // 3))]


def laid_out(program: Program, context: PassContext, changes: int) -> NativeCircuit:
    arrangement = arrangements(program, context, changes)[0]
    assert fits(program, arrangement)
    circuit = coupled.emit(program, arrangement)
    # A swap that merges is written as three gates; what has no angle is not written at all.
    merging = sum(swap.merges for arranged in arrangement.steps for swap in arranged.swaps)
    assert circuit.two_qubit_gates <= arrangement.cost + 2 * merging
    return circuit


@settings(max_examples=examples(40), deadline=None)
@given(block_programs(), st.sampled_from(sorted(GRAPHS)), st.integers(0, 99))
def test_generated_programs_mean_the_same(program: Program, name: str, seed: int) -> None:
    program = program.with_ops(map(without_ladders, program.ops))
    circuit = laid_out(program, PassContext(machine(name), seed=seed), 120)
    assert_on_edges(circuit, name)
    assert_same_probabilities(program, circuit)


@settings(max_examples=examples(30), deadline=None)
@given(block_programs(generic=True), st.sampled_from(sorted(GRAPHS)))
def test_the_cost_is_what_is_written(program: Program, name: str) -> None:
    program = program.with_ops(map(without_ladders, program.ops))
    arrangement = arrangements(program, PassContext(machine(name)), 120)[0]
    merging = sum(2 if swap.merges else 0 for arranged in arrangement.steps for swap in arranged.swaps)
    assert coupled.emit(program, arrangement).two_qubit_gates == arrangement.cost + merging


@settings(max_examples=examples(25), deadline=None)
@given(block_programs(generic=True), st.sampled_from(sorted(GRAPHS)))
def test_swaps_that_are_priced_as_merging_do_merge(program: Program, name: str) -> None:
    """Whatever control was chosen to toggle next to a swap: resynthesis comes down to the price."""
    program = program.with_ops(map(without_ladders, program.ops))
    context = PassContext(machine(name))
    arrangement = arrangements(program, context, 400)[0]
    finished = Route().apply(coupled.emit(program, arrangement), context)
    assert finished.two_qubit_gates <= arrangement.cost


def sweeper_of(seed: int, name: str, prefer: Preference) -> Sweeper:
    """One for a random model's program that is narrow enough, on a whole graph."""
    models = (load(random_model(100 * seed + number)) for number in range(100))
    programs = (lower(build(model), PassContext(machine(name), prefer=prefer)) for model in models)
    program = next(program for program in programs if len(program.registers) <= 8)
    diagonals = [range(len(op.qubits)) for op in program.ops if isinstance(op, Diagonal)]
    graph = GRAPHS[name]
    region = DeviceSubgraph(tuple(sorted(graph)), tuple(tuple(sorted(graph[node])) for node in sorted(graph)))
    return Sweeper(region, steps(program, diagonals), len(program.registers), 0.0, Guess(region))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["comb", "grid"])
def test_sketches_are_schedules(seed: int, name: str) -> None:
    """Every one can be carried out, for about what it says it costs."""
    sweeper = sweeper_of(seed, name, "depth")
    random = Random(seed)
    for _ in range(4):
        sketch = sweeper.sketch(random, 4)
        assert sketch is not None
        total = Schedule(sweeper.region, sweeper.order, sweeper.qubits, sketch, 0.0, random).total
        assert total == pytest.approx(sketch.cost, rel=0.1, abs=4)


@pytest.mark.parametrize("name", ["comb", "grid"])
def test_sweeps_start_where_a_schedule_has_its_qubits(name: str) -> None:
    right = []
    for seed in range(5):
        sweeper, random = sweeper_of(seed, name, "qubits"), Random(seed)
        first = sweeper.sketch(random, 4)
        assert first is not None
        schedule = Schedule(sweeper.region, sweeper.order, sweeper.qubits, first, 0.0, random)
        for turn, step in enumerate(sweeper.turning):
            again = sweeper.again(random, 4, turn, schedule.places(step), ())
            assert again is not None
            total = Schedule(sweeper.region, sweeper.order, sweeper.qubits, again, 0.0, random).total
            assert total < IMPOSSIBLE
            right.append(total == pytest.approx(again.cost, rel=0.1, abs=4))
            # Nothing costs so little; what costs as much as before is found again.
            nothing = [0.0] * (len(sweeper.order) + 1)
            assert sweeper.again(random, 4, turn, schedule.places(step), nothing) is None or again.cost < 6
    # Most say about what they cost; on the way back a qubit is in nobody's way after its last toggle.
    assert np.mean(right) > 0.8


@pytest.mark.parametrize("name", ["comb", "grid"])
@pytest.mark.parametrize("seed", seeds(12))
def test_models_mean_the_same_in_the_variants_and_orders_that_are_found(seed: int, name: str) -> None:
    ahead = Ahead(default_pipeline(2))
    context = ahead.at(PassContext(machine(name), seed=seed))
    program = build(load(random_model(seed)))
    for place, step in enumerate(ahead.steps):
        if step.level == "attention":
            program = ahead.applied(place, program, context)
    variants = Variants(program, context)
    assert variants.possible
    found = arrange(variants, context, SearchBudget(4, (3, 2), 2, 200))
    assert found
    for variant, arrangement in found:
        usual = variants.blocks(variant)
        assert usual is not None
        ordered = variants.blocks(variant, arrangement.orders(usual))
        assert ordered is not None
        assert fits(ordered, arrangement)
        circuit = coupled.emit(ordered, arrangement)
        assert_on_edges(circuit, name)
        assert_same_probabilities(program, circuit)


def test_the_same_seed_gives_the_same_circuit() -> None:
    program = lower(build(load(random_model(3))), PassContext(machine("grid")))
    first, second = (arrangements(program, PassContext(machine("grid"), seed=7), 480) for _ in range(2))
    assert first == second


def test_what_does_not_fit_is_not_arranged() -> None:
    program = lower(build(load(random_model(3))), PassContext(machine("grid")))
    small = replace(machine("line"), qubits=2, coupling=((0, 1),))
    assert arrangements(program, PassContext(small), 480) == []


def test_another_program_does_not_fit_an_arrangement() -> None:
    context = PassContext(machine("grid"))
    program = lower(build(load(random_model(3))), context)
    arrangement = arrangements(program, context, 480)[0]
    assert not fits(program.with_ops(program.ops[1:]), arrangement)


def test_a_ladder_under_neighbours_costs_no_more_than_anywhere() -> None:
    """A target in the middle of a star, its controls around it: not one gate more than with all-to-all connectivity."""
    star = nx.star_graph(4)
    target = replace(machine("line"), name="star", qubits=5, coupling=tuple(star.edges))
    angles = np.random.default_rng(1).normal(size=16)
    names = tuple(f"q[{index}]" for index in range(5))
    turned = [Multiplexor("y", (), name, Table([0.3])) for name in names[:4]]
    program = Program(
        "star",
        "block",
        tuple(Register(name, 1) for name in names),
        {},
        (*turned, Multiplexor("y", names[:4], names[4], Table(angles), enters_zero=True), Measure(names[4], "c", 0)),
        (Readout("fidelity", (), ("c[0]",)),),
    )
    arrangement = arrangements(program, PassContext(target), 2_400)[0]
    assert arrangement.cost == 15
    assert len(steps(program)) == 6
    assert_same_probabilities(program, coupled.emit(program, arrangement))
