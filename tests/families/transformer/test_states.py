"""States of layers while a program is put together: their adjoints, and ways to make the same one."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from qsac.families.transformer.affine import Affine, copies
from qsac.families.transformer.construction.composing import Composition, Names
from qsac.families.transformer.construction.known import attended_at, can_stand_beside
from qsac.families.transformer.construction.planned import At, Planned
from qsac.families.transformer.construction.states import States
from qsac.families.transformer.model import Model
from qsac.files.numbers import Numbers
from qsac.ir.interpreter import Interpretation, interpret
from qsac.ir.program import Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.verifier import verify
from tests.cases import some
from tests.families.transformer.agreement import FAMILY, INTERPRETED, width
from tests.families.transformer.generated import drawn
from tests.families.transformer.models import loaded

FOLDER = Path(__file__).parent.parent.parent / "vectors" / "transformer"
MODELS: dict[str, Model] = {
    **{model.name: model for model in FAMILY.examples()},
    **{path.stem: loaded(json.loads(path.read_text())["model"]) for path in sorted(FOLDER.glob("*.json"))},
    **{f"drawn-{seed}": loaded(drawn(seed, most=3, width=4)) for seed in range(24)},
}
TOLERANCE = 1e-11
TURN = 0.7
"""An angle that a gate is turned by."""


@dataclass
class Bench:
    """A composition whose program is interpreted."""

    model: Model

    def __post_init__(self) -> None:
        self.composition = Composition()
        self.states = States(self.model, self.composition)

    def planned(self, level: int, at: At) -> Planned:
        """The state of a level as it is. It can be emitted once."""
        return self.states.state(level, at, [Affine.linear(np.eye(self.model.dimension))])

    def index(self, at: int) -> Names:
        """A register that holds each of so many values with one amplitude."""
        register = self.composition.register("query", (at - 1).bit_length())
        self.composition.load(register, (), "uniform", np.full((1, at), 1 / np.sqrt(at)))
        return register

    def gate(self) -> Names:
        """A qubit that is 0 and 1."""
        register = self.composition.register("gate", 1)
        self.composition.load(register, (), "gate", np.array([[np.cos(TURN), np.sin(TURN)]]))
        return register

    def close(self, registers: Names, row: Numbers) -> None:
        """Project registers on a state."""
        if registers:
            self.composition.load(registers, (), "closing", row[None], inverse=True)

    def save(self, registers: Names, quantity: str = "weights") -> None:
        if registers:
            self.composition.ops.append(SaveProbabilities(self.composition.parts(registers), quantity))

    def interpreted(self) -> Interpretation:
        given = tuple(outcome for op in self.composition.ops for outcome in op.outcomes)
        program = self.composition.program("states", [Readout("all", given, ())], 1.0)
        verify(program)
        assert width(program) <= INTERPRETED
        return interpret(program)

    def probability(self) -> float:
        """That of all projections."""
        return self.interpreted().probabilities["all"][0]


def actual(model: Model, level: int) -> Numbers:
    """The rows of a level by the closed form, before the last layer's feed-forward maps: (N, d)."""
    return model.inputs if level == 0 else model.steps[level - 1].output


# Adjoints


@pytest.mark.parametrize("name", some(MODELS, 3))
def test_the_adjoint_of_a_state_undoes_it_at_a_position(name: str) -> None:
    """A state s over its length L, and its adjoint on it: |s|^2 / L^2 is the amplitude."""
    model = MODELS[name]
    for level in range(len(model.layers) + 1):
        for position in {0, model.tokens - 1}:
            bench = Bench(model)
            state, again = bench.planned(level, At((), position)), bench.planned(level, At((), position))
            out = bench.composition.register("out", state.size)
            state.emit(out, ())
            bench.composition.undo(again.emit, out, ())
            share = np.linalg.norm(actual(model, level)[position]) ** 2 / float(state.lengths[0]) ** 2
            assert bench.probability() == pytest.approx(share**2, rel=1e-9, abs=TOLERANCE)


@pytest.mark.parametrize(
    "name", [name for name, model in MODELS.items() if model.tokens <= 5 and len(model.layers) == 1]
)
def test_the_adjoint_of_a_state_undoes_it_at_every_position(name: str) -> None:
    model = MODELS[name]
    for level in range(len(model.layers) + 1):
        bench = Bench(model)
        query = bench.index(model.tokens)
        at = At((), query or 0, model.tokens)
        state, again = bench.planned(level, at), bench.planned(level, at)
        out = bench.composition.register("out", state.size)
        state.emit(out, ())
        bench.save(query)
        bench.composition.undo(again.emit, out, ())
        bench.save(query, "overlaps")
        bench.close(query, np.full(model.tokens, 1 / np.sqrt(model.tokens)))
        found = bench.interpreted()
        lengths = state.lengths[: model.tokens]
        shares = (np.linalg.norm(actual(model, level), axis=1) / lengths) ** 2
        if query:
            assert found.observed["weights"][: model.tokens] == pytest.approx(shares / model.tokens, abs=TOLERANCE)
            assert found.observed["overlaps"][: model.tokens] == pytest.approx(shares**2 / model.tokens, abs=TOLERANCE)
        assert found.probabilities["all"][0] == pytest.approx(shares.mean() ** 2, abs=TOLERANCE)


def test_what_is_no_map_has_no_adjoint() -> None:
    with pytest.raises(TypeError, match="has no adjoint"):
        Composition().reversed([SaveProbabilities(("out[0]",), "weights")])


# Ways to make one state


def maps(model: Model) -> list[Affine]:
    """The affine maps of the copies of the first layer, and the identity."""
    return [Affine.linear(np.eye(model.dimension)), *copies(model.layers[0], model.dimension)]


def rows_of(model: Model, target: Affine) -> Numbers:
    """What the first layer's attention comes to under a map, (N, D)."""
    return target.of(model.steps[0].attention) + target.bias


def overlap(one: Planned, other: Planned, bench: Bench) -> float:
    """The squared amplitude of one state in another."""
    out = bench.composition.register("out", one.size)
    one.emit(out, ())
    bench.composition.undo(other.emit, out, ())
    return bench.probability()


def beside() -> list[tuple[str, int, int]]:
    return [
        (name, position, place)
        for name, model in MODELS.items()
        for position in {0, 1, model.tokens - 1}
        if position < model.tokens
        for place, target in enumerate(maps(model))
        if can_stand_beside(model.layers[0], target)
    ]


@pytest.mark.parametrize(("name", "position", "place"), beside())
def test_heads_beside_each_other_are_rows(name: str, position: int, place: int) -> None:
    """Their overlap is as large as their lengths allow: they are the same state."""
    model = MODELS[name]
    target = maps(model)[place]
    bench = Bench(model)
    one, other = (attended_at(model, bench.composition, position, target, beside=beside) for beside in (True, False))
    assert float(one.lengths[0]) <= float(other.lengths[0]) * (1 + 1e-9)
    length = np.linalg.norm(rows_of(model, target)[position])
    wanted = (length**2 / float(one.lengths[0] * other.lengths[0])) ** 2
    assert overlap(one, other, bench) == pytest.approx(wanted, rel=1e-9, abs=TOLERANCE)


def test_heads_stand_beside_each_other_in_some_models() -> None:
    assert len(beside()) >= 8
    assert len({name for name, _, _ in beside()}) >= 3


@pytest.mark.parametrize("name", some(MODELS, 3))
def test_parked_copies_are_gated_ones(name: str) -> None:
    """Where the gate is 0 a copy is |0> with the amplitude 1, where it is 1 the state."""
    model = MODELS[name]
    position = model.tokens - 1
    for target in maps(model):
        for way in (True, False):
            bench = Bench(model)
            state = attended_at(model, bench.composition, position, target, beside=way)
            gate = bench.gate()
            out = bench.composition.register("out", state.size)
            state.emit(out, gate)
            bench.save((*gate, *out))
            bench.composition.undo(state.emit, out, gate)
            bench.close(gate, np.array([np.cos(TURN), np.sin(TURN)]))
            found = bench.interpreted()
            row = rows_of(model, target)[position] / float(state.lengths[0])
            wanted = np.zeros((2, 1 << state.size))
            wanted[0, 0] = np.cos(TURN) ** 2
            wanted[1, : len(row)] = np.sin(TURN) ** 2 * np.abs(row) ** 2
            assert found.observed["weights"] == pytest.approx(wanted.reshape(-1), abs=TOLERANCE)
            closed = np.cos(TURN) ** 2 + np.sin(TURN) ** 2 * np.linalg.norm(row) ** 2
            assert found.probabilities["all"][0] == pytest.approx(closed**2, abs=TOLERANCE)
