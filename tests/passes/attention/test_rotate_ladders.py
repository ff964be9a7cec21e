"""Rotated ladders in place of loads: the same meaning, fewer gates, no phases left over."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.cli.main import run
from qsac.counting.formulas import two_qubit_gates
from qsac.families.reading import load
from qsac.ir.attention import LoadRotated, LoadTokens, PhaseTable, PrepareIndex, Project
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.numerics import ladder_solving
from qsac.numerics.ladder_solving import solve_pair
from qsac.passes.attention import _rotation
from qsac.passes.attention.rotate_ladders import RotateLadders
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import default_pipeline
from qsac.pipeline.stages import Ahead
from tests.cases import seeds, some
from tests.copied_programs import Choices, program_of
from tests.passes.attention.test_select_indices import assert_same_probabilities
from tests.programs import build
from tests.shares import Share
from tests.strategies import random_model

CONTEXT = PassContext(target("h1"))
SMALL = 24


def _rotated(program: Program) -> Program:
    """The program after the pass: the same probabilities, and as many gates as it foretells, or few more."""
    step = RotateLadders()
    after = step.apply(program, CONTEXT)
    verify(after)
    assert_same_probabilities(program, after)
    gates = two_qubit_gates(after, "zzphase")
    foretold = step.foretold(program, CONTEXT)
    verify(foretold)
    assert gates - two_qubit_gates(foretold, "zzphase") in range(2 * _ladders(after) + 1)
    assert gates < two_qubit_gates(program, "zzphase") or after == program
    return after


def _ladders(program: Program) -> int:
    return sum(isinstance(op, LoadRotated) for op in program.ops)


def _diagonals(program: Program) -> list[Op]:
    """Ops that leave a diagonal on what they look at."""
    return [
        op
        for op in program.ops
        if (isinstance(op, LoadTokens) and not program.tables[op.table].real)
        or (isinstance(op, LoadRotated) and op.phases.shape[0])
        or isinstance(op, PhaseTable)
    ]


def _passed(seed: int) -> Program:
    """A drawn model's program after the passes before this one."""
    steps = [step for step in default_pipeline(2) if step.level == "attention" and step.name != "rotate-ladders"]
    ahead, program = Ahead(steps), build(load(random_model(seed)))
    for place in range(len(steps)):
        program = ahead.applied(place, program, CONTEXT)
    return program


def _small(program: Program) -> bool:
    tables = [table for table in program.tables.values() if table.values.ndim == 2]
    return any(not table.real for table in tables) and max(table.values.size for table in tables) <= SMALL


def test_drawn_models_mean_the_same() -> None:
    with Share(0.3) as share:
        for seed in seeds(120):
            program = _passed(seed)
            if _small(program):
                share.saw(_ladders(_rotated(program)) > 0)


@pytest.mark.parametrize("seed", seeds(6))
@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("powers", [False, True])
def test_copies_mean_the_same(powers: bool, fused: bool, copies: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    choices = Choices(rows=4, size=2, copies=copies, fused=fused, powers=powers, real=False, rng=rng)
    after = _rotated(program_of(choices, 2))
    assert _ladders(after) > 0


def _complex(rows: int, dimension: int, seed: int = 0) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, dimension)) + 1j * rng.normal(size=(rows, dimension))
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def _pair(rows: int, dimension: int, *extra: Op, barrier: bool = False, when: int = 0) -> Program:
    """A load and the inverse load of other rows by one index, and what is given between them and the end."""
    size = dimension.bit_length() - 1
    bits = (rows - 1).bit_length()
    gates = tuple(f"gate[{number}]" for number in range(when))
    registers = [Register("key", bits), *(Register(gate, 1) for gate in gates), Register("value", size)]
    tables = {"one": Table(_complex(rows, dimension, 1)), "other": Table(_complex(rows, dimension, 2))}
    ops = [
        PrepareIndex("key", rows),
        *(PrepareIndex(gate, 2) for gate in gates),
        LoadTokens("value", ("key",), "one", when=gates, barrier=barrier),
        *extra,
        LoadTokens("value", ("key",), "other", inverse=True, when=gates, barrier=barrier),
        Project(("value",)),
        *(Project((gate,), state="uniform", length=2) for gate in gates),
        Project(("key",), state="uniform", length=rows),
    ]
    readout = Readout("F", (), ("value", *gates, "key"))
    return Program("pair", "attention", tuple(registers), tables, tuple(ops), (readout,))


@pytest.mark.parametrize("rows", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("dimension", [2, 4])
def test_a_pair_leaves_no_phases(dimension: int, rows: int) -> None:
    phases = PhaseTable("key", Table(np.random.default_rng(rows).uniform(-3, 3, rows)))
    for extra in ((), (phases,)):
        program = _pair(rows, dimension, *extra)
        after = _rotated(program)
        if dimension == 4:
            assert _ladders(after) == 2
            assert not _diagonals(after)


def test_gated_loads_are_ladders_too() -> None:
    after = _rotated(_pair(3, 4, when=1))
    assert all(op.index == ("key", "gate[0]") for op in after.ops if isinstance(op, LoadRotated))
    assert _ladders(after) == 2


def test_what_has_a_barrier_is_solved_by_itself() -> None:
    program = _pair(4, 4, barrier=True)
    after = _rotated(program)
    found = [op for op in after.ops if isinstance(op, LoadRotated)]
    assert [op.barrier for op in found] == [True, True]
    assert not _diagonals(after)
    for op, table in zip(found, ("one", "other"), strict=True):
        rows, loaded = program.tables[table].values, op.loaded(after.scope)
        turned = loaded * (rows[0, 0] / loaded[0, 0])
        np.testing.assert_allclose(turned, rows, atol=1e-12)


def test_rows_that_repeat_are_solved_once() -> None:
    program = _pair(8, 4)
    repeated = {name: Table(np.tile(table.values[:4], (2, 1))) for name, table in program.tables.items()}
    after = _rotated(replace(program, tables=repeated))
    for op in after.ops:
        if isinstance(op, LoadRotated):
            assert {place for place in op.places if place >= 1} == {2, 3}
    assert _ladders(after) == 2
    assert not _diagonals(after)


def test_phases_by_bits_that_do_not_matter_stay() -> None:
    program = _pair(8, 4, PhaseTable("key", Table(np.random.default_rng(8).uniform(-3, 3, 8))))
    repeated = {name: Table(np.tile(table.values[:4], (2, 1))) for name, table in program.tables.items()}
    after = _rotated(replace(program, tables=repeated))
    assert _ladders(after) == 2
    assert len(_diagonals(after)) == 1


def _real(program: Program) -> Program:
    """With the real parts of its tables, of unit rows again."""
    real = {
        name: Table(table.values.real / np.linalg.norm(table.values.real, axis=1)[:, None])
        for name, table in program.tables.items()
    }
    return replace(program, tables=real)


def test_real_tables_stay_as_they_are() -> None:
    program = _real(_pair(4, 4))
    assert RotateLadders().apply(program, CONTEXT) is program


def test_tables_that_are_too_large_stay_as_they_are() -> None:
    program = _pair(128, 4)
    assert RotateLadders().apply(program, CONTEXT) is program
    assert _ladders(RotateLadders().foretold(program, replace(CONTEXT, optimisation=3))) == 2


def _model(values: np.ndarray[Any, Any], **sections: Any) -> dict[str, Any]:
    tokens = {"type": "inline", "values": np.stack([values.real, values.imag], axis=-1).tolist()}
    attention = {"type": "overlap", "kernel": sections.pop("kernel", {"type": "monomial", "degree": 1})}
    attention |= {key: {"type": "identity"} for key in ("value", "score")}
    attention |= {"phases": sections.pop("phases")} if "phases" in sections else {}
    return {"qsac": 1, "tokens": tokens, "attention": attention, **sections}


def _random_model(rows: int, dimension: int, **sections: Any) -> dict[str, Any]:
    return _model(_complex(rows + 1, dimension, rows * dimension), **sections)


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of the pairs of tables that ladders are solved for."""
    shapes: list[tuple[int, ...]] = []

    def noted(loaded: np.ndarray, *others: Any, **options: Any) -> Any:
        shapes.append(loaded.shape)
        return solve_pair(loaded, *others, **options)

    monkeypatch.setattr(_rotation, "solve_pair", noted)
    return shapes


def test_pairs_that_span_little_are_written_so_first(solved: list[tuple[int, ...]]) -> None:
    """A basis of 64 x 64 numbers would be solved for, of which 8 x 8, and 4 x 4 between the rows themselves, matter."""
    model = _random_model(4, 64)
    assert qsac.compile(model, "h2").stats["loads"]["ladders_in_pairs"] == 4
    assert solved == [(4, 4), (4, 8)]
    wide = qsac.compile(model, "h2", passes="default,-compress-tokens", verify=False)
    assert wide.stats["loads"]["multiplexors"] == 4
    assert len(solved) == 2


@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_rows_nearly_in_fewer_dimensions_stay_multiplexors(noise: float, solved: list[tuple[int, ...]]) -> None:
    values = _complex(6, 8, 8) * np.array([1] * 3 + [noise] * 5)
    loads = qsac.compile(_model(values), "h2", verify=False).stats["loads"]
    assert loads["ladders_in_pairs" if not noise else "multiplexors"] == 4
    assert bool(solved) == (not noise)


def test_the_work_of_the_solver_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly equal rows are not solved for by any start."""
    generator = np.random.default_rng(9)
    rows = 1 + 1e-3 * (generator.normal(size=(2, 5, 4)) + 1j * generator.normal(size=(2, 5, 4)))
    rows /= np.linalg.norm(rows, axis=-1, keepdims=True)
    most: list[int] = []
    fitted = ladder_solving.levenberg_marquardt

    def noted(problem: Any, start: Any, iterations: int) -> Any:
        fit = fitted(problem, start, iterations)
        most.append(fit.iterations)
        return fit

    monkeypatch.setattr(ladder_solving, "levenberg_marquardt", noted)
    monkeypatch.setattr(ladder_solving, "_WORK", 0)
    assert ladder_solving.solve_pair(*rows) is None
    assert 0 < sum(most) <= ladder_solving._ENOUGH


SECTIONS: list[dict[str, Any]] = [
    {},
    {"kernel": {"type": "softmax-taylor", "degree": 2}},
    {"kernel": {"type": "monomial", "degree": 3}},
    {"phases": [0.3, -1.0, 2.0, 0.4]},
    {"readout": {"type": "predict"}},
    {"readout": {"type": "overlaps"}},
]


@pytest.mark.usefixtures("short_search")
@pytest.mark.parametrize(
    ("sections", "machine"), [*product(SECTIONS, ["h1"]), *some(product(SECTIONS, ["ibm-fez"]), 3)]
)
def test_compiled_models_are_verified(sections: dict[str, Any], machine: str) -> None:
    compiled = qsac.compile(_random_model(4, 4, **sections), machine, optimisation=2, verify=True)
    assert compiled.verified
    if machine == "h1":
        (program,) = compiled.programs
        assert _ladders(program) > 0


def test_another_process_finds_the_same_ladders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With other threads, too."""
    file = tmp_path / "model.json"
    file.write_text(json.dumps(_random_model(4, 4)), encoding="utf-8")
    given = ["compile", str(file), "--target", "h1", "--emit", "ir", "--no-cache"]
    assert run(given) == 0
    text = capsys.readouterr().out
    environment = dict(os.environ, OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2", PYTHONHASHSEED="2")
    command = [sys.executable, "-m", "qsac", *given]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "load-rotated" in text
    assert found.stdout == text


@pytest.mark.parametrize(("rows", "dimension", "most"), some([(4, 4, 34), (16, 4, 152), (8, 4, 70)], 2))
def test_gates_of_complex_models(most: int, dimension: int, rows: int) -> None:
    compiled = qsac.compile(_random_model(rows, dimension), "h2", optimisation=2)
    assert compiled.verified
    assert compiled.stats["two_qubit_gates"] <= most


def _homes(program: Program) -> list[set[tuple[int, int]]]:
    """The partners among the index bits, with what they toggle, of each ladder."""
    found = []
    for op in program.ops:
        if isinstance(op, LoadRotated):
            data = len(op.last) - 1
            toggled = op.toggled or (data,) * len(op.places)
            found.append({pair for pair in zip(op.places, toggled, strict=True) if pair[0] >= data})
    return found


@pytest.mark.parametrize("machine", ["ibm-fez", "ibm-nighthawk"])
@pytest.mark.parametrize(("rows", "dimension"), [(4, 4), (8, 4), (5, 8)])
def test_on_a_coupling_graph_each_index_bit_toggles_a_data_qubit_of_its_own(
    rows: int, dimension: int, machine: str
) -> None:
    program, context = _pair(rows, dimension), replace(CONTEXT, target=target(machine))
    after = RotateLadders().apply(program, context)
    verify(after)
    assert_same_probabilities(program, after)
    assert [len(homes) for homes in _homes(after)] == [(rows - 1).bit_length()] * 2
    assert len({home for homes in _homes(after) for _, home in homes}) > 1
    assert _homes(RotateLadders().foretold(program, context)) == _homes(after)
    star = RotateLadders(spread=False).apply(program, context)
    assert two_qubit_gates(after, "cz") <= two_qubit_gates(star, "cz") + 2
    assert all(len({home for _, home in homes}) == 1 for homes in _homes(star))


def test_few_rows_have_ladders_that_are_not_spread() -> None:
    program, context = _pair(2, 4), replace(CONTEXT, target=target("ibm-nighthawk"))
    assert RotateLadders().apply(program, context) == RotateLadders(spread=False).apply(program, context)


def test_where_ladders_that_are_spread_are_not_solved_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsolved(*tables: Any, homes: Any = ((), ()), **options: Any) -> Any:
        return None if any(homes) else solve_pair(*tables, **options)

    monkeypatch.setattr(_rotation, "solve_pair", unsolved)
    _rotation._ladders.cache_clear()
    program, context = _pair(4, 4), replace(CONTEXT, target=target("ibm-nighthawk"))
    after = RotateLadders().apply(program, context)
    assert _ladders(after) == 2
    assert_same_probabilities(program, after)
    assert not any(op.toggled for op in after.ops if isinstance(op, LoadRotated))
    _rotation._ladders.cache_clear()


@pytest.mark.parametrize("machine", ["h1", "ibm-nighthawk"])
def test_real_tables_are_loaded_by_ladders_where_that_is_asked_for(machine: str) -> None:
    program, context = _real(_pair(8, 4)), replace(CONTEXT, target=target(machine))
    after = RotateLadders(real=True).apply(program, context)
    verify(after)
    assert_same_probabilities(program, after)
    assert _ladders(after) == 2
